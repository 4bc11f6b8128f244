"""What every object store can do: the smallest interface that snapshots and session records need.

Put, get, delete and list are idempotent, so a caller may repeat them after `StoreUnavailable`. A conditional put may
answer `Conflict` although an earlier, unanswered attempt of the same caller went through; backends tell the two apart
where they can (see `s3` and `gateway`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import AsyncIterator, Callable, Protocol, Union

Buffer = Union[bytes, bytearray, memoryview]


@dataclass(frozen=True)
class ObjectInfo:
    """What a listing says of an object: `size` in bytes, `etag` opaque, `modified` in Unix seconds if it is known."""

    key: str
    size: int
    etag: str
    modified: float | None = None


class ObjectStore(Protocol):
    """Objects under keys like `sessions/<id>/journal/<name>`: segments of letters, digits, `.`, `_` and `-`, joined by `/`.

    A key must not also be the folder of another one (`a` beside `a/b`). Objects appear whole or not at all, and are
    durable when `put` returns. All methods raise `StorageError`s only.
    """

    async def put(self, key: str, data: Buffer, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Write an object and return its etag; `Conflict` if it exists (`if_absent`) or has another etag (`if_match`).

        The data must not change until the call returns; no reference to it is kept.
        """
        ...

    async def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """Return the bytes from `start`, at most `length`; fewer, or none, where the object ends before."""
        ...

    async def get_with_etag(self, key: str) -> tuple[bytes, str]:
        """Return a whole object and the etag of exactly these bytes."""
        ...

    async def head(self, key: str) -> ObjectInfo:
        """Say what there is without reading it; `NotFound` if there is nothing."""
        ...

    def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """Give every object whose key begins with `prefix` (any string, not only a folder), in the order of the keys."""
        ...

    async def delete(self, key: str) -> None:
        """Delete an object; deleting what is not there is no error."""
        ...

    async def close(self) -> None:
        """Give back connections and threads; the store is not used again."""
        ...


def is_local(store: ObjectStore) -> bool:
    """Whether the objects lie on this machine's own disk, so that making them smaller gains nothing: its `local`."""
    return bool(getattr(store, "local", False))


ReadNow = Callable[[str, int, memoryview], int]


def read_now(store: ObjectStore) -> ReadNow | None:
    """How to read from this store at once, in the calling thread: `(key, start, target) -> bytes read`; None if it cannot.

    A store on the machine's own disk has it: large reads then go straight into memory that is there already. It raises
    as `get` does, and reads fewer bytes than asked for only where the object ends.
    """
    found: ReadNow | None = getattr(store, "read_now", None)
    return found
