"""Converts any recording to what the switch plays: 8 kHz, mono, as WAV, A-law and µ-law.

A worker reads the files (`messages.sounds.reading`): it decodes them completely, by their content and not by their
names, mixes them to one channel and adjusts the level for telephones.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soxr

from engine import codecs
from engine.atomic_file import whole_file
from engine.errors import BadInput, StoreUnavailable
from engine.services.messages.g711 import Samples, from_alaw, to_alaw, to_ulaw
from engine.services.messages.sound_sheet import Sheet
from engine.services.messages.sounds.whole import MIN_S, RATE, to_samples, too_long
from engine.text import shown_name
from engine.workers import pool
from engine.workers.job import MB, Job, Limits

MAX_S = 600.0
MAX_BYTES = 256_000_000
"""Of the file as it was given; ten minutes of studio WAV have less."""

WAV_HEADER = 44
"""Bytes before the samples in the files that we write."""

_READ = Job(
    "engine.services.messages.sounds.reading:read", Limits(memory=1_000 * MB, cpu_s=60, answer_bytes=32 * MB)
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A message as the telephone hears it: ``samples`` int16, 8 kHz, mono."""

    samples: Samples
    duration_ms: int
    level_dbfs: float
    """Of its loudest tenth of a second; 0 is full scale."""
    found: dict[str, Any] = field(default_factory=dict)
    """What `sounds.reading.read` tells of a recording."""

    @property
    def sheet(self) -> Sheet:
        return Sheet.of(self.samples, self.level_dbfs, self.found)


@dataclass(frozen=True, slots=True)
class AudioFile:
    """A message on disk.  ``sha256`` is that of the WAV file, so the same sound always has the same one."""

    sha256: str
    duration_ms: int
    level_dbfs: float
    wav: Path
    pcma: Path
    sheet: Sheet | None = None
    """Of a recording."""


def load_prompt(
    source: str | Path | bytes | BinaryIO,
    *,
    name: str | None = None,
    max_s: float = MAX_S,
    trims: bool = False,
    account: int | None = None,
) -> Prompt:
    """Read a recording of any format, rate and number of channels in a worker.

    ``name`` is the file's name for people, ``trims`` removes silence at both ends, ``account`` is the owner.
    Raises BadInput, with the reason, for a file that is not audio, damaged, cut off, shorter than 1 s, longer than
    ``max_s``, silent, or too costly to decode; QueueFull when too much of the account waits.
    """
    called = name or (Path(source).name if isinstance(source, (str, Path)) else "")
    shown = shown_name(called, "the recording")
    with _on_disk(source, shown) as path:
        found, data = pool.run(_READ, path, called, shown, max_s, trims, account=account, what=shown)
    samples = np.frombuffer(data, "<i2").astype(np.int16)
    return Prompt(samples, len(samples) * 1000 // RATE, found["level_dbfs"], found)


def convert(
    src_path: str | Path,
    dest_dir: str | Path,
    stem: str,
    *,
    name: str | None = None,
    trims: bool = False,
    account: int | None = None,
) -> AudioFile:
    """Write ``<stem>.wav`` (PCM16), ``<stem>.PCMA`` and ``<stem>.PCMU`` (bare G.711) of a recording into ``dest_dir``.

    FreeSWITCH's mod_native_file plays the file of the call's codec without transcoding.  Each file appears whole or
    not at all.  Raises BadInput as ``load_prompt`` does, and StoreUnavailable if the files cannot be written.
    """
    prompt = load_prompt(src_path, name=name, trims=trims, account=account)
    made = write_prompt(prompt, Path(dest_dir), stem)
    return replace(made, sheet=prompt.sheet)


def write_prompt(
    prompt: Prompt, dest: Path, stem: str, is_durable: bool = True, mode: int | None = None
) -> AudioFile:
    """Write ``<stem>.wav``, ``.PCMA`` and ``.PCMU`` (with permissions `mode`); StoreUnavailable if that fails.

    `is_durable` False is for a message that can be made again after a power cut (see `is_whole`).
    """
    wav = wav_bytes(prompt.samples)
    wav_path, pcma_path = dest / f"{stem}.wav", dest / f"{stem}.PCMA"
    try:
        for path, data in (
            (wav_path, wav),
            (pcma_path, to_alaw(prompt.samples)),
            (dest / f"{stem}.PCMU", to_ulaw(prompt.samples)),
        ):
            with whole_file(path, is_durable) as file:
                if mode is not None:
                    os.fchmod(file.fileno(), mode)
                file.write(data)
    except OSError as error:
        raise StoreUnavailable(
            "The message cannot be written to %(folder)s: %(why)s.",
            folder=str(dest),
            why=error.strerror or "unknown",
        ) from error
    return AudioFile(
        sha256=hashlib.sha256(wav).hexdigest(),
        duration_ms=prompt.duration_ms,
        level_dbfs=prompt.level_dbfs,
        wav=wav_path,
        pcma=pcma_path,
    )


def is_whole(dest: Path, stem: str, duration_ms: int) -> bool:
    """Whether all files of a message exist and have the size that its length requires."""
    samples = duration_ms * RATE // 1000
    sizes = {".PCMA": samples, ".PCMU": samples, ".wav": WAV_HEADER + 2 * samples}
    try:
        return all((dest / f"{stem}{suffix}").stat().st_size == size for suffix, size in sizes.items())
    except FileNotFoundError:
        return False


def kept_codecs(dest: Path, stem: str) -> tuple[str, ...]:
    """The other codecs, besides PCMA and PCMU, for which somebody has put a file of this message here."""
    return tuple(codec for codec in codecs.PASSED if (dest / f"{stem}.{codec}").is_file())


def add_ulaw(dest: Path, stem: str) -> bool:
    """Write the ``.PCMU`` of a message if it is missing; whether it was.  Raises OSError."""
    path = dest / f"{stem}.PCMU"
    if path.exists():
        return False
    with whole_file(path) as file:
        file.write(to_ulaw(_kept_samples(dest, stem)))
    return True


def to_telephone(samples: Samples, rate: int) -> Samples:
    """Resample 16-bit mono samples from `rate` to 8 kHz."""
    if rate == RATE:
        return samples
    floats = soxr.resample(samples.astype(np.float32) / 32_768, rate, RATE, quality="HQ")
    return np.rint(np.clip(floats, -1, 1) * 32_767).astype(np.int16)


def prompt_of(samples: Samples, shown: str) -> Prompt:
    """Samples at 8 kHz as a message, padded with silence to the shortest length that is allowed.

    Raises BadInput for silence and for more than `MAX_S` seconds.
    """
    seconds = len(samples) / RATE
    if seconds > MAX_S:
        raise too_long(shown, seconds, MAX_S)
    mono = np.zeros(max(len(samples), int(MIN_S * RATE)), np.float32)
    mono[: len(samples)] = samples.astype(np.float32) / 32_767
    filled, level = to_samples(mono, shown)
    return Prompt(filled, len(filled) * 1000 // RATE, round(level, 1))


def wav_bytes(samples: Samples) -> bytes:
    """Return a WAV file, PCM of 16 bits, 8 kHz, mono."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()


def telephone_wav(folder: Path, stem: str) -> bytes:
    """A WAV file as callees hear the message, with the losses of A-law.  Raises FileNotFoundError."""
    return wav_bytes(from_alaw(to_alaw(_kept_samples(folder, stem))))


def _kept_samples(folder: Path, stem: str) -> Samples:
    """The stored samples of a message.  Raises FileNotFoundError."""
    return np.frombuffer((folder / f"{stem}.wav").read_bytes()[WAV_HEADER:], "<i2")


@contextmanager
def _on_disk(source: str | Path | bytes | BinaryIO, shown: str) -> Iterator[str]:
    """The path of the recording for the worker; a recording without a path is copied to a file first."""
    if isinstance(source, (str, Path)):
        try:
            size = Path(source).stat().st_size
            Path(source).open("rb").close()
        except OSError as error:
            raise BadInput(
                "%(name)s cannot be opened: %(why)s.", name=shown, why=error.strerror or "unknown"
            ) from None
        _check_size(size, shown)
        yield str(source)
        return
    with tempfile.NamedTemporaryFile(prefix="avanak-sound-") as copy:
        shutil.copyfileobj(io.BytesIO(source) if isinstance(source, bytes) else source, copy)
        copy.flush()
        _check_size(copy.tell(), shown)
        yield copy.name


def _check_size(size: int, shown: str) -> None:
    if size > MAX_BYTES:
        raise BadInput(
            "%(name)s has %(bytes)s bytes; a message may have %(most)s.",
            name=shown, bytes=f"{size:,}", most=f"{MAX_BYTES:,}",
        )  # fmt: skip
