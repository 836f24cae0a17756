"""What all readers of recordings share: constants, types, and the refusals."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import BadInput
from engine.sentences import Sentence

Block = npt.NDArray[np.float32]
"""Samples, shape (n, channels) or (n,); 1 is full scale."""

RATE = 8_000
"""Sample rate of the telephone network, Hz."""
MIN_S = 1.0
"""The shortest message."""
SILENCE_DBFS = -50.0
"""A message whose loudest 100 ms are below this level counts as silence."""
PACKET = 960
"""Samples in 120 ms. Messages are padded to it: whole packets of 20, 40 and 60 ms, or the last one clicks."""
PEAK = 10 ** (-1 / 20)
"""The highest peak after gain: 1 dB below full scale."""
SHORT_S = 0.2
"""This much may be missing at the end: encoders and players differ by a few frames."""
FORMATS = Sentence("WAV, MP3, M4A, OGG, WebM, WMA, AMR or FLAC")
"""The formats that a refusal names; others are accepted too."""


class Sound(NamedTuple):
    """A part of a recording with one sample rate and one number of channels."""

    rate: int
    channels: int
    claimed_s: float  # as the file says; 0: unknown
    blocks: Iterator[Block]
    ignored: int = 0  # bytes after its end that are not part of it
    tracks: int = 1  # sound tracks of the file; this is the first


class Slices(io.RawIOBase):
    """A readable file made of a header followed by a part of another file."""

    def __init__(self, head: bytes, data: memoryview) -> None:
        self._parts = (memoryview(head), data)
        self._size = len(head) + len(data)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        at = self._at
        for part in self._parts:
            if at < len(part):
                found = part[at : at + len(buffer)]
                buffer[: len(found)] = found
                self._at += len(found)
                return len(found)
            at -= len(part)
        return 0


def loudest_dbfs(mono: Block) -> float:
    """Return the level of the loudest 100 ms, without DC offset; a full-scale sine has 0."""
    window = RATE // 10
    windows = mono[: len(mono) // window * window].reshape(-1, window).astype(np.float64)
    loudest = float(windows.std(axis=1).max()) if len(windows) else 0.0
    return float(20 * np.log10(loudest * np.sqrt(2))) if loudest > 1e-7 else -np.inf


def check_level(level: float, shown: str) -> None:
    """Raise BadInput for silence; `level` is that of the loudest tenth of a second in dBFS."""
    least = f"{SILENCE_DBFS:.0f}"
    if level == -np.inf:
        raise BadInput(
            "%(name)s is silence: nothing at all, at least %(least)s dBFS are needed.",
            name=shown,
            least=least,
        )
    if level < SILENCE_DBFS:
        raise BadInput(
            "%(name)s is silence: %(level)s dBFS at its loudest, at least %(least)s dBFS are needed.",
            name=shown, level=f"{level:.0f}", least=least,
        )  # fmt: skip


def to_samples(mono: Block, shown: str) -> tuple[npt.NDArray[np.int16], float]:
    """Return 16-bit samples padded to whole packets, and the level.  Raises BadInput if too short or silent."""
    seconds = len(mono) / RATE
    if seconds < MIN_S:
        raise BadInput(
            "%(name)s lasts %(seconds)s s; a message lasts at least %(least)s s.",
            name=shown, seconds=f"{seconds:.2f}", least=f"{MIN_S:g}",
        )  # fmt: skip
    level = loudest_dbfs(mono)
    check_level(level, shown)
    filled = np.zeros(-(-len(mono) // PACKET) * PACKET, np.float32)
    filled[: len(mono)] = mono
    return np.rint(filled.clip(-1, 1) * 32_767).astype(np.int16), level


def cut_short(shown: str, decoded_s: float, claimed_s: float) -> BadInput:
    """Refusal: the file holds less sound than its header says."""
    return BadInput(
        "%(name)s is cut short or damaged: %(decoded)s s of %(claimed)s s can be decoded.",
        name=shown,
        decoded=f"{decoded_s:.1f}",
        claimed=f"{claimed_s:.1f}",
    )


def breaks_off(shown: str, decoded_s: float) -> BadInput:
    """Refusal: the file ends within a frame, and its length is unknown."""
    return BadInput(
        "%(name)s is cut short: it breaks off after %(decoded)s s.", name=shown, decoded=f"{decoded_s:.1f}"
    )


def lacks_bytes(shown: str, missing: int) -> BadInput:
    """Refusal: bytes are missing at the end."""
    return BadInput(
        "%(name)s is cut short: %(bytes)s bytes of its sound are missing.", name=shown, bytes=f"{missing:,}"
    )


def unreadable(shown: str, why: Sentence) -> BadInput:
    """Refusal: the content is not audio."""
    return BadInput("%(name)s cannot be read as audio: %(why)s.", name=shown, why=why)


def undecodable(shown: str) -> BadInput:
    """Refusal: the decoder failed. Its own message would not help the reader."""
    return unreadable(
        shown, Sentence("it is damaged, or coded in a way that is not read here; save it as WAV or MP3")
    )


def joined(shown: str) -> BadInput:
    """Refusal: several joined files that cannot be separated with certainty."""
    return BadInput(
        "%(name)s is several files joined into one, of which only the first would be played; send one sound.",
        name=shown,
    )


def too_long(shown: str, seconds: float, max_s: float) -> BadInput:
    """Refusal: longer than a message may be."""
    return BadInput(
        "%(name)s lasts over %(minutes)s minutes; a message lasts %(most)s at most.",
        name=shown,
        minutes=f"{min(seconds, 359_999) / 60:.1f}",
        most=f"{max_s / 60:g}",
    )
