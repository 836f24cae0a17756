"""Atomic writes: others see a file whole or not at all, even after a power cut."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: str | Path, is_durable: bool = True) -> Iterator[BinaryIO]:
    """Open a file that takes the name ``path`` once it is complete and on the disk.

    With ``is_durable`` false a power cut may leave it short, which is for files that can be made again.

    It is written to a hidden file beside its place, which is removed if anything is raised (such as the OSError of a
    full disk).
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with temporary.open("xb") as file:
            yield file
            if is_durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
