"""One simulated call, and the values of its events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from engine.embedded.dialstring import Originate
from engine.embedded.event_templates import Header
from engine.embedded.gateways import Gateway
from engine.embedded.people import Fate
from engine.embedded.talk import BREATH_MS, Step

# FreeSWITCH's causes and their Q.850 codes; those above 127 count as normal clearing (16), as recorded.
CAUSES: Mapping[str, int] = {
    "UNALLOCATED_NUMBER": 1, "NO_ROUTE_DESTINATION": 3, "NORMAL_CLEARING": 16, "USER_BUSY": 17,
    "NO_USER_RESPONSE": 18, "NO_ANSWER": 19, "SUBSCRIBER_ABSENT": 20, "CALL_REJECTED": 21, "NUMBER_CHANGED": 22,
    "DESTINATION_OUT_OF_ORDER": 27, "INVALID_NUMBER_FORMAT": 28, "NORMAL_UNSPECIFIED": 31,
    "NORMAL_CIRCUIT_CONGESTION": 34, "NETWORK_OUT_OF_ORDER": 38, "NORMAL_TEMPORARY_FAILURE": 41,
    "SWITCH_CONGESTION": 42, "REQUESTED_CHAN_UNAVAIL": 44, "SERVICE_UNAVAILABLE": 63, "CHAN_NOT_IMPLEMENTED": 66,
    "INCOMPATIBLE_DESTINATION": 88, "RECOVERY_ON_TIMER_EXPIRE": 102, "INTERWORKING": 127,
    "ORIGINATOR_CANCEL": 16, "CRASH": 16, "SYSTEM_SHUTDOWN": 16, "LOSE_RACE": 16, "MANAGER_REQUEST": 16,
    "UNWANTED": 16, "MANDATORY_IE_MISSING": 96,
    "ATTENDED_TRANSFER": 16, "ALLOTTED_TIMEOUT": 16, "USER_CHALLENGE": 16, "MEDIA_TIMEOUT": 16,
    "GATEWAY_DOWN": 16, "INVALID_GATEWAY": 16,
}  # fmt: skip
_US = 1_000_000
HELD_AFTER_MS = 400  # of the message
PACKET_BYTES = 172  # of 20 ms


@lru_cache(maxsize=4096)
def _stamp_of_second(second: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))


def stamp(at_us: int) -> str:
    """Local time as in ``variable_start_stamp``."""
    return _stamp_of_second(at_us // _US)


class Call:
    """A live call.

    ``*_ms`` are milliseconds of the call itself, counted from its creation.  Instants (``*_us`` in events) are the wall
    clock of the creation plus these milliseconds divided by ``speed``.  So durations are those that the two people
    experience, and instants agree with the wall clock.
    """

    __slots__ = (
        "answered_ms",
        "application",
        "application_data",
        "caller_id",
        "cause",
        "created_mono",
        "created_us",
        "digits",
        "disposition",
        "done",
        "early_ms",
        "ended_ms",
        "fate",
        "gateway",
        "heard_ms",
        "is_message",
        "json_variables",
        "message_ms",
        "next_ms",
        "next_what",
        "order",
        "partner",
        "pending",
        "plain_variables",
        "playing",
        "playing_since_ms",
        "progress_ms",
        "refusal",
        "response",
        "results",
        "session_id",
        "slow_ms",
        "speed",
        "step_index",
        "steps",
        "timeout_ms",
        "uuid",
        "values",
        "variables",
    )  # fmt: skip

    def __init__(
        self, uuid: str, session_id: int, order: Originate, gateway: Gateway, fate: Fate, speed: float,
        created_us: int, created_mono: float, done: Any,
    ) -> None:  # fmt: skip
        variables = order.variables
        self.uuid = uuid
        self.session_id = session_id
        self.order = order
        self.gateway = gateway
        self.fate = fate
        self.refusal = fate.refusal
        self.speed = speed
        self.created_us = created_us
        self.created_mono = created_mono
        self.done = done
        self.variables = variables
        self.caller_id = variables.get("origination_caller_id_number", "0000000000")
        timeout = variables.get("originate_timeout", "")
        self.timeout_ms = 1000 * int(timeout) if timeout.isdigit() else 60_000
        self.slow_ms = gateway.slow_ms
        self.is_message = not order.application and order.data == "avanak" and order.context == "avanak"
        self.partner: Call | None = None  # the call that it is joined to
        self.application = order.application or "playback"
        self.application_data = order.data
        self.steps: list[Step] = []
        self.step_index = 0
        self.next_what = ""
        self.next_ms = 0
        self.pending = -1
        self.progress_ms: int | None = None
        self.early_ms: int | None = None
        self.answered_ms: int | None = None
        self.ended_ms: int | None = None
        self.playing: str | None = None
        self.playing_since_ms = 0
        self.heard_ms = 0
        self.message_ms = 0
        self.digits = ""
        self.cause = ""
        self.disposition = ""
        self.response = ""
        self.results: dict[str, str] = {}
        self.values: dict[str, str] | None = None
        self.json_variables: str | None = None
        self.plain_variables: str | None = None

    @property
    def hold_ms(self) -> int:
        """How long (ms) the callee held the line."""
        return self.fate.hold_ms if self.is_answered else 0

    def packets(self, talked_ms: int) -> int:
        """How many packets of voice were sent in a call of this length."""
        sendable = self.fate.sendable_ms
        return (talked_ms if sendable is None else min(talked_ms, sendable)) // 20

    @property
    def has_rung(self) -> bool:
        """Whether it rang or sent early media."""
        return self.progress_ms is not None or self.early_ms is not None

    @property
    def is_answered(self) -> bool:
        return self.answered_ms is not None

    def us(self, at_ms: int | None) -> int:
        """The wall clock, in microseconds, of a moment of this call; 0 for None."""
        return 0 if at_ms is None else self.created_us + int(at_ms * 1000 / self.speed)

    def moment(self, mono: float) -> int:
        """The call's own milliseconds at a time of the monotonic clock."""
        return max(0, int((mono - self.created_mono) * 1000 * self.speed))

    def stop_playing(self, at_ms: int) -> int:
        """Ends the playback: sets ``playback_ms`` and the like, and returns the milliseconds that were played."""
        played = max(0, at_ms - self.playing_since_ms)
        for name in ("last_offset_pos", "seconds", "ms", "samples"):
            self.results.pop(f"playback_{name}", None)  # set again, it moves to the end
        self.results["playback_last_offset_pos"] = str(played * 8)
        self.results["playback_seconds"] = str(played // 1000)
        self.results["playback_ms"] = str(played)
        self.results["playback_samples"] = str(played * 8)
        self.playing = None
        return played

    def book_hearing(self, played_ms: int) -> None:
        """Sets what the dialplan sets after each playback of the message (40_heard): the longest time heard."""
        self.heard_ms = max(self.heard_ms, played_ms)
        self.results["avanak_heard_ms"] = str(self.heard_ms)
        if self.fate.hold_ms and self.answered_ms is not None:  # by the call's own clock, as `billmsec` is
            held_us = self.us(self.answered_ms) + 1000 * (BREATH_MS + HELD_AFTER_MS)
            self.results["hold_events"] = f"{{{{{held_us},{held_us + 1000 * self.fate.hold_ms}}}}}"
        if played_ms >= self.message_ms:
            self.results["avanak_finished"] = "true"

    def variable_headers(self) -> list[Header]:
        """The variables of the originate string in the form of events."""
        headers = [(f"variable_{name}", value) for name, value in self.variables.items()]
        if "origination_uuid" not in self.variables:
            headers.insert(0, ("variable_origination_uuid", self.uuid))
        return headers

    def application_headers(self) -> list[Header]:
        headers = [("variable_current_application", self.application)]
        if self.application_data:
            headers.insert(0, ("variable_current_application_data", self.application_data))
        return headers

    def last_application_headers(self) -> list[Header]:
        headers = [("variable_last_app", self.application)]
        if self.application_data:
            headers.append(("variable_last_arg", self.application_data))
        return headers

    def result_headers(self) -> list[Header]:
        return [(f"variable_{name}", value) for name, value in self.results.items()]

    def base_values(self) -> dict[str, str]:
        """The values of every event of the call; made at the first event with a subscriber."""
        if self.values is None:
            mark = self.uuid.replace("-", "")
            port = 16384 + self.session_id * 2 % 16384
            created = str(self.created_us)
            self.values = {
                "uuid": self.uuid, "number": self.order.number, "gateway": self.gateway.name,
                "session_id": str(self.session_id), "caller_id": self.caller_id, "created_us": created,
                "from_tag": mark[:13], "to_tag": mark[13:21], "branch": "z9hG4bK" + mark[:13],
                "sip_call_id": self.uuid, "cseq": str(123_000_000 + self.session_id),
                "local_port": str(port), "remote_port": str(port + 16384), "ssrc": str(self.created_us % 0x7FFFFFFF),
                "sdp_id": created[:10], "sdp_version": created[:10], "progress_us": "0", "early_us": "0",
                "answered_us": "0", "ended_us": "0",
            }  # fmt: skip
        return self.values

    def end_values(self) -> dict[str, str]:
        """The values of the events of the end only: cause, stamps, durations, packet counts."""
        ended = self.ended_ms or 0
        answered = self.answered_ms
        bill = ended - answered if answered is not None else 0
        answer = answered or 0
        flow = ended if answered is not None else 0
        ring, early = self.progress_ms or 0, self.early_ms or 0
        packets = self.packets(bill)
        created_us, answered_us, ended_us = self.us(0), self.us(answered), self.us(ended)
        progress_us, early_us = self.us(self.progress_ms), self.us(self.early_ms)
        created_stamp = stamp(created_us)
        values = {
            "cause": self.cause, "q850": str(CAUSES.get(self.cause, 16)), "digits": self.digits or "none",
            "disposition": self.disposition, "created_s": str(created_us // _US),
            "answered_s": str(answered_us // _US), "progress_s": str(progress_us // _US),
            "early_s": str(early_us // _US), "ended_s": str(ended_us // _US),
            "created_stamp": created_stamp, "ended_stamp": stamp(ended_us),
            "answered_stamp": stamp(answered_us) if answered is not None else "",
            "progress_stamp": stamp(progress_us), "early_stamp": stamp(early_us),
            "duration_s": str(ended // 1000), "duration_ms": str(ended), "duration_us": str(ended * 1000),
            "bill_s": str(bill // 1000), "bill_ms": str(bill), "bill_us": str(bill * 1000),
            "answer_s": str(answer // 1000), "answer_ms": str(answer), "answer_us": str(answer * 1000),
            "flow_s": str(flow // 1000), "flow_ms": str(flow), "flow_us": str(flow * 1000),
            "ring_s": str(ring // 1000), "ring_ms": str(ring), "ring_us": str(ring * 1000),
            "early_wait_s": str(early // 1000), "early_wait_ms": str(early), "early_wait_us": str(early * 1000),
            "hold_ms": str(self.hold_ms), "out_packets": str(packets), "out_bytes": str(packets * PACKET_BYTES),
        }  # fmt: skip
        if self.refusal is not None:
            values["sip_status"] = str(self.refusal.status)
            values["sip_phrase"] = self.refusal.phrase
        return values

    def record(self) -> dict[str, str]:
        """The fields of the CDR (mod_cdr_csv leaves unset ones empty)."""
        bill = self.ended_ms - self.answered_ms if self.ended_ms and self.answered_ms is not None else 0
        status = "200" if self.disposition == "recv_bye" else ""
        if self.refusal and self.disposition == self.refusal.closed_by:
            status = str(self.refusal.status)
        return {
            "avanak_heard_ms": self.variables.get("avanak_heard_ms", ""),
            **self.results,
            "uuid": self.uuid,
            "avanak_attempt": self.variables.get("avanak_attempt", ""),
            "hangup_cause": self.cause,
            "sip_term_status": status,
            "start_uepoch": str(self.created_us),
            "answer_uepoch": str(self.us(self.answered_ms)),
            "end_uepoch": str(self.us(self.ended_ms)),
            "billmsec": str(bill),
            "progress_uepoch": str(self.us(self.progress_ms)),
            "progress_media_uepoch": str(self.us(self.early_ms)),
            "sip_hangup_disposition": self.disposition,
            "proto_specific_hangup_cause": f"sip:{status}" if status else "",
            "hold_accum_ms": str(self.hold_ms),
            "rtp_audio_out_media_bytes": str(self.packets(bill) * PACKET_BYTES) if bill else "",
            "rtp_audio_out_media_packet_count": str(self.packets(bill)) if bill else "",
            "rtp_use_codec_name": "PCMA" if bill else "",
        }
