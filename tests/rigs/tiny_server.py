"""Stands where a user's Jupyter server stands: answers every path with its process id. Arguments: port, base URL, delay."""

from __future__ import annotations

import http.server
import json
import os
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"pid": os.getpid(), "path": self.path, "env": _session_environment()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def _session_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key.startswith("MIGRATOR_")}


if __name__ == "__main__":
    if sys.argv[1:] == ["--fail"]:
        sys.exit("told to fail")
    time.sleep(float(sys.argv[3]) if len(sys.argv) > 3 else 0)
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
