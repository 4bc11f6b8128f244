from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.demo.nodejs import proxy_command
from tests.rigs.small_hub import SmallHub, small_hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallHub]:
    folder: Path = tmp_path_factory.mktemp("hub")
    with small_hub(folder, proxy_command(), poll=2) as running:
        yield running
