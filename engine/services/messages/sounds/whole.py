"""Words shared by those who read a recording: its bytes, the pieces of sound in them, how they are refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import BadInput
from engine.sentences import Sentence

Block = npt.NDArray[np.float32]
"""Samples of some time: (n, channels), 1 is full scale."""

RATE = 8_000
"""Samples a second of the telephone network."""
MIN_S = 1.0
"""A message lasts so long at least."""
SILENCE_DBFS = -50.0
"""A message whose loudest tenth of a second is below this is silence to a telephone."""
PACKET = 960
"""120 ms: messages are filled up to whole packets of 20, 40 and 60 ms, or the last one clicks."""
PEAK = 10 ** (-1 / 20)
"""1 dB below full scale."""
SHORT_S = 0.2
"""So much may lack at the end of a sound: players and encoders differ by some frames."""
FORMATS = Sentence("WAV, MP3, M4A, OGG, WebM, WMA, AMR or FLAC")
"""What a refusal names; others are read too."""


class Sound(NamedTuple):
    """A piece of a recording that has one rate and number of channels."""

    rate: int
    channels: int
    claimed_s: float  # as the file says; 0: it does not
    blocks: Iterator[Block]
    ignored: int = 0  # bytes behind its end that are none of it
    tracks: int = 1  # of the file, of which this is the first


class Slices(io.RawIOBase):
    """Some bytes and a part of a file behind them as one file that can be read."""

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
    """The level of the loudest tenth of a second, a constant offset taken off; a sine at full scale has 0."""
    window = RATE // 10
    windows = mono[: len(mono) // window * window].reshape(-1, window).astype(np.float64)
    loudest = float(windows.std(axis=1).max()) if len(windows) else 0.0
    return float(20 * np.log10(loudest * np.sqrt(2))) if loudest > 1e-7 else -np.inf


def to_samples(mono: Block, shown: str) -> tuple[npt.NDArray[np.int16], float]:
    """Samples of 16 bits in whole packets, and the level.  BadInput for what is too short or silence."""
    seconds = len(mono) / RATE
    if seconds < MIN_S:
        raise BadInput(
            "%(name)s lasts %(seconds)s s; a message lasts at least %(least)s s.",
            name=shown, seconds=f"{seconds:.2f}", least=f"{MIN_S:g}",
        )  # fmt: skip
    level, least = loudest_dbfs(mono), f"{SILENCE_DBFS:.0f}"
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
    filled = np.zeros(-(-len(mono) // PACKET) * PACKET, np.float32)
    filled[: len(mono)] = mono
    return np.rint(filled.clip(-1, 1) * 32_767).astype(np.int16), level


def cut_short(shown: str, decoded_s: float, claimed_s: float) -> BadInput:
    """The refusal of a file that holds less sound than it says."""
    return BadInput(
        "%(name)s is cut short or damaged: %(decoded)s s of %(claimed)s s can be decoded.",
        name=shown,
        decoded=f"{decoded_s:.1f}",
        claimed=f"{claimed_s:.1f}",
    )


def breaks_off(shown: str, decoded_s: float) -> BadInput:
    """The refusal of a file that ends within a frame and does not say how long it is."""
    return BadInput(
        "%(name)s is cut short: it breaks off after %(decoded)s s.", name=shown, decoded=f"{decoded_s:.1f}"
    )


def lacks_bytes(shown: str, missing: int) -> BadInput:
    """The refusal of a file that ends before its own end."""
    return BadInput(
        "%(name)s is cut short: %(bytes)s bytes of its sound are missing.", name=shown, bytes=f"{missing:,}"
    )


def unreadable(shown: str, why: Sentence) -> BadInput:
    """The refusal of a file that is no sound inside."""
    return BadInput("%(name)s cannot be read as audio: %(why)s.", name=shown, why=why)


def undecodable(shown: str) -> BadInput:
    """The refusal of a file that a decoder gave up on; its own words help nobody."""
    return unreadable(
        shown, Sentence("it is damaged, or coded in a way that is not read here; save it as WAV or MP3")
    )


def joined(shown: str) -> BadInput:
    """The refusal of several files in one that cannot be told apart for certain."""
    return BadInput(
        "%(name)s is several files joined into one, of which only the first would be played; send one sound.",
        name=shown,
    )


def too_long(shown: str, seconds: float, max_s: float) -> BadInput:
    """The refusal of a recording that lasts longer than a message may."""
    return BadInput(
        "%(name)s lasts over %(minutes)s minutes; a message lasts %(most)s at most.",
        name=shown,
        minutes=f"{min(seconds, 359_999) / 60:.1f}",
        most=f"{max_s / 60:g}",
    )
