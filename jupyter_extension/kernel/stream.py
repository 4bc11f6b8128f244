"""The wire format between the forked child and the server: what travels through the pipe, and what is already known.

A stream is a sequence of frames: a header `kind u8, flags u8, name length u16, number u32, length u64` (little endian),
then the name (UTF-8), then `length` bytes of payload.

| kind | name | number | payload |
| --- | --- | --- | --- |
| HELLO | | version | JSON: `{"pid", "check", "boundary", ...}`; `check`: algorithm of the check values, or null |
| SAME_PART | part | | none: this part equals the base's part of that name, byte for byte |
| PART | part | | 8 bytes: its length; its blocks follow, in order |
| BLOCK | | size of its check value | the check value, then the bytes of one block (BLOCK_SIZE, the last may be shorter) |
| SAME | | run | none: the next `run` blocks equal the base's at the same places |
| END | | 1 if all went well | JSON: the report; nothing follows |

The check values of the base go the other way, with the request, as a table (`pack_base`): per part its name, its length
and XXH3-128 of each block. A stream without END is worthless as a whole.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Iterator, Mapping, NamedTuple, Union

VERSION = 1
BLOCK_SIZE = 4 << 20  # as in the store: a block that travels is a block that is kept
CHECK_SIZE = 16
CHECK = "xxh3-128"

HELLO, SAME_PART, PART, BLOCK, SAME, END = range(1, 7)

HEADER = struct.Struct("<BBHIQ")
_BASE_PART = struct.Struct("<HQI")

Buffer = Union[bytes, bytearray, memoryview]


class StreamError(Exception):
    """The bytes are not a stream of this format, or it ended early. Trying again with a new child may help."""


class Frame(NamedTuple):
    """One frame; `payload` is a view into memory that belongs to the frame alone."""

    kind: int
    name: str
    number: int
    payload: memoryview


class BasePart(NamedTuple):
    """What is known of a part of the base snapshot: its length in bytes and the check values of its blocks, joined."""

    length: int
    checks: bytes


def header(kind: int, name: str = "", number: int = 0, length: int = 0) -> bytes:
    """The bytes before a frame's payload."""
    encoded = name.encode("utf-8", "surrogatepass")
    return HEADER.pack(kind, 0, len(encoded), number, length) + encoded


def json_frame(kind: int, value: Any, number: int = 0) -> bytes:
    """A whole frame whose payload is JSON."""
    payload = json.dumps(value).encode()
    return header(kind, number=number, length=len(payload)) + payload


def pack_base(parts: Mapping[str, BasePart]) -> bytes:
    """The table of check values that goes with a request."""
    pieces: list[bytes] = []
    for name, part in parts.items():
        encoded = name.encode("utf-8", "surrogatepass")
        pieces += [_BASE_PART.pack(len(encoded), part.length, len(part.checks)), encoded, part.checks]
    return b"".join(pieces)


def unpack_base(table: Buffer) -> dict[str, BasePart]:
    """The inverse of `pack_base`. Raises StreamError for a table that is cut short."""
    return dict(_base_parts(memoryview(table)))


def _base_parts(table: memoryview) -> Iterator[tuple[str, BasePart]]:
    at = 0
    while at < len(table):
        try:
            name_length, length, checks = _BASE_PART.unpack_from(table, at)
        except struct.error as error:
            raise StreamError("the table of check values is cut short") from error
        at += _BASE_PART.size
        name = bytes(table[at : at + name_length]).decode("utf-8", "surrogatepass")
        yield name, BasePart(length, bytes(table[at + name_length : at + name_length + checks]))
        at += name_length + checks


def parse_header(data: Buffer, at: int = 0) -> tuple[int, int, int, int]:
    """(kind, name length, number, payload length) of the frame that begins at `at`; StreamError for nonsense."""
    kind, _, name_length, number, length = HEADER.unpack_from(data, at)
    if not HELLO <= kind <= END or (length > BLOCK_SIZE + CHECK_SIZE and kind in (BLOCK, PART)):
        raise StreamError("not a frame: the kernel's child wrote something else into its pipe")
    return kind, name_length, number, length
