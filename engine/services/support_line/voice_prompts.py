"""The sounds of the support line: texts in assets/support/texts.json, spoken once, each replaceable by a recording.

They lie below the folder of prompts as ``support/LANGUAGE/NAME.wav``, with ``support/music.wav`` for waiting callers.
`ensure` makes those that are missing; `replace_by` puts a recording in the place of one, and is kept: what was
made by us is known by the hash of its text in ``support/.made.json``.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from engine.atomic_file import whole_file
from engine.errors import NotFound
from engine.services.messages import audio
from engine.services.messages.audio import RATE, Samples
from engine.services.messages.spoken_digits import clip
from engine.services.messages.template import spoken

log = logging.getLogger(__name__)

ASSETS = Path(__file__).parents[2] / "assets" / "support"
LANGUAGES = ("fa", "en")
NUMBERS = (*range(21), *range(30, 100, 10), *range(100, 1000, 100))
MUSIC, PAUSE = "music", "pause"
_VOICES = {"fa": "male", "en": "english"}
_MADE = ".made.json"
# From a text, a voice and words a minute to samples of 8 kHz (`Speech.samples`).
Speak = Callable[[str, str, int], Samples]


@cache
def manifest() -> dict[str, dict[str, str]]:
    """By language: every prompt's name and its text; digits and numbers by their figures."""
    texts: dict[str, dict[str, str]] = json.loads((ASSETS / "texts.json").read_text("utf-8"))
    for language in LANGUAGES:
        texts[language] |= {f"digit_{digit}": str(digit) for digit in range(10)}
        texts[language] |= {f"n_{number}": str(number) for number in NUMBERS}
        texts[language][PAUSE] = ""
    return texts


def names() -> list[str]:
    """All prompts: ``fa/offer``."""
    return [f"{language}/{name}" for language, texts in manifest().items() for name in texts]


def ensure(prompts_dir: Path, speak: Speak) -> int:
    """Make the prompts that are missing or whose text is another now; how many.  It computes and blocks."""
    folder = prompts_dir / "support"
    made, spoken_now = _made(folder), dict[str, str]()
    count = 0
    for language, texts in manifest().items():
        (folder / language).mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            key = f"{language}/{name}"
            file = folder / language / f"{name}.wav"
            mark = _mark(text)
            if file.exists() and made.get(key, "") in ("", mark):  # ours, or somebody's recording
                continue
            _write(file, _samples(language, name, text, speak))
            spoken_now[key] = mark
            count += 1
    if not (folder / f"{MUSIC}.wav").exists():
        _write(folder / f"{MUSIC}.wav", music())
        count += 1
    if count:
        _keep_marks(folder, spoken_now)
        log.info("action=support_prompts_made files=%d", count)
    return count


def replace_by(prompts_dir: Path, language: str, name: str, samples: Samples) -> None:
    """Replace a prompt by a recording, which `ensure` never overwrites."""
    folder = prompts_dir / "support"
    _write(clip_of(prompts_dir, language, name).path, samples)
    _keep_marks(folder, {f"{language}/{name}": ""})


@dataclass(frozen=True, slots=True)
class Clip:
    """One prompt as it lies there; `is_own` is a recording that somebody put there."""

    language: str
    name: str
    text: str  # what it says; of a recording: what it should say
    path: Path
    is_there: bool
    is_own: bool


def clips(prompts_dir: Path) -> list[Clip]:
    """All prompts in the manifest's order."""
    folder = prompts_dir / "support"
    made = _made(folder)
    found = []
    for language, texts in manifest().items():
        for name, text in texts.items():
            path = folder / language / f"{name}.wav"
            is_there = path.is_file()
            found.append(
                Clip(language, name, text, path, is_there, is_there and not made.get(f"{language}/{name}"))
            )
    return found


def clip_of(prompts_dir: Path, language: str, name: str) -> Clip:
    """One of them; NotFound for a name that the manifest does not have."""
    for each in clips(prompts_dir):
        if (each.language, each.name) == (language, name):
            return each
    raise NotFound("The support line has no prompt '%(name)s'.", name=f"{language[:5]}/{name[:40]}")


def take_back(prompts_dir: Path, language: str, name: str, speak: Speak) -> None:
    """Speak a prompt again in the place of somebody's recording, which stays if that fails.  It computes and blocks."""
    found = clip_of(prompts_dir, language, name)
    _write(found.path, _samples(language, name, found.text, speak))
    _keep_marks(prompts_dir / "support", {f"{language}/{name}": _mark(found.text)})


def missing(prompts_dir: Path) -> list[str]:
    """Prompts that are not there: ``fa/offer``."""
    return [f"{each.language}/{each.name}" for each in clips(prompts_dir) if not each.is_there]


def music(seconds: int = 48) -> Samples:
    """Four soft chords, repeated; made by us, so that nobody else holds rights in them."""
    chords = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (261.6, 329.6, 392.0), (196.0, 246.9, 293.7))
    note_s = 0.5
    at = np.arange(int(RATE * note_s)) / RATE
    parts = []
    for place in range(int(seconds / note_s)):
        chord = chords[place // 8 % len(chords)]
        tone = chord[(0, 1, 2, 1, 0, 2, 1, 2)[place % 8]]
        fade = np.minimum(at / 0.02, 1) * np.exp(-at * 2.5)
        parts.append(1800 * fade * (np.sin(2 * np.pi * tone * at) + 0.3 * np.sin(4 * np.pi * tone * at)))
    return np.concatenate(parts).astype(np.int16)


def _samples(language: str, name: str, text: str, speak: Speak) -> Samples:
    if name == PAUSE:
        return np.zeros(RATE * 3 // 10, np.int16)
    if name.startswith("digit_"):
        return np.concatenate([clip(language, text), np.zeros(RATE // 10, np.int16)])
    words = spoken(text) if language == "fa" else text
    return speak(words, _VOICES[language], 140)


def _made(folder: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((folder / _MADE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _mark(text: str) -> str:
    """What is kept of a text that we spoke."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _keep_marks(folder: Path, marks: dict[str, str]) -> None:
    """Beside those that are kept, which the web may have written meanwhile."""
    with whole_file(folder / _MADE) as out:
        out.write(json.dumps(_made(folder) | marks, indent=1, sort_keys=True).encode())


def _write(file: Path, samples: Samples) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as out:
        out.write(audio.wav_bytes(samples))
    file.chmod(0o644)
