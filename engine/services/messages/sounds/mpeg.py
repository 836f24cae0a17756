"""MPEG audio (MP3, MP2): finds and decodes every frame, whatever a header says about their number.

Files without a length, with a wrong one, or joined from several are read to the end of the data. Tags and
a few foreign bytes between frames are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from engine.errors import BadInput
from engine.sentences import Sentence
from engine.services.messages.sounds import tags
from engine.services.messages.sounds.whole import SHORT_S, Block, Sound, breaks_off, cut_short, unreadable

_BITRATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}  # kbit/s by (1 for MPEG 1, else 2; layer)
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_FOREIGN = 4_096  # longest run of bytes, between frames or at the end, that is skipped
_LOOKED_THROUGH = 262_144  # bytes searched for the first frame
_DECODER_DELAY = 529  # samples that every layer 3 decoder adds at the start
_SPOILT_SHARE = 0.02  # of the frames may be undecodable


class Frame(NamedTuple):
    """A frame header; `size` in bytes, `samples` per channel."""

    version: int  # 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
    layer: int
    rate: int
    channels: int
    size: int
    samples: int

    @property
    def form(self) -> tuple[int, int, int, int]:
        """What all frames of one piece have in common."""
        return self[:4]


@dataclass(slots=True)
class Piece:
    """Consecutive frames from one encoder."""

    first: Frame
    frames: list[tuple[int, int]] = field(default_factory=list)  # (place, size)
    claimed: int = 0  # number of frames in its header; 0: unknown
    claimed_bytes: int = 0
    bytes: int = 0
    skip: int = 0  # samples that the encoder added before, and (drop) after
    drop: int = 0
    ignored: int = 0  # trailing zeros, up to the end of the file


def frame_at(data: Any, at: int) -> Frame | None:
    """Parse the frame header at `at`; None if there is none."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bits, rate_at = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or rate_at == 3 or bits in (0, 15):
        return None
    rate = _RATES[version][rate_at]
    kbits = _BITRATES[1 if version == 3 else 2, layer][bits - 1]
    padding = head[2] >> 1 & 1
    samples = 384 if layer == 1 else 576 if layer == 3 and version != 3 else 1_152
    size = (12_000 * kbits // rate + padding) * 4 if layer == 1 else samples * 125 * kbits // rate + padding
    return Frame(version, layer, rate, 1 if head[3] >> 6 == 3 else 2, size, samples)


def first_frame(data: Any, start: int) -> int | None:
    """Return where two consistent frames begin; None if this is not MPEG audio."""
    return _next_pair(data, start, min(len(data), start + _LOOKED_THROUGH))


def sounds(data: Any, start: int, end: int, shown: str) -> Iterator[Sound]:
    """Yield the sound of each piece.  Raises BadInput if the file is truncated or damaged."""
    pieces = _pieces(data, start, end, shown)
    total = sum(len(piece.frames) for piece in pieces)
    for piece in pieces:
        _compare(piece, total, shown)
    for piece in pieces:
        if piece.frames:
            first = piece.first
            seconds = len(piece.frames) * first.samples / first.rate
            yield Sound(first.rate, first.channels, seconds, _decoded(data, piece, shown), piece.ignored)


def _pieces(data: Any, at: int, end: int, shown: str) -> list[Piece]:
    pieces: list[Piece] = []
    is_new = True
    while at < end:
        frame = frame_at(data, at)
        fits = frame is not None and (is_new or frame.form == pieces[-1].first.form)
        if frame is not None and (fits or _follows(data, at, frame, end)):
            if at + frame.size > end:
                if is_new:
                    break  # looks like a header after the last tag
                claimed, whole = pieces[-1].claimed, len(pieces[-1].frames)
                a_frame = frame.samples / frame.rate
                if claimed - whole > 2:
                    raise cut_short(shown, whole * a_frame, claimed * a_frame)
                if claimed:
                    break  # the last frame is the encoder's padding
                seconds = sum(len(one.frames) * one.first.samples / one.first.rate for one in pieces)
                raise breaks_off(shown, seconds)
            header = _header_of(data, at, frame)
            if header is not None or not fits or is_new:
                pieces.append(header or Piece(frame))
            if header is None:
                pieces[-1].frames.append((at, frame.size))
            pieces[-1].bytes += frame.size
            is_new = False
            at += frame.size
            continue
        if length := tags.length_at(data, at):
            at, is_new = at + length, True
            continue
        found = _next_pair(data, at + 1, end)
        foreign = (found if found is not None else end) - at
        if foreign > _FOREIGN and pieces and not any(data[at:end]):
            pieces[-1].ignored = foreign
            break
        if foreign > _FOREIGN:
            raise unreadable(shown, Sentence("%(bytes)s bytes in it are not sound", bytes=f"{foreign:,}"))
        at, is_new = at + foreign, True
    return pieces


def _follows(data: Any, at: int, frame: Frame, end: int) -> bool:
    """Whether a frame is followed by one of the same form, a tag, or the end."""
    behind = at + frame.size
    other = frame_at(data, behind)
    return (
        behind == end
        or (other is not None and other.form == frame.form)
        or bool(tags.length_at(data, behind))
    )


def _next_pair(data: Any, at: int, end: int) -> int | None:
    while (at := data.find(b"\xff", at, end)) >= 0:
        frame = frame_at(data, at)
        if frame is not None and _follows(data, at, frame, end):
            return at
        at += 1
    return None


def _header_of(data: Any, at: int, frame: Frame) -> Piece | None:
    """Parse a frame that holds the encoder's header (Xing, Info, VBRI) instead of sound."""
    raw = data[at : at + frame.size]
    side = (17 if frame.channels == 1 else 32) if frame.version == 3 else (9 if frame.channels == 1 else 17)
    if raw[36:40] == b"VBRI" and len(raw) >= 54:
        return Piece(
            frame,
            claimed=int.from_bytes(raw[50:54], "big"),
            claimed_bytes=int.from_bytes(raw[46:50], "big"),
        )
    # Two bytes later if each frame has a checksum.
    for place in (4 + side, 6 + side):
        if raw[place : place + 4] in (b"Xing", b"Info"):
            return _xing(frame, raw[place:])
    return None


def _xing(frame: Frame, raw: bytes) -> Piece:
    piece = Piece(frame)
    flags = int.from_bytes(raw[4:8], "big")
    at = 8
    if flags & 1:
        piece.claimed = int.from_bytes(raw[at : at + 4], "big")
        at += 4
    if flags & 2:
        piece.claimed_bytes = int.from_bytes(raw[at : at + 4], "big")
        at += 4
    at += (100 if flags & 4 else 0) + (4 if flags & 8 else 0)
    if raw[at : at + 4].isalnum() and len(raw) >= at + 24:  # LAME tag: encoder, delay and padding
        added = int.from_bytes(raw[at + 21 : at + 24], "big")
        delay, padding = added >> 12, added & 0xFFF
        if delay:
            piece.skip, piece.drop = delay + _DECODER_DELAY, max(0, padding - _DECODER_DELAY)
    return piece


def _compare(piece: Piece, total: int, shown: str) -> None:
    """Raise BadInput if the piece has fewer frames than its header says, unless all its bytes are there."""
    found = len(piece.frames)
    missing = piece.claimed - found
    if piece.claimed and abs(missing) > 1:
        piece.drop = 0  # the end of the sound is unknown
    is_whole = piece.claimed_bytes and piece.bytes >= 0.99 * piece.claimed_bytes
    is_of_all = total > found and abs(piece.claimed - total) <= 0.02 * total
    a_second = piece.first.rate / piece.first.samples
    if missing > SHORT_S * a_second and not is_whole and not is_of_all:
        raise cut_short(shown, found / a_second, piece.claimed / a_second)


def _decoded(data: Any, piece: Piece, shown: str) -> Iterator[Block]:
    """Decode the piece frame by frame, without the encoder's delay and padding."""
    first = piece.first
    skip, left = piece.skip, len(piece.frames) * first.samples - piece.skip - piece.drop
    spoilt = 0
    gathered: list[Block] = []
    for found in _frames(data, piece):
        spoilt += found is None
        block = np.zeros((first.samples, first.channels), np.float32) if found is None else found
        block, skip = block[skip:], max(0, skip - first.samples)
        block = block[: max(0, left)]
        left -= len(block)
        gathered.append(block)
        if len(gathered) >= 64:
            yield np.concatenate(gathered)
            gathered.clear()
    if spoilt > max(2, _SPOILT_SHARE * len(piece.frames)):
        raise BadInput(
            "%(name)s is damaged: %(count)s of its frames cannot be decoded.", name=shown, count=spoilt
        )
    if gathered:
        yield np.concatenate(gathered)


def _frames(data: Any, piece: Piece) -> Iterator[Block | None]:
    """Yield a block for each frame; None for a frame that cannot be decoded."""
    first = piece.first
    context = av.CodecContext.create(f"mp{first.layer}float", "r")
    assert isinstance(context, AudioCodecContext)
    for at, size in piece.frames:
        try:
            made = context.decode(av.Packet(data[at : at + size]))
        except av.error.InvalidDataError:
            made = []
        blocks = [_block(frame) for frame in made if isinstance(frame, AudioFrame)]
        fitting = [one for one in blocks if one.shape == (first.samples, first.channels)]
        yield fitting[0] if fitting else None


def _block(frame: AudioFrame) -> Block:
    found = frame.to_ndarray()
    if not frame.format.is_planar:
        found = found.reshape(-1, frame.layout.nb_channels).T
    block: Block = np.ascontiguousarray(found.T, np.float32)
    return block
