"""The index of a snapshot: what there is, in which order, and each variable's fingerprint.

With ten thousand variables it is large, and a little of it changes with every cell. So its long lists are parts of their own, in
runs that begin at names chosen by their checksum: what is changed, added or deleted changes the run that it is in and no other,
and all other runs are recognised as the same. In earlier snapshots the lists are in the part `index` itself.
"""

from __future__ import annotations

import pickle
import zlib
from typing import Any, Iterable, Iterator

LISTS = ("components", "variables", "fingerprints")
RUN = 128  # names, on an average


def parts(index: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Give the names and contents of the parts that hold this index. Entries of its lists are names, or begin with one."""
    for kind in LISTS:
        entries = index[kind].items() if isinstance(index[kind], dict) else index[kind]
        for run in runs(entries):
            yield f"index/{kind}/{_name(run[0])}", pickle.dumps(run, 5)
    yield "index", pickle.dumps({key: value for key, value in index.items() if key not in LISTS}, 5)


def read(source: Any) -> dict[str, Any]:
    """Give the index back; `fingerprints` is a dictionary, the other lists are lists."""
    index: dict[str, Any] = pickle.loads(source.read("index"))  # noqa: S301 - authenticated by the caller
    for kind in LISTS:
        if kind not in index:
            cut = [name for name in source.names() if name.startswith(f"index/{kind}/")]
            index[kind] = [entry for name in cut for entry in pickle.loads(source.read(name))]  # noqa: S301 - as above
    index["fingerprints"] = dict(index["fingerprints"])
    return index


def runs(entries: Iterable[Any]) -> Iterator[list[Any]]:
    """Cut entries, which are names or begin with one, in front of about every 128th; never none in a run."""
    run: list[Any] = []
    for entry in entries:
        if run and (zlib.crc32(_name(entry).encode("utf-8", "surrogatepass")) >> 16) % RUN == 0:
            yield run
            run = []
        run.append(entry)
    if run:
        yield run


def _name(entry: Any) -> str:
    name: str = entry if isinstance(entry, str) else entry[0]
    return name
