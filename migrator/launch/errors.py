"""Why a hub did not do what was asked.

LaunchError             any of them
├── HubUnavailable      it does not answer: trying again, or another member, helps
├── HubDenied           its token is wrong or lacks scopes: somebody has to mend the settings
├── AlreadyRunning      a server of this name runs
├── NoRoom              quota or limits: another member may have room
├── NoImage             the session's image is not to be had there: another member may have it
├── SpawnFailed         the server did not start: the hub's own words
└── LaunchTimeout       it took longer than allowed
"""

from __future__ import annotations


class LaunchError(Exception):
    """A server could not be started or stopped."""


class HubUnavailable(LaunchError):
    """The hub does not answer."""


class HubDenied(LaunchError):
    """The hub's token is wrong or lacks scopes."""


class AlreadyRunning(LaunchError):
    """The hub runs a server of this name."""


class NoRoom(LaunchError):
    """The hub has no room for another server."""


class NoImage(LaunchError):
    """The session's image is not to be had at this member."""


class SpawnFailed(LaunchError):
    """The server did not start."""


class LaunchTimeout(LaunchError):
    """Start or stop took too long."""
