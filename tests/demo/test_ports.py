"""Two demos get different ports, and a block whose demo has ended can be had again."""

from __future__ import annotations

import socket

import pytest

from migrator.demo.errors import NoRoom
from migrator.demo.ports import BLOCK, PortBlock, is_free


def test_blocks_do_not_overlap():
    blocks = [PortBlock() for _ in range(5)]
    ports = [block.take() for block in blocks for _ in range(BLOCK)]
    assert len(set(ports)) == len(ports)
    for block in blocks:
        block.close()


def test_a_block_ends():
    block = PortBlock()
    for _ in range(BLOCK):
        block.take()
    with pytest.raises(NoRoom, match="48 ports"):
        block.take()
    block.close()


def test_a_port_that_somebody_listens_on_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)
