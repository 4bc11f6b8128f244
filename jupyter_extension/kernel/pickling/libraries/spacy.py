"""Spans and tokens are places in their document, which moves along."""

from __future__ import annotations

from typing import Any

from .. import rebuild

MODULE = "spacy.tokens"
NAME = "libraries.spacy"


def reduce_span(span: Any, _saving: Any) -> Any:
    """Reduce a span to its document and place."""
    return type(span), (span.doc, span.start, span.end, span.label)


def reduce_token(token: Any, _saving: Any) -> Any:
    """Reduce a token to its document and number."""
    return rebuild.family, (NAME, "token", token.doc, token.i)


def token(doc: Any, number: int) -> Any:
    """Give a token of a document."""
    return doc[number]


def reducers(tokens: Any) -> dict[type, Any]:
    """Give the reducers of exact types."""
    return {tokens.Span: reduce_span, tokens.Token: reduce_token}
