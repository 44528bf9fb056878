"""The one exception a user is meant to read: what was wrong, what was expected, where, and what to do."""


class MovieDreamerError(Exception):
    """Bad input or a broken file. The command line prints the message alone and exits with status 2."""


class Cancelled(BaseException):
    """The user asked to stop. A BaseException, so that no `except Exception` on the way swallows it."""
