"""Launches: a link's page, the event stream behind it, and what a browser that was here before gets instead."""

from __future__ import annotations

import json
import logging
from typing import Any

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.iostream import StreamClosedError

from migrator.redirector import pages
from migrator.redirector.bindings import COOKIE, Binding, link_of, new_browser
from migrator.redirector.handler import FrontHandler
from migrator.redirector.hosts import Host
from migrator.redirector.proxy_handler import ProxyHandler
from migrator.redirector.relay import EventRelay
from migrator.redirector.sessions import Sessions
from migrator.serving.logs import set_session
from migrator.session import Record, SessionError
from migrator.session.resume_links import resume_token
from migrator.storage.errors import NotFound, StorageError

LAUNCH_LIMIT_S = 3600.0
log = logging.getLogger(__name__)


class BuildHandler(FrontHandler):
    """`/build/...`: a launch. A browser that we know gets the stream through us, so that we learn its session."""

    def set_default_headers(self) -> None:
        """Any site may launch, as with BinderHub."""
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header("Access-Control-Allow-Headers", "cache-control")

    async def get(self) -> None:
        """Relay, or 307 to the member."""
        host, reason = self.state.choose(self.request.path, self.get_cookie("host"))
        self.state.redirects.labels(host.name, reason).inc()
        hours = self.state.settings.host_cookie_age_hours
        self.keep_cookie("host", host.url, path=self.request.path, hours=hours)
        if self.state.sessions is None or self.browser is None:
            self.redirect(host.url + (self.request.uri or ""), status=307)
            return
        await self._relay(host, self.state.sessions, self.browser)

    async def _relay(self, host: Host, sessions: Sessions, browser: str) -> None:
        async def ready(event: dict[str, Any]) -> None:
            try:
                await sessions.bind(browser, link_of(self.request.path), host, event)
            except (StorageError, SessionError):
                log.exception("the browser is not bound to its session")

        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Accel-Buffering", "no")
        relay = EventRelay(self, ready)
        try:
            await self.state.client.fetch(self._request(host, relay))
            await relay.end()
        except StreamClosedError:
            log.info("the browser went away during its launch")
        except (HTTPClientError, OSError) as error:
            log.warning("the launch at %s broke: %s", host.name, error)
            failed = {"phase": "failed", "message": f"{host.name} does not answer; try again.\n"}
            self.write(f"data: {json.dumps(failed)}\n\n")

    def _request(self, host: Host, relay: EventRelay) -> HTTPRequest:
        return HTTPRequest(
            host.url + (self.request.uri or ""),
            headers={"Accept": "text/event-stream", "X-Binder-Launch-Host": f"{self.public_url}/"},
            streaming_callback=relay.feed,
            request_timeout=LAUNCH_LIMIT_S,
            connect_timeout=self.state.settings.check_timeout,
        )


class LinkHandler(ProxyHandler):
    """`/v2/...`: a launch link. A browser that has a session under it goes there, or is offered to resume it."""

    async def get(self) -> None:
        """The session, the offer, or the member's launch page."""
        sessions = self.state.sessions
        if sessions is not None and self.browser is not None:
            binding = await self._binding(sessions, self.browser)
            if binding is not None and await self._lead(sessions, binding):
                return
        await super().get()

    def answer_headers(self) -> None:
        """A browser without a secret gets one with its first launch page."""
        if self.state.sessions is not None and self.browser is None:
            self.keep_cookie(COOKIE, new_browser(), path="/", hours=24 * 365)

    async def _binding(self, sessions: Sessions, browser: str) -> Binding | None:
        try:
            return await sessions.bindings.get(browser, link_of(self.request.path))
        except StorageError:
            log.exception("bindings cannot be read: the launch goes on without")
            return None

    async def _lead(self, sessions: Sessions, binding: Binding) -> bool:
        """True if the browser was led to its session."""
        set_session(binding.session)
        try:
            record = await sessions.records.get(binding.session)
        except NotFound:
            return False
        except (StorageError, SessionError):
            log.exception("the session's record cannot be read: the launch goes on without")
            return False
        return await self._lead_to(sessions, record, binding)

    async def _lead_to(self, sessions: Sessions, record: Record, binding: Binding) -> bool:
        token = resume_token(sessions.secret, record.id)
        if sessions.is_on_its_way(record):
            self.redirect(f"/resume/{token}?{self.request.query}")
            return True
        gone = await sessions.is_out_of_reach(record)
        if sessions.is_live(record) and not gone:
            url = await sessions.url(record, self.request.query, binding.url)
            if url:
                log.info("its browser is led to it at %s", record.owner.member if record.owner else "")
                self.redirect(url)
            return url is not None
        if record.phase == "suspended" or gone:
            reason = "Its place in the federation does not answer." if gone else "It was put away."
            page = pages.offer(
                token=token, link=link_of(self.request.path), query=self.request.query,
                record=record, reason=reason,
            )  # fmt: skip
            self.show(page)
            return True
        return False
