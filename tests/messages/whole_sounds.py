"""Whether a sound is played whole, or refused with a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import BadInput
from engine.services.messages.audio import Prompt, load_prompt
from tests.messages.sound_files import (
    pcm,
    speech,
)

ONE = speech(3.0)
AT_8 = speech(3.0, 8_000)
BARE = pcm(AT_8)


def heard(data: bytes, name: str = "") -> Prompt:
    return load_prompt(data, name=name or None)


def assert_whole(data: bytes, seconds: float, name: str = "") -> Prompt:
    """It lasts so long (encoders add some frames, packets are filled up), and its last half second is speech."""
    prompt = heard(data, name)
    assert seconds - 0.02 <= len(prompt.samples) / 8_000 <= seconds + 0.32
    end = int(seconds * 8_000)
    assert np.abs(prompt.samples[end - 4_000 : end].astype(int)).max() > 1_000
    return prompt


def assert_refused(
    data: bytes, words: str = r"cut short|damaged|joined|cannot be read", name: str = ""
) -> None:
    with pytest.raises(BadInput, match=words):
        heard(data, name)


def rated(rate: int, channels: int = 1) -> np.ndarray:
    made = speech(3.0, rate)
    return made if channels == 1 else np.repeat(made[:, None], channels, axis=1)
