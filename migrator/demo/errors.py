"""The demo's exceptions.

DemoError
├── NoRoom          no free block of ports
├── ProcessDied     something that the demo needs ended by itself
├── NotReady        something that the demo needs did not answer in time
└── NoDemo          no running demo was found
"""

from __future__ import annotations


class DemoError(Exception):
    """Something that keeps the demo from running; the text says what to do. Trying again helps only where said."""


class NoRoom(DemoError):
    """Every block of ports is taken: end other demos, or try again."""


class ProcessDied(DemoError):
    """A process ended that should run; the text carries the last lines of its log."""


class NotReady(DemoError):
    """A process runs but did not answer in time; the text carries the last lines of its log."""


class NoDemo(DemoError):
    """No running demo here: start one with `migrator demo`."""
