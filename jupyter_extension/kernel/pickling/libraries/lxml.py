"""Trees of lxml: each is written once, and its elements are found again by their places in it."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from .. import rebuild

MODULE = "lxml.etree"
NAME = "libraries.lxml"


def reduce_element(element: Any, saving: Any) -> Any:
    """Reduce an element: the topmost one to its text, others to their places below it."""
    top = element
    while top.getparent() is not None:
        top = top.getparent()
    if top is element:
        return rebuild.family, (NAME, "top", _lookup(element), _text(element))
    saving.spans.keep.append(top)  # an element is itself only as long as somebody holds it
    return rebuild.family, (NAME, "below", top, _path(element))


def _text(top: Any) -> bytes:
    etree = sys.modules["lxml.etree"]
    content: bytes = etree.tostring(top.getroottree(), encoding="utf-8")
    return content


def _lookup(element: Any) -> str | None:
    kind = type(element).__module__
    return kind if kind in ("lxml.html", "lxml.objectify") else None


def _path(element: Any) -> list[int]:
    path: list[int] = []
    while element.getparent() is not None:
        path.insert(0, element.getparent().index(element))
        element = element.getparent()
    return path


def top(lookup: str | None, content: bytes) -> Any:
    """Give the topmost element of a tree."""
    etree = sys.modules["lxml.etree"]
    parser = etree.XMLParser(strip_cdata=False, resolve_entities=False, huge_tree=True)
    if lookup == "lxml.html":
        parser.set_element_class_lookup(importlib.import_module(lookup).HtmlElementClassLookup())
    elif lookup:
        parser.set_element_class_lookup(importlib.import_module(lookup).ObjectifyElementClassLookup())
    return etree.fromstring(content, parser)


def below(top: Any, path: list[int]) -> Any:
    """Give an element by the numbers of the children that lead to it."""
    for number in path:
        top = sys.modules["lxml.etree"]._Element.__getitem__(top, number)
    return top


def reduce_tree(tree: Any, saving: Any) -> Any:
    """Reduce a tree to its topmost element."""
    root = tree.getroot()
    if root is None:
        return sys.modules["lxml.etree"].ElementTree, ()
    saving.spans.keep.append(root)
    return sys.modules["lxml.etree"].ElementTree, (root,)


def inherited(etree: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    return {etree._Element: reduce_element, etree._ElementTree: reduce_tree}
