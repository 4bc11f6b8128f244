"""Plays a cloud's metadata endpoint on one machine, as its documentation has it; run on its own, within the machine's network.

Arguments: a JSON file `{path: text}`, read anew for each call. What is not in it is 404. What the clouds insist on is insisted on: a
token at AWS (IMDSv2), a header at Azure.
"""

from __future__ import annotations

import http.server
import json
import secrets
import sys
from pathlib import Path

ADDRESS = ("169.254.169.254", 80)
TOKEN = secrets.token_hex(16)


class Handler(http.server.BaseHTTPRequestHandler):
    """AWS under /latest/, Azure under /metadata/."""

    def do_PUT(self) -> None:
        """A token for a session with the endpoint."""
        lives = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        self.answer(*((200, TOKEN) if self.path == "/latest/api/token" and lives.isdecimal() else (400, "")))

    def do_GET(self) -> None:
        """What the file says."""
        aws = self.headers.get("X-aws-ec2-metadata-token") == TOKEN
        azure = self.headers.get("Metadata") == "true"
        if not (aws if self.path.startswith("/latest/") else azure):
            self.answer(401, "")
            return
        text = json.loads(Path(sys.argv[1]).read_text()).get(self.path.partition("?")[0])
        self.answer(*((404, "") if text is None else (200, text)))

    def answer(self, status: int, text: str) -> None:
        """A whole answer."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(ADDRESS, Handler).serve_forever()
