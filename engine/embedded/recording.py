"""The recordings of the embedded switch: a callee who «speaks», in the format of FreeSWITCH's `record`."""

from __future__ import annotations

import math
import wave
from array import array
from functools import cache
from pathlib import Path

RATE = 8000
_SYLLABLE_MS = 250  # the voice gets louder and softer, like speech


def write_recording(path: Path, ms: int) -> None:
    """Write a WAV file of `ms` milliseconds, 8 kHz mono PCM16.  Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        left = ms * RATE // 1000
        while left > 0:
            part = _voice()[: 2 * left]
            file.writeframes(part)
            left -= len(part) // 2


@cache
def _voice() -> bytes:
    """One second of a sound like a distant voice."""
    samples = array("h")
    for number in range(RATE):
        at_s = number / RATE
        swell = math.sin(math.pi * ((1000 * at_s) % _SYLLABLE_MS) / _SYLLABLE_MS)
        samples.append(int(6000 * swell * math.sin(2 * math.pi * 180 * at_s)))
    return samples.tobytes()
