"""What draws on a Pillow image goes on drawing on the same one; a font read from memory keeps its bytes."""

from __future__ import annotations

import importlib
import io
import sys
from typing import Any

from .. import rebuild
from ..plans import reduce_guarded

MODULE = "PIL.Image"
NAME = "libraries.pillow"
_HANDLES = ("im", "draw", "_image")


def reduce_draw(draw: Any, saving: Any) -> Any:
    """Reduce a drawing to its image and settings."""
    image = vars(draw).get("_image")
    if image is None:
        return saving.lose(draw, "this version of Pillow does not tell which image it draws on")
    settings = {name: value for name, value in vars(draw).items() if name not in _HANDLES}
    return rebuild.family, (NAME, "draw", type(draw), image), settings, None, None, rebuild.update_dict


def draw(kind: Any, image: Any) -> Any:
    """Give a drawing on an image."""
    return kind(image)


def reduce_font(font: Any, saving: Any) -> Any:
    """Reduce a font: by its file, or one that was read from memory by its bytes."""
    content = vars(font).get("font_bytes")
    if content is None:
        return reduce_guarded(font, saving)
    return rebuild.family, (NAME, "font", content, font.size, font.index, font.encoding, font.layout_engine)


def font(content: bytes, *settings: Any) -> Any:
    """Give a font from its bytes."""
    return importlib.import_module("PIL.ImageFont").FreeTypeFont(io.BytesIO(content), *settings)


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses, of the modules that are loaded."""
    drawing, fonts = sys.modules.get("PIL.ImageDraw"), sys.modules.get("PIL.ImageFont")
    found: dict[type, Any] = {}
    if drawing is not None:
        found[drawing.ImageDraw] = reduce_draw
    if fonts is not None:
        found[fonts.FreeTypeFont] = reduce_font
    return found
