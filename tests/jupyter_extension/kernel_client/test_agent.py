from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from jupyter_extension.kernel_client.agent import Connection
from jupyter_extension.kernel_client.errors import KernelDied

MUCH = bytes(8 << 20)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield Connection(ours), theirs


async def test_much_arrives_whole(pair):
    connection, kernel = pair
    taken = bytearray()

    def take() -> None:
        while len(taken) < len(MUCH) + 5:
            taken.extend(kernel.recv(1 << 20))

    thread = threading.Thread(target=take)
    thread.start()
    await connection.send_all(MUCH)
    await connection.send_all(b"small")
    await asyncio.to_thread(thread.join)
    assert taken == MUCH + b"small"


async def test_sending_to_a_kernel_that_takes_nothing_can_be_given_up(pair):
    connection, kernel = pair
    sending = asyncio.ensure_future(connection.send_all(MUCH))
    await asyncio.to_thread(kernel.recv, 1)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(sending, 60)


async def test_a_kernel_that_ends_while_it_is_sent_to(pair):
    connection, kernel = pair
    sending = asyncio.ensure_future(connection.send_all(MUCH))
    await asyncio.to_thread(kernel.recv, 1)
    kernel.close()
    with pytest.raises(KernelDied, match="the kernel ended"):
        await asyncio.wait_for(sending, 60)
