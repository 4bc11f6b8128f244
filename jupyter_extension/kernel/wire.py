"""Messages on the agent's unix socket: JSON, an optional block of bytes, and file descriptors beside them.

Frame: `json length u32, blob length u64` (little endian), the JSON, the blob. Descriptors travel with the first byte
(SCM_RIGHTS). Both ends run on the same machine under the same user.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from typing import Any, Sequence, Union

HEADER = struct.Struct("<IQ")
MAX_JSON = 64 << 20
MAX_BLOB = 1 << 30
_MAX_FDS = 4

Buffer = Union[bytes, bytearray, memoryview]


class WireError(Exception):
    """The other end closed the connection or sent something that is no message."""


def pack(message: dict[str, Any], blob: Buffer = b"") -> bytes:
    """One message as bytes."""
    encoded = json.dumps(message).encode()
    return HEADER.pack(len(encoded), len(blob)) + encoded + blob


def send(sock: socket.socket, message: dict[str, Any], blob: Buffer = b"", fds: Sequence[int] = ()) -> None:
    """Send one message; blocks until it is handed over. OSError if the other end is gone."""
    data = memoryview(pack(message, blob))
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sent = sock.sendmsg([data[: HEADER.size]], rights)
    sock.sendall(data[sent:])


def receive(sock: socket.socket) -> tuple[dict[str, Any], bytearray, list[int]]:
    """(message, blob, descriptors); blocks. The caller owns the descriptors. WireError at the end of the connection."""
    space = socket.CMSG_SPACE(_MAX_FDS * array.array("i").itemsize)
    head, rights, _, _ = sock.recvmsg(HEADER.size, space, socket.MSG_CMSG_CLOEXEC)
    fds = _descriptors(rights)
    try:
        head += read_exactly(sock, HEADER.size - len(head)) if head else b""
        json_length, blob_length = lengths(head)
        message = decode(read_exactly(sock, json_length))
        return message, read_exactly(sock, blob_length), fds
    except BaseException:
        for fd in fds:
            os.close(fd)
        raise


def lengths(head: Buffer) -> tuple[int, int]:
    """(json length, blob length) of a message's header; WireError if it is none."""
    if len(head) < HEADER.size:
        raise WireError("the connection was closed")
    json_length, blob_length = HEADER.unpack(head)
    if json_length > MAX_JSON or blob_length > MAX_BLOB:
        raise WireError("not a message of the session migrator's agent")
    return json_length, blob_length


def decode(data: Buffer) -> dict[str, Any]:
    """The JSON of a message; WireError if it is none."""
    try:
        message = json.loads(bytes(data))
    except ValueError as error:
        raise WireError("not a message of the session migrator's agent") from error
    return dict(message)


def read_exactly(sock: socket.socket, count: int) -> bytearray:
    """`count` bytes from a blocking socket; WireError if it ends before."""
    data = bytearray(count)
    read_into(sock, memoryview(data))
    return data


def read_into(sock: socket.socket, view: memoryview) -> None:
    """Fill `view` from a blocking socket; WireError if it ends before."""
    while view:
        count = sock.recv_into(view)
        if not count:
            raise WireError("the connection was closed")
        view = view[count:]


def _descriptors(rights: list[tuple[int, int, bytes]]) -> list[int]:
    fds = array.array("i")
    for level, kind, data in rights:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return list(fds)
