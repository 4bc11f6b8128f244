"""Parsed pages of Beautiful Soup: its own pickling parses the text again, so that tags in other variables would stand in no page."""

from __future__ import annotations

import sys
from typing import Any

from ..plans import attributes_of, reduce_attributes

MODULE = "bs4"


def reduce_soup(soup: Any, _saving: Any) -> Any:
    """Reduce a page to its tree as it is."""
    make, args, _, *rest = reduce_attributes(soup, _saving)
    attributes, slots = attributes_of(soup)
    kept = {name: value for name, value in (attributes or {}).items() if name != "_most_recent_element"}
    return make, args, (kept, slots), *rest


def reduce_builder(builder: Any, _saving: Any) -> Any:
    """Reduce the parser of a page to a fresh one: it works only while a page is read."""
    return type(builder), ()


def inherited(bs4: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    return {bs4.BeautifulSoup: reduce_soup, sys.modules["bs4.builder"].TreeBuilder: reduce_builder}
