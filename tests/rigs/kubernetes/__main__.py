"""Commands for people: python -m tests.rigs.kubernetes [build | up | down | kill NODE | start NODE | status].

Without a command: up, and down again at Ctrl-C.
"""

from __future__ import annotations

import signal
import sys

from tests.rigs.kubernetes.plan import CLUSTERS, NODES
from tests.rigs.kubernetes.process import RigError
from tests.rigs.kubernetes.rig import RIG, which


def main(words: list[str]) -> None:
    """Carry out one command."""
    match words:
        case []:
            _until_interrupted()
        case ["build"]:
            RIG.build()
        case ["up"]:
            _up()
        case ["down"]:
            RIG.down()
        case ["kill", node] if node in NODES:
            RIG.kill_node(NODES[node])
        case ["start", node] if node in NODES:
            RIG.start_node(NODES[node])
        case ["status"]:
            sys.stdout.write("\n".join([*RIG.status(), ""]))
        case _:
            sys.exit(f"{__doc__}\nNodes: {', '.join(NODES)}")


def _until_interrupted() -> None:
    try:
        _up()
        sys.stdout.write("Ctrl-C ends them\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        RIG.down()


def _up() -> None:
    sys.stdout.write(f"{which()}\n")
    if reason := RIG.obstacle():
        sys.exit(f"The clusters cannot run here: {reason}")
    RIG.build()
    RIG.up()
    for cluster in CLUSTERS.values():
        sys.stdout.write(f"export KUBECONFIG={cluster.kubeconfig}\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except RigError as error:
        sys.exit(str(error))
