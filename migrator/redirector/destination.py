"""Where a browser must go to be in its session."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlencode


def destination(hub: str, server: str, token: str, query: str) -> str:
    """The page's URL: the launch link's `urlpath`, `labpath` or `filepath` in the server, as BinderHub would open it."""
    path, _, own = _page(query).partition("?")
    parts = [own, urlencode({"token": token}) if token else ""]
    url = f"{hub.rstrip('/')}/{server.strip('/')}/{path.lstrip('/')}"
    arguments = "&".join(part for part in parts if part)
    return f"{url}?{arguments}" if arguments else url


def _page(query: str) -> str:
    given = {key: values[0] for key, values in parse_qs(query).items()}
    if "urlpath" in given:
        return _clean(given["urlpath"])
    file = given.get("labpath") or given.get("filepath")
    return f"lab/tree/{quote(file.lstrip('/'))}" if file else "lab"


def _clean(path: str) -> str:
    """No control characters, and no way out of the server by dots."""
    path = "".join(letter for letter in path if letter.isprintable()).replace("\\", "/")
    return quote("/".join(part for part in path.split("/") if part not in {"..", "."}), safe="/?&=%:@+,;~#!$'()*")
