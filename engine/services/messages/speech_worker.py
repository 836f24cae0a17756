"""Speaks for `engine.services.messages.speech`, in a process of its own.

espeak-ng is C code with global state.  If a customer's text crashes it, only this process dies, not the engine.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path

from engine.workers.job import Answer

MAX_SAMPLES = 22_050 * 600
_SYNCHRONOUS, _DONT_EXIT, _UTF8, _RATE_PARAMETER = 2, 0x8000, 1, 1

Speak = Callable[[str, str, int], tuple[int, bytes]]


def _espeak() -> Speak:
    """espeak-ng, whose library and data come with the wheel `espeakng-loader`."""
    import espeakng_loader  # noqa: PLC0415 - one of the two voices is loaded

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = str(espeakng_loader.get_data_path())
    parent = os.path.dirname(data) if Path(data).name == "espeak-ng-data" else data
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(parent), _DONT_EXIT)
    if rate <= 0:
        raise RuntimeError("espeak-ng has not found its data")
    out: list[bytes] = []
    told = [0]

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def take(samples: object, number: int, _events: object) -> int:
        if samples and number > 0:
            out.append(ctypes.string_at(samples, number * 2))  # type: ignore[arg-type]
            told[0] += number
        return int(told[0] > MAX_SAMPLES)

    library.espeak_SetSynthCallback(take)

    # `_kept`: without a reference the callback would be garbage collected while the library still calls it.
    def speak(text: str, voice: str, words_a_minute: int, _kept: object = take) -> tuple[int, bytes]:
        out.clear()
        told[0] = 0
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"there is no voice {voice}")
        library.espeak_SetParameter(_RATE_PARAMETER, words_a_minute, 0)
        raw = text.encode() + b"\0"
        # No SSML: markup is spoken as text, so a text cannot name files.
        failed = library.espeak_Synth(raw, len(raw), 0, 0, 0, _UTF8, None, None)
        if failed != 0:
            raise RuntimeError(f"espeak-ng failed ({failed})")
        return rate, b"".join(out)

    return speak


def _piper(model: str) -> Speak:
    """A Piper voice from a model file."""
    from piper import PiperVoice  # noqa: PLC0415 - an extra
    from piper.config import SynthesisConfig  # noqa: PLC0415

    voice = PiperVoice.load(model)

    def speak(text: str, _voice: str, words_a_minute: int) -> tuple[int, bytes]:
        config = SynthesisConfig(length_scale=150 / words_a_minute)
        parts = list(voice.synthesize(text, config))
        if not parts:
            raise RuntimeError("the voice said nothing")
        return parts[0].sample_rate, b"".join(part.audio_int16_bytes for part in parts)

    return speak


def _unable(why: str) -> Speak:
    """The replacement for a voice that cannot be loaded: it always fails with the reason."""

    def speak(_text: str, _voice: str, _rate: int) -> tuple[int, bytes]:
        raise RuntimeError(why)

    return speak


_speak: Speak = _unable("no voice was prepared")


def prepare(model: str = "") -> None:
    """Load the Piper voice of a model file, or espeak-ng."""
    global _speak
    try:
        _speak = _piper(model) if model else _espeak()
    except Exception as error:  # noqa: BLE001 - a library or a model fails in its own ways; each request is told
        _speak = _unable(f"the voice cannot be loaded\n{type(error).__name__}: {error}")


def speak(text: str, voice: str, words_a_minute: int) -> Answer:
    """The sample rate and 16-bit samples; with a rate of 0 the bytes say why it failed.

    The first line of the reason may be shown to people, the rest is for the log.
    """
    try:
        return Answer(*_speak(text, voice, words_a_minute))
    except (RuntimeError, ValueError) as error:
        return Answer(0, str(error).encode())
