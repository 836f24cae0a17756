"""G.711, the codec of telephones: 16-bit samples to A-law and µ-law and back, by tables.  Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]


def to_alaw(samples: Samples) -> bytes:
    """Return samples of 16 bits as G.711 A-law, one byte each (silence is 0xD5)."""
    return _ALAW[samples.astype(np.int16).view(np.uint16)].tobytes()


def to_ulaw(samples: Samples) -> bytes:
    """Return samples of 16 bits as G.711 µ-law, one byte each (silence is 0xFF)."""
    return _ULAW[samples.astype(np.int16).view(np.uint16)].tobytes()


def _ulaw_table() -> npt.NDArray[np.uint8]:
    """Return the µ-law byte of each of the 65,536 samples, indexed by the sample as uint16.

    G.711 table 2: of the 14-bit magnitude and a bias of 33, three bits of segment and four of position within it;
    all bits are inverted.
    """
    sample = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.minimum(np.abs(sample >> 2), 8_158) + 33
    segment = np.zeros_like(magnitude)
    for start in (0x40, 0x80, 0x100, 0x200, 0x400, 0x800, 0x1000):
        segment += magnitude >= start
    position = (magnitude >> (segment + 1)) & 0x0F
    sign = np.where(sample >= 0, 0, 0x80)
    return (~(sign | segment << 4 | position)).astype(np.uint8)


_ULAW = _ulaw_table()


def _alaw_table() -> npt.NDArray[np.uint8]:
    """Return the A-law byte of each of the 65,536 samples, indexed by the sample as uint16.

    G.711 table 1: of the 13-bit magnitude, three bits of segment and four of
    position within it; a set sign bit is positive; even bits are inverted (0x55).
    """
    sample = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.where(sample >= 0, sample, -sample - 1) >> 3
    segment = np.zeros_like(magnitude)
    for start in (0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800):
        segment += magnitude >= start
    position = (magnitude >> np.where(segment < 2, 1, segment)) & 0x0F
    sign = np.where(sample >= 0, 0x80, 0)
    return ((sign | segment << 4 | position) ^ 0x55).astype(np.uint8)


_ALAW = _alaw_table()


def from_alaw(data: bytes) -> Samples:
    """Return the 16-bit samples of G.711 A-law, one for each byte."""
    return _FROM_ALAW[np.frombuffer(data, np.uint8)]


def _from_alaw_table() -> Samples:
    """The sample of each A-law byte: the middle of the samples that are encoded as it."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment, position = code >> 4 & 7, code & 0x0F
    magnitude = (position << 4) + 8 + np.where(segment > 0, 0x100, 0)
    magnitude <<= np.maximum(segment - 1, 0)
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


_FROM_ALAW = _from_alaw_table()
