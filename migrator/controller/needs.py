"""What a pod asks its cluster for: its requests, as the scheduler reckons with them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from migrator.notice.kubernetes_pods import KubernetesObject

SUFFIXES = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, **{letter: 1000.0**n for n, letter in enumerate("kMGTPE", 1)}}
SUFFIXES |= {f"{letter}i": 1024.0**n for n, letter in enumerate("KMGTPE", 1)}
_QUANTITY = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)")


@dataclass(frozen=True)
class Needs:
    """Processors and bytes of memory."""

    cpu: float = 0.0
    memory: float = 0.0

    def __add__(self, other: Needs) -> Needs:
        return Needs(self.cpu + other.cpu, self.memory + other.memory)

    def most(self, other: Needs) -> Needs:
        """The greater of each."""
        return Needs(max(self.cpu, other.cpu), max(self.memory, other.memory))


def needs_of(pod: KubernetesObject) -> Needs:
    """All containers' requests together, or one init container's if that is more.

    Rules: https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers. (An init
    container that stays, a sidecar, counts with the others.)
    """
    spec = pod["spec"]
    inits = spec.get("initContainers") or []
    staying = [*spec["containers"], *(c for c in inits if c.get("restartPolicy") == "Always")]
    needs = _sum(_requests(container) for container in staying)
    for container in inits:
        needs = needs.most(_requests(container))
    return needs + given(spec.get("overhead") or {})


def given(resources: dict[str, Any]) -> Needs:
    """A list of resources as Kubernetes writes them."""
    return Needs(quantity(resources.get("cpu", "0")), quantity(resources.get("memory", "0")))


def quantity(text: str | float) -> float:
    """`10m`, `450M`, `2Gi`, `1e3`; https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.

    Raises:
        ValueError: it is none.
    """
    parts = _QUANTITY.fullmatch(str(text))
    if parts is None or parts[2] not in SUFFIXES:
        raise ValueError(f"{text!r} is no quantity of Kubernetes")
    return float(parts[1]) * SUFFIXES[parts[2]]


def _requests(container: dict[str, Any]) -> Needs:
    return given((container.get("resources") or {}).get("requests") or {})


def _sum(all_needs: Iterable[Needs]) -> Needs:
    total = Needs()
    for needs in all_needs:
        total += needs
    return total
