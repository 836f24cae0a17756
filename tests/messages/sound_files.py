"""Sound files as people bring them: speech of a known length in any format, and what goes wrong with files."""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import Any

import av
import numpy as np
import soundfile
import soxr

from engine.services.messages.spoken_digits import code_samples

CODEC_OF = {"mp4": "aac", "webm": "libopus", "adts": "aac", "asf": "wmav2", "amr": "libopencore_amrnb",
            "aiff": "pcm_s16be", "mp3": "libmp3lame", "caf": "alac", "avi": "libmp3lame", "mpeg": "mp2", "mpegts": "aac",
            "flv": "aac"}  # fmt: skip


@cache
def _spoken(code: str) -> np.ndarray:
    return code_samples(code, "en").astype(np.float64) / 32_768


def speech(seconds: float = 3.0, rate: int = 16_000, code: str = "405172") -> np.ndarray:
    """Spoken digits, one channel of floats, exactly so long; something is said to the end."""
    need = int(seconds * 8_000)
    spoken = _spoken(code)
    loud = np.flatnonzero(np.abs(spoken) > 0.02)
    spoken = spoken[loud[0] : loud[-1]]
    samples = np.tile(spoken, -(-need // len(spoken)))[:need]
    return samples if rate == 8_000 else soxr.resample(samples, 8_000, rate)


def wav(samples: np.ndarray, rate: int = 16_000, subtype: str = "PCM_16", format: str = "WAV") -> bytes:
    out = io.BytesIO()
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with soundfile.SoundFile(out, "w", rate, channels, subtype, format=format) as file:
        for at in range(
            0, len(samples), rate
        ):  # Vorbis is written in pieces only: libsndfile's stack is small
            file.write(samples[at : at + rate])
    return out.getvalue()


def mp3(samples: np.ndarray, rate: int = 16_000, mode: str = "VARIABLE") -> bytes:
    """With a Xing (or Info) header, as LAME writes it."""
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format="MP3", bitrate_mode=mode, compression_level=0.6)
    return out.getvalue()


def ogg(samples: np.ndarray, rate: int = 16_000, subtype: str = "VORBIS") -> bytes:
    return wav(samples, rate, subtype, "OGG")


def flac(samples: np.ndarray, rate: int = 16_000) -> bytes:
    return wav(samples, rate, "PCM_16", "FLAC")


def muxed(container: str, samples: np.ndarray, rate: int = 16_000, tracks: int = 1) -> bytes:
    """One channel in a container that FFmpeg writes, the same in each track."""
    out = io.BytesIO()
    options = {"write_xing": "0", "id3v2_version": "0"} if container == "mp3" else {}
    with av.open(out, "w", format=container, options=options) as file:
        stream: Any = file.add_stream(CODEC_OF[container], rate=rate, layout="mono")
        stream.bit_rate = 12_200 if container == "amr" else 48_000
        others: list[Any] = [
            file.add_stream(CODEC_OF[container], rate=rate, layout="mono") for _ in range(tracks - 1)
        ]
        ints = np.ascontiguousarray((samples * 32_767).astype(np.int16)[None])
        frame = av.AudioFrame.from_ndarray(ints, format="s16", layout="mono")
        frame.sample_rate = rate
        fit = av.AudioResampler(stream.format, stream.layout, rate, frame_size=stream.frame_size)
        for piece in [*fit.resample(frame), *fit.resample(None), None]:
            for one in (stream, *others):
                file.mux(one.encode(piece))
    return out.getvalue()


def first_frame_size(data: bytes, at: int = 0) -> int:
    """Of an MP3 file, by where the next frame with the same first bytes begins."""
    return data.index(data[at : at + 2], at + 4) - at


def without_xing(data: bytes) -> bytes:
    """An MP3 file without the frame that tells its length."""
    assert b"Xing" in data[:200] or b"Info" in data[:200]
    return data[first_frame_size(data) :]


def with_xing(data: bytes, frames: int | None, size: int | None) -> bytes:
    """With another number of frames and bytes in that header; None for a header that does not tell it."""
    at = max(data.find(b"Xing", 0, 200), data.find(b"Info", 0, 200))
    flags = struct.unpack(">I", data[at + 4 : at + 8])[0]
    assert flags & 3 == 3
    made = bytearray(data)
    made[at + 8 : at + 12] = struct.pack(">I", frames or 0)
    made[at + 12 : at + 16] = struct.pack(">I", size or 0)
    return bytes(made)


def xing_of(data: bytes) -> tuple[int, int]:
    """The frames and bytes that its header tells."""
    at = max(data.find(b"Xing", 0, 200), data.find(b"Info", 0, 200))
    frames, size = struct.unpack(">II", data[at + 8 : at + 16])
    return frames, size


def id3(size: int = 100, fill: bytes = b"\0", version: int = 3, footer: bool = False) -> bytes:
    content = (fill * (size // len(fill) + 1))[:size]
    sizes = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    head = bytes([version, 0, 0x10 if footer else 0]) + sizes
    return b"ID3" + head + content + (b"3DI" + head if footer else b"")


def ape(size: int = 60) -> bytes:
    """A label with a header and a footer, as at either end of a file."""
    items = struct.pack("<II", size - 14, 0) + b"Title\0" + b"x" * (size - 14)
    flags = 0x8000_0000
    fields = struct.pack("<III", 2000, len(items) + 32, 1)
    head = b"APETAGEX" + fields + struct.pack("<I", flags | 0x2000_0000) + bytes(8)
    foot = b"APETAGEX" + fields + struct.pack("<I", flags) + bytes(8)
    return head + items + foot


ID3V1 = b"TAG" + b"a title".ljust(125, b"\0")
LYRICS = b"LYRICSBEGININD00002" + b"10" + b"000021" + b"LYRICS200"


def chunk(name: bytes, content: bytes, pads: bool = True) -> bytes:
    return name + struct.pack("<I", len(content)) + content + (b"\0" if pads and len(content) & 1 else b"")


def riff(*chunks: bytes, size: int | None = None, name: bytes = b"RIFF") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return name + struct.pack("<I", len(body) if size is None else size) + body


def fmt(rate: int = 8_000, channels: int = 1, bits: int = 16, code: int = 1) -> bytes:
    align = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", code, channels, rate, rate * align, align, bits))


def pcm(samples: np.ndarray) -> bytes:
    return (samples * 32_767).astype("<i2").tobytes()


def data_chunk(content: bytes, size: int | None = None) -> bytes:
    return b"data" + struct.pack("<I", len(content) if size is None else size) + content
