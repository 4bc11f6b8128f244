from __future__ import annotations

import pytest

from migrator.snapshot import SessionKeys
from migrator.storage.memory import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def keys() -> SessionKeys:
    return SessionKeys(b"k" * 32)
