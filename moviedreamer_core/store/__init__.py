"""The store keeps what was made: every expensive result is a file named by what made it.

`store.py` makes and finds artefacts, `keys.py` names them, `index.py` remembers which shot of which film uses them,
`care.py` lists and checks, `trim.py` keeps a store below a size, `files.py` and `locks.py` write safely.
"""

from .care import VerifyReport, collect, listing, verify
from .index import Index, Take
from .keys import HashMemo, array_hash, artefact_key, canonical_json, content_hash, folder_hash
from .store import Artefact, Store, default_store
from .trim import Entry, GcReport

__all__ = [
    "Artefact",
    "Entry",
    "GcReport",
    "HashMemo",
    "Index",
    "Store",
    "Take",
    "VerifyReport",
    "array_hash",
    "artefact_key",
    "canonical_json",
    "collect",
    "content_hash",
    "default_store",
    "folder_hash",
    "listing",
    "verify",
]
