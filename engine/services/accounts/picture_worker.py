"""The worker's part of `pictures`: what a picture's head says, nothing of it is unpacked."""

from __future__ import annotations

from typing import Any

from PIL import Image, UnidentifiedImageError

from engine.workers.job import Answer

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
_SCAN = (
    b"\xff\xda"  # begins a scan of a JPEG file; within a scan its first byte is never followed by its second
)

Image.MAX_IMAGE_PIXELS = None  # `pictures` has a bound of its own, and a sentence


def measure(path: str, media_type: str) -> Answer:
    """Width and height in pixels, frames (of moving pictures) and scans (of JPEG) of a file; an empty value for none."""
    try:
        with Image.open(path, formats=[FORMATS[media_type]]) as picture:
            found: dict[str, Any] = {
                "width": picture.width,
                "height": picture.height,
                "frames": 1,
                "scans": 1,
            }
            if media_type != "image/jpeg":  # there other pictures may follow, which browsers do not show
                found["frames"] = getattr(picture, "n_frames", 1)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError, EOFError):
        return Answer({})
    if media_type == "image/jpeg":
        with open(path, "rb") as file:
            found["scans"] = file.read().count(_SCAN)
    return Answer(found)
