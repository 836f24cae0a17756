"""How loud a message is to a telephone, and bringing it there: EBU R128, without clicks deciding.

All on one channel of floats at 8 kHz.
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
"""Speech at this level is as loud as a person who speaks into a telephone."""
QUIET_LUFS = -26.0
"""What is quieter is raised to the target; what is louder is left as it was recorded."""
MAX_GAIN_DB = 40.0
_SILENT_LUFS = -60.0
_TOP_SHARE = 0.1  # of the loud blocks: a bang among quiet speech does not decide
_STEP = RATE // 200  # 5 ms
_CLICK_STEPS = 8  # 40 ms: what is shorter and far above its surroundings is a click
_AROUND_STEPS = 50  # 250 ms on each side
_CLICK_RATIO = 10 ** (26 / 20)
_LOOK_AHEAD = 16  # samples


@dataclass(frozen=True, slots=True)
class Heard:
    """What there is to hear: one truth value for each 20 ms, and what of the samples is clicks."""

    speech: npt.NDArray[np.bool_]
    clicks: npt.NDArray[np.bool_]  # one a sample

    @property
    def speech_s(self) -> float:
        return float(self.speech.sum()) * 0.02

    @property
    def before_s(self) -> float:
        """Silence at its start."""
        return float(np.argmax(self.speech)) * 0.02 if self.speech.any() else 0.0

    @property
    def after_s(self) -> float:
        """Silence at its end."""
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
    """Of the message's speech, by EBU R128's blocks of 400 ms, the loudest tenth of them left out; -inf for none.

    Hand it the samples without their clicks.
    """
    blocks = np.array(_momentary(mono))
    blocks = np.sort(blocks[blocks > _SILENT_LUFS - 10])
    if not len(blocks):
        return -np.inf
    powers = 10 ** (blocks[: len(blocks) - int(len(blocks) * _TOP_SHARE)] / 10)
    return float(10 * np.log10(powers[powers >= powers.mean() / 10].mean()))


def share_in_band(mono: Block) -> float:
    """Which share of the energy, from 0 to 1, a telephone plays (200 to 3,600 Hz); 1 for none at all."""
    seconds = mono[: len(mono) // RATE * RATE].reshape(-1, RATE).astype(np.float32)
    window = np.hanning(RATE).astype(np.float32)
    powers = np.zeros(RATE // 2 + 1)
    for second in seconds:
        powers += np.abs(np.fft.rfft(second * window)) ** 2
    return float(powers[200:3_601].sum() / powers.sum()) if powers.any() else 1.0


def raise_to_telephone(mono: Block, heard: Heard) -> tuple[Block, float, float]:
    """The message at a telephone's level; its loudness before (LUFS) and by how much it was raised (dB).

    Peaks that would clip are held back one by one; a float recording beyond full scale is made quieter.
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
    """Nothing above 1 dB below full scale: each peak is lowered with 2 ms around it."""
    wanted = np.minimum(1, PEAK / np.maximum(np.abs(samples), 1e-9)).astype(np.float32)
    padded = np.pad(wanted, 2 * _LOOK_AHEAD, constant_values=1)
    width = 1
    while width < 2 * _LOOK_AHEAD:  # the least of 32 samples
        padded = np.minimum(padded[:-width], padded[width:])
        width *= 2
    window = np.hanning(2 * _LOOK_AHEAD + 2)[1:].astype(np.float32)
    smooth = np.convolve(padded, window / window.sum(), "valid")
    at = (len(smooth) - len(samples)) // 2
    held: Block = samples * smooth[at : at + len(samples)]
    return np.clip(held, -PEAK, PEAK)


def _clicks(mono: Block) -> npt.NDArray[np.bool_]:
    """Which samples belong to something short and far louder than all around it."""
    steps = len(mono) // _STEP
    found = np.zeros(len(mono), np.bool_)
    if steps < 2 * _CLICK_STEPS:
        return found
    levels = np.abs(mono[: steps * _STEP].reshape(steps, _STEP)).max(axis=1)
    padded = np.pad(levels, _AROUND_STEPS)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND_STEPS + 1)
    surroundings = np.empty(steps)
    for at in range(0, steps, 4_096):  # a window of each would be large
        surroundings[at : at + 4_096] = np.percentile(around[at : at + 4_096], 75, axis=1)
    is_above = levels > np.maximum(surroundings * _CLICK_RATIO, 10 ** (-50 / 20))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_above.astype(np.int8), [0]))))
    for begins, ends in edges.reshape(-1, 2):
        if ends - begins <= _CLICK_STEPS:
            found[max(0, begins - 1) * _STEP : (ends + 1) * _STEP] = True
    return found


def _momentary(mono: Block) -> list[float]:
    """EBU R128's momentary loudness, ten times a second, as FFmpeg's filter `ebur128` reckons it."""
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
            said = piece.metadata.get("lavfi.r128.M")  # less than a tenth of a second has none
            if said is not None:
                found.append(float(said))
    except (av.error.BlockingIOError, av.error.EOFError):
        return
