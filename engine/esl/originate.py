"""The command that rings somebody, compiled once for a campaign and gateway and filled in for each call.

The line is::

    bgapi originate {VARIABLES}sofia/gateway/GATEWAY/DIGITS avanak XML avanak
    Job-UUID: UUID

The attempt's uuid is both ``origination_uuid`` and ``Job-UUID``, so that the channel's events and the job's end lead to the
same attempt, whichever comes first.  Only ids go to the switch; it finds what to play by them (dialplan/README.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine import codecs
from engine.call_end import ALL_OF_IT_MS
from engine.esl.checks import (
    DIALLED,
    MAX_ID,
    MESSAGE,
    REPEAT_KEY,
    UUID,
    VOTE_KEYS,
    check_dialled,
    check_digits,
    check_gateway,
    check_int,
    check_text,
    check_uuid,
    check_word,
)

PACKET_MS = frozenset(("20", "40", "60"))
CODECS = frozenset(codecs.KNOWN)
OPT_OUT_KEYS = "11"
MAX_SECONDS = 24 * 3600
# For a call that will be joined to another, perhaps before its dialplan has run: when one of the two ends so does the
# other, neither sees the other's number, and the whole call counts as heard (never more than was sent).
HELD = (
    ("avanak_hold", "true"),
    ("avanak_heard_ms", ALL_OF_IT_MS),
    ("hangup_after_bridge", "true"),
    ("ignore_display_updates", "true"),
)


# FreeSWITCH stamps each packet by a clock of its own, beside the one that paces the call, and reads both every 20 ms
# (docs/performance.md).  Linear stamps (the last and one packet more) need no second clock, and are right where something is sent
# all the time: in a call that plays its message and nothing else.
STAMPS = ("rtp_manual_rtp_bugs", "SEND_LINEAR_TIMESTAMPS")


@dataclass(frozen=True, slots=True)
class OriginateTemplate:
    """The part of an originate that is the same for many calls; refused whole if a value is bad.

    ``campaign_id`` 0 is a quick send.  ``ptime_ms`` (20, 40, 60) offers ``codecs`` in packets of that
    length; None leaves the codec to the gateway.  ``vote_keys`` are the keys that count as a vote,
    ``repeat_key`` plays the message again, ``opt_out`` lets 11 mean «never again»; with
    ``keys_in_voice`` their tones are listened for.  ``max_s`` is the longest call after answer,
    ``record_s`` the longest recording.  With ``holds`` the message goes on until `commands.bridge`, or the end.
    """

    gateway: str
    message: str
    account_id: int
    campaign_id: int = 0
    ring_timeout_s: int = 30
    max_s: int = 600
    caller_id: str | None = None
    ptime_ms: int | None = None
    codecs: tuple[str, ...] = ("PCMA",)
    vote_keys: str | None = None
    repeat_key: str | None = None
    opt_out: bool = False
    record_s: int | None = None
    keys_in_voice: bool = False
    holds: bool = False
    _middle: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        gateway = check_gateway(self.gateway)
        variables = "".join(f",{name}={value}" for name, value in self._variables())
        # Frozen: the compiled part is set once, here.
        object.__setattr__(self, "_middle", f"{variables}}}sofia/gateway/{gateway}/")

    def _variables(self) -> list[tuple[str, object]]:
        """Name and checked value of each constant channel variable, in the order sent."""
        found: list[tuple[str, object]] = [
            ("originate_timeout", check_int("ring time-out", self.ring_timeout_s, 1, 300)),
            ("ignore_early_media", "true"),
            ("outbound_redirect_fatal", "true"),  # a redirect would ring a stranger, outside all limits
            ("avanak_campaign", check_int("campaign", self.campaign_id, 0, MAX_ID)),
            ("avanak_account", check_int("account", self.account_id, 0, MAX_ID)),
            (
                "avanak_message",
                check_text("message", self.message, MESSAGE, "a message's name (0-9 a-z _ -; at most 64)"),
            ),
            ("avanak_max_s", check_int("longest call", self.max_s, 1, MAX_SECONDS)),
        ]
        if self.caller_id is not None:
            found.append(("origination_caller_id_number", check_digits("caller id", self.caller_id)))
        if self.ptime_ms is not None:
            check_int("packet time", self.ptime_ms, 20, 60)
            check_word("packet time", str(self.ptime_ms), PACKET_MS)
            offer = [check_word("codec", codec, CODECS) for codec in self.codecs]
            found.append(("absolute_codec_string", codecs.preferences(offer, self.ptime_ms, ":")))
        if self.vote_keys is not None:
            keys = check_text("vote keys", self.vote_keys, VOTE_KEYS, "1 to 10 keys from 0-9")
            found.append(("avanak_vote_keys", keys))
        if self.repeat_key is not None:
            key = check_text("repeat key", self.repeat_key, REPEAT_KEY, "one key from 0-9 * #")
            found.append(("avanak_repeat_key", key))
        if self.opt_out:
            found.append(("avanak_optout", OPT_OUT_KEYS))
        if self.keys_in_voice and (self.vote_keys or self.repeat_key or self.opt_out):
            found.append(("avanak_keys", "voice"))
        if self.record_s is not None:
            found.append(("avanak_record", "true"))
            found.append(("avanak_record_s", check_int("longest recording", self.record_s, 1, MAX_SECONDS)))
        if self.holds:
            found += HELD
        if self.only_plays:
            found.append(STAMPS)
        return found

    @property
    def only_plays(self) -> bool:
        """Whether the call is a message and nothing else: no key means anything, nothing is recorded or joined."""
        return not (self.vote_keys or self.repeat_key or self.opt_out or self.record_s or self.holds)

    def render(self, uuid: str, attempt_id: int, dialled: str) -> bytes:
        """The frame for one call; `dialled` is the number as its carrier wants it.

        BadCommand when uuid, id or number is not what it must be.
        """
        # The hot path: three tests and one format.  The checks run only to name the value that failed.
        if not (
            type(uuid) is str
            and UUID.fullmatch(uuid)
            and type(attempt_id) is int
            and 0 < attempt_id <= MAX_ID
            and type(dialled) is str
            and DIALLED.fullmatch(dialled)
        ):
            check_uuid("attempt's uuid", uuid)
            check_int("attempt", attempt_id, 1, MAX_ID)
            check_dialled("number", dialled)
        return (
            f"bgapi originate {{origination_uuid={uuid},avanak_attempt={attempt_id}{self._middle}{dialled}"
            f" avanak XML avanak\nJob-UUID: {uuid}\n\n"
        ).encode("ascii")
