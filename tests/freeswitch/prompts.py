"""Messages for tests: a sweep that sounds the same nowhere twice, as WAV and as the carrier's own codec."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

from tests.freeswitch.carrier_rtp import ALAW

RATE = 8000
# A file that is not a whole number of packets would end in a click: FreeSWITCH fills the last one with 0xFF.
WHOLE_PACKETS = 960  # samples: a multiple of 20, 40 and 60 ms
_BY_LEVEL = sorted((value, byte) for byte, value in enumerate(ALAW))


def sweep(seconds: float, amplitude: int = 9000) -> list[int]:
    """A tone that rises from 300 to 1,500 Hz and pulses three times a second, 16 bit samples."""
    count = round(seconds * RATE / WHOLE_PACKETS) * WHOLE_PACKETS
    samples = []
    phase = 0.0
    for place in range(count):
        phase += 2 * math.pi * (300 + 1200 * place / count) / RATE
        samples.append(int(amplitude * math.sin(phase) * (0.7 + 0.3 * math.sin(6 * math.pi * place / RATE))))
    return samples


def to_alaw(samples: list[int]) -> bytes:
    """A-law bytes of 16 bit samples."""
    levels = {sample: _nearest(sample) for sample in set(samples)}
    return bytes(levels[sample] for sample in samples)


def _nearest(sample: int) -> int:
    low, high = 0, len(_BY_LEVEL) - 1
    while low < high:
        middle = (low + high) // 2
        if _BY_LEVEL[middle][0] < sample:
            low = middle + 1
        else:
            high = middle
    near = _BY_LEVEL[max(0, low - 1) : low + 1]
    return min(near, key=lambda pair: abs(pair[0] - sample))[1]


def write_message(folder: Path, name: str, samples: list[int], native: bool = True) -> None:
    """``NAME.wav``, and with ``native`` also ``NAME.PCMA``."""
    with wave.open(str(folder / f"{name}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    if native:
        (folder / f"{name}.PCMA").write_bytes(to_alaw(samples))
