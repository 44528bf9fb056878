"""The cast of a film: the faces of its script's characters, from their pictures or chosen by the bundle."""

from dataclasses import replace
from pathlib import Path

from ..bundle import Bundle
from ..cast import Cast, Member, load_faces
from ..script import Script
from .keys import cast_inputs, pictures_inputs
from .session import FilmSession
from .stored_faces import characters_with_faces, with_chosen_faces


def make_cast(session: FilmSession) -> Cast:
    """The faces of the script's characters; for those without a picture the bundle chooses one that fits their
    description, if it can, or they live from the description alone.

    Raises MovieDreamerError naming every picture that is missing, or shows no face, several, or too small a one.
    """
    inputs = cast_inputs(session)
    if inputs is None:
        return faceless(session.script)

    def make(path: Path) -> None:
        pack = load_faces(session.bundle)
        members = characters_with_faces(session.script, session.folder, pack.fingerprint)
        cast = Cast.build(members, pack, folder=session.folder, progress=session.inner)
        with_chosen_faces(session, cast).save(path)

    session.progress.stage("cast", 1)
    made = session.store.fetch("cast", inputs, ".safetensors", make, check=session.progress.check)
    session.progress.advance()
    return Cast.load(made.path)


def cast_by(session: FilmSession, faces: Bundle) -> Cast | None:
    """The script's people as another face pack sees them, from their pictures alone; None if nobody has one.

    Raises MovieDreamerError naming every picture that is missing, or in which this pack does not find one face.
    """
    people = [replace(c, embeddings=()) for c in characters_with_faces(session.script, session.folder)]
    if not any(person.references for person in people):
        return None
    inputs = pictures_inputs(session, faces)

    def make(path: Path) -> None:
        Cast.build(people, load_faces(faces), folder=session.folder, progress=session.inner).save(path)

    return Cast.load(session.store.fetch("cast", inputs, ".safetensors", make, check=session.progress.check).path)


def faceless(script: Script) -> Cast:
    """The cast of a script without pictures."""
    return Cast(Member(c.id, c.shown_name, c.description) for c in script.characters)
