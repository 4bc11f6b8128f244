"""Kinds of machines between which a session may move: each member maps a name to what its own hub understands."""

from __future__ import annotations

from typing import Any

from migrator.controller.marks import plan_of, profile_of
from migrator.serving.errors import ApiError
from migrator.session import Record

Profiles = dict[str, dict[str, Any]]


def offered(profiles: Profiles) -> list[dict[str, str]]:
    """`[{"name", "title"}]`, in the order of the settings."""
    return [{"name": name, "title": str(about.get("title") or name)} for name, about in profiles.items()]


def current(profiles: Profiles, record: Record, options: dict[str, Any]) -> str:
    """The one that a session runs in: as was chosen, or as its launch's options say; empty if none fits.

    One without options is what a launch is that names none.
    """
    fitting = [name for name, about in profiles.items() if _options(about).items() <= options.items()]
    return profile_of(record) or max(fitting, key=lambda name: len(_options(profiles[name])), default="")


def with_profile_options(profiles: Profiles, record: Record, options: dict[str, Any]) -> dict[str, Any]:
    """A launch's options with those of the profile that this move goes to, or that an earlier one chose.

    Raises:
        ApiError: this member has none of that name.
    """
    name = profile_wanted(record)
    return {**options, **_options(checked(profiles, name))} if name else options


def profile_wanted(record: Record) -> str:
    """The one that its next launch is of; empty: as its first launch was."""
    plan = plan_of(record)
    return (plan.profile if plan else "") or profile_of(record)


def checked(profiles: Profiles, name: str) -> dict[str, Any]:
    """What the settings say of a profile; refused if there is none of that name."""
    if name not in profiles:
        raise ApiError(422, "no_profile", f"This member has no machines of the kind {name!r}.")
    return profiles[name]


def _options(about: dict[str, Any]) -> dict[str, Any]:
    return dict(about.get("user_options") or {})
