"""Where a list comes from: a file, an upload, or a pipe, whose contents are stored first."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from engine.errors import BadInput
from engine.sentences import Amount

MAX_BYTES = 1_000_000_000
_BLOCK = 1 << 20


def open_source(source: str | Path | BinaryIO, name: str, resources: ExitStack, max_bytes: int) -> BinaryIO:
    """Return a stream that can be read repeatedly.  Raises BadInput when it is missing, empty or too large.

    `resources` closes what is opened here, but not a stream that was passed in.
    """
    if isinstance(source, (str, Path)):
        try:
            stream: BinaryIO = resources.enter_context(open(source, "rb"))  # noqa: SIM115 - it is entered
        except OSError as error:
            raise BadInput(
                "%(file)s cannot be opened: %(why)s.", file=str(source), why=str(error.strerror)
            ) from None
    else:
        stream = source
    try:
        file = stream if stream.seekable() else _kept(stream, name, resources, max_bytes)
        size = file.seek(0, 2)
    except OSError as error:
        raise BadInput("%(file)s cannot be read: %(why)s.", file=name, why=str(error.strerror)) from None
    if size == 0:
        raise BadInput("%(file)s is empty.", file=name)
    if size > max_bytes:
        raise _too_large(name, size, max_bytes)
    file.seek(0)
    return file


def _kept(stream: BinaryIO, name: str, resources: ExitStack, max_bytes: int) -> BinaryIO:
    """Store the contents of a pipe on disk."""
    spool = resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - it is one
    size = 0
    while block := stream.read(_BLOCK):
        size += len(block)
        if size > max_bytes:
            raise _too_large(name, size, max_bytes)
        spool.write(block)
    return spool


def _too_large(name: str, size: int, max_bytes: int) -> BadInput:
    return BadInput(
        "%(file)s has %(size)s bytes; a list may have %(most)s.",
        file=name,
        size=Amount(size),
        most=Amount(max_bytes),
    )
