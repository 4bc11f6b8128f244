"""Small values of OpenCV, which it cannot pickle itself, and its images on a device."""

from __future__ import annotations

import sys
from typing import Any

MODULE = "cv2"


def reduce_point(point: Any, _saving: Any) -> Any:
    """Reduce a key point."""
    place = (*point.pt, point.size, point.angle, point.response, point.octave, point.class_id)
    return type(point), place


def reduce_match(match: Any, _saving: Any) -> Any:
    """Reduce a match of two key points."""
    return type(match), (match.queryIdx, match.trainIdx, match.imgIdx, match.distance)


def reduce_image(image: Any, saving: Any) -> Any:
    """Reduce an image on a device to its pixels, where the device is the CPU."""
    if sys.modules["cv2"].ocl.useOpenCL():
        return saving.lose(image, "memory of a device cannot be copied in a forked process")
    return type(image), (image.get(),)


def reducers(cv2: Any) -> dict[type, Any]:
    """Give the reducers of exact types."""
    return {cv2.KeyPoint: reduce_point, cv2.DMatch: reduce_match, cv2.UMat: reduce_image}
