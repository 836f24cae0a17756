"""A channel of the support line and its events: a caller, an agent's telephone, or a caller who is called back."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from pathlib import Path

from engine.embedded.calls import stamp
from engine.embedded.event_templates import Header
from engine.embedded.support.persons import Caller

# What an application waits for: milliseconds of the call, or None for no limit.  It is resumed with what happened:
# time, break, key, peer (the other side of the talk is gone), joined.
Task = Generator[float | None, str, None]


class HungUp(Exception):
    """Ends the channel from inside an application; the message is the cause."""


class Transferred(Exception):
    """Continues with another extension of the dialplan."""


class Channel:
    """A live channel, from its creation to `SupportHouse.end`."""

    def __init__(self, uuid: str, number: str, destination: str, is_inbound: bool) -> None:
        self.uuid = uuid
        self.number = number  # of the person at its far end
        self.destination = destination
        self.is_inbound = is_inbound
        self.variables: dict[str, str] = {"uuid": uuid, "caller_id_number": number}
        self.person = Caller()
        self.keys: list[str] = []  # pressed, but not yet read
        self.peer: Channel | None = None
        self.task: Task | None = None
        self.wait = 0  # the number of what it waits for
        self.done: Callable[[str, Channel | None], None] | None = None  # gets the result of the ringing, once
        self.talk_s = 0.0  # the person hangs up so long after being joined; 0: never
        self.gateway = ""
        self.recording: tuple[Path, int] | None = None  # the file, and its start in microseconds
        self.created_us = time.time_ns() // 1000
        self.answered_us = 0
        self.ended_us = 0
        self.cause = ""
        self.application = ""

    def headers(self) -> list[Header]:
        """The headers of all its events, as far as the engine reads them."""
        direction = "inbound" if self.is_inbound else "outbound"
        state = "answered" if self.answered_us else "ringing"
        return [
            ("Channel-State", "CS_REPORTING" if self.ended_us else "CS_EXECUTE"),
            (
                "Channel-Call-State",
                "HANGUP" if self.ended_us else "ACTIVE" if self.answered_us else "RINGING",
            ),
            ("Channel-Name", f"sofia/carrier/{self.number}"),
            ("Unique-ID", self.uuid),
            ("Call-Direction", direction),
            ("Channel-Call-UUID", self.uuid),
            ("Answer-State", "hangup" if self.ended_us else state),
            ("Caller-Direction", direction),
            ("Caller-Caller-ID-Number", self.variables["caller_id_number"]),
            ("Caller-Destination-Number", self.destination),
            ("Caller-Unique-ID", self.uuid),
            ("Caller-Context", "avanak_support"),
            ("Caller-Channel-Created-Time", str(self.created_us)),
            ("Caller-Channel-Answered-Time", str(self.answered_us)),
            ("Caller-Channel-Hangup-Time", str(self.ended_us)),
            *((f"variable_{name}", value) for name, value in self.variables.items()),
        ]

    def end_headers(self) -> list[Header]:
        """As `headers`, with those of the end: cause, stamps, durations in seconds and milliseconds."""
        talked_ms = (self.ended_us - self.answered_us) // 1000 if self.answered_us else 0
        return [
            ("Hangup-Cause", self.cause),
            *self.headers(),
            ("variable_hangup_cause", self.cause),
            ("variable_start_stamp", stamp(self.created_us)),
            ("variable_end_stamp", stamp(self.ended_us)),
            ("variable_start_uepoch", str(self.created_us)),
            ("variable_answer_uepoch", str(self.answered_us)),
            ("variable_end_uepoch", str(self.ended_us)),
            ("variable_duration", str((self.ended_us - self.created_us) // 1_000_000)),
            ("variable_billsec", str(talked_ms // 1000)),
            ("variable_billmsec", str(talked_ms)),
        ]
