"""Pictures from strangers are measured before they are kept: what is a few kB here may fill the memory of who opens it.

A PNG of 60,000 × 60,000 pixels is 11 kB and takes 14 GB in the browser of the member of staff who looks at it; a moving
picture of a thousand such frames, or a JPEG of ten thousand scans, takes its processor for minutes.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import BadInput
from engine.services.accounts.picture_worker import FORMATS
from engine.workers import pool
from engine.workers.job import Job, Lane, Limits

MB = 1_000_000
MOST_PIXELS = 64 * MB  # telephones make 50 MP, an A4 page at 600 dpi has 35
MOST_SIDE = 30_000  # pixels; long screenshots and panoramas
MOST_IN_ALL = 1_000 * MB  # pixels of all frames together: eight minutes of a screen, or so
MOST_SCANS = 100  # progressive ones have about ten

_MEASURE = Job(
    "engine.services.accounts.picture_worker:measure",
    Limits(memory=300 * MB, cpu_s=5, wall_s=20.0),
    Lane.QUICK,
)


def check(path: Path, media_type: str, shown: str, *, moves: bool = True, account: int | None = None) -> None:
    """Look at a picture of one of `FORMATS`; anything else is let through.  BadInput when it may not be kept.

    `shown` is its name for people, `moves` whether it may have several frames, `account` whose it is.
    """
    if media_type not in FORMATS:
        return
    found = pool.run(_MEASURE, str(path.absolute()), media_type, account=account, what=shown).value
    if not found or not (found["width"] > 0 and found["height"] > 0):
        raise BadInput(
            "«%(file)s» is no picture that can be opened; save it again as PNG or JPEG.", file=shown
        )
    width, height, frames = found["width"], found["height"], found["frames"]
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise BadInput(
            "«%(file)s» has %(width)s × %(height)s pixels; a picture has at most %(n)s million, and %(side)s on a side.",
            file=shown,
            width=width,
            height=height,
            n=MOST_PIXELS // MB,
            side=MOST_SIDE,
        )
    if frames > 1 and not moves:
        raise BadInput("«%(file)s» is a moving picture; save one still picture of it.", file=shown)
    if width * height * frames > MOST_IN_ALL or found["scans"] > MOST_SCANS:
        raise BadInput("«%(file)s» takes too long to be shown; save it again as a plain picture.", file=shown)
