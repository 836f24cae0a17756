#!/usr/bin/env python3
"""Speaks the clips of digits that codes are put together from, with the installed speech engine.

    .venv/bin/python scripts/clips.py [FOLDER]

Without a folder it replaces those of engine/assets/clips.
"""

from __future__ import annotations

import sys
from pathlib import Path

from engine.services.messages import audio
from engine.services.messages.speech import Speech
from engine.services.messages.spoken_digits import CLIPS, WORDS

WORDS_A_MINUTE = 135  # slower than a message, somebody writes along


def main(folder: Path) -> None:
    speech = Speech()
    for language, words in WORDS.items():
        (folder / language).mkdir(parents=True, exist_ok=True)
        for name, text in words.items():
            voice = "english" if language == "en" else "male"
            samples = speech.samples(text, voice, WORDS_A_MINUTE)
            (folder / language / f"{name}.wav").write_bytes(audio.wav_bytes(samples))
    speech.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else CLIPS)
