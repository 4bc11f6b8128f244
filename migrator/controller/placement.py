"""Chooses the member that takes a session: one that is well, has room, has the image already, and then the heaviest."""

from __future__ import annotations

import random
from collections.abc import Iterable

from migrator.controller.peers import Room


def ranked(
    rooms: Iterable[Room], *, without: Iterable[str] = (), only: str | None = None, last: str | None = None
) -> list[str]:
    """Members in the order in which they are asked; chance, weighted, spreads a wave of sessions over equals.

    A pod without room waits until somebody makes some, which may be never: that counts most. Then comes `last`, the member that the
    session leaves: there it has to end before it can start again. An image that is there starts in seconds, one that has to be
    pulled in minutes: that counts more than any weight.
    """
    excluded = set(without)
    fit = [
        room
        for room in rooms
        if room.weight > 0
        and room.member not in excluded
        and (room.free is None or room.free > 0)
        and only in {None, room.member}
    ]
    order = sorted(fit, key=lambda room: (room.fits == 0, room.member == last, not room.image, _draw(room)))
    return [room.member for room in order]


def _draw(room: Room) -> float:
    """Weighted random order by exponential keys (Efraimidis and Spirakis, 2006): the least comes first."""
    return random.expovariate(1.0) / room.weight
