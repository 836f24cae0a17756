"""Mixes several channels down to one.

The result is the mean of the channels, unless they cancel each other out. Then speech would be lost, so the
channel in which most is heard is used alone. Only the telephone band counts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.services.messages.sounds.whole import RATE, Block

_FRAME = RATE // 10
_BAND = slice(30, 341)  # 300 to 3,400 Hz of a frame's spectrum
_AUDIBLE = slice(10, None)  # from 100 Hz: below, an offset or a drift moves no ear
_QUIET = 10 ** (-75 / 10)  # relative to full scale; quieter is inaudible
_FAR_BELOW = 10 ** (-35 / 10)  # relative to the loudest frame
_AT_ONCE = 512  # frames in one FFT call


def mix(samples: Block) -> tuple[Block, int]:
    """Mix `samples` (n, channels) at 8 kHz to (n,); also return the channel used, from 1, or 0 for the mean."""
    count = samples.shape[1]
    if count == 1:
        return samples[:, 0], 0
    energies = np.stack([_energy(samples[:, each]) for each in range(count)])
    loudest = energies.max()
    heard = energies > max(_QUIET, loudest * _FAR_BELOW)
    live = np.flatnonzero(heard.any(axis=1))
    if len(live) == 0:
        return samples.mean(axis=1), 0
    mean: Block = samples[:, live].mean(axis=1, dtype=np.float32)
    if len(live) == 1:
        return mean, int(live[0]) + 1
    best = energies.max(axis=0)
    is_heard = heard.any(axis=0)
    # The mean of unrelated channels is this much quieter than the one that speaks, and no more.
    allowed = best / (2 * len(live) ** 2)
    lost = [int((energies[each] < allowed)[is_heard].sum()) for each in live]
    if int((_energy(mean) < allowed)[is_heard].sum()) <= min(lost):
        return mean, 0
    fewest = [each for each, missing in zip(live, lost, strict=True) if missing == min(lost)]
    chosen = max(fewest, key=lambda each: float(energies[each].sum()))
    return samples[:, chosen], int(chosen) + 1


def audible_dbfs(mono: Block) -> float:
    """Return the level of the loudest tenth of a second without what lies below 100 Hz; -inf for nothing at all."""
    loudest = 0.0
    for at in (0, _FRAME // 2):
        whole = mono[
            at : at + (len(mono) - at) // _FRAME * _FRAME
        ]  # filled up, the last one would hold a click
        loudest = max(loudest, float(_energy(whole, _AUDIBLE).max(initial=0.0)))
    return float(10 * np.log10(loudest)) if loudest > 1e-12 else -np.inf


def _energy(channel: Block, band: slice = _BAND) -> npt.NDArray[np.float64]:
    """Return the energy of each 100 ms in a band, the telephone's; a full-scale sine has 1."""
    frames = -(-len(channel) // _FRAME)
    padded = np.zeros(frames * _FRAME, np.float32)
    padded[: len(channel)] = channel
    rows = padded.reshape(frames, _FRAME)
    window = np.hanning(_FRAME).astype(np.float32)
    scale = 4 / float(window.sum()) ** 2
    found = np.empty(frames)
    for at in range(0, frames, _AT_ONCE):
        spectrum = np.fft.rfft(rows[at : at + _AT_ONCE] * window, axis=1)[:, band]
        found[at : at + _AT_ONCE] = (spectrum.real**2 + spectrum.imag**2).sum(axis=1) * scale
    return found
