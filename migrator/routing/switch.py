"""Leads a session's traffic elsewhere without a moment in which nobody answers.

While a hub thinks that a server is its own, it sets the route `/user/NAME` again when we change it, and removes it when
the server ends; then the page would get the hub's 424 and give up. But the proxy takes the longest prefix that matches, and
the hub leaves routes alone that are not its own. So *shields* go up first: routes for the first path segments of a Jupyter
server below `/user/NAME` (`api`, `lab`, ...). Behind them the hub's server is stopped, then `/user/NAME` itself is set, and
the shields come down. Every step can be repeated, so whoever was killed half-way through just starts again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from migrator.routing.proxy import Proxy, Route


class Switch:
    """Routes of single sessions in one proxy; `shields` are path segments."""

    def __init__(self, proxy: Proxy, shields: Sequence[str]) -> None:
        self._proxy = proxy
        self._shields = tuple(shields)

    async def routes(self) -> dict[str, Route]:
        """All routes as they are now, for `leads`."""
        return await self._proxy.routes()

    async def shield(self, session: str, server: str, target: str) -> None:
        """All known paths below `server` lead to `target`, whatever the hub does with `server` itself."""
        await self._add([f"{base(server)}/{name}" for name in self._shields], target, session)

    async def take(
        self,
        session: str,
        server: str,
        target: str,
        *,
        switched: Callable[[], Awaitable[None]],
        stop_server: Callable[[], Awaitable[None]],
    ) -> None:
        """Lead `server` to `target`; `stop_server` ends the hub's server of this name, if there is one, behind shields.

        `switched` is called as soon as pages get to `target`, and not at all if they did already.
        """
        routes = await self._proxy.routes()
        if self.leads(routes, session, server, target):
            return
        own = routes.get(base(server))
        if own is None or own.hub:
            await self.shield(session, server, target)
            await switched()
            await stop_server()
            await self._proxy.add(base(server), target, session)
        else:
            await self._proxy.add(base(server), target, session)
            await switched()
        await self._lower(await self._proxy.routes(), session, server)

    def leads(self, routes: dict[str, Route], session: str, server: str, target: str) -> bool:
        """Whether by these routes `server` leads to `target` already, and there is nothing left to do."""
        below = [r for path, r in routes.items() if path.startswith(base(server) + "/") and r.session == session]
        own = routes.get(base(server))
        return (
            own is not None
            and not own.hub
            and own.session == session
            and own.target == target.rstrip("/")
            and not below
        )

    async def release(self, session: str, server: str) -> bool:
        """No route of ours leads this session any more: its server is the hub's again, or it has ended. True if one did."""
        routes = await self._proxy.routes()
        lowered = await self._lower(routes, session, server)
        if base(server) in routes and routes[base(server)].session == session:
            await self._proxy.delete(base(server))
            return True
        return lowered

    async def _lower(self, routes: dict[str, Route], session: str, server: str) -> bool:
        up = [
            path for path, route in routes.items() if path.startswith(base(server) + "/") and route.session == session
        ]
        await asyncio.gather(*(self._proxy.delete(path) for path in up))
        return bool(up)

    async def _add(self, paths: Sequence[str], target: str, session: str) -> None:
        await asyncio.gather(*(self._proxy.add(path, target, session) for path in paths))


def base(server: str) -> str:
    """A server's URL path as the proxy's routes write it: no slash at the end."""
    return server.rstrip("/")
