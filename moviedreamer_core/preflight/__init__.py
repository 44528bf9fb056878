"""What can be said of a run before it begins: engines, files, time, memory, disk, licences, and what cannot work.

engines.py   an engine as preflight knows it: a bundle's maker, or nodes of ComfyUI
wanted.py    the model files that a saved workflow names, and where they go
times.py     how long results of the same maker took on this machine
machine.py   disk and memory
look.py      all of it for one film
weights.py   a bundle: does it fit, what does it lack
words.py     the same as text
"""

from .engines import Engine, Has, ModelFile
from .look import Preflight, preflight
from .machine import Machine, machine
from .wanted import wanted_files
from .words import machine_words, preflight_words

__all__ = [
    "Engine", "Has", "Machine", "ModelFile", "Preflight", "machine", "machine_words", "preflight", "preflight_words",
    "wanted_files",
]  # fmt: skip
