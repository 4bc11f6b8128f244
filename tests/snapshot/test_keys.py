from __future__ import annotations

import pytest

from migrator.snapshot import SessionKeys


def test_each_purpose_has_its_own_key():
    keys = SessionKeys(b"k" * 32)
    assert keys.ids[:16] != keys.check
    sealed = keys.blocks.encrypt(b"n" * 12, b"text", None)
    assert sealed not in [c.encrypt(b"n" * 12, b"text", None) for c in (keys.indexes, keys.manifests, keys.journal)]


def test_the_derivation_never_changes():
    keys = SessionKeys(bytes(range(32)))
    assert keys.check.hex() == "6f6ddc1d81598b78c6e9c0275dc3ef73"
    assert keys.ids.hex()[:16] == "0bc10c859c6c0a9c"


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_has_32_bytes(length: int):
    with pytest.raises(ValueError, match="32 bytes"):
        SessionKeys(bytes(length))


def test_generated_keys_differ():
    assert len({SessionKeys.generate() for _ in range(10)}) == 10
