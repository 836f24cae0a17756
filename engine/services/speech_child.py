"""Speaks for `engine.services.speech`, in a process of its own.

Run by its path, it imports nothing of the engine.  espeak-ng is C and keeps
its state in globals: what a customer writes may crash it, and then this process
ends and not the engine.  It may not write files, and no request may take longer
than `SECONDS` of the clock.

Request, on standard input: four bytes of length, then JSON
``{"text", "voice", "rate"}``.  Answer, on standard output: four bytes of length, four bytes of sample
rate, then samples of 16 bits.  A rate of 0: it failed, and the text says why
(in its first line; what follows is for the log).
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path

SECONDS = 30
MEMORY = 1_500_000_000
MAX_SAMPLES = 22_050 * 600
_SYNCHRONOUS, _DONT_EXIT, _UTF8, _RATE_PARAMETER = 2, 0x8000, 1, 1

Speak = Callable[[str, str, int], tuple[int, bytes]]


def _espeak() -> Speak:
    """espeak-ng's library and its data, from the wheel `espeakng-loader`."""
    import espeakng_loader

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

    # `kept`: a callback that nobody holds is collected, and the library would call what is no more.
    def speak(text: str, voice: str, words_a_minute: int, kept: object = take) -> tuple[int, bytes]:
        out.clear()
        told[0] = 0
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"there is no voice {voice}")
        library.espeak_SetParameter(_RATE_PARAMETER, words_a_minute, 0)
        raw = text.encode() + b"\0"
        # No SSML: markup is spoken as it stands, so a text cannot name files.
        failed = library.espeak_Synth(raw, len(raw), 0, 0, 0, _UTF8, None, None)
        if failed != 0:
            raise RuntimeError(f"espeak-ng failed ({failed})")
        return rate, b"".join(out)

    return speak


def _piper(model: str) -> Speak:
    """A Piper voice from a model file."""
    from piper import PiperVoice
    from piper.config import SynthesisConfig

    voice = PiperVoice.load(model)

    def speak(text: str, _voice: str, words_a_minute: int) -> tuple[int, bytes]:
        config = SynthesisConfig(length_scale=150 / words_a_minute)
        parts = list(voice.synthesize(text, config))
        if not parts:
            raise RuntimeError("the voice said nothing")
        return parts[0].sample_rate, b"".join(part.audio_int16_bytes for part in parts)

    return speak


def _unable(why: str) -> Speak:
    """What stands in for a voice that cannot be loaded."""

    def speak(_text: str, _voice: str, _rate: int) -> tuple[int, bytes]:
        raise RuntimeError(why)

    return speak


def _read(size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def _answer(rate: int, data: bytes) -> None:
    view = memoryview(struct.pack("<II", len(data) + 4, rate) + data)
    while view:
        view = view[os.write(1, view) :]


def main() -> None:
    """Answer requests until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the engine's to handle
    model = sys.argv[1] if len(sys.argv) > 1 else ""
    if not model:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        speak = _piper(model) if model else _espeak()
    except Exception as error:  # noqa: BLE001 - a library or a model fails in its own ways; each request is told
        speak = _unable(f"the voice cannot be loaded\n{type(error).__name__}: {error}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    while True:
        request = json.loads(_read(struct.unpack("<I", _read(4))[0]))
        signal.alarm(SECONDS)  # its default ends the process
        try:
            rate, data = speak(request["text"], request["voice"], request["rate"])
        except (RuntimeError, ValueError, MemoryError) as error:
            _answer(0, str(error).encode())
        else:
            _answer(rate, data)
        signal.alarm(0)


if __name__ == "__main__":
    main()
