"""What pods ask for, as Kubernetes writes and adds it."""

from __future__ import annotations

from typing import Any

import pytest

from migrator.controller.needs import Needs, needs_of, quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2.0),
        ("10m", 0.01),
        ("450M", 450e6),
        ("2Gi", 2.0 * 2**30),
        ("1e3", 1000.0),
        ("1E", 1e18),
        ("0.5", 0.5),
        (3, 3.0),
    ],
)
def test_quantities(text: str | int, value: float) -> None:
    assert quantity(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "many", "1Q", "1 Gi"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity of Kubernetes"):
        quantity(text)


def container(cpu: str, memory: str, **more: Any) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu, "memory": memory}}, **more}


@pytest.mark.parametrize(
    ("spec", "needs"),
    [
        ({"containers": [{}]}, Needs()),
        ({"containers": [container("1", "1G"), container("500m", "2G")]}, Needs(1.5, 3e9)),
        ({"containers": [container("1", "1G")], "initContainers": [container("100m", "4G")]}, Needs(1.0, 4e9)),
        (
            {"containers": [container("1", "1G")], "initContainers": [container("1", "1G", restartPolicy="Always")]},
            Needs(2.0, 2e9),
        ),
        ({"containers": [container("1", "1G")], "overhead": {"memory": "1G"}}, Needs(1.0, 2e9)),
    ],
    ids=["nothing", "together", "an init container that needs more", "a sidecar", "overhead"],
)
def test_what_a_pod_asks_for(spec: dict[str, Any], needs: Needs) -> None:
    assert needs_of({"spec": spec}) == needs
