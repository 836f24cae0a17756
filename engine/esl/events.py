"""Events of the switch as small typed values.

An ``Event`` holds the raw body.  Single headers are searched in it; it is decoded, once, only if all headers are
needed, which
is so for the last event of a call.  ``read_event`` turns an event into the value for its kind.  Nothing from the wire is
trusted: a malformed value is read as None (or False) and never raises.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any

import orjson

from engine.call_end import CallEnd, read_end, to_int
from engine.esl.protocol import EVENT_JSON, Frame, decode_json, decode_plain

log = logging.getLogger(__name__)

_CAUSE = re.compile(r"[A-Z0-9_]{1,64}")
_FLOAT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')  # a string of JSON


class Event:
    """One event as it came; the headers are decoded once, when all of them are needed."""

    __slots__ = ("_body", "_headers", "_is_json", "_name", "size")

    def __init__(self, frame: Frame) -> None:
        self._body = frame.body
        self._is_json = frame.content_type == EVENT_JSON
        self._headers: dict[str, Any] | None = None
        self._name: str | None = None
        self.size = len(frame.body)

    @property
    def headers(self) -> dict[str, Any]:
        """All headers; values are strings, or lists of strings for array variables."""
        if self._headers is None:
            self._headers = decode_json(self._body) if self._is_json else decode_plain(self._body)
            if not self._headers:
                log.warning("action=event_unreadable bytes=%d start=%r", self.size, self._body[:80])
            self._body = b""
        return self._headers

    def get(self, header: str) -> str | None:
        """The header's value; None when it is absent or not one string."""
        headers = self._headers
        if headers is None:
            found = self._found(header) if self._is_json else None
            if found is not None:
                return found
            headers = self.headers
        value = headers.get(header)
        return value if isinstance(value, str) else None

    def _found(self, header: str) -> str | None:
        """The value as found in the raw JSON; None if it is missing or no readable text.

        A quote inside a key or value has a backslash before it, so what looks like a key is one.
        """
        key = f'"{header}":"'.encode()
        at = self._body.find(key)
        if at < 1 or self._body[at - 1] not in b"{,":
            return None
        found = _TEXT.match(self._body, at + len(key) - 1)
        if found is None:
            return None
        text = found[0]
        if b"\\" not in text:
            return text[1:-1].decode("utf-8", "replace")
        try:
            return str(orjson.loads(text))
        except orjson.JSONDecodeError:
            return None

    def variable(self, name: str) -> str | None:
        """The channel variable ``name``."""
        return self.get("variable_" + name)

    @property
    def name(self) -> str | None:
        """FreeSWITCH's name of the event, for example CHANNEL_ANSWER; several handlers ask for it."""
        if self._name is None:
            self._name = self.get("Event-Name")
        return self._name

    @property
    def uuid(self) -> str | None:
        """The channel that this event is about."""
        return self.get("Unique-ID")

    @property
    def job_uuid(self) -> str | None:
        """The background job that this event ends."""
        return self.get("Job-UUID")

    @property
    def core_uuid(self) -> str | None:
        """One run of the switch; another value means that it was restarted."""
        return self.get("Core-UUID")

    def __repr__(self) -> str:
        return f"Event({self.name}, {self.uuid or self.job_uuid})"


@dataclass(slots=True)
class Progress:
    """The far end rings, or sends early media, which is not an answer."""

    uuid: str
    at_ms: int | None


@dataclass(slots=True)
class Answered:
    """The far end answered."""

    uuid: str
    at_ms: int | None


@dataclass(slots=True)
class BackgroundJob:
    """The end of a ``bgapi``: ``ok``, or the ``cause`` that it failed with (None if it gave none)."""

    job_uuid: str
    core_uuid: str | None
    ok: bool
    cause: str | None
    body: str


@dataclass(slots=True)
class Heartbeat:
    """The switch's own figures, every 20 seconds."""

    core_uuid: str | None
    session_count: int | None
    max_sessions: int | None
    sps: int | None
    idle_cpu: float | None


def read_progress(event: Event) -> Progress | None:
    """From CHANNEL_PROGRESS or CHANNEL_PROGRESS_MEDIA; None without a uuid."""
    uuid = event.uuid
    if not uuid:
        return None
    at = _epoch_ms(event.get("Caller-Channel-Progress-Time"))
    return Progress(uuid, at or _epoch_ms(event.get("Event-Date-Timestamp")))


def read_answered(event: Event) -> Answered | None:
    """From CHANNEL_ANSWER; None without a uuid."""
    uuid = event.uuid
    if not uuid:
        return None
    at = _epoch_ms(event.get("Caller-Channel-Answered-Time"))
    return Answered(uuid, at or _epoch_ms(event.get("Event-Date-Timestamp")))


def read_hangup(event: Event) -> CallEnd | None:
    """From CHANNEL_HANGUP_COMPLETE; None without a uuid."""
    uuid = event.uuid
    if not uuid:
        return None
    headers = event.headers

    def value_of(name: str) -> str | None:
        value = headers.get("variable_" + name)
        return value if isinstance(value, str) else None

    return read_end(uuid, value_of)


def read_background_job(event: Event) -> BackgroundJob | None:
    """From BACKGROUND_JOB, whose body is ``+OK <uuid>`` or ``-ERR <CAUSE>``; None without a Job-UUID."""
    job_uuid = event.job_uuid
    if not job_uuid:
        return None
    body = (event.get("_body") or "").strip()
    cause = None
    if body.startswith("-ERR "):
        cause = _matching(_CAUSE, body[5:].strip())
    return BackgroundJob(job_uuid, event.core_uuid, body.startswith("+OK"), cause, body)


def read_heartbeat(event: Event) -> Heartbeat:
    """From HEARTBEAT."""
    get = event.get
    idle = _matching(_FLOAT, get("Idle-CPU"))
    return Heartbeat(
        core_uuid=event.core_uuid,
        session_count=to_int(get("Session-Count")),
        max_sessions=to_int(get("Max-Sessions")),
        sps=to_int(get("Session-Per-Sec")),
        idle_cpu=float(idle) if idle else None,
    )


_READERS = {
    "CHANNEL_PROGRESS": read_progress,
    "CHANNEL_PROGRESS_MEDIA": read_progress,
    "CHANNEL_ANSWER": read_answered,
    "CHANNEL_HANGUP_COMPLETE": read_hangup,
    "BACKGROUND_JOB": read_background_job,
    "HEARTBEAT": read_heartbeat,
}

Reading = Progress | Answered | CallEnd | BackgroundJob | Heartbeat


def read_event(event: Event) -> Reading | None:
    """The typed value of an event; None for kinds that the engine does not use."""
    reader = _READERS.get(event.name or "")
    return reader(event) if reader else None  # type: ignore[operator]


def _epoch_ms(text: str | None) -> int | None:
    """FreeSWITCH's microseconds since the epoch as milliseconds; 0 means never."""
    value = to_int(text)
    return value // 1000 if value else None


def _matching(pattern: re.Pattern[str], text: str | None) -> str | None:
    return text if text and pattern.fullmatch(text) else None
