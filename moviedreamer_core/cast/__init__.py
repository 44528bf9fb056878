"""The cast: who is in the film, and how their faces look to a face pack."""

from .cast import Cast, Member
from .faces import FacePack, FoundFace, known_faces, only_for, pack_fingerprint
from .load import load_faces

__all__ = ["Cast", "FacePack", "FoundFace", "Member", "load_faces", "known_faces", "only_for", "pack_fingerprint"]
