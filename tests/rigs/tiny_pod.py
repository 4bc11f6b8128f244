"""Stands where a pod with the extension stands: a session whose whole state is one text, saved through the real gateway.

Speaks docs/interfaces.md, sections 4 and 6. Arguments as tiny_server.py, its address in TINY_ADDRESS, the seconds between its signs of life
in TINY_ALIVE_S. A fault is a file `<member>.<user>.<fault>` in the
folder FAULTS: `no-start`, `no-freeze`, `no-activate`, `slow-activate`, `slow-copy`.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import secrets
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

GATEWAY = os.environ.get("MIGRATOR_GATEWAY_URL", "")
TOKEN = os.environ.get("MIGRATOR_SESSION_TOKEN", "")
CONTROL = os.environ.get("MIGRATOR_CONTROL_TOKEN", "")
MEMBER = os.environ.get("MIGRATOR_MEMBER", "")
ADDRESS = os.environ.get("TINY_ADDRESS", "127.0.0.1")
ALIVE_S = float(os.environ.get("TINY_ALIVE_S", "0.3"))


def gateway(method: str, path: str, body: bytes | None = None) -> Any:
    request = urllib.request.Request(
        GATEWAY + path, method=method, data=body, headers={"Authorization": f"Bearer {TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


class Session:
    def __init__(self, port: int, base: str) -> None:
        self.base, self.port, self.value, self.state, self.pages, self.notice = base, port, "", "running", 0, None
        self.user = base.strip("/").split("/")[-1]
        self.lock = threading.Lock()
        self.dead = 0
        if GATEWAY:
            self.state = "standby" if json.loads(gateway("GET", "/v1/session"))["role"] == "standby" else "running"
            threading.Thread(target=self.live, daemon=True).start()

    def has(self, fault: str) -> bool:
        return (Path(os.environ.get("FAULTS", "/nonexistent")) / f"{MEMBER}.{self.user}.{fault}").exists()

    def live(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                self.tell()
            time.sleep(ALIVE_S)

    def tell(self) -> None:
        body = {
            "address": f"http://{ADDRESS}:{self.port}",
            "server": self.base,
            "state": self.state,
            "pages": self.pages,
        }
        try:
            gateway("POST", "/v1/session/alive", json.dumps(body).encode())
        except urllib.error.HTTPError as error:
            if error.code == 409:
                self.state = "fenced"

    def save(self) -> str:
        snapshot = secrets.token_hex(16)
        gateway("PUT", f"/v1/objects/manifests/{snapshot}", self.value.encode())
        gateway("POST", "/v1/session/snapshot", json.dumps({"snapshot": snapshot, "state_bytes": 1}).encode())
        return snapshot

    def freeze(self, _: Any) -> tuple[int, Any]:
        if self.has("no-freeze"):
            return 503, {"error": "store_unavailable", "message": "the store is down"}
        if self.state not in {"running", "frozen"}:
            return 409, {"error": "state", "message": self.state}
        self.state = "frozen"
        return 200, {"snapshot": self.save()}

    def thaw(self, _: Any) -> tuple[int, Any]:
        self.state = "running" if self.state == "frozen" else self.state
        return 200, {}

    def activate(self, body: Any) -> tuple[int, Any]:
        if self.has("no-activate"):
            return 500, {"error": "restore", "message": "cannot restore"}
        while self.has("slow-activate"):
            time.sleep(0.05)
        if self.state == "standby":
            if body["snapshot"]:
                self.value = gateway("GET", f"/v1/objects/manifests/{body['snapshot']}").decode("utf-8", "replace")
            self.state = "running"
        return 200, {"report": {"saved": ["value"], "lost": []}}

    def stop(self, _: Any) -> tuple[int, Any]:
        self.state = "fenced"
        return 200, {}

    def told(self, body: Any) -> tuple[int, Any]:
        self.notice = body
        if self.state == "running" and not self.has("no-freeze"):
            self.save()
        return 200, {}

    def prepared(self) -> str | None:
        """What a standby has here: its copy is a word, so that it has whatever there is."""
        if self.state != "standby" or self.has("slow-copy"):
            return None
        return json.loads(gateway("GET", "/v1/session"))["snapshot"]

    def status(self) -> dict[str, Any]:
        return {
            "enabled": bool(GATEWAY),
            "state": self.state,
            "notice": self.notice,
            "prepared": self.prepared(),
            "pid": os.getpid(),
            "member": MEMBER,
        }


class Handler(http.server.BaseHTTPRequestHandler):
    session: Session

    def do_GET(self) -> None:
        session, path = self.session, self.path.removeprefix(self.session.base)
        if path == "migrator/api/v1/status":
            self.reply(200, session.status())
        elif path == "api/value":
            session.pages = 1
            ok = session.state == "running"
            self.reply(
                200 if ok else 503,
                {"value": session.value, "member": MEMBER, "pid": os.getpid(), "state": session.state},
            )
        else:
            self.reply(200, {})

    def do_POST(self) -> None:
        session, path = self.session, self.path.removeprefix(self.session.base)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if path == "api/value":
            self.change(body)
            return
        verb = path.removeprefix("migrator/api/v1/")
        calls = {
            "freeze": session.freeze,
            "thaw": session.thaw,
            "activate": session.activate,
            "stop": session.stop,
            "notice": session.told,
        }
        if self.headers.get("Authorization") != f"Bearer {CONTROL}":
            self.reply(403, {"error": "denied", "message": "wrong control token"})
        else:
            self.reply(*calls[verb](body))

    def change(self, body: Any) -> None:
        if self.session.state != "running":
            self.reply(503, {})
            return
        self.session.value = body["value"]
        if body.get("save", True):
            self.session.save()
        self.reply(200, {})

    def reply(self, status: int, data: Any) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def told_to_stop(number: int, _: Any) -> None:
    if GATEWAY and Handler.session.state in {"running", "frozen"}:
        Handler.session.state = "stopping"
        with contextlib.suppress(OSError):
            Handler.session.tell()
    sys.exit(128 + number)


if __name__ == "__main__":
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, told_to_stop)
    Handler.session = Session(int(sys.argv[1]), sys.argv[2])
    if Handler.session.has("no-start"):
        sys.exit("told not to start")
    time.sleep(float(sys.argv[3]) if len(sys.argv) > 3 else 0)
    http.server.ThreadingHTTPServer((ADDRESS, int(sys.argv[1])), Handler).serve_forever()
