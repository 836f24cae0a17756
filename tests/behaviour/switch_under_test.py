"""What the behavioural tests need of a switch, whichever it is, and a tiny event-socket client of their own.

A fixture that brings a switch makes a ``SwitchUnderTest``; the scenarios (``scenarios.py``) know nothing else.
The client is plain and blocking on purpose: it must not share mistakes with engine/esl.
"""

from __future__ import annotations

import json
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

Headers = dict[str, str]
EVENTS = "CHANNEL_CREATE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB"


@dataclass(frozen=True)
class SwitchUnderTest:
    """A switch on loopback.

    ``gateway`` leads to a carrier that keeps the table of engine/embedded/people.py; ``message`` is the
    name of a prompt of ``message_ms`` that the dialplan finds.  Scenarios turn ``fsctl sps`` and ``max_sessions``
    and put them back.
    """

    host: str
    port: int
    password: str
    gateway: str
    message: str
    message_ms: int
    deadline_s: float = 20.0
    number_prefix: str = "0912000"

    def number(self, ending: str) -> str:
        """A number whose owner behaves as the table says for these four digits."""
        return self.number_prefix + ending

    def connect(self, events: str = EVENTS) -> Client:
        """A client that has logged in and subscribed."""
        client = Client(self.host, self.port, self.deadline_s)
        assert client.reply()["Content-Type"] == "auth/request"
        assert client.command(f"auth {self.password}")["Reply-Text"] == "+OK accepted"
        if events:
            client.command(f"event json {events}")
        return client

    def originate(self, client: Client, ending: str, *, gateway: str = "", **variables: str) -> str:
        """Sends a message call as the engine does; gives its uuid, which is its Job-UUID too."""
        call = variables.pop("uuid", "") or str(uuid.uuid4())
        settings = {
            "origination_uuid": call, "originate_timeout": "15", "ignore_early_media": "true",
            "avanak_attempt": "4711", "avanak_campaign": "7", "avanak_message": self.message,
            "avanak_max_s": "60", **variables,
        }  # fmt: skip
        inside = ",".join(f"{name}={value}" for name, value in settings.items())
        target = f"sofia/gateway/{gateway or self.gateway}/{self.number(ending)}"
        client.send(f"bgapi originate {{{inside}}}{target} avanak XML avanak\nJob-UUID: {call}\n\n")
        return call


class Client:
    """A blocking event-socket client; events that come while a reply is awaited are kept in order."""

    def __init__(self, host: str, port: int, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self.events: list[dict[str, Any]] = []
        self.replies: list[Headers] = []
        self.jobs: list[str] = []  # that bgapi accepted
        self.is_closed = False
        self._socket = socket.create_connection((host, port), timeout=deadline_s)
        self._buffer = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, text: str) -> None:
        self._socket.sendall(text.encode())

    def command(self, text: str) -> Headers:
        """One command and its reply."""
        self.send(text + "\n\n")
        return self.reply()

    def api(self, text: str) -> str:
        """The body that ``api`` answers."""
        reply = self.command(f"api {text}")
        assert reply["Content-Type"] == "api/response"
        return reply["_body"]

    def reply(self) -> Headers:
        """The next frame that is not an event."""
        self._until(lambda: self.replies)
        return self.replies.pop(0)

    def event(self, name: str, uuid: str = "") -> dict[str, Any]:
        """The first event of this name (and channel or job), taken out of those that came."""

        def find() -> dict[str, Any] | None:
            for index, one in enumerate(self.events):
                if one["Event-Name"] == name and uuid in ("", one.get("Unique-ID"), one.get("Job-UUID")):
                    return self.events.pop(index)
            return None

        return self._until(find)

    def names(self, uuid: str) -> list[str]:
        """The events of a call that came so far and were not taken, in order."""
        return [
            one["Event-Name"] for one in self.events if uuid in (one.get("Unique-ID"), one.get("Job-UUID"))
        ]

    def job(self) -> str:
        """The next Job-UUID that ``bgapi`` accepted."""
        self._until(lambda: self.jobs)
        return self.jobs.pop(0)

    def wait_closed(self) -> None:
        """Until the switch closes the connection."""
        self._until(lambda: self.is_closed)

    def pump(self, seconds: float) -> None:
        """Reads whatever comes for a while: for things that must *not* come."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not self.is_closed:
            self._read(left)

    def _until(self, condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + self.deadline_s
        while not (found := condition()):
            left = deadline - time.monotonic()
            assert left > 0, (
                f"nothing came in {self.deadline_s} s; events: {[e['Event-Name'] for e in self.events]}"
            )
            assert not self.is_closed, "the switch closed the connection"
            self._read(left)
        return found

    def _read(self, seconds: float) -> None:
        self._socket.settimeout(max(0.01, seconds))
        try:
            data = self._socket.recv(1 << 18)
        except TimeoutError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self.is_closed = True
        self._buffer += data
        self._cut_frames()

    def _cut_frames(self) -> None:
        while (end := self._buffer.find(b"\n\n")) >= 0:
            headers = parse_headers(self._buffer[:end].decode())
            length = int(headers.get("Content-Length", 0))
            if len(self._buffer) < end + 2 + length:
                return
            body = self._buffer[end + 2 : end + 2 + length].decode()
            self._buffer = self._buffer[end + 2 + length :]
            kind = headers.get("Content-Type", "")
            if kind == "text/event-json":
                self.events.append(json.loads(body))
            elif kind == "text/event-plain":
                self.events.append(parse_plain_event(body))
            elif "Job-UUID" in headers:
                self.jobs.append(headers["Job-UUID"])
            else:
                self.replies.append({**headers, "_body": body})


def parse_headers(text: str) -> Headers:
    """Lines of ``Name: value``."""
    return dict(
        line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in text.split("\n") if line
    )


def parse_plain_event(body: str) -> dict[str, Any]:
    """An ``event plain`` body: percent-encoded headers, and what follows them."""
    head, _, rest = body.partition("\n\n")
    event: dict[str, Any] = {name: unquote(value) for name, value in parse_headers(head).items()}
    if rest:
        event["_body"] = rest
    return event
