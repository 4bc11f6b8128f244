"""How a step of a move can fail.

MoveError               any of them
├── Busy                another move of this session is under way
├── TargetFailed        the target did not start or restore: another one may
└── SourceRefused       the source lives and cannot save now: it must go on running
"""

from __future__ import annotations


class MoveError(Exception):
    """A step of a move failed."""


class Busy(MoveError):
    """Another move of this session is under way; it goes on."""


class TargetFailed(MoveError):
    """The target did not start or restore."""


class SourceRefused(MoveError):
    """The source lives and cannot save now."""
