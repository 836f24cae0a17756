"""Originates as the engine sends them, written out by hand: the contract of dialplan/README.md is tested, not our builder."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from typing import Any

from tests.freeswitch.eventsocket import EventSocket

_ATTEMPTS = itertools.count(1)


@dataclass
class End:
    """What CHANNEL_HANGUP_COMPLETE said of one call."""

    event: dict[str, Any]

    @property
    def cause(self) -> str:
        return str(self.event["Hangup-Cause"])

    @property
    def sip_status(self) -> str | None:
        return self.variable("sip_term_status")

    @property
    def answered(self) -> bool:
        return self.event["Caller-Channel-Answered-Time"] != "0"

    @property
    def heard_ms(self) -> int:
        """By the rule of dialplan/README.md."""
        counted = int(self.variable("avanak_heard_ms") or 0)
        return max(counted, int(self.variable("playback_last_offset_pos") or 0) // 8) if self.answered else 0

    def variable(self, name: str) -> str | None:
        """A channel variable, None if it was not set."""
        return self.event.get(f"variable_{name}")


def dial(line: EventSocket, number: str, **variables: object) -> str:
    """Sends one originate and returns its uuid; ``variables`` add to, or (None) take from, the usual ones."""
    call = str(uuid.uuid4())
    chosen: dict[str, object] = {
        "origination_uuid": call, "origination_caller_id_number": "02191000000", "originate_timeout": 3,
        "ignore_early_media": "true", "absolute_codec_string": "PCMA@8000h@20i", "avanak_attempt": next(_ATTEMPTS),
        "avanak_campaign": 7, "avanak_account": 3, "avanak_message": "two", "avanak_max_s": 60, **variables,
    }  # fmt: skip
    text = ",".join(f"{name}={value}" for name, value in chosen.items() if value is not None)
    reply = line.command(
        f"bgapi originate {{{text}}}sofia/gateway/lab/{number} avanak XML avanak\nJob-UUID: {call}"
    )
    assert reply.startswith("+OK"), reply
    return call


def end_of(line: EventSocket, call: str, timeout_s: float = 25) -> End:
    """Waits for the end of a call."""
    return End(line.wait(timeout_s, Event_Name="CHANNEL_HANGUP_COMPLETE", Unique_ID=call))
