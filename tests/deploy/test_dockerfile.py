"""The Dockerfile. There is no Docker here: the tests on Kubernetes run images that the rig builds as this file says, step by step."""

from __future__ import annotations

import re

import pytest

from tests.rigs.kubernetes.dockerfile import project_target, target
from tests.rigs.kubernetes.images import project_image
from tests.rigs.kubernetes.plan import CHECKOUT
from tests.rigs.kubernetes.process import RigError

DOCKERFILE = (CHECKOUT / "deploy/images/Dockerfile").read_text()
CHART = CHECKOUT / "deploy/helm/session-migrator"
TARGETS = ("control", "injector")


@pytest.mark.parametrize("name", TARGETS)
def test_the_rig_builds_what_it_says(tmp_path, name):
    (wheel := tmp_path / "any.whl").touch()
    image = project_image(name, wheel)
    assert (image.base.suite, image.base.packages) == ("bookworm", ("python3", "python3-venv", "ca-certificates"))
    assert [(script.recipe.name, script.step) for script in image.scripts] == [(name, "dependencies"), (name, "code")]
    assert all(script.build == (wheel,) for script in image.scripts)


@pytest.mark.parametrize("name", TARGETS)
def test_every_step_of_a_recipe_is_made(name):
    recipe = project_target(CHECKOUT, name).recipe
    steps = re.findall(r"^  (\w+)\)$", (CHECKOUT / recipe / "install.sh").read_text(), flags=re.MULTILINE)
    assert steps == list(project_target(CHECKOUT, name).steps)


def test_the_chart_starts_them_as_whom_and_with_what_they_were_built_for():
    control, injector = (project_target(CHECKOUT, name).runtime for name in TARGETS)
    helpers, hub = (CHART / "templates/_helpers.tpl").read_text(), (CHART / "files/hub_config.py").read_text()
    user, group = control.user.split(":")
    assert f"runAsUser: {user}\nrunAsGroup: {group}\n" in helpers
    assert f"command: [{control.command[0]}, " in helpers
    assert f'"runAsUser": {injector.user.split(":")[0]},' in hub
    assert f'"command": {str(injector.command).replace(chr(39), chr(34))},' in hub


def test_the_page_and_the_compiled_parts_are_in_the_wheel_that_both_take():
    """A source folder may have neither: what is built before is not sent to Docker."""
    ignored = (CHECKOUT / ".dockerignore").read_text().splitlines()
    assert {"jupyter_extension/labextension", "**/*.so", ".git"} <= set(ignored)
    assert "COPY --from=page /src/jupyter_extension/labextension /src/jupyter_extension/labextension" in DOCKERFILE
    assert DOCKERFILE.count("| grep kernel/_") == 2


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("sh /recipe/install.sh code", "sh /recipe/install.sh code && echo done", "echo done"),
        ("USER 10001:10001", "USER 10001:10001\nSHELL ['bash']", "SHELL"),
        ("COPY deploy/images/control /recipe", "COPY deploy/images/control /elsewhere", "/elsewhere"),
        ("debian:bookworm-slim", "alpine:3", "alpine:3"),
        ("USER 10001:10001\n", "", "USER"),
    ],
)
def test_a_step_that_the_rig_does_not_do_is_not_passed_over(before, after, named):
    assert before in DOCKERFILE
    with pytest.raises(RigError, match=re.escape(named)):
        target(DOCKERFILE.replace(before, after), "control")
