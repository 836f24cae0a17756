"""How a call ended: one value from the switch's event, its call record or recovery to the settle.

Events and records carry the same facts under the same names (channel variables), so one function reads both.
A malformed value is read as absent and never raises.  Instants are epoch milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# The columns of the call record, in order.  The template of cdr_csv.conf.xml begins with these, and an engine
# reads the shorter lines of an earlier template too: columns are only ever added at the end.
CDR_COLUMNS = (
    "uuid", "avanak_attempt", "hangup_cause", "sip_term_status", "start_uepoch", "answer_uepoch", "end_uepoch",
    "billmsec", "playback_ms", "avanak_vote", "avanak_heard_ms", "avanak_finished", "avanak_opted_out",
    "avanak_fault", "record_ms", "playback_last_offset_pos", "progress_uepoch", "progress_media_uepoch",
    "sip_hangup_disposition", "proto_specific_hangup_cause", "hold_accum_ms", "avanak_plays", "hold_events",
    "rtp_audio_out_media_bytes", "rtp_audio_out_media_packet_count", "rtp_use_codec_name",
)  # fmt: skip
LEAST_COLUMNS = 10  # of the first template

BREATH_MS = 500  # the pause between the answer and the message (dialplan, 20_silence)
LAST_WORDS_MS = 120  # the pause after it (dialplan, 90_end)
ALL_OF_IT_MS = 86_400_000  # `avanak_heard_ms` of a call that is joined to another: all of it counts
RTP_HEADER, BYTES_A_MS = 12, 8
_G711 = frozenset(("PCMA", "PCMU"))
LONGEST_RECORD_MS = 86_400_000
SENT_CANCEL = "send_cancel"  # we cancelled before any final answer
_BYES = frozenset(("recv_bye", "send_bye"))  # only a call that got its 200 ends with a BYE

RECORD_CUT = "record_cut"  # the switch could not write all of a recording, or nothing of it
_NO_FILE = "DESTINATION_OUT_OF_ORDER"  # how the switch ends an answered call whose recording it cannot begin

_NOT_ACCEPTABLE = frozenset((415, 488, 606))

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_CAUSE = re.compile(r"[A-Z0-9_]{1,64}")
_KEYS = re.compile(r"[0-9*#]{1,32}")
_WORD = re.compile(r"[a-z_]{1,40}")
_SIP = re.compile(r"sip:([1-9][0-9]{2})")
_TARGET = re.compile(r"[0-9A-Za-z.:+_\[\]-]{1,80}")
_HOLD = re.compile(r"\{([0-9]{1,17})[,;]([0-9]{1,17})\}")  # from, until: microseconds since the epoch
_HOLDS = re.compile(r"\{(?:\{[0-9]*,[0-9]*\},?)+\}")  # the only value of a record that has commas of its own
_TRUE = frozenset(("true", "yes", "on", "1"))

ValueOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class CallEnd:
    """All that is known of the end of a call; what is unknown is None, 0 or empty."""

    uuid: str
    cause: str = ""  # FreeSWITCH's word
    ended_at: int | None = None
    attempt_id: int | None = None
    sip_status: int | None = None  # the carrier's final answer; never the 487 to our own CANCEL
    started_at: int | None = None
    rang_at: int | None = None  # ringing or early media, whichever came first
    answered_at: int | None = None
    closed_by: str = ""  # sip_hangup_disposition: recv_refuse, send_cancel, recv_bye, send_bye
    heard_ms: int = 0
    finished: bool = False  # the dialplan reported that the message reached its end
    vote: str = ""
    opted_out: bool = False
    fault: str = ""  # avanak_fault
    record_ms: int = 0
    is_unresolved: bool = False  # the switch could not resolve the carrier's name; told by events only
    redirected_to: str = ""  # where a 3xx pointed; for the log only

    @property
    def was_picked_up(self) -> bool:
        """Whether a 200 came, even if no codec could be agreed on."""
        return self.answered_at is not None or self.closed_by in _BYES

    @property
    def has_no_codec(self) -> bool:
        """Whether carrier and switch found no codec, or no encryption, that both have."""
        return self.answered_at is None and (
            self.cause == "INCOMPATIBLE_DESTINATION" or self.sip_status in _NOT_ACCEPTABLE
        )

    @property
    def has_rung(self) -> bool:
        """Whether the phone was disturbed: it rang, sent early media, or was picked up."""
        return self.rang_at is not None or self.was_picked_up


def read_end(uuid: str, value_of: ValueOf) -> CallEnd:
    """The end of the call `uuid`; `value_of` gives a channel variable (a name of `CDR_COLUMNS`), or None.

    A callee who hangs up before our ACK has answered, and heard nothing.
    """
    answered_at = _epoch_ms(value_of("answer_uepoch"))
    ended_at = _epoch_ms(value_of("end_uepoch"))
    closed_by = _matching(_WORD, value_of("sip_hangup_disposition"))
    if answered_at is None and closed_by == "recv_bye":
        answered_at = ended_at
    is_answered = answered_at is not None
    rang_at = _epoch_ms(value_of("progress_uepoch"))
    media_at = _epoch_ms(value_of("progress_media_uepoch"))
    if media_at is not None and (rang_at is None or media_at < rang_at):
        rang_at = media_at
    cause = _matching(_CAUSE, value_of("hangup_cause"))
    fault = _matching(_WORD, value_of("avanak_fault"))
    return CallEnd(
        uuid=uuid,
        cause=cause,
        ended_at=ended_at,
        attempt_id=to_int(value_of("avanak_attempt")),
        sip_status=_sip_status(value_of),
        started_at=_epoch_ms(value_of("start_uepoch")),
        rang_at=rang_at,
        answered_at=answered_at,
        closed_by=closed_by,
        heard_ms=_heard_ms(value_of) if is_answered else 0,
        finished=value_of("avanak_finished") in _TRUE,
        vote=_matching(_KEYS, value_of("avanak_vote")),
        opted_out=value_of("avanak_opted_out") in _TRUE,
        fault=fault or (RECORD_CUT if is_answered and cause == _NO_FILE else ""),
        record_ms=min(to_int(value_of("record_ms")) or 0, LONGEST_RECORD_MS) if is_answered else 0,
        is_unresolved=value_of("sip_invite_failure_phrase") == "DNS Error",
        redirected_to=_target(value_of),
    )


def read_record(line: bytes) -> CallEnd | None:
    """One line of the call record (`CDR_COLUMNS`); None for one that is malformed."""
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    values = _HOLDS.sub(lambda found: found[0].replace(",", ";"), text).split(",")
    if len(values) < LEAST_COLUMNS:
        return None
    return end_of(dict(zip(CDR_COLUMNS, values, strict=False)))


def end_of(values: Mapping[str, str]) -> CallEnd | None:
    """A record's named values as the end of a call; None when they are not one.

    A torn line can hold a second record's beginning in any column.
    """
    uuid = values.get("uuid", "")
    if not _UUID.fullmatch(uuid) or not _CAUSE.fullmatch(values.get("hangup_cause", "")):
        return None
    end = read_end(uuid, values.get)
    return end if end.ended_at is not None else None


def last_record(line: bytes) -> bytes:
    """The last record of a line that begins with an unfinished one (the switch crashed while writing it)."""
    text = line.decode("utf-8", "replace")
    found = list(_UUID.finditer(text))
    return text[found[-1].start() :].encode() if found else b""


def to_int(text: str | None) -> int | None:
    """A non-negative whole number in ASCII digits; None for anything else."""
    if text and text.isdigit() and text.isascii() and len(text) <= 18:
        return int(text)
    return None


def _heard_ms(value_of: ValueOf) -> int:
    """How much of the message an answered call heard (dialplan/README.md, «Heard»).

    The dialplan measures a playback that ended during the call.  If the callee hung up during it, FreeSWITCH knows how
    many samples (8 kHz) were sent.  `playback_ms` is how much of the file was read, some seconds ahead of what was heard,
    and is used only if there is nothing else.  The result is at most the call's length without its pauses and the hold;
    what the samples tell of a line that was not held needs no bound by the first pause, which a key may have ended.
    After the message the call may wait for keys, as long as a hold: so what was held while the message played, once, is
    also taken off what was played.  And nobody heard more than was sent.
    """
    counted = to_int(value_of("avanak_heard_ms"))
    offset = to_int(value_of("playback_last_offset_pos"))
    heard = max(counted or 0, (offset or 0) // 8)
    if counted is None and offset is None:
        heard = to_int(value_of("playback_ms")) or 0
    talked = to_int(value_of("billmsec"))
    if talked is None:
        return heard
    sent = _sent_ms(value_of) if (counted or 0) < ALL_OF_IT_MS else None
    if sent is None:
        sent = talked
    held = to_int(value_of("hold_accum_ms")) or 0
    if not held and counted is None and offset is not None:
        return min(heard, talked, sent)
    pauses = BREATH_MS
    if held and value_of("avanak_finished") in _TRUE:
        pauses += LAST_WORDS_MS
    if held:
        heard -= _held_ms(heard, value_of)
    return max(0, min(heard, talked - pauses - held, sent - BREATH_MS))


def _sent_ms(value_of: ValueOf) -> int | None:
    """How much was sent as RTP, pauses included; None when it is not known.

    A line that is held at the moment of its answer, or whose port was taken away, has no hold that FreeSWITCH would tell.
    """
    of_all = to_int(value_of("rtp_audio_out_media_bytes"))
    packets = to_int(value_of("rtp_audio_out_media_packet_count"))
    if of_all is None or packets is None or value_of("rtp_use_codec_name") not in _G711:
        return None
    return max(0, of_all - RTP_HEADER * packets) // BYTES_A_MS


def _held_ms(played_ms: int, value_of: ValueOf) -> int:
    """How long the line was held while the message played for the first time; 0 if it was played again."""
    answered = to_int(value_of("answer_uepoch"))
    if not answered or len(value_of("avanak_plays") or "") > 1:
        return 0
    begin = answered + 1000 * BREATH_MS
    end = begin + 1000 * played_ms
    holds = _HOLD.findall((value_of("hold_events") or "")[:10_000])
    return sum(max(0, min(end, int(until)) - max(begin, int(since))) for since, until in holds) // 1000


def _sip_status(value_of: ValueOf) -> int | None:
    """The final answer; a redirect is told by `proto_specific_hangup_cause` only."""
    told = value_of("proto_specific_hangup_cause")
    found = _SIP.fullmatch(told) if told else None
    return int(found[1]) if found else to_int(value_of("sip_term_status"))


def _target(value_of: ValueOf) -> str:
    host = _matching(_TARGET, value_of("sip_redirect_contact_host_0"))
    if not host:
        return ""
    user = _matching(_TARGET, value_of("sip_redirect_contact_user_0"))
    return f"{user}@{host}" if user else host


def _epoch_ms(text: str | None) -> int | None:
    """FreeSWITCH's microseconds since the epoch as milliseconds; 0 means never."""
    value = to_int(text)
    return value // 1000 if value else None


def _matching(pattern: re.Pattern[str], text: str | None) -> str:
    return text if text and pattern.fullmatch(text) else ""
