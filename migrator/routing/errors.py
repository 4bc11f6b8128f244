"""What can go wrong with routes.

RoutingError            any of them
├── ProxyUnavailable    the proxy's API does not answer: trying again helps
└── ProxyDenied         its token is wrong: somebody has to mend the settings
"""

from __future__ import annotations


class RoutingError(Exception):
    """A route could not be read or set."""


class ProxyUnavailable(RoutingError):
    """The proxy's API does not answer now."""


class ProxyDenied(RoutingError):
    """The proxy's API refuses our token."""
