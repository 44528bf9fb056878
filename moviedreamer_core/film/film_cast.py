"""The cast of a film: the faces of its script's characters, from their pictures or chosen by the bundle."""

from pathlib import Path

from ..cast import Cast, Member, load_faces
from ..script import Script
from .keys import cast_inputs
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


def faceless(script: Script) -> Cast:
    """The cast of a script without pictures."""
    return Cast(Member(c.id, c.shown_name, c.description) for c in script.characters)
