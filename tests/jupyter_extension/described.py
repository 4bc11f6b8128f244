"""Holds answers of the extension against its description: whatever a test calls must be answered as `openapi.yaml` says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from tornado.httpclient import HTTPResponse

import jupyter_extension

OPENAPI = yaml.safe_load((Path(jupyter_extension.__file__).parent / "openapi.yaml").read_text())
METHODS = {"get", "post", "put", "delete", "patch"}
STRANGER = {401, 403}
"""Answers to somebody who is not known: said once for all calls."""
REGISTRY = Registry().with_resource("openapi", Resource.from_contents(OPENAPI, DRAFT202012))
Answered = tuple[str, str, int]
"""Path, method and status."""


def described() -> dict[str, set[str]]:
    """The methods of each path."""
    return {path: METHODS & set(item) for path, item in OPENAPI["paths"].items()}


def fits(name: str, document: Any) -> None:
    """A document has the form of one of the description's schemas."""
    _check(["components", "schemas", name], document)


def check(method: str, url: str, answer: HTTPResponse) -> Answered:
    """An answer is among those described, and has the form described; which it was."""
    call, status, body = (_path(url), method.lower()), answer.code, answer.body
    answers = OPENAPI["paths"][call[0]][call[1]]["responses"]
    assert str(status) in answers or status in STRANGER, f"{call} may not answer {status}: {body[:300]!r}"
    if status >= 400:
        fits("Error", json.loads(body))
        return (*call, status)
    (kind,) = answers[str(status)]["content"]
    assert answer.headers["Content-Type"].startswith(kind), call
    if kind == "application/json":
        _check(["paths", *call, "responses", str(status), "content", kind, "schema"], json.loads(body))
    return (*call, status)


def _check(place: list[str], document: Any) -> None:
    """Against the schema at that place of the description, so that its own references are found."""
    pointer = "/".join(each.replace("~", "~0").replace("/", "~1") for each in place)
    validator = Draft202012Validator({"$ref": f"openapi#/{pointer}"}, registry=REGISTRY)
    faults = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    assert not faults, (place, faults, document)


def _path(url: str) -> str:
    """The described path that a URL below `migrator` belongs to; one of no parameters before one of some."""
    asked = urlsplit(url).path
    for path in sorted(OPENAPI["paths"], key=lambda each: each.count("{")):
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)), asked):
            return str(path)
    raise AssertionError(f"{asked} is not described")
