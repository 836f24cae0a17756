"""Decodes what libsndfile does not (WebM, M4A, 3GP, AMR, AAC, WMA, AIFF) for `engine.services.audio`.

Run by its path, in a process of its own, for one file: FFmpeg's decoders are C,
and the files are strangers'.  The container is named by whoever asks, who has
looked at the first bytes: nothing is guessed, so no playlist can name other
files.  Request: JSON ``{"path", "format", "max_s"}`` after four bytes of length.
Answer: four bytes of length, then one byte: 1 and samples (floats, 8 kHz, mono), or 0 and why not.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys

SECONDS = 60
MEMORY = 1_000_000_000
RATE = 8_000


def _decode(path: str, container: str, max_s: float) -> bytes:
    import av
    from av.container import InputContainer

    out = bytearray()
    # FFmpeg is handed a file that is open and the container's name: it opens nothing by itself.
    with open(path, "rb") as file, av.open(file, format=container, metadata_errors="ignore") as media:
        assert isinstance(media, InputContainer)
        if not media.streams.audio:
            raise ValueError("it has no sound")
        stream = media.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in media.decode(stream):
            for piece in resampler.resample(frame):
                out += bytes(piece.planes[0])[: piece.samples * 4]
            if len(out) > (max_s + 1) * RATE * 4:
                raise ValueError("too long")
        for piece in resampler.resample(None):
            out += bytes(piece.planes[0])[: piece.samples * 4]
    return bytes(out)


def _read(size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def main() -> None:
    """Answer requests until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    while True:
        request = json.loads(_read(struct.unpack("<I", _read(4))[0]))
        signal.alarm(SECONDS)
        try:
            answer = b"\1" + _decode(request["path"], request["format"], request["max_s"])
        except Exception as error:  # noqa: BLE001 - whatever a damaged file does, it is told and the next may come
            # FFmpeg's errors name our own temporary file: only what happened is told.
            answer = b"\0" + str(getattr(error, "strerror", None) or error).encode()[:300]
        signal.alarm(0)
        view = memoryview(struct.pack("<I", len(answer)) + answer)
        while view:
            view = view[os.write(1, view) :]


if __name__ == "__main__":
    main()
