"""`migrator sessions ...`: asks a controller what sessions there are, and has them moved, suspended, resumed or ended."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from migrator.commands.errors import CommandError

URL, SECRET_FILE = "MIGRATOR_CONTROLLER_URL", "MIGRATOR_SECRET_FILE"
POLL_S = 0.3
VERBS = {
    "move": "move a session to another member",
    "suspend": "save a session and stop its server",
    "resume": "bring a suspended session back",
}


def add_parser(subparsers: Any) -> None:
    """Add the subcommand and its own."""
    parser = subparsers.add_parser("sessions", help="list, show, move, suspend, resume or delete sessions")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = _verb(verbs, "list", "all sessions")
    listing.add_argument("--user", help="only this user's")
    listing.add_argument("--phase", help="only those in this phase")
    _verb(verbs, "show", "one session and its timeline").add_argument("session")
    _verb(verbs, "delete", "end a session for good").add_argument("session")
    for name, text in VERBS.items():
        verb = _verb(verbs, name, text)
        verb.add_argument("session")
        verb.add_argument("--no-wait", action="store_true", help="do not follow it to its end")
        if name != "suspend":
            verb.add_argument("--member", help="the member to go to; without it the controller chooses")
        if name != "resume":
            verb.add_argument("--within", type=float, metavar="SECONDS", help="the time until its machine goes away")


def run(args: argparse.Namespace) -> int:
    """0 done, 1 the controller said no or the session did not get where it should."""
    from migrator.serving.client import Refused, ServiceError  # noqa: PLC0415 - only when it runs: see migrator.cli

    try:
        return asyncio.run(_run(args))
    except Refused as error:
        message = error.data.get("message") if isinstance(error.data, dict) else None
        raise CommandError(str(message or error)) from error
    except ServiceError as error:
        raise CommandError(f"the controller at {_url(args)} does not answer: {error}") from error


def _verb(verbs: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text)
    parser.add_argument("--controller", metavar="URL", help=f"the controller; default: ${URL}")
    parser.add_argument("--secret-file", metavar="FILE", help=f"the federation's secret; default: ${SECRET_FILE}")
    parser.add_argument("--json", action="store_true", help="JSON for programs")
    return parser


def _url(args: argparse.Namespace) -> str:
    url = args.controller or os.environ.get(URL)
    if not url:
        raise CommandError(f"say which controller: --controller URL, or set {URL}", 2)
    return str(url)


def _secret(args: argparse.Namespace) -> str:
    file = args.secret_file or os.environ.get(SECRET_FILE)
    if not file:
        raise CommandError(f"say where the federation's secret is: --secret-file FILE, or set {SECRET_FILE}", 2)
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise CommandError(f"cannot read the secret: {error}") from error


async def _run(args: argparse.Namespace) -> int:
    from migrator.serving.client import ServiceClient  # noqa: PLC0415

    client = ServiceClient(_url(args), f"Bearer {_secret(args)}")
    if args.verb == "list":
        wanted = urlencode({key: value for key in ("user", "phase") if (value := getattr(args, key))})
        _show_all((await client.call("GET", f"/v1/sessions?{wanted}")).data["sessions"], args.json)
        return 0
    path = f"/v1/sessions/{_checked(args.session)}"
    if args.verb in {"show", "delete"}:
        method = "GET" if args.verb == "show" else "DELETE"
        _show((await client.call(method, path)).data, args.json)
        return 0
    record = (await client.call("POST", f"{path}/{args.verb}", _request(args))).data
    if not args.no_wait:
        record = await _follow(client, path, record, quiet=args.json)
    if args.json or args.no_wait:
        _show(record, args.json)
    return 0 if args.no_wait or _arrived(args.verb, record) else 1


def _checked(session: str) -> str:
    from migrator.session import BadId, check_session_id  # noqa: PLC0415

    try:
        return check_session_id(session)
    except BadId as error:
        raise CommandError(str(error), 2) from error


def _request(args: argparse.Namespace) -> dict[str, Any]:
    within, member = getattr(args, "within", None), getattr(args, "member", None)
    return {
        "cause": "asked",
        "deadline": time.time() + within if within is not None else None,
        ("target" if args.verb == "move" else "member"): member,
    }


async def _follow(client: Any, path: str, record: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """Print the timeline as it grows until no move is under way."""
    told = record["timeline"][-1]["at"] - 1 if record["timeline"] else 0.0
    while True:
        for event in record["timeline"]:
            if event["at"] > told and not quiet:
                _print_event(event)
        told = max([told, *(event["at"] for event in record["timeline"])])
        if not (record.get("controller") or {}).get("plan"):
            return record
        await asyncio.sleep(POLL_S)
        record = (await client.call("GET", path)).data


def _arrived(verb: str, record: dict[str, Any]) -> bool:
    if verb == "suspend":
        return bool(record["phase"] == "suspended")
    last = [event["event"] for event in record["timeline"] if event["event"] in {"routed", "failed", "suspended"}]
    return bool(record["phase"] == "active" and last and last[-1] == "routed")


def _show_all(records: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        _print(json.dumps(records, indent=1))
        return
    _print(f"{'SESSION':34}{'USER':26}{'PHASE':11}{'MEMBER':10}{'SAVED':10}STATE")
    for record in sorted(records, key=lambda each: each["created"]):
        member = (record["owner"] or {}).get("member", "-")
        saved = time.strftime("%H:%M:%S", time.localtime(record["snapshot_at"])) if record["snapshot_at"] else "never"
        size = f"{record['state_bytes'] / 1e6:.1f} MB"
        _print(f"{record['id']:34}{record['user'][:25]:26}{record['phase']:11}{member:10}{saved:10}{size}")


def _show(record: dict[str, Any], as_json: bool) -> None:
    if as_json:
        _print(json.dumps(record, indent=1))
        return
    owner = record["owner"] or {}
    where = f"member {owner['member']} at {owner['address'] or 'an address not known yet'}" if owner else "nowhere"
    _print(f"{record['id']}: {record['phase']}, epoch {record['epoch']}, {where}")
    _print(f"user {record['user']}, image {record['image'] or '-'}, snapshot {record['snapshot'] or '-'}")
    for event in record["timeline"]:
        _print_event(event)


def _print_event(event: dict[str, Any]) -> None:
    at = time.strftime("%H:%M:%S", time.localtime(event["at"]))
    detail = " ".join(f"{key}={value}" for key, value in event["detail"].items() if value not in (None, [], ""))
    _print(f"  {at}.{int(event['at'] % 1 * 1000):03d}  {event['event']:12}{detail}")


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
