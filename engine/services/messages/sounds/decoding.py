"""Detects the format of a file by its content and decodes it with the one decoder for that format."""

from __future__ import annotations

import io
import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import av
import numpy as np
import soundfile
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from engine.errors import BadInput
from engine.sentences import Sentence
from engine.services.messages.sounds import boxes, mpeg, ogg, tags, wav
from engine.services.messages.sounds.whole import (
    FORMATS,
    SHORT_S,
    Block,
    Slices,
    Sound,
    cut_short,
    undecodable,
    unreadable,
)

log = logging.getLogger(__name__)

_UNRECOGNISED = 1  # SF_ERR_UNRECOGNISED_FORMAT
_FORMATS = frozenset({"WAV", "WAVEX", "OGG", "FLAC"})  # libsndfile decodes these exactly
_TELL_LENGTH = frozenset({"matroska", "mov", "aiff", "caf", "w64"})
"""Containers that store their duration; for others FFmpeg only estimates it."""
_BLOCK_FRAMES = 65_536
_FFMPEG_SHORT_S = 0.3
_FLAC = b"fLaC\x00\x00\x00\x22"


def sounds(data: Any, name: str, shown: str) -> Iterator[Sound]:
    """Yield the sounds of the file in order.

    `data` is the file in memory (bytes or mmap). `name` is used only to recognise raw GSM, which has no header.
    Raises BadInput if the file is not audio, truncated, damaged, or ambiguous.
    """
    start = tags.start_of_sound(data)
    end = tags.end_of_sound(data, start)
    head = data[start : start + 16]
    kind = boxes.container(data, start, name)
    if format_ := boxes.foreign(data, start):
        raise _of_another_kind(format_, shown)
    if wav.is_wav(head):
        for part in wav.parts(data, start, shown):
            yield from _of_wav(part, data, shown)
    elif head[:4] == b"OggS":
        for begins, ends in ogg.links(data, start, end, shown):
            yield _by_soundfile(Slices(b"", memoryview(data)[begins:ends]), shown)
    elif head[:4] == b"fLaC":
        for begins, ends in _flacs(data, start, end):
            yield _by_soundfile(Slices(b"", memoryview(data)[begins:ends]), shown)
    elif kind:
        boxes.check(data, start, kind, shown)
        ends = boxes.end_of(data, start, end, kind, shown)
        for sound in _by_ffmpeg(Slices(b"", memoryview(data)[start:ends]), kind, shown):
            yield sound._replace(ignored=max(0, end - ends) if kind == "amr" else 0)
    elif (first := mpeg.first_frame(data, start)) is not None:
        yield from mpeg.sounds(data, first, end, shown)
    else:
        yield _by_soundfile(
            Slices(b"", memoryview(data)[start:]), shown
        )  # libsndfile identifies or refuses it


def _of_wav(part: wav.WavPart, data: Any, shown: str) -> Iterator[Sound]:
    if part.kind != wav.MPEG_INSIDE:
        yield _by_soundfile(part.file(data), shown)._replace(ignored=part.ignored)
        return
    inside = data[part.at : part.at + part.size]
    first = mpeg.first_frame(inside, 0)
    if first is None:
        raise unreadable(shown, Sentence("it contains no MPEG audio"))
    yield from mpeg.sounds(inside, first, len(inside), shown)


def _flacs(data: Any, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of each FLAC file in a file of several joined ones."""
    while (other := data.find(_FLAC, start + 8, end)) >= 0:
        yield start, other
        start = other
    yield start, end


def _by_soundfile(file: io.RawIOBase, shown: str) -> Sound:
    try:
        sound = soundfile.SoundFile(cast(Any, file))
    except soundfile.LibsndfileError as error:
        raise _refused(error, shown) from None
    if sound.format not in _FORMATS:
        raise _of_another_kind(sound.format, shown)
    # libsndfile reports the largest integer for a stream of unknown length.
    claimed_s = sound.frames / sound.samplerate
    claimed_s = claimed_s if claimed_s < 10**9 else 0.0
    return Sound(sound.samplerate, sound.channels, claimed_s, _blocks(sound, claimed_s, shown))


def _of_another_kind(format_: str, shown: str) -> BadInput:
    return BadInput("%(name)s is %(format)s; send %(sent)s.", name=shown, format=format_, sent=FORMATS)


def _blocks(sound: soundfile.SoundFile, claimed_s: float, shown: str) -> Iterator[Block]:
    decoded = 0
    try:
        with sound:
            while len(block := sound.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
                decoded += len(block)
                yield block
    except soundfile.LibsndfileError as error:
        raise _refused(error, shown) from None
    if decoded / sound.samplerate < claimed_s - SHORT_S:
        raise cut_short(shown, decoded / sound.samplerate, claimed_s)


def _refused(error: soundfile.LibsndfileError, shown: str) -> BadInput:
    if error.code == _UNRECOGNISED:
        return BadInput("%(name)s is not a sound in a known format; send %(sent)s.", name=shown, sent=FORMATS)
    return undecodable(shown)


def _by_ffmpeg(file: io.RawIOBase, kind: str, shown: str) -> Iterator[Sound]:
    """Decode a container. Its format is given, not probed, so that no playlist can refer to other files."""
    decoded_s = claimed_s = 0.0
    with _told(kind, shown), av.open(cast(Any, file), format=kind, metadata_errors="ignore") as media:
        assert isinstance(media, InputContainer)
        if not media.streams.audio:
            raise unreadable(shown, Sentence("it has no sound"))
        stream = media.streams.audio[0]
        claimed_s = _claimed_s(media, stream) if kind in _TELL_LENGTH else 0.0
        frames = media.decode(stream)
        groups = itertools.groupby(frames, lambda frame: (frame.sample_rate, frame.layout.nb_channels))
        for (rate, channels), group in groups:
            counted = _Counted()
            blocks = counted.blocks(group, kind, shown)
            yield Sound(rate, channels, claimed_s, blocks, tracks=len(media.streams.audio))
            decoded_s += counted.samples / rate
    if decoded_s < claimed_s - _FFMPEG_SHORT_S:
        raise cut_short(shown, decoded_s, claimed_s)


@contextmanager
def _told(kind: str, shown: str) -> Iterator[None]:
    """Log FFmpeg's errors and raise BadInput instead: they are for programmers and contain internal paths."""
    try:
        yield
    except av.error.FFmpegError as error:
        log.info("action=sound_undecodable kind=%s why=%r", kind, error.strerror)
        raise undecodable(shown) from None


class _Counted:
    """Counts the samples of the blocks that it passes on."""

    def __init__(self) -> None:
        self.samples = 0

    def blocks(self, frames: Iterator[AudioFrame], kind: str, shown: str) -> Iterator[Block]:
        with _told(kind, shown):
            for frame in frames:
                found = frame.to_ndarray()
                if not frame.format.is_planar:
                    found = found.reshape(-1, frame.layout.nb_channels).T
                self.samples += found.shape[1]
                yield _floats(found).T


def _floats(found: np.ndarray[Any, Any]) -> Block:
    """Convert samples of any type to floats between -1 and 1."""
    if found.dtype.kind == "f":
        return found.astype(np.float32)
    if found.dtype == np.uint8:
        return (found.astype(np.float32) - np.float32(128)) / np.float32(128)
    scaled: Block = found.astype(np.float32) / float(-np.iinfo(found.dtype).min)
    return scaled


def _claimed_s(media: InputContainer, stream: AudioStream) -> float:
    """Return the duration of the stream, or of the file if it holds only sound; 0 if unknown."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    is_sound_alone = all(one.type == "audio" for one in media.streams)
    return media.duration / 1_000_000 if media.duration and is_sound_alone else 0.0
