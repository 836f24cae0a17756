"""Parses the frames of FreeSWITCH's event socket, without a socket.

A frame is a few ``Name: value`` lines, an empty line, and a body of ``Content-Length``
bytes if that header is there.  The frames' own headers are plain text; only the lines
*inside* a ``text/event-plain`` body are percent-encoded.  Lines are split before anything
is decoded, so a display name with ``%0A`` in it stays one value and forges no header.

Sources: mod_event_socket.c of FreeSWITCH 1.10 and the transcripts in tests/esl.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import orjson

from engine.errors import SwitchUnavailable

AUTH_REQUEST = "auth/request"
COMMAND_REPLY = "command/reply"
API_RESPONSE = "api/response"
EVENT_JSON = "text/event-json"
EVENT_PLAIN = "text/event-plain"
DISCONNECT_NOTICE = "text/disconnect-notice"
RUDE_REJECTION = "text/rude-rejection"

# The largest true body is ``show channels as json``: about 1 KB a channel.
MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_HEAD_BYTES = 64 * 1024
_LENGTH = re.compile(r"[0-9]{1,12}")


class FrameError(SwitchUnavailable):
    """The other end does not speak the event-socket protocol; the connection is useless."""


class Frame:
    """One frame: ``content_type``, the frame's own ``headers``, and ``body`` as it came."""

    __slots__ = ("body", "content_type", "headers")

    def __init__(self, content_type: str, headers: dict[str, str], body: bytes) -> None:
        self.content_type = content_type
        self.headers = headers
        self.body = body

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frame):
            return NotImplemented
        return self.headers == other.headers and self.body == other.body

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Frame({self.content_type!r}, {self.headers!r}, {len(self.body)} bytes)"


class FrameParser:
    """Cuts a byte stream into frames, however the network has split it.

    ``feed`` takes what ``recv`` returned and gives the complete frames.  When the stream turns out not to be an event
    socket, the
    frames before that point are still returned and ``error`` says what is wrong; further feeding raises it.  Every byte
    is scanned once for the head and copied once for the body, so a huge body in small pieces costs no more than in one.
    """

    def __init__(self) -> None:
        self.error: FrameError | None = None
        self._buffer = bytearray()
        self._searched = 0
        self._head: dict[str, str] | None = None
        self._body_bytes = 0

    def feed(self, data: bytes | memoryview) -> list[Frame]:
        """Frames completed by ``data``, in order; raises the error of an earlier call."""
        if self.error is not None:
            raise self.error
        buffer = self._buffer
        buffer += data
        frames: list[Frame] = []
        at = 0
        try:
            while True:
                if self._head is None:
                    end = buffer.find(b"\n\n", max(at, self._searched))
                    if end < 0:
                        self._check_head_size(len(buffer) - at)
                        # The last byte may be the first half of the empty line.
                        self._searched = max(0, len(buffer) - at - 1)
                        break
                    self._check_head_size(end - at)
                    self._head = parse_head(bytes(buffer[at:end]))
                    self._body_bytes = self._read_length(self._head)
                    at = end + 2
                if len(buffer) - at < self._body_bytes:
                    self._searched = 0
                    break
                body = bytes(buffer[at : at + self._body_bytes])
                at += self._body_bytes
                frames.append(Frame(self._head.get("Content-Type", ""), self._head, body))
                self._head = None
                self._searched = 0
        except FrameError as error:
            self.error = error
        del buffer[:at]
        return frames

    def _check_head_size(self, size: int) -> None:
        if size > MAX_HEAD_BYTES:
            raise FrameError(
                "the other end sent %(size)s bytes without an empty line; this is no event socket", size=size
            )

    def _read_length(self, head: dict[str, str]) -> int:
        text = head.get("Content-Length")
        if text is None:
            return 0
        if not _LENGTH.fullmatch(text) or int(text) > MAX_BODY_BYTES:
            raise FrameError(
                "a frame claims Content-Length '%(text)s'; a number of bytes up to "
                "%(max_body_bytes)s was expected",
                text=text[:40],
                max_body_bytes=MAX_BODY_BYTES,
            )
        return int(text)


def parse_head(head: bytes) -> dict[str, str]:
    """Parse the header lines of a frame, undecoded; a malformed line, or two lengths, is an error."""
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\n"):
        if not line:
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise FrameError("the line '%(line)s' is no header; this is no event socket", line=line[:60])
        if name == "Content-Length" and headers.get(name, value.strip()) != value.strip():
            raise FrameError("a frame has two different Content-Length headers")
        headers[name] = value.strip()
    return headers


def decode_json(body: bytes) -> dict[str, Any]:
    """Headers of a ``text/event-json`` body, its own body under ``_body``; {} when it is none.

    FreeSWITCH passes on the bytes of the far end, so a name in another encoding makes
    the JSON invalid UTF-8: such bytes become U+FFFD and the event is kept.
    Values are strings, or lists for array headers.
    """
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            decoded = orjson.loads(body.decode("utf-8", "replace"))
        except orjson.JSONDecodeError:
            return {}
    return decoded if isinstance(decoded, dict) else {}


def decode_plain(body: bytes) -> dict[str, Any]:
    """Headers of a ``text/event-plain`` body, its own body under ``_body``.

    Steps: 1. cut the head from the inner body at the first empty line; 2. split the head
    at line feeds; 3. only then percent-decode each value.  A line without a colon is left out.
    """
    head, _, rest = body.partition(b"\n\n")
    headers: dict[str, Any] = {}
    for line in head.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(": ")
        if colon:
            headers[name] = unquote(value) if "%" in value else value
    length = headers.get("Content-Length", "")
    if _LENGTH.fullmatch(length):
        headers["_body"] = rest[: int(length)].decode("utf-8", "replace")
    return headers
