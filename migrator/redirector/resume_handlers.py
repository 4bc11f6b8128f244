"""Bringing a session back: `/resume/<token>` and `/fresh/<link>`."""

from __future__ import annotations

import logging
import time
from typing import Any

from tornado.web import HTTPError

from migrator.redirector import pages
from migrator.redirector.bindings import link_of
from migrator.redirector.handler import FrontHandler
from migrator.redirector.sessions import NoController, Sessions
from migrator.serving.logs import set_session
from migrator.session import BadToken, Record
from migrator.session.resume_links import read_resume_token
from migrator.storage.errors import NotFound

WORDS = {
    "notice": "Asked for",
    "standby": "A server is ready",
    "fenced": "The session's former place is closed",
    "restored": "Files, variables and outputs are restored",
    "waiting": "No place takes it now; they are asked again in a moment",
    "routed": "The way there is open",
    "failed": "A place could not take it; another one is tried",
}
log = logging.getLogger(__name__)


class ResumeHandler(FrontHandler):
    """A link that can be kept. GET changes nothing: mail programs and chats follow links to preview them."""

    async def get(self, token: str) -> None:
        """Into the session if it runs, its progress if it is on its way, else the offer to bring it back."""
        sessions, record = await self._record(token)
        gone = await sessions.is_out_of_reach(record)
        if sessions.is_live(record) and not gone:
            url = await sessions.url(record, self.request.query)
            if url is None:
                self.show(pages.message("Your session runs", "Its member's public address is not known here."), 503)
                return
            self.redirect(url)
        elif sessions.is_on_its_way(record):
            self.show(pages.progress(steps=_steps(record), token=token))
        elif record.phase == "ended":
            self.show(
                pages.message("This session has ended", "It is no longer kept. Follow its launch link for a new one."),
                410,
            )
        else:
            reason = "Its place in the federation does not answer." if gone else "It was put away."
            self.show(pages.offer(token=token, link="", query=self.request.query, record=record, reason=reason))

    async def post(self, token: str) -> None:
        """Bring it back, then follow the progress."""
        sessions, record = await self._record(token)
        if record.phase == "suspended" or await sessions.is_out_of_reach(record):
            try:
                await sessions.resume(record)
            except NoController as error:
                self.show(pages.message("Not now", str(error)), 503)
                return
        self.redirect(f"/resume/{token}?{self.request.query}", status=303)

    async def _record(self, token: str) -> tuple[Sessions, Record]:
        sessions = self.state.sessions
        if sessions is None:
            raise HTTPError(404)
        try:
            session = read_resume_token(sessions.secret, token)
            record = await sessions.records.get(session)
        except (BadToken, NotFound) as error:
            raise HTTPError(404) from error
        set_session(session)
        return sessions, record

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A link that is wrong, or of a session long gone, looks the same to whoever guesses."""
        if status_code == 404:
            self.show(
                pages.message("There is no such session", "The link is not valid, or its session is no longer kept."),
                404,
            )
        else:
            super().write_error(status_code, **kwargs)


class FreshHandler(FrontHandler):
    """`POST /fresh/<link>`: this browser wants a new session under the link; the old one stays saved while it is kept."""

    async def post(self) -> None:
        """Forget the binding, and launch."""
        if self.state.sessions is not None and self.browser is not None:
            await self.state.sessions.bindings.forget(self.browser, link_of(self.request.path))
        self.redirect(f"/v2/{link_of(self.request.path)}?{self.request.query}".rstrip("?"), status=303)


def _steps(record: Record) -> list[str]:
    """What happened since it was asked for, in words."""
    events = list(record.timeline)
    begun = max((number for number, event in enumerate(events) if event.event == "notice"), default=0)
    return [
        f"{time.strftime('%H:%M:%S', time.localtime(event.at))} {WORDS[event.event]}"
        for event in events[begun:]
        if event.event in WORDS
    ]
