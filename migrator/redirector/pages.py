"""The few pages that the redirector shows itself: plain HTML, readable by every screen reader, working without scripts."""

from __future__ import annotations

import time
from html import escape

from migrator.session import Record

STYLE = """
body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; color: #1b1b1b }
button, .button { font: inherit; padding: .6rem 1.2rem; margin: 0 .6rem .6rem 0; border-radius: .3rem; cursor: pointer }
.main { background: #0b57d0; color: #fff; border: 2px solid #0b57d0 }
.other { background: #fff; color: #1b1b1b; border: 2px solid #5f5f5f }
button:focus-visible { outline: 3px solid #1b1b1b; outline-offset: 2px }
small { color: #4a4a4a }
@media (prefers-color-scheme: dark) { body { background: #141414; color: #eee } small { color: #bbb } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
REFRESH_S = 1


def offer(*, token: str, link: str, query: str, record: Record, reason: str) -> str:
    """Resume, or start afresh."""
    saved_at = record.snapshot_at
    when = time.strftime("%H:%M", time.localtime(saved_at)) if saved_at else "before"
    resume = f'<form method="post" action="/resume/{escape(token)}?{escape(query)}">'
    fresh = f'<form method="post" action="/fresh/{escape(link)}?{escape(query)}">' if link else ""
    return _page(
        "Your session is saved",
        f"<p>{escape(reason)} It was saved at {when} (UTC{time.strftime('%z')[:3]}), with its files, variables and outputs.</p>"
        f'{resume}<button class="main" autofocus>Resume your session of {when}{_holds(record)}</button></form>'
        + (f'{fresh}<button class="other">Start fresh</button></form>' if fresh else "")
        + _keep(token),
    )


def _holds(record: Record) -> str:
    """`(3 notebooks, 1.2 GB)`, as far as it is known."""
    count, size = record.notebooks, record.state_bytes
    unit, scale = next(
        each for each in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1)) if size >= each[1] or each[1] == 1
    )
    parts = [f"{count} notebook{'' if count == 1 else 's'}"] if count else []
    parts += [f"{size / scale:.1f} {unit}" if size / scale < 10 else f"{size / scale:.0f} {unit}"] if size else []
    return f" ({', '.join(parts)})" if parts else ""


def progress(*, steps: list[str], token: str) -> str:
    """On its way; the page looks again by itself."""
    told = "".join(f"<li>{escape(step)}</li>" for step in steps)
    return _page(
        "Your session is on its way",
        f'<p role="status">It is being restored. This page goes on by itself.</p><ol>{told}</ol>{_keep(token)}',
        refresh=REFRESH_S,
    )


def message(title: str, text: str) -> str:
    """Something to read, and nothing to do."""
    return _page(title, f"<p>{escape(text)}</p>")


def _keep(token: str) -> str:
    return f'<p><small>To come back from another browser, keep <a href="/resume/{escape(token)}">this link</a>. Whoever has it can open the session.</small></p>'


def _page(title: str, body: str, refresh: int | None = None) -> str:
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>{again}'
        '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
        f"<style>{STYLE}</style></head><body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
