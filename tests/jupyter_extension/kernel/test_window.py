"""What comes in through a window lands where it belongs, or fails loudly."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import pytest

from jupyter_extension.kernel import wire
from jupyter_extension.kernel.stream import BLOCK_SIZE
from jupyter_extension.kernel.window import FRAME, TAKEN, Filling

LIMIT_S = 60


class Server:
    """The other end: a window of two slots, and a connection to the agent."""

    def __init__(self) -> None:
        self.conn, self.agent = socket.socketpair()
        self.window = os.memfd_create("window")
        os.ftruncate(self.window, 2 * BLOCK_SIZE)

    def send(self, slot: int, part: int, offset: int, data: bytes) -> None:
        os.pwrite(self.window, data, slot * BLOCK_SIZE)
        self.conn.sendall(FRAME.pack(slot, part, offset, len(data)))

    def taken(self) -> int:
        return TAKEN.unpack(wire.read_exactly(self.conn, TAKEN.size))[0]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    made.conn.settimeout(LIMIT_S)
    made.agent.settimeout(LIMIT_S)
    yield made
    made.conn.close()
    made.agent.close()
    os.close(made.window)


def test_blocks_in_any_order(server: Server) -> None:
    parts = [bytearray(10), bytearray(7)]
    told: list[int] = []
    filling = Filling(
        server.agent, server.window, [memoryview(part) for part in parts], lambda length, _: told.append(length)
    )
    thread = threading.Thread(target=filling.run)
    thread.start()
    server.send(1, 1, 0, b"ABCDEFG")
    server.send(0, 0, 6, b"6789")
    assert {server.taken(), server.taken()} == {0, 1}
    server.send(0, 0, 0, b"012345")
    assert server.taken() == 0
    thread.join(LIMIT_S)
    assert not thread.is_alive()
    assert parts == [b"0123456789", b"ABCDEFG"]
    assert sorted(told) == [4, 6, 7]


@pytest.mark.parametrize(
    "frame",
    [(0, 1, 0, 4), (0, 0, 8, 4), (0, 0, 0, 0), (9, 0, 0, 4)],
    ids=["no such part", "past its end", "nothing", "no such slot"],
)
def test_nonsense_is_refused(server: Server, frame: tuple[int, int, int, int]) -> None:
    server.conn.sendall(FRAME.pack(*frame))
    server.conn.shutdown(socket.SHUT_WR)
    with pytest.raises(wire.WireError, match=r"no part has|smaller than|closed"):
        Filling(server.agent, server.window, [memoryview(bytearray(10))], lambda *_: None).run()


def test_a_server_that_goes_away_ends_every_copier(server: Server) -> None:
    server.conn.close()
    with pytest.raises((wire.WireError, OSError)):
        Filling(server.agent, server.window, [memoryview(bytearray(10))], lambda *_: None).run()


def test_nothing_to_fill_needs_nobody(server: Server) -> None:
    Filling(server.agent, server.window, [], lambda *_: None).run()
    server.agent.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.agent.recv(1)
