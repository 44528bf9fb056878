"""`python -m moviedreamer_core` is the `moviedreamer` command."""

from .cli import main

if __name__ == "__main__":
    main()
