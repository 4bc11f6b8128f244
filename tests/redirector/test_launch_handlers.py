from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest

from migrator.controller.marks import with_restored
from migrator.redirector.bindings import COOKIE
from migrator.serving.logs import JsonFormatter
from migrator.session import Owner, Target, phases
from tests.redirector.conftest import LINK, Browser, Rig

BUILD = "/build/gh/org/repo/HEAD"


async def launched(rig: Rig) -> tuple[Browser, str]:
    """A browser that has launched a session on some member."""
    sessions = {await rig.a.new_session(), await rig.b.new_session()}
    browser = rig.browser()
    await browser.go(LINK)
    answer = await browser.go(BUILD)
    assert b'"ready"' in answer.body
    owner = rig.a if rig.a.url.encode() in answer.body else rig.b
    assert owner.session in sessions
    return browser, str(owner.session)


async def test_a_stranger_is_sent_to_a_member_and_stays_there(rig: Rig) -> None:
    answer = await rig.browser().go(BUILD + "?x=1")
    assert answer.code == 307
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    morsel = SimpleCookie(answer.headers["Set-Cookie"])["host"]
    assert answer.headers["Location"] == f"{morsel.value}{BUILD}?x=1"
    assert (morsel["path"], morsel["max-age"], morsel["samesite"]) == (BUILD, "14400", "Lax")
    assert morsel["httponly"]
    for member in (rig.a, rig.b):
        again = await rig.browser().go(BUILD, Cookie=f"host={member.url}")
        assert again.headers["Location"].startswith(member.url)


async def test_a_cookie_of_a_sick_member_is_ignored(rig: Rig) -> None:
    rig.b.ok = False
    await rig.until_active("a")
    assert (await rig.browser().go(BUILD, Cookie=f"host={rig.b.url}")).headers["Location"].startswith(rig.a.url)


async def test_pages_come_from_the_prime_and_from_another_while_it_is_gone(rig: Rig) -> None:
    browser = rig.browser()
    answer = await browser.go("/any/page?x=1", Cookie=f"host=x; {COOKIE}={'s' * 43}; theirs=1")
    assert answer.body == b"page of a at /any/page"
    assert answer.headers.get_list("Set-Cookie")[:2] == ["one=1", "two=2"]
    seen = rig.a.seen[-1]
    assert seen["Cookie"] == "theirs=1"
    assert seen["X-Binder-Launch-Host"] == f"{rig.service.url}/"
    assert (await browser.go("/any/page", "HEAD")).code in {200, 405}
    await rig.a.go_away()
    assert (await browser.go("/any/page")).body == b"page of b at /any/page"
    await rig.b.go_away()
    assert (await browser.go("/any/page")).code == 503


async def test_badges_lead_on(rig: Rig) -> None:
    answer = await rig.browser().go("/badge_logo.svg")
    assert (answer.code, answer.headers["Location"]) == (301, "https://static.mybinder.org/badge_logo.svg")


async def test_the_same_link_leads_back_to_the_session_on_its_own_browser_only(rig: Rig) -> None:
    browser, session = await launched(rig)
    record = await rig.records.get(session)
    owner = rig.a if record.owner and record.owner.member == "a" else rig.b
    back = await browser.go(LINK + "?urlpath=lab/tree/index.ipynb")
    assert (back.code, back.headers["Location"]) == (302, f"{owner.url}/user/x/lab/tree/index.ipynb?token=the-token")
    assert b"page of a" in (await rig.browser().go(LINK)).body
    assert b"page of a" in (await browser.go("/v2/gh/org/other/HEAD")).body


async def test_the_cookie_is_secret_and_the_store_holds_only_its_hash(make_rig: Callable[..., Any]) -> None:
    rig = await make_rig(secure_cookies=True)
    answer = await rig.browser().go(LINK)
    morsel = next(
        morsel
        for line in answer.headers.get_list("Set-Cookie")
        for name, morsel in SimpleCookie(line).items()
        if name == COOKIE
    )
    assert morsel["httponly"]
    assert morsel["secure"]
    assert (morsel["samesite"], len(morsel.value)) == ("Lax", 43)
    browser, _ = await launched(rig)
    names = [file.name for file in (rig.folder / "store" / "bindings").iterdir()]
    assert len(names) == 1
    assert browser.cookies[COOKIE] not in names[0]


async def test_a_moved_session_is_found_at_its_new_member(rig: Rig) -> None:
    browser, session = await launched(rig)
    record = await rig.records.get(session)
    assert record.owner
    other = rig.b if record.owner.member == "a" else rig.a

    await rig.records.update(session, lambda r: phases.begin_move(r, Target(other.name, "/user/x/")))
    waiting = await browser.go(LINK)
    assert waiting.headers["Location"].startswith("/resume/")
    progress = await browser.go(waiting.headers["Location"])
    assert b'role="status"' in progress.body

    await rig.records.update(
        session, lambda r: with_restored(phases.fence(r, Owner(other.name, "/user/x/", "http://127.0.0.1:1")))
    )
    assert (await browser.go(LINK)).headers["Location"].startswith(f"{other.url}/user/x/lab")
    assert (await browser.go(waiting.headers["Location"])).headers["Location"].startswith(f"{other.url}/user/x/lab")


async def test_a_suspended_session_is_offered_and_resumed(rig: Rig) -> None:
    browser, session = await launched(rig)
    await rig.records.update(session, lambda record: phases.saved(record, "a" * 32, 1_234_000_000, 3))
    await rig.records.update(session, phases.suspend)
    page = await browser.go(LINK)
    assert page.code == 200
    assert re.search(r"Resume your session of \d\d:\d\d \(3 notebooks, 1\.2 GB\)<", page.body.decode())
    assert b"Start fresh" in page.body
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    action = page.body.decode().split('action="')[1].split('"')[0].replace("&amp;", "&")
    assert (await browser.go(action)).code == 200
    assert (await rig.records.get(session)).phase == "suspended"

    posted = await browser.go(action, "POST")
    assert (posted.code, (await rig.records.get(session)).phase) == (303, "moving")
    assert b"on its way" in (await browser.go(posted.headers["Location"])).body


async def test_starting_fresh_forgets_the_old_session(rig: Rig) -> None:
    browser, session = await launched(rig)
    await rig.records.update(session, phases.suspend)
    answer = await browser.go("/fresh/gh/org/repo/HEAD?urlpath=lab", "POST")
    assert (answer.code, answer.headers["Location"]) == (303, "/v2/gh/org/repo/HEAD?urlpath=lab")
    assert b"page of a" in (await browser.go(LINK)).body


async def test_a_session_whose_member_is_gone_is_offered_and_resumed_by_another(rig: Rig) -> None:
    browser, session = await launched(rig)
    record = await rig.records.get(session)
    assert record.owner
    gone, other = (rig.a, rig.b) if record.owner.member == "a" else (rig.b, rig.a)
    await gone.go_away()
    await rig.until_active(other.name)
    page = await browser.go(LINK)
    assert b"does not answer" in page.body
    action = page.body.decode().split('action="')[1].split('"')[0]
    assert (await browser.go(action, "POST")).code == 303
    after = await rig.records.get(session)
    assert after.target
    assert (after.phase, after.target.member) == ("moving", other.name)


async def test_if_nobody_can_take_it_the_page_says_that_it_stays_saved(rig: Rig) -> None:
    browser, session = await launched(rig)
    await rig.records.update(session, phases.suspend)
    page = await browser.go(LINK)
    action = page.body.decode().split('action="')[1].split('"')[0]
    await rig.a.go_away()
    await rig.b.go_away()
    answer = await browser.go(action, "POST")
    assert answer.code == 503
    assert b"stays saved" in answer.body


async def test_an_ended_session_is_a_new_launch(rig: Rig) -> None:
    browser, session = await launched(rig)
    page = await browser.go(LINK)
    assert page.code == 302
    await rig.records.update(session, phases.end)
    assert b"page of a" in (await browser.go(LINK)).body


@pytest.mark.parametrize("token", ["x", "abcdefgh.xyz", "..%2f..%2fx.y", "%0d%0a", "a" * 500])
async def test_forged_resume_links_are_refused(rig: Rig, token: str) -> None:
    for method in ("GET", "POST"):
        answer = await rig.browser().go(f"/resume/{token}", method)
        assert answer.code == 404
        assert b"no such session" in answer.body


async def test_a_launch_that_breaks_is_told_in_the_stream(rig: Rig) -> None:
    browser = rig.browser()
    await browser.go(LINK)
    await rig.a.go_away()
    await rig.b.go_away()
    event = json.loads((await browser.go(BUILD)).body.split(b"data: ")[1])
    assert event["phase"] == "failed"


async def test_what_is_logged_of_a_session_names_it(rig: Rig) -> None:
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    handler.setFormatter(JsonFormatter("redirector"))
    logging.getLogger("migrator.redirector").addHandler(handler)
    try:
        browser, session = await launched(rig)
        (rig.folder / "store/records" / session).write_text("garbage")
        await browser.go(LINK)
    finally:
        logging.getLogger("migrator.redirector").removeHandler(handler)
    unreadable = json.loads(logged.getvalue().splitlines()[-1])
    assert unreadable["message"] == "the session's record cannot be read: the launch goes on without"
    assert unreadable["session"] == session


async def test_without_sessions_it_is_mybinders_redirector(make_rig: Callable[..., Any]) -> None:
    rig = await make_rig(sessions=False, load_balancer="random")
    browser = rig.browser()
    assert b"page of a" in (await browser.go(LINK)).body
    assert COOKIE not in browser.cookies
    assert (await browser.go(BUILD)).code == 307
