"""Everything that is no launch: shown by the prime member, or by another one while the prime does not answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http.cookies import CookieError, SimpleCookie

from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders

from migrator.redirector import pages
from migrator.redirector.bindings import COOKIE
from migrator.redirector.handler import FrontHandler
from migrator.redirector.hosts import Host

HOP_BY_HOP = {
    "accept-encoding", "connection", "content-length", "host", "keep-alive", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "cookie", "x-forwarded-host", "x-binder-launch-host",
}  # fmt: skip
NOT_PASSED_BACK = {
    "content-length",
    "transfer-encoding",
    "content-encoding",
    "connection",
    "keep-alive",
    "server",
    "date",
}
log = logging.getLogger(__name__)


class ProxyHandler(FrontHandler):
    """GET and HEAD; a member's page changes nothing by being looked at."""

    async def get(self) -> None:
        """Ask the members in turn until one answers."""
        for host in self._hosts():
            try:
                answer = await self.state.client.fetch(self._request(host), raise_error=False)
            except (OSError, HTTPClientError) as error:
                log.warning("%s does not show its page: %s", host.name, error)
                continue
            self._pass_back(answer)
            return
        self.show(pages.message("Nobody is there", "No member of the federation answers. Try again in a minute."), 503)

    async def head(self) -> None:
        """As GET, without the body: Tornado leaves it out."""
        await self.get()

    def answer_headers(self) -> None:
        """A subclass adds its own."""

    def _hosts(self) -> Iterator[Host]:
        prime = self.state.health.prime
        yield prime
        yield from (host for host in self.state.health.active().values() if host is not prime)

    def _request(self, host: Host) -> HTTPRequest:
        headers = HTTPHeaders()
        for name, value in self.request.headers.get_all():
            if name.lower() not in HOP_BY_HOP:
                headers.add(name, value)
        cookies = _without_ours(self.request.headers.get("Cookie", ""))
        if cookies:
            headers["Cookie"] = cookies
        headers["X-Forwarded-Host"] = self.public_url.partition("://")[2]
        headers["X-Binder-Launch-Host"] = f"{self.public_url}/"
        return HTTPRequest(
            host.url + (self.request.uri or ""),
            method=self.request.method or "GET",
            headers=headers,
            follow_redirects=False,
            connect_timeout=self.state.settings.check_timeout,
            request_timeout=60.0,
        )

    def _pass_back(self, answer: HTTPResponse) -> None:
        self.set_status(answer.code, answer.reason)
        self.clear_header("Content-Type")
        for name, value in answer.headers.get_all():
            if name.lower() not in NOT_PASSED_BACK:
                self.add_header(name, value)
        self.answer_headers()
        if answer.code not in {204, 304}:
            self.write(answer.body or b"")


def _without_ours(header: str) -> str:
    """The browser's secret is for us alone."""
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return ""
    return "; ".join(f"{name}={morsel.coded_value}" for name, morsel in cookies.items() if name not in {COOKIE, "host"})
