"""Speech: from a text to a message, with one interface to all speech engines.

The default is espeak-ng's Persian, which comes with the package; a Piper voice is used when a model file is
configured (AVANAK_PIPER_MODEL).  Spoken texts are stored by a hash of their inputs.  Everything here computes and
blocks: call it where nobody waits.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from engine.config import Settings
from engine.errors import AvanakError, BadInput
from engine.services.messages import audio
from engine.services.messages.template import check_text, spoken
from engine.workers import pool
from engine.workers.job import Job, Lane, Limits, WorkerEnded

log = logging.getLogger(__name__)

VERSION = 1  # part of the hash; increase it when the same text is to sound different
INDEX = ".spoken"  # a folder inside the folder of prompts
RATE = 150  # words a minute
VOICES: dict[str, str] = {"male": "fa", "female": "fa+f2", "english": "en-us"}
DEFAULT_VOICE = "male"
_LIMITS = Limits(memory=1_200_000_000, cpu_s=30, wall_s=60.0)
_LENGTH = re.compile(r"-(\d{1,7})$")


class SpeechUnavailable(AvanakError):
    """No speech engine works here, or it failed on this text."""

    http_status = 503


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message made from a text; its files are `<prompt>.wav`, `.PCMA` and `.PCMU`."""

    prompt: str
    duration_ms: int
    text: str  # as the engine got it


def job_of(piper_model: str) -> Job:
    """The worker's job that speaks, with a Piper model or (empty) with espeak-ng.  With a model, memory is unlimited."""
    limits = replace(_LIMITS, memory=None) if piper_model else _LIMITS
    return Job("engine.services.messages.speech_worker:speak", limits, Lane.SPEECH, (piper_model,))


class Speech:
    """Speaks texts; a process has one."""

    def __init__(self, piper_model: str = "") -> None:
        if piper_model and not Path(piper_model).is_file():
            raise BadInput("AVANAK_PIPER_MODEL: there is no file %(piper_model)s.", piper_model=piper_model)
        if piper_model and find_spec("piper") is None:
            raise BadInput("AVANAK_PIPER_MODEL needs the package piper-tts, which is not installed.")
        self.engine = f"piper:{Path(piper_model).name}" if piper_model else "espeak-ng"
        self._job = job_of(piper_model)

    @classmethod
    def of_settings(cls, settings: Settings) -> Speech:
        return cls(settings.piper_model)

    def close(self) -> None:
        """End the processes that speak."""
        pool.close(self._job)

    def samples(
        self, text: str, voice: str = DEFAULT_VOICE, rate: int = RATE, account: int | None = None
    ) -> audio.Samples:
        """The spoken text at 8 kHz, without silence around it; `rate` is in words a minute.

        `account` is whose text it is: an account's texts are spoken one after the other.  None: the house's own.
        Raises BadInput for an invalid text or voice, QueueFull when too many texts of the account wait, SpeechUnavailable
        when the engine fails.
        """
        if voice not in VOICES:
            raise BadInput(
                "There is no voice '%(voice)s'; there are: %(known)s.", voice=voice[:40], known=list(VOICES)
            )
        words = text if voice == "english" else spoken(text)
        try:
            found_rate, data = pool.run(
                self._job, words, VOICES[voice], rate, account=account, what="the text"
            )
        except WorkerEnded as error:
            raise SpeechUnavailable("The speech engine failed on this text; change its wording.") from error
        if not found_rate:
            why, _, detail = data[:2000].decode("utf-8", "replace").partition("\n")
            log.error("action=speech_failed engine=%s error=%r detail=%r", self.engine, why, detail)
            raise SpeechUnavailable("The speech engine failed: %(why)s.", why=why[:200])
        return _trim(audio.to_telephone(np.frombuffer(data, np.int16), found_rate))

    def make(
        self, text: str, prompts_dir: Path, voice: str = DEFAULT_VOICE, account: int | None = None
    ) -> Spoken:
        """Speak a text into the folder of prompts; a text that was spoken before is not spoken again.

        `account` as in `samples`.  Raises BadInput (empty, over 1,000 characters, over 10 minutes of speech), QueueFull or
        SpeechUnavailable.
        """
        text, stem = self._name(text, voice)
        index = prompts_dir / INDEX / stem
        known = _known(prompts_dir, index)
        if known:
            return Spoken(known, length_of(known) or 0, text)
        prompt = audio.prompt_of(self.samples(text, voice, account=account), "the text")
        name = f"{stem}-{prompt.duration_ms}"
        audio.write_prompt(prompt, prompts_dir, name, is_durable=False)
        _note(index, name)
        return Spoken(name, prompt.duration_ms, text)

    def known(self, text: str, prompts_dir: Path, voice: str) -> str:
        """The prompt that was made of the text before; empty if there is none.  BadInput as `make`."""
        return _known(prompts_dir, prompts_dir / INDEX / self._name(text, voice)[1])

    def _name(self, text: str, voice: str) -> tuple[str, str]:
        """The text as it is spoken, and the beginning of its prompt's name."""
        text = spoken(check_text(text)) if voice != "english" else check_text(text)
        key = f"{VERSION}/{self.engine}/{voice}/{RATE}/{text}"
        return text, "s-" + hashlib.sha256(key.encode()).hexdigest()[:32]


def length_of(prompt: str) -> int | None:
    """The length in ms of a message whose name contains it (spoken texts, codes); None for others."""
    found = _LENGTH.search(prompt) if prompt[:2] in ("s-", "c-") else None
    return int(found[1]) if found else None


def _known(prompts_dir: Path, index: Path) -> str:
    """The name of the complete message that was made before; empty if there is none."""
    try:
        name = os.readlink(index)
    except OSError:
        return ""
    length = length_of(name)
    return name if length is not None and audio.is_whole(prompts_dir, name, length) else ""


def _note(index: Path, name: str) -> None:
    """Remember the name, which contains the length, of a spoken text: a symbolic link whose target is the name."""
    index.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        index.unlink()
    with suppress(FileExistsError):  # another thread made the same
        os.symlink(name, index)


def _trim(samples: audio.Samples) -> audio.Samples:
    """Trim the silence before and after to 50 ms."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 300)
    if not len(loud):
        return samples
    margin = audio.RATE // 20
    return samples[max(0, loud[0] - margin) : loud[-1] + margin]
