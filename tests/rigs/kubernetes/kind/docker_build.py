"""The project's images as operators build them: by Docker, from deploy/images/Dockerfile."""

from __future__ import annotations

import os
import re

from tests.rigs.kubernetes.images import image_name
from tests.rigs.kubernetes.plan import CHECKOUT
from tests.rigs.kubernetes.process import run, works

DOCKERFILE = CHECKOUT / "deploy" / "images" / "Dockerfile"


def can_build() -> bool:
    """Whether the images that the Dockerfile builds upon are here or can be had, and Docker has BuildKit, which it needs."""
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE.read_text(), re.MULTILINE)
    own = {name for _, name in stages}
    bases = [base for base, _ in stages if base not in own]
    if not all(works("docker", "image", "inspect", base) or works("docker", "pull", base) for base in bases):
        return False
    return works("sh", "-c", f"echo FROM {bases[0]} | DOCKER_BUILDKIT=1 docker build --quiet -")


def docker_build(target: str) -> str:
    """Build a target; the id of the image, which is another whenever anything in it is."""
    name = image_name(target)
    words = ("build", "--file", DOCKERFILE, "--target", target, "--tag", name, CHECKOUT)
    run("nice", "docker", *words, env=os.environ | {"DOCKER_BUILDKIT": "1"})
    return run("docker", "image", "inspect", "--format", "{{.Id}}", name).strip()
