"""The one place where onnxruntime is imported, so that it is told first to report nothing.

onnxruntime 1.32 looks up a host and writes a device id into the user's cache folder with its first session, unless
`ORT_DISABLE_TELEMETRY` stood in the environment before it was imported; what its API offers later does not stop it.
"""

import logging
import os
import sys
from functools import lru_cache
from types import ModuleType

SWITCH = "ORT_DISABLE_TELEMETRY"
_log = logging.getLogger(__name__)


def onnxruntime() -> ModuleType:
    """onnxruntime, silent unless somebody else imported it earlier: the log then says so, once."""
    if "onnxruntime" in sys.modules and SWITCH not in os.environ:
        _say_so()
    else:
        os.environ.setdefault(SWITCH, "1")
    import onnxruntime  # noqa: PLC0415 (after the switch, and only for films with faces)

    return onnxruntime


@lru_cache(maxsize=1)
def _say_so() -> None:
    _log.warning(
        "onnxruntime was imported before MovieDreamer (by another pack, say) and may report to its makers. To stop "
        "that, start with %s=1 in the environment.", SWITCH,
    )  # fmt: skip
