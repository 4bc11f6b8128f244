"""Which member a launch goes to: by its repository, so that an image is built and pulled in one place, or by chance."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from hashlib import blake2b

_MANTISSA = 53


def rendezvous_rank(buckets: Iterable[tuple[str, float]], key: str) -> list[str]:
    """Buckets of `(name, weight)` for a key, best first; a bucket without weight is never first.

    Weighted rendezvous hashing (Schindelhauer and Schomaker, 2005), with the hash that mybinder.org uses, so that a
    change of redirector moves no repository: 64 bits of BLAKE2b over `key-name`, of which the high 53 make a fraction.
    """
    scored = [(_score(name, weight, key), name) for name, weight in buckets]
    return [name for _, name in sorted(scored, reverse=True)]


def random_rank(buckets: Sequence[tuple[str, float]]) -> list[str]:
    """One bucket by weighted chance."""
    names, weights = zip(*buckets, strict=True)
    return random.choices(names, weights)  # noqa: S311 - spreads load, keeps no secret


def repository_key(path: str) -> str:
    """The key of a `/build/...` path: for GitHub without the branch, so that a repository has one place."""
    key = path.lower()
    return key.rsplit("/", maxsplit=1)[0] if key.startswith("/build/gh/") else key


def _score(name: str, weight: float, key: str) -> float:
    if weight <= 0:
        return 0.0
    digest = int.from_bytes(blake2b(f"{key}-{name}".encode(), digest_size=8).digest(), "big")
    fraction = (digest >> (64 - _MANTISSA)) / (1 << _MANTISSA)
    return weight / -math.log(fraction or 2.0**-_MANTISSA)
