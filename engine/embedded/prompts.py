"""The lengths of messages, from the headers of their WAV files, or a fixed length."""

from __future__ import annotations

import struct
from pathlib import Path


def wav_length_ms(path: Path) -> int:
    """The length (ms) of a WAV file from its header.  Raises ValueError if it is not one.

    The ``wave`` module supports neither A-law nor µ-law, which prompts may have.
    """
    with path.open("rb") as file:
        riff = file.read(12)
        if riff[:4] != b"RIFF" or riff[8:12] != b"WAVE":
            raise ValueError(f"{path} is not a WAV file")
        bytes_per_second = 0
        while len(head := file.read(8)) == 8:
            kind, size = struct.unpack("<4sI", head)
            if kind == b"fmt ":
                bytes_per_second = struct.unpack("<I", file.read(size)[8:12])[0]
            elif kind == b"data":
                if not bytes_per_second:
                    break
                return round(1000 * min(size, path.stat().st_size) / bytes_per_second)
            else:
                file.seek(size + (size & 1), 1)
    raise ValueError(f"{path} has no audio in it")


def _file_length_ms(path: str) -> int | None:
    """The length of a file; a path without a suffix means ``.PCMA`` (8 bytes a ms) or ``.wav``, as on a real switch."""
    has_type = bool(Path(path).suffix)
    try:
        if not has_type and (native := Path(path + ".PCMA")).is_file():
            return native.stat().st_size // 8
        return wav_length_ms(Path(path if has_type else path + ".wav"))
    except (OSError, ValueError):
        return None


class Prompts:
    """Lengths of prompts by path, each read once."""

    def __init__(self, folder: Path | None, default_ms: int) -> None:
        self.folder = folder
        self.default_ms = default_ms
        self._known: dict[str, int] = {}

    def path_of(self, message: str) -> str:
        """The path that the dialplan plays for a message: without a suffix, so that the call's codec is tried first."""
        return f"{self.folder or '/var/lib/avanak/prompts'}/{message}"

    def length_ms(self, path: str) -> int | None:
        """The length (ms) of a prompt; None when the switch would report FILE NOT FOUND.

        Without a folder of prompts every message has the default length.
        """
        if self.folder is None:
            return self.default_ms
        known = self._known.get(path)
        if known is None:
            known = _file_length_ms(path)
            if known is None:
                return None
            self._known[path] = known
        return known
