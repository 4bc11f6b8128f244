"""Ports on which nobody listens, and which nobody is about to be given.

They lie below the range from which the kernel picks ports of outgoing connections, and below the demo's. Chosen at random,
so that test workers at the same time do not meet.
"""

from __future__ import annotations

import random

from migrator.demo.ports import FIRST_PORT, is_free

RANGE = range(10_000, FIRST_PORT)
_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """Pick ports that nobody listens on; none is given twice to one process."""
    ports: list[int] = []
    for port in random.sample(RANGE, len(RANGE)):
        if len(ports) == count:
            return ports
        if port not in _given and is_free(port):
            _given.add(port)
            ports.append(port)
    raise RuntimeError(f"no {count} free ports between {RANGE.start} and {RANGE.stop}")
