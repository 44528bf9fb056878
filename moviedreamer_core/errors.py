"""The one exception a user is meant to read: what was wrong, what was expected, where, and what to do."""


class MovieDreamerError(Exception):
    """Bad input or a broken file. The command line prints the message alone and exits with status 2."""

    # ComfyUI shows where a class comes from, and a pack's modules are called by their path on the machine.
    __module__ = __name__[__name__.rfind("moviedreamer_core") :]


class Cancelled(BaseException):
    """The user asked to stop. A BaseException, so that no `except Exception` on the way swallows it."""
