"""Reads the project's Dockerfile, so that the rig builds what it says also where there is no Docker.

It understands what that file uses for its final images and refuses the rest: an image that is built by other steps than the rig's would
be tried by nobody.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.kubernetes.layers import Base
from tests.rigs.kubernetes.oci import Runtime
from tests.rigs.kubernetes.process import RigError

DOCKER_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEBIAN = re.compile(r"debian:(\w+)-slim")
PACKAGES = re.compile(r"apt-get update && apt-get install -y --no-install-recommends ([\w. -]+) && rm -rf \S+")
STEP = re.compile(r"--mount=from=wheel,source=/build,target=/build sh /recipe/install\.sh (\w+)")
Line = tuple[str, str]


@dataclass(frozen=True)
class Target:
    """One target of a Dockerfile: on which base, the steps of which recipe, and what its containers do."""

    base: Base
    recipe: str
    steps: tuple[str, ...]
    runtime: Runtime


def target(text: str, name: str) -> Target:
    """What a Dockerfile says of one of its targets; RigError where the rig cannot do the same."""
    stages = _stages(text)
    base, lines = name, list[Line]()
    while base in stages:
        base, own = stages[base]
        lines = own + lines
    said = {
        word: [rest for each, rest in lines if each == word] for word in ("RUN", "COPY", "ENV", "USER", "ENTRYPOINT")
    }
    if strange := {word for word, _ in lines} - set(said):
        raise RigError(f"the rig does not do {', '.join(strange)} of a Dockerfile")
    packages, *steps = said["RUN"]
    return Target(
        Base(_only(DEBIAN, base), tuple(_only(PACKAGES, packages).split())),
        _only(re.compile(r"(\S+) /recipe"), _one("COPY", said["COPY"])),
        tuple(_only(STEP, step) for step in steps),
        Runtime(
            _one("USER", said["USER"]),
            json.loads(_one("ENTRYPOINT", said["ENTRYPOINT"])),
            "/",
            {"PATH": DOCKER_PATH, **dict(word.split("=", 1) for line in said["ENV"] for word in shlex.split(line))},
        ),
    )


def project_target(checkout: Path, name: str) -> Target:
    """A target of the project's own Dockerfile."""
    return target((checkout / "deploy/images/Dockerfile").read_text(), name)


def _stages(text: str) -> dict[str, tuple[str, list[Line]]]:
    """Each stage's base and lines, by its name."""
    stages: dict[str, tuple[str, list[Line]]] = {}
    whole = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    for line in filter(None, map(str.strip, whole.splitlines())):
        word, rest = line.split(maxsplit=1)
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages[name] = (base, lines := [])
        else:
            lines.append((word, rest))
    return stages


def _only(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.fullmatch(text)
    if found is None:
        raise RigError(f"the rig cannot do what the Dockerfile says here: {text!r}; it knows {pattern.pattern!r}")
    return found[1]


def _one(word: str, said: list[str]) -> str:
    if len(said) != 1:
        raise RigError(f"the rig wants one {word} in a target of the Dockerfile, and found {said}")
    return said[0]
