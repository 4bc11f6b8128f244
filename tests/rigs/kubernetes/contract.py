"""What a rig can do: the seam between the tests, which say what happens to clusters and nodes, and those who make it happen.

The module `rig` of `namespaces` and that of `kind` each have these functions.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tests.rigs.kubernetes.plan import ClusterPlan, NodePlan


class Rig(Protocol):
    """Two clusters on this machine."""

    NAME: str

    def obstacle(self) -> str | None:
        """Why clusters cannot run on this machine, or None."""

    def build(self) -> None:
        """Build or fetch everything that is not there yet."""

    def up(self) -> None:
        """Start all clusters; those that run already stay."""

    def down(self) -> None:
        """End everything that up started, also after a crash in the middle."""

    def running(self) -> bool:
        """Whether the clusters are up, with the images of now."""

    def status(self) -> list[str]:
        """A line for each part of the rig."""

    def alive(self, node: NodePlan) -> bool:
        """Whether a node runs."""

    def start_node(self, node: NodePlan) -> None:
        """Start it again where it died, unless it runs."""

    def kill_node(self, node: NodePlan) -> None:
        """Lose the node at once, with every pod on it; its disk stays."""

    def shut_down_node(self, node: NodePlan) -> None:
        """Shut the node's machine down in order, as far as its kubelet and its pods can tell."""

    def no_shutdown(self, node: NodePlan) -> str | None:
        """Why the node's kubelet would not hear of a shutdown in order, or None."""

    def cut(self, node: NodePlan) -> None:
        """Pull a node's cable: it runs on alone, as behind a failed switch."""

    def mend(self, node: NodePlan) -> None:
        """Put the cable back."""

    def stop_api_server(self, cluster: ClusterPlan) -> None:
        """Take the API server away; start_api_server brings it back with all its objects."""

    def start_api_server(self, cluster: ClusterPlan) -> None:
        """Bring the API server back, and the machine that it is on."""

    def enforce_policies(self) -> None:
        """From now on connections of and to pods are what the clusters' NetworkPolicies allow."""

    def policies_hold(self) -> bool:
        """Whether NetworkPolicies are enforced just now."""

    def let_all_through(self) -> None:
        """As before; a rig whose network always enforces them goes on doing so."""

    def ctr(self, node: NodePlan, *words: object) -> str:
        """Run ctr on a node's containerd, as a machine's administrator may."""

    def inside(self, node: NodePlan) -> tuple[str, ...]:
        """Words before a command of this machine that has to run within a node's network."""

    def containerd_folder(self, node: NodePlan) -> Path:
        """Where a node's containerd keeps its state, as seen from this machine, also while the node is dead."""
