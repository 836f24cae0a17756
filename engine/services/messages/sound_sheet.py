"""The facts about a message's sound: level, waveform, what was changed, and warnings.

Stored beside its files as ``<stem>.json``; computed from the sound where that is missing (spoken texts, older messages).
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.atomic_file import whole_file
from engine.errors import StoreUnavailable
from engine.sentences import Sentence, sentence_of
from engine.services.messages.sounds.whole import RATE, loudest_dbfs

POINTS = 160
"""Of the waveform."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The figures of a message; `notes` and `warnings` are stored sentences, `peaks` go from 0 to 100 over its length."""

    duration_ms: int
    level_dbfs: float
    peaks: tuple[int, ...]
    loudness_lufs: float | None = None
    gain_db: float = 0.0
    speech_ms: int | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, samples: npt.NDArray[np.int16], level_dbfs: float, found: dict[str, Any] | None = None
    ) -> Sheet:
        """The sheet of samples at 8 kHz; `found` is what `sounds.reading.read` found."""
        names = ("loudness_lufs", "gain_db", "speech_ms", "notes", "warnings")
        known = {name: (found or {})[name] for name in names if name in (found or {})}
        return cls._read({
            "duration_ms": len(samples) * 1000 // RATE,
            "level_dbfs": level_dbfs,
            "peaks": _peaks(samples),
            **known,
        })  # fmt: skip

    @classmethod
    def _read(cls, values: dict[str, Any]) -> Sheet:
        read: Any = {name: tuple(each) if isinstance(each, list) else each for name, each in values.items()}
        return cls(**read)

    @property
    def warned(self) -> list[Sentence]:
        """The warnings as sentences."""
        return [sentence_of(each) for each in self.warnings]

    @property
    def noted(self) -> list[Sentence]:
        """The notes as sentences."""
        return [sentence_of(each) for each in self.notes]


def write_sheet(folder: Path, stem: str, sheet: Sheet) -> None:
    """Store a sheet beside its message.  Raises StoreUnavailable."""
    try:
        with whole_file(folder / f"{stem}.json", is_durable=False) as file:
            file.write(json.dumps(asdict(sheet), ensure_ascii=False).encode())
    except OSError as error:
        raise StoreUnavailable(
            "The message cannot be written to %(folder)s: %(why)s.",
            folder=str(folder),
            why=error.strerror or "unknown",
        ) from error


def read_sheet(folder: Path, stem: str) -> Sheet | None:
    """The sheet of a message; None when its sound is missing."""
    with suppress(OSError, ValueError, TypeError):
        return Sheet._read(json.loads((folder / f"{stem}.json").read_bytes()))
    try:
        samples = np.frombuffer((folder / f"{stem}.wav").read_bytes()[44:], "<i2")
    except (OSError, ValueError):
        return None
    level = loudest_dbfs(samples.astype(np.float32) / np.float32(32_768))
    made = Sheet.of(samples, round(max(level, -99.0), 1))
    with suppress(StoreUnavailable):
        write_sheet(folder, stem, made)
    return made


def _peaks(samples: npt.NDArray[np.int16]) -> list[int]:
    """The highest sample of each part of the sound, 0 to 100."""
    if not len(samples):
        return [0] * POINTS
    edges = np.linspace(0, len(samples), POINTS, endpoint=False).astype(int)
    highest = np.maximum.reduceat(np.abs(samples.astype(np.int32)), edges)
    return [int(each) for each in np.rint(highest * 100 / 32_768)]
