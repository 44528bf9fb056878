"""The one exception a user is meant to read: what was wrong, what was expected, where, and what to do."""

from typing import Any, Self


class MovieDreamerError(Exception):
    """Bad input or a broken file. The command line prints the message alone and exits with status 2.

    What can go wrong by a click on the storyboard has a `code` as well, and the `values` of its words: the page says it
    in its own language (web/js/board/english.json, "error.CODE").
    """

    code: str = ""
    values: dict[str, Any] | None = None

    # ComfyUI shows where a class comes from, and a pack's modules are called by their path on the machine.
    __module__ = __name__[__name__.rfind("moviedreamer_core") :]

    def coded(self, code: str, **values: Any) -> Self:
        """The same error with a code; `values` are plain JSON values."""
        self.code, self.values = code, values
        return self

    def data(self) -> dict[str, Any]:
        """The code and its values as plain JSON values: {"code", "values"}, {} without a code."""
        return {"code": self.code, "values": self.values} if self.code else {}


class Cancelled(BaseException):
    """The user asked to stop. A BaseException, so that no `except Exception` on the way swallows it."""
