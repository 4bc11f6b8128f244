"""The rigs that tests of several rooms share."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.end_to_end.journey", "tests.rigs")
pytest_plugins = ["tests.rigs.federation"]
