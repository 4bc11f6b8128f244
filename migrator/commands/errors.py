"""The one exception by which a subcommand tells its user what went wrong."""

from __future__ import annotations


class CommandError(Exception):
    """Something the person at the terminal can mend: its text says what to do. `exit_code` is the process's."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
