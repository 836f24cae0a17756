"""Digits spoken from prepared clips, so that sending a code needs no speech engine.

The clips lie in ``engine/assets/clips/<language>/`` as WAV (8 kHz, mono, 16 bits):
``0`` to ``9``, ``code`` («کد شما») and ``again`` («تکرار می‌کنم»).  They were made by
``scripts/clips.py`` and can be replaced by a speaker's recordings.
"""

from __future__ import annotations

import wave
from functools import cache
from pathlib import Path

import numpy as np

from engine.errors import BadInput
from engine.services.messages.audio import RATE, Samples

CLIPS = Path(__file__).parents[2] / "assets" / "clips"
WORDS: dict[str, dict[str, str]] = {
    "fa": {
        **dict(
            zip("0123456789", ["صفر", "یک", "دو", "سه", "چهار", "پنج", "شش", "هفت", "هشت", "نه"], strict=True)
        ),
        "code": "کد شما",
        "again": "تکرار می‌کنم",
    },
    "en": {
        **dict(
            zip(
                "0123456789",
                ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
                strict=True,
            )
        ),
        "code": "Your code is",
        "again": "I repeat",
    },
}

_AFTER_WORD, _AFTER_DIGIT, _AFTER_GROUP, _BETWEEN = 350, 150, 400, 700  # ms of silence


@cache
def clip(language: str, word: str) -> Samples:
    """The samples of one clip.  Raises BadInput for a language without clips."""
    if language not in WORDS:
        raise BadInput(
            "There are no clips in the language '%(language)s'; there are: %(known)s.",
            language=language[:10],
            known=list(WORDS),
        )
    with wave.open(str(CLIPS / language / f"{word}.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)


def code_samples(code: str, language: str = "fa") -> Samples:
    """«کد شما …», the digits in groups, «تکرار می‌کنم», and the digits again.

    Raises BadInput for anything but 4 to 8 ASCII digits.
    """
    if not (code.isascii() and code.isdigit() and 4 <= len(code) <= 8):
        raise BadInput("A code has 4 to 8 digits.")
    parts: list[Samples] = [_silence(_AFTER_WORD)]
    for word in ("code", "again"):
        parts += [clip(language, word), _silence(_AFTER_WORD), *_digits(code, language), _silence(_BETWEEN)]
    return np.concatenate(parts)


def number_samples(digits: str, language: str = "fa") -> Samples:
    """A telephone number, digit by digit, with a pause before it and after every third digit.

    Raises BadInput for anything but 3 to 15 ASCII digits.
    """
    if not (digits.isascii() and digits.isdigit() and 3 <= len(digits) <= 15):
        raise BadInput("A number to be spoken has 3 to 15 digits.")
    return np.concatenate([_silence(_BETWEEN), *_digits(digits, language)])


def _digits(code: str, language: str) -> list[Samples]:
    group = 2 if len(code) in (4, 8) else 3
    parts = []
    for at, digit in enumerate(code, start=1):
        ends_group = at % group == 0 and at < len(code)
        parts += [clip(language, digit), _silence(_AFTER_GROUP if ends_group else _AFTER_DIGIT)]
    return parts


def _silence(ms: int) -> Samples:
    return np.zeros(RATE * ms // 1000, np.int16)
