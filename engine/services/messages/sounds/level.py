"""Measures loudness by EBU R128, ignoring clicks, and raises a message to telephone level.

Every function takes one channel of floats at 8 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.filter import Graph

from engine.services.messages.sounds.whole import PEAK, RATE, Block

TARGET_LUFS = -20.0
"""The loudness of a person speaking into a telephone."""
QUIET_LUFS = -26.0
"""Quieter messages are raised to the target; louder ones stay as recorded."""
MAX_GAIN_DB = 40.0
_SILENT_LUFS = -60.0
_TOP_SHARE = 0.1  # loudest blocks left out, so that a bang does not outweigh quiet speech
_STEP = RATE // 200  # 5 ms
_CLICK_STEPS = 8  # 40 ms: a click is shorter, and far louder than its surroundings
_AROUND_STEPS = 50  # 250 ms on each side
_CLICK_RATIO = 10 ** (26 / 20)
_LOOK_AHEAD = 16  # samples


@dataclass(frozen=True, slots=True)
class Heard:
    """Where something is heard: `speech` has one flag for each 20 ms, `clicks` one for each sample."""

    speech: npt.NDArray[np.bool_]
    clicks: npt.NDArray[np.bool_]  # (samples,)

    @property
    def speech_s(self) -> float:
        return float(self.speech.sum()) * 0.02

    @property
    def before_s(self) -> float:
        """Seconds of silence at the start."""
        return float(np.argmax(self.speech)) * 0.02 if self.speech.any() else 0.0

    @property
    def after_s(self) -> float:
        """Seconds of silence at the end."""
        return float(np.argmax(self.speech[::-1])) * 0.02 if self.speech.any() else 0.0


def hear(mono: Block) -> Heard:
    """Tell speech (or music) from silence and clicks."""
    clicks = _clicks(mono)
    rest = np.where(clicks, 0, mono)
    size = RATE // 50
    frames = rest[: len(rest) // size * size].reshape(-1, size).astype(np.float64)
    levels = frames.std(axis=1)
    loud = np.sort(levels)[-max(1, len(levels) // 20) :].mean() if len(levels) else 0.0
    return Heard(levels > max(10 ** (-75 / 20), loud * 10 ** (-30 / 20)), clicks)


def loudness_lufs(mono: Block) -> float:
    """Return the loudness of the speech, from EBU R128 blocks of 400 ms without the loudest tenth; -inf for silence.

    Remove clicks from `mono` first.
    """
    blocks = np.array(_momentary(mono))
    blocks = np.sort(blocks[blocks > _SILENT_LUFS - 10])
    if not len(blocks):
        return -np.inf
    powers = 10 ** (blocks[: len(blocks) - int(len(blocks) * _TOP_SHARE)] / 10)
    return float(10 * np.log10(powers[powers >= powers.mean() / 10].mean()))


def share_in_band(mono: Block) -> float:
    """Return the share of the energy, 0 to 1, within a telephone's band (200 to 3,600 Hz); 1 for silence."""
    seconds = mono[: len(mono) // RATE * RATE].reshape(-1, RATE).astype(np.float32)
    window = np.hanning(RATE).astype(np.float32)
    powers = np.zeros(RATE // 2 + 1)
    for second in seconds:
        powers += np.abs(np.fft.rfft(second * window)) ** 2
    return float(powers[200:3_601].sum() / powers.sum()) if powers.any() else 1.0


def raise_to_telephone(mono: Block, heard: Heard) -> tuple[Block, float, float]:
    """Return the message at telephone level, its loudness before (LUFS), and the gain applied (dB).

    Single peaks that would clip are limited. A float recording above full scale is made quieter as a whole.
    """
    calm = np.where(heard.clicks, 0, mono).astype(np.float32)
    loudness = loudness_lufs(calm)
    gain_db = (
        min(TARGET_LUFS - loudness, MAX_GAIN_DB) if np.isfinite(loudness) and loudness < QUIET_LUFS else 0.0
    )
    peak = float(np.abs(calm).max(initial=0.0))
    if gain_db <= 0 and peak > 1.0:
        gain_db = float(20 * np.log10(PEAK / peak))
    raised = mono * np.float32(10 ** (gain_db / 20))
    if float(np.abs(raised).max(initial=0.0)) > 1.0:
        raised = _held_back(raised)
    return raised, loudness, gain_db


def _held_back(samples: Block) -> Block:
    """Limit peaks to 1 dB below full scale, by lowering each with 2 ms on either side."""
    wanted = np.minimum(1, PEAK / np.maximum(np.abs(samples), 1e-9)).astype(np.float32)
    padded = np.pad(wanted, 2 * _LOOK_AHEAD, constant_values=1)
    width = 1
    while width < 2 * _LOOK_AHEAD:  # sliding minimum of 32 samples
        padded = np.minimum(padded[:-width], padded[width:])
        width *= 2
    window = np.hanning(2 * _LOOK_AHEAD + 2)[1:].astype(np.float32)
    smooth = np.convolve(padded, window / window.sum(), "valid")
    at = (len(smooth) - len(samples)) // 2
    held: Block = samples * smooth[at : at + len(samples)]
    return np.clip(held, -PEAK, PEAK)


def _clicks(mono: Block) -> npt.NDArray[np.bool_]:
    """Mark samples of anything short and far louder than its surroundings."""
    steps = len(mono) // _STEP
    found = np.zeros(len(mono), np.bool_)
    if steps < 2 * _CLICK_STEPS:
        return found
    levels = np.abs(mono[: steps * _STEP].reshape(steps, _STEP)).max(axis=1)
    padded = np.pad(levels, _AROUND_STEPS)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND_STEPS + 1)
    surroundings = np.empty(steps)
    for at in range(0, steps, 4_096):  # in parts: all windows at once need much memory
        surroundings[at : at + 4_096] = np.percentile(around[at : at + 4_096], 75, axis=1)
    is_above = levels > np.maximum(surroundings * _CLICK_RATIO, 10 ** (-50 / 20))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_above.astype(np.int8), [0]))))
    for begins, ends in edges.reshape(-1, 2):
        if ends - begins <= _CLICK_STEPS:
            found[max(0, begins - 1) * _STEP : (ends + 1) * _STEP] = True
    return found


def _momentary(mono: Block) -> list[float]:
    """Return EBU R128's momentary loudness, ten values a second, as FFmpeg's `ebur128` filter measures it."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="flt", layout="mono", time_base=Fraction(1, RATE))
    graph.link_nodes(
        source, graph.add("ebur128", "metadata=1:framelog=quiet"), graph.add("abuffersink")
    ).configure()
    found: list[float] = []
    step = RATE // 10
    for at in range(0, len(mono), step):
        frame = AudioFrame.from_ndarray(mono[None, at : at + step].astype(np.float32), "flt", "mono")
        frame.sample_rate, frame.pts = RATE, at
        graph.push(frame)
        _take(graph, found)
    graph.push(None)
    _take(graph, found)
    return found


def _take(graph: Graph, found: list[float]) -> None:
    try:
        while True:
            piece = graph.pull()
            said = piece.metadata.get("lavfi.r128.M")  # missing for less than 100 ms
            if said is not None:
                found.append(float(said))
    except (av.error.BlockingIOError, av.error.EOFError):
        return
