"""Decodes what libsndfile does not (WebM, M4A, 3GP, AMR, AAC, WMA, AIFF, GSM) for `engine.services.messages.audio`.

Run by its path, in a process of its own, for one file: FFmpeg's decoders are C,
and the files are strangers'.  The container is named by whoever asks, who has
looked at the first bytes: nothing is guessed, so no playlist can name other
files.  Request: JSON ``{"path", "format", "max_s"}`` after four bytes of length.
Answer: four bytes of length, then one byte: 1, the length that the file claims to have (a double, in
seconds; 0: it tells none) and samples (floats, 8 kHz, mono), or 0 and why not.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.filter import Graph

SECONDS = 60
MEMORY = 1_000_000_000
RATE = 8_000
TELLS_LENGTH = frozenset({"matroska", "mov", "aiff"})
"""Containers that hold their length; of others FFmpeg makes a guess."""


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
        claimed_s = _claimed_s(media, stream) if container in TELLS_LENGTH else 0.0
        graph: Graph | None = None
        for frame in media.decode(stream):
            graph = graph or _to_telephone(frame)
            graph.push(frame)
            _take(graph, out)
            if len(out) > (max_s + 1) * RATE * 4:
                break
        if graph is not None:
            graph.push(None)
            _take(graph, out)
    return struct.pack("<d", claimed_s) + bytes(out)


def _to_telephone(frame: AudioFrame) -> Graph:
    """Filters from frames such as this one to one channel of floats: the mean of the channels, not their sum."""
    from av.filter import Graph

    graph = Graph()
    source = graph.add_abuffer(sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout,
                               time_base=frame.time_base)  # fmt: skip
    graph.link_nodes(
        source,
        graph.add("aresample", f"{RATE}:rematrix_maxval=1"),
        graph.add("aformat", "sample_fmts=flt:channel_layouts=mono"),
        graph.add("abuffersink"),
    ).configure()
    return graph


def _take(graph: Graph, out: bytearray) -> None:
    """Add to `out` what the filters have ready."""
    from av.audio.frame import AudioFrame
    from av.error import BlockingIOError, EOFError

    try:
        while True:
            piece = graph.pull()
            assert isinstance(piece, AudioFrame)
            out += bytes(piece.planes[0])[: piece.samples * 4]
    except (BlockingIOError, EOFError):
        return


def _claimed_s(media: InputContainer, stream: AudioStream) -> float:
    """The length of the sound, else that of the file if it holds nothing beside sound; 0 for none."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    is_sound_alone = all(one.type == "audio" for one in media.streams)
    return media.duration / 1_000_000 if media.duration and is_sound_alone else 0.0


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
