"""Turns a recording into a message: decodes it to the end, mixes it to one channel, adjusts its level.

`read` runs in a worker and returns 16-bit samples at 8 kHz, with notes and warnings for the owner.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from engine.errors import BadInput
from engine.sentences import Sentence
from engine.services.messages.sounds import channels, decoding, level
from engine.services.messages.sounds.whole import RATE, Block, Sound, check_level, to_samples, too_long
from engine.workers.job import Answer

_MIN_RATE, _MAX_RATE, _MAX_CHANNELS = 4_000, 384_000, 8
_MARGIN_S = 0.1  # of silence left after trimming
_MOSTLY_SILENCE = 0.3  # a share of speech below this is warned about
_LONG_SILENCE_S = 1.5
_MUCH_DB = 20.0
_CLIPPED_SHARE = 0.002
_LEAST_IN_BAND = 0.03  # of the energy; less is warned about


def read(path: str, name: str, shown: str, max_s: float, trims: bool) -> Answer:
    """Return the samples, with ``level_dbfs``, ``loudness_lufs``, ``gain_db``, ``speech_ms``, ``notes`` and ``warnings``.

    Notes say what was changed; warnings say what the owner should know before anybody is called.
    Raises BadInput if the file is not audio, damaged, truncated, silent, shorter than 1 s or longer than `max_s`.
    """
    with Path(path).open("rb") as file:
        if not file.seek(0, 2):
            raise BadInput("%(file)s is empty.", file=shown)
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # closed once no decoder refers to it
    return _message(_Collected(max_s, shown).all_of(data, name), shown, trims)


class _Collected:
    """Collects the sounds of a file in order, each as one channel at 8 kHz."""

    def __init__(self, max_s: float, shown: str) -> None:
        self.max_s = max_s
        self.shown = shown
        self.seconds = 0.0
        self.pieces: list[Block] = []
        self.notes: list[Sentence] = []
        self.ignored = 0
        self._clipped = 0

    def all_of(self, data: Any, name: str) -> _Collected:
        for sound in decoding.sounds(data, name, self.shown):
            self._take(sound)
        return self

    @property
    def is_clipped(self) -> bool:
        return self._clipped > _CLIPPED_SHARE * RATE * self.seconds

    def _take(self, sound: Sound) -> None:
        self.ignored += sound.ignored
        if not _MIN_RATE <= sound.rate <= _MAX_RATE or not 1 <= sound.channels <= _MAX_CHANNELS:
            raise BadInput(
                "%(name)s has %(channels)s channels of %(rate)s samples a second;"
                " up to %(most)s channels of %(least)s to %(fastest)s are read.",
                name=self.shown,
                channels=sound.channels,
                rate=f"{sound.rate:,}",
                most=_MAX_CHANNELS,
                least=f"{_MIN_RATE:,}",
                fastest=f"{_MAX_RATE:,}",
            )
        # If the header claims too long a sound, refuse it without decoding.
        if self.seconds + sound.claimed_s > self.max_s + 1:
            raise too_long(self.shown, self.seconds + sound.claimed_s, self.max_s)
        resampler = soxr.ResampleStream(sound.rate, RATE, sound.channels, dtype="float32", quality="HQ")
        made: list[Block] = []
        for block in sound.blocks:
            self.seconds += len(block) / sound.rate
            if self.seconds > self.max_s:
                raise too_long(self.shown, self.seconds, self.max_s)
            fine = np.nan_to_num(block, posinf=0.0, neginf=0.0).clip(-8, 8)
            self._clipped += _flat_tops(fine) * RATE // sound.rate
            made.append(resampler.resample_chunk(np.ascontiguousarray(fine, np.float32)))
        made.append(resampler.resample_chunk(np.zeros((0, sound.channels), np.float32), last=True))
        mono, alone = channels.mix(np.concatenate([one.reshape(-1, sound.channels) for one in made]))
        self.pieces.append(mono)
        if sound.tracks > 1:
            self._note(
                Sentence("It has %(tracks)s sound tracks; the first one is played.", tracks=sound.tracks)
            )
        if alone:
            self._note(
                Sentence(
                    "Channel %(channel)s of %(channels)s is used alone: the others are silent or cancel it.",
                    channel=alone,
                    channels=sound.channels,
                )
            )

    def _note(self, note: Sentence) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _message(found: _Collected, shown: str, trims: bool) -> Answer:
    """Check length and level, raise to telephone level, pad to whole packets."""
    mono = np.concatenate(found.pieces) if found.pieces else np.zeros(0, np.float32)
    if len(mono):
        mono = mono - np.float32(np.median(mono))  # a DC offset is inaudible but takes headroom
    heard = level.hear(mono)
    if trims and heard.speech.any():
        begins = max(0, int((heard.before_s - _MARGIN_S) * RATE))
        ends = len(mono) - max(0, int((heard.after_s - _MARGIN_S) * RATE))
        mono = mono[begins:ends]
        heard = level.hear(mono)
    to_samples(mono, shown)  # check for silence and length before the gain
    check_level(channels.audible_dbfs(mono), shown)  # an offset or a drift is loud, and silence to everybody
    raised, before, gain_db = level.raise_to_telephone(mono, heard)
    samples, loudest = to_samples(raised, shown)
    after = before + gain_db
    notes = [*found.notes, *_notes(heard, before, gain_db)]
    warnings = _warnings(heard, len(mono) / RATE, after, gain_db, found.is_clipped)
    if level.share_in_band(mono) < _LEAST_IN_BAND:
        warnings.append(
            Sentence(
                "Nearly all of it is too low or too high for a telephone, which plays 300 to 3,400 Hz: listen to it here as"
                " people will hear it."
            )
        )
    if found.ignored:
        warnings.append(
            Sentence(
                "After its stated end the file has %(bytes)s more bytes, which are not played; if the "
                "message ends too early, save it again.",
                bytes=f"{found.ignored:,}",
            )
        )
    value = {
        "level_dbfs": round(loudest, 1),
        "loudness_lufs": round(after, 1) if np.isfinite(after) else None,
        "gain_db": round(gain_db, 1),
        "speech_ms": round(heard.speech_s * 1000),
        "notes": [note.kept() for note in notes],
        "warnings": [warning.kept() for warning in warnings],
    }
    return Answer(value, samples.astype("<i2").tobytes())


def _notes(heard: level.Heard, before: float, gain_db: float) -> list[Sentence]:
    """Return what was changed, and what could be."""
    notes: list[Sentence] = []
    if gain_db >= 1:
        notes.append(
            Sentence(
                "It was made %(gain)s dB louder, for a telephone (it had %(before)s LUFS).",
                before=f"{before:.0f}", gain=f"{gain_db:.0f}",
            )
        )  # fmt: skip
    if heard.speech.any() and max(heard.before_s, heard.after_s) >= _LONG_SILENCE_S:
        notes.append(
            Sentence(
                "It has %(before)s s of silence at its start and %(after)s s at its end; they can be removed.",
                before=f"{heard.before_s:.1f}", after=f"{heard.after_s:.1f}",
            )
        )  # fmt: skip
    return notes


def _warnings(
    heard: level.Heard, seconds: float, loudness: float, gain_db: float, is_clipped: bool
) -> list[Sentence]:
    """Return what the owner should know before anybody is called."""
    warnings: list[Sentence] = []
    if not heard.speech.any():
        warnings.append(Sentence("It contains only clicks."))
    elif heard.speech_s < _MOSTLY_SILENCE * seconds:
        warnings.append(
            Sentence(
                "It is mostly silence: something is heard in %(heard)s of its %(all)s seconds.",
                heard=f"{heard.speech_s:.1f}", all=f"{seconds:.1f}",
            )
        )  # fmt: skip
    if heard.clicks.any() and heard.speech.any():
        warnings.append(Sentence("There are clicks in it that are far louder than the rest."))
    if gain_db >= _MUCH_DB:
        warnings.append(
            Sentence(
                "It is very quiet; its noise was made louder with it. Listen to it, or record it again, nearer."
            )
        )
    if loudness < level.QUIET_LUFS and heard.speech.any():
        warnings.append(Sentence("It is still too quiet for a telephone."))
    if is_clipped:
        warnings.append(Sentence("It was recorded too loud: its peaks are cut off and sound harsh."))
    return warnings


def _flat_tops(block: Block) -> int:
    """Count clipped samples: at full scale beside an equal one, or above full scale."""
    height = np.abs(block)
    flat = (height[1:] >= 0.97) & (height[1:] == height[:-1])
    return int(flat.sum() + (height > 1.05).sum()) // block.shape[1]
