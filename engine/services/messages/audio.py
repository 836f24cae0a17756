"""From any recording to what the switch plays: 8 kHz, mono, as WAV and as A-law.

The level is left as the customer recorded it; only where mixing or resampling
would clip is the whole message made quieter, so that its peak is 1 dB below
full scale. Files are decoded in blocks and left off as soon as they are too
long: what a header says is a first check and never trusted.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import struct
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from engine.atomic_file import whole_file
from engine.errors import BadInput, StoreUnavailable
from engine.services.messages import media_worker
from engine.services.messages.truncation import refuse_cut_off
from engine.services.messages.workers import ChildDied, Children
from engine.text import shown_name

RATE = 8_000
"""Samples a second of the telephone network."""
MIN_S = 1.0
MAX_S = 600.0
MAX_BYTES = 256_000_000
"""Of the file as it was given; ten minutes of studio WAV have less."""
SILENCE_DBFS = -50.0
"""A message whose loudest tenth of a second is below this is silence to a telephone."""

SENT = "WAV, MP3, M4A, OGG, WebM, WMA, AMR or FLAC"
"""The formats that a refusal names; others are read too."""
_UNRECOGNISED = 1  # SF_ERR_UNRECOGNISED_FORMAT
_FORMATS = frozenset({"WAV", "WAVEX", "MP3", "OGG", "FLAC"})
_MAX_CHANNELS = 8
_MIN_RATE, _MAX_RATE = 4_000, 384_000
_BLOCK_FRAMES = 65_536
_FRAME = 960
"""120 ms: messages are filled up to whole packets of 20, 40 and 60 ms, or the last one clicks."""
_PEAK = 10 ** (-1 / 20)

_decoders = Children(Path(media_worker.__file__))

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A message as the telephone hears it: ``samples`` int16, 8 kHz, mono."""

    samples: Samples
    duration_ms: int
    level_dbfs: float
    """Of its loudest tenth of a second; 0 is full scale."""


@dataclass(frozen=True, slots=True)
class AudioFile:
    """A message on disk. ``sha256`` is that of the WAV file: the same sound has the same one."""

    sha256: str
    duration_ms: int
    level_dbfs: float
    wav: Path
    pcma: Path


def load_prompt(
    source: str | Path | bytes | BinaryIO, *, name: str | None = None, max_s: float = MAX_S
) -> Prompt:
    """Decode a recording of any rate and channels to a ``Prompt``.

    WAV, MP3, OGG and FLAC are read here; WebM (what browsers record), M4A, 3GP, AMR, AAC, WMA,
    AIFF and bare GSM by FFmpeg in a process of its own.

    Raises BadInput, with the reason, for what is no audio, damaged, cut short,
    under 1 s, over ``max_s``, or silence. ``name`` is what people call the file.
    """
    called = name or (Path(source).name if isinstance(source, (str, Path)) else "")
    shown = shown_name(called, "the recording")
    file, close = _open(source, shown)
    try:
        size = file.seek(0, 2)
        if size > MAX_BYTES:
            raise BadInput(f"{shown} has {size:,} bytes; a message may have {MAX_BYTES:,}.")
        refuse_cut_off(file, size, shown)
        file.seek(0)
        container = _container(file.read(16), called)
        file.seek(0)
        mono = _decode_apart(file, container, shown, max_s) if container else _decode(file, shown, max_s)
    finally:
        if close:
            file.close()
    return _finish(mono, shown)


def convert(src_path: str | Path, dest_dir: str | Path, stem: str, *, name: str | None = None) -> AudioFile:
    """Write ``<stem>.wav`` (PCM16) and ``<stem>.PCMA`` (bare A-law) of a recording into ``dest_dir``.

    FreeSWITCH's mod_native_file plays ``.PCMA`` without transcoding. Each file
    appears whole or not at all. Raises BadInput as ``load_prompt`` does, and
    StoreUnavailable if the files cannot be written.
    """
    return write_prompt(load_prompt(src_path, name=name), Path(dest_dir), stem)


def write_prompt(
    prompt: Prompt, dest: Path, stem: str, is_durable: bool = True, mode: int | None = None
) -> AudioFile:
    """Write ``<stem>.wav`` and ``<stem>.PCMA`` (with permissions `mode`); StoreUnavailable if that fails.

    Not `is_durable`: for a message that can be made again after a power cut (see `is_whole`).
    """
    wav = wav_bytes(prompt.samples)
    wav_path, pcma_path = dest / f"{stem}.wav", dest / f"{stem}.PCMA"
    try:
        for path, data in ((wav_path, wav), (pcma_path, to_alaw(prompt.samples))):
            with whole_file(path, is_durable) as file:
                if mode is not None:
                    os.fchmod(file.fileno(), mode)
                file.write(data)
    except OSError as error:
        raise StoreUnavailable(f"The message cannot be written to {dest}: {error.strerror}.") from error
    return AudioFile(
        sha256=hashlib.sha256(wav).hexdigest(),
        duration_ms=prompt.duration_ms,
        level_dbfs=prompt.level_dbfs,
        wav=wav_path,
        pcma=pcma_path,
    )


def is_whole(dest: Path, stem: str, duration_ms: int) -> bool:
    """Whether both files of a message are there and have the size of its length."""
    try:
        pcma, wav = (dest / f"{stem}{suffix}" for suffix in (".PCMA", ".wav"))
        samples = duration_ms * RATE // 1000
        return pcma.stat().st_size == samples and wav.stat().st_size == 44 + 2 * samples
    except FileNotFoundError:
        return False


def to_telephone(samples: Samples, rate: int) -> Samples:
    """Samples of 16 bits, mono, at another rate, as samples at 8 kHz."""
    if rate == RATE:
        return samples
    floats = soxr.resample(samples.astype(np.float32) / 32_768, rate, RATE, quality="HQ")
    return np.rint(np.clip(floats, -1, 1) * 32_767).astype(np.int16)


def prompt_of(samples: Samples, shown: str) -> Prompt:
    """Samples at 8 kHz as a message; what is shorter than a message may be gets silence at its end.

    Raises BadInput for silence and for more than `MAX_S`.
    """
    seconds = len(samples) / RATE
    if seconds > MAX_S:
        raise BadInput(_too_long(shown, seconds, MAX_S))
    mono = np.zeros(max(len(samples), int(MIN_S * RATE)), np.float32)
    mono[: len(samples)] = samples.astype(np.float32) / 32_767
    return _finish(mono, shown)


def wav_bytes(samples: Samples) -> bytes:
    """Return a WAV file, PCM of 16 bits, 8 kHz, mono."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()


def to_alaw(samples: Samples) -> bytes:
    """Return samples of 16 bits as G.711 A-law, one byte each (silence is 0xD5)."""
    return _ALAW[samples.astype(np.int16).view(np.uint16)].tobytes()


def _alaw_table() -> npt.NDArray[np.uint8]:
    """Return the A-law byte of each of the 65,536 samples, indexed by the sample as uint16.

    G.711 table 1: of the 13-bit magnitude, three bits of segment and four of
    position within it; a set sign bit is positive; even bits are inverted (0x55).
    """
    sample = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.where(sample >= 0, sample, -sample - 1) >> 3
    segment = np.zeros_like(magnitude)
    for start in (0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800):
        segment += magnitude >= start
    position = (magnitude >> np.where(segment < 2, 1, segment)) & 0x0F
    sign = np.where(sample >= 0, 0x80, 0)
    return ((sign | segment << 4 | position) ^ 0x55).astype(np.uint8)


_ALAW = _alaw_table()


def _open(source: str | Path | bytes | BinaryIO, shown: str) -> tuple[BinaryIO, bool]:
    """Return a binary file that can seek, and whether it is ours to close."""
    if isinstance(source, bytes):
        return io.BytesIO(source), True
    if isinstance(source, (str, Path)):
        try:
            return Path(source).open("rb"), True
        except OSError as error:
            raise BadInput(f"{shown} cannot be opened: {error.strerror}.") from None
    return source, False


def _container(start: bytes, name: str) -> str:
    """What FFmpeg calls the container that begins so; empty for what is not its business."""
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if start[4:8] == b"ftyp":
        return "mov"
    if start.startswith(b"#!AMR"):
        return "amr"
    if start.startswith(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"):
        return "asf"
    if start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if len(start) > 1 and start[0] == 0xFF and start[1] & 0xF6 == 0xF0:
        return "aac"
    # Bare GSM frames, as telephone exchanges keep them, have no header but begin with 0xD each.
    if name.lower().endswith(".gsm") and start and start[0] >> 4 == 0xD:
        return "gsm"
    return ""


def _decode_apart(file: BinaryIO, container: str, shown: str, max_s: float) -> npt.NDArray[np.float32]:
    """As `_decode`, by FFmpeg in a child process."""
    with tempfile.NamedTemporaryFile(prefix="avanak-sound-") as copy:
        shutil.copyfileobj(file, copy)
        copy.flush()
        request = json.dumps({"path": copy.name, "format": container, "max_s": max_s}).encode()
        try:
            answer = _decoders.ask(request)
        except ChildDied:
            raise BadInput(f"{shown} cannot be read as audio: decoding it took too much.") from None
    if answer[:1] != b"\1":
        why = " ".join(answer[1:].decode("utf-8", "replace").split())[:100]
        raise BadInput(f"{shown} cannot be read as audio ({container}): {why.rstrip('. ')}.")
    (claimed_s,) = struct.unpack("<d", answer[1:9])
    mono = np.frombuffer(answer[9:], np.float32)
    if len(mono) > max_s * RATE:
        raise BadInput(_too_long(shown, len(mono) / RATE, max_s))
    if len(mono) / RATE < 0.98 * claimed_s - 0.1:  # players and encoders differ by some frames
        raise BadInput(_cut_short(shown, len(mono) / RATE, claimed_s))
    return np.nan_to_num(mono, posinf=0.0, neginf=0.0).clip(-8, 8)


def _decode(file: BinaryIO, shown: str, max_s: float) -> npt.NDArray[np.float32]:
    """Return the whole recording as one channel of floats at 8 kHz, never more than ``max_s``."""
    try:
        with soundfile.SoundFile(file) as sound:
            if sound.format not in _FORMATS:
                raise BadInput(f"{shown} is {sound.format}; send {SENT}.")
            if not _MIN_RATE <= sound.samplerate <= _MAX_RATE or sound.channels > _MAX_CHANNELS:
                raise BadInput(
                    f"{shown} has {sound.channels} channels of {sound.samplerate:,} samples a second; "
                    f"up to {_MAX_CHANNELS} channels of {_MIN_RATE:,} to {_MAX_RATE:,} are read."
                )
            # A header that claims a day is believed: nothing need be decoded to refuse it. Of a
            # stream without a length libsndfile claims the largest number there is.
            claimed_s = sound.frames / sound.samplerate
            if max_s + 1 < claimed_s < 10**9:
                raise BadInput(_too_long(shown, claimed_s, max_s))
            claimed = sound.frames
            decoded = 0
            blocks: list[npt.NDArray[np.float32]] = []
            resampler = soxr.ResampleStream(sound.samplerate, RATE, 1, dtype="float32", quality="HQ")
            for block in _blocks(sound):
                decoded += len(block)
                if decoded > max_s * sound.samplerate:
                    raise BadInput(_too_long(shown, decoded / sound.samplerate, max_s))
                blocks.append(resampler.resample_chunk(block))
            blocks.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    except soundfile.LibsndfileError as error:
        if error.code == _UNRECOGNISED:
            raise BadInput(f"{shown} is no sound of a known format; send {SENT}.") from None
        raise BadInput(f"{shown} cannot be read as audio: {error.error_string.rstrip('. ')}.") from None
    if decoded < 0.98 * claimed and claimed_s < 10**9:
        raise BadInput(_cut_short(shown, decoded / sound.samplerate, claimed_s))
    return np.concatenate(blocks)


def _blocks(sound: soundfile.SoundFile) -> Iterator[npt.NDArray[np.float32]]:
    while len(block := sound.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
        yield np.nan_to_num(block.mean(axis=1), posinf=0.0, neginf=0.0).clip(-8, 8)


def _finish(mono: npt.NDArray[np.float32], shown: str) -> Prompt:
    """Check length and level, protect from clipping, fill up to whole packets."""
    seconds = len(mono) / RATE
    if seconds < MIN_S:
        raise BadInput(f"{shown} lasts {seconds:.2f} s; a message lasts at least {MIN_S:g} s.")
    level = _loudest_dbfs(mono)
    if level < SILENCE_DBFS:
        heard = "nothing at all" if level == -np.inf else f"{level:.0f} dBFS at its loudest"
        raise BadInput(f"{shown} is silence: {heard}, at least {SILENCE_DBFS:.0f} dBFS are needed.")
    peak = float(np.abs(mono).max())
    if peak > 1.0:
        mono = mono * (_PEAK / peak)
    filled = np.zeros(-(-len(mono) // _FRAME) * _FRAME, np.float32)
    filled[: len(mono)] = mono
    samples = np.rint(filled * 32_767).astype(np.int16)
    return Prompt(samples, len(samples) * 1000 // RATE, round(level, 1))


def _loudest_dbfs(mono: npt.NDArray[np.float32]) -> float:
    """Return the level of the loudest tenth of a second, a constant offset taken off."""
    window = RATE // 10
    windows = mono[: len(mono) // window * window].reshape(-1, window).astype(np.float64)
    loudest = float(windows.std(axis=1).max())
    # A sine at full scale has 0 dBFS.
    return 20 * np.log10(loudest * np.sqrt(2)) if loudest > 1e-7 else -np.inf


def _cut_short(shown: str, decoded_s: float, claimed_s: float) -> str:
    return f"{shown} is cut short or damaged: {decoded_s:.1f} s of {claimed_s:.1f} s can be decoded."


def _too_long(shown: str, seconds: float, max_s: float) -> str:
    return f"{shown} lasts over {min(seconds, 359_999) / 60:.1f} minutes; a message lasts {max_s / 60:g} at most."
