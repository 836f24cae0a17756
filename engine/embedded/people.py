"""The callees: what each does, by a seed or by the end of the number.

Fixed endings, by the last four digits of the number.  The first ten are those of the carrier with which the
transcripts were recorded; the SIP carrier of tests/freeswitch has the same table, so that the same tests run against
both.

====  =====================================================================================
0000  rings 0.3 s, answers, hears all
0001  busy: 180, then 486 after 0.1 s
0002  rings and nobody answers (the originate's own time-out ends it)
0003  404 at once, no ringing
0004  503 at once, no ringing
0005  480 at once, no ringing
0006  declined: 180, then 603 after 0.1 s
0007  answers, hangs up after half of the message
0008  answers, hears all, presses 1
0009  183 with early media, answers after 1 s, hears all
0011  answers, presses 11 while the message plays
0012  answers, hears all, presses *, hears all again, presses 1
0013  answers, hears all, presses 9
0014  rings 8 s, answers, hears all
0015  busy the first time it is called, afterwards answers and hears all
0016  503 the first time it is called, afterwards answers and hears all
0021  answers, presses 1 while the message plays
0022  answers, presses 5 while the message plays
0023  answers, hears all, repeats it with * as often as possible
0031  rings 1 s, then 503
0032  302: a redirect
0033  no response at all
0034  904: the carrier refuses the account (FreeSWITCH's own status for a challenge)
0035  503 with the reason Q.850 17 (busy)
0036  486 with the reason Q.850 34 (congestion)
0037  200 with a codec that was not offered
0038  403
0041  answers, presses 1 before the message begins
0042  answers, presses 11 before the message begins
0043  answers, hears all, then presses 11
0044  answers, holds the line for 1.5 s during the message
====  =====================================================================================

Other callees behave at random, determined by the seed, the number and how often this switch has called it, so that the
same list gives the same results again.  All times are those of the call (``--speed`` divides them later).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, fields

from engine.errors import BadInput


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a call fails at the far end; ``rings``: whether a phone rang before; ``closed_by``: who ended it and how."""

    status: int
    phrase: str
    cause: str
    q850: int
    rings: bool = False
    closed_by: str = "recv_refuse"


# As sofia translates them; the first five as recorded.
REFUSALS: Mapping[int, Refusal] = {
    486: Refusal(486, "Busy Here", "USER_BUSY", 17, rings=True),
    603: Refusal(603, "Decline", "CALL_REJECTED", 21, rings=True),
    404: Refusal(404, "Not Found", "UNALLOCATED_NUMBER", 1),
    480: Refusal(480, "Temporarily Unavailable", "NO_USER_RESPONSE", 18),
    503: Refusal(503, "Service Unavailable", "NORMAL_TEMPORARY_FAILURE", 41),
    302: Refusal(302, "Moved Temporarily", "REQUESTED_CHAN_UNAVAIL", 44),
    403: Refusal(403, "Forbidden", "CALL_REJECTED", 21),
    488: Refusal(488, "Not Acceptable Here", "INCOMPATIBLE_DESTINATION", 88),
    904: Refusal(904, "Operation has no matching challenge ", "NORMAL_UNSPECIFIED", 31),
}
DNS_ERROR = Refusal(503, "DNS Error", "NORMAL_TEMPORARY_FAILURE", 41)  # sofia's own, for an unknown host name
# A 200 with a codec that was not offered: the phone is picked up, and the switch hangs up.
NO_CODEC = Refusal(200, "OK", "INCOMPATIBLE_DESTINATION", 88, rings=True, closed_by="send_bye")
RINGS_THEN_503 = Refusal(503, "Service Unavailable", "NORMAL_TEMPORARY_FAILURE", 41, rings=True)
BUSY_BY_REASON = Refusal(503, "Service Unavailable", "USER_BUSY", 17)
FULL_BY_REASON = Refusal(486, "Busy Here", "NORMAL_CIRCUIT_CONGESTION", 34)


@dataclass(frozen=True, slots=True)
class Fate:
    """What one callee does with one call.

    ``ring_ms`` is the time from the start of the call to the answer or the refusal; without ``refusal`` and ``answers``
    the phone rings until the caller gives up.  ``listen_share`` is the part of the message after which the callee hangs
    up (None: hears it all).  ``is_silent``: no response comes.  During ``hold_ms`` of the message the line is held;
    ``sendable_ms`` after the answer nothing can be sent any more, without a hold.
    ``leaves_ms`` after the answer comes a BYE with the cause ``leaves_with``; with ``is_cut`` the switch itself sends it.
    ``at_once`` are keys pressed before the message begins, ``during`` while it plays, ``after`` one by one whenever a
    key is asked for.  Random callees have wishes instead of keys: the first, second ... vote key, a repetition, opt-out.
    """

    ring_ms: int = 300
    answers: bool = True
    refusal: Refusal | None = None
    early_media: bool = False
    listen_share: float | None = None
    at_once: str = ""
    during: str = ""
    after: str = ""
    vote_index: int | None = None
    wants_again: bool = False
    wants_out: bool = False
    key_delay_ms: int = 500
    is_silent: bool = False
    hold_ms: int = 0
    sendable_ms: int | None = None
    leaves_ms: int | None = None
    leaves_with: str = "NORMAL_CLEARING"
    is_cut: bool = False

    def keys(self, vote_keys: str, repeat_key: str, optout: str) -> tuple[str, str]:
        """The keys pressed during and after the message, given the keys that the campaign offers."""
        if self.wants_out and optout:
            return optout, ""
        after = self.after
        if self.wants_again:
            after += repeat_key
        if self.vote_index is not None and vote_keys:
            after += vote_keys[self.vote_index % len(vote_keys)]
        return self.during, after


_REFUSED_AT_MS = 100
CHOSEN: Mapping[str, Fate] = {
    "0000": Fate(),
    "0001": Fate(_REFUSED_AT_MS, False, REFUSALS[486]),
    "0002": Fate(answers=False),
    "0003": Fate(_REFUSED_AT_MS, False, REFUSALS[404]),
    "0004": Fate(_REFUSED_AT_MS, False, REFUSALS[503]),
    "0005": Fate(_REFUSED_AT_MS, False, REFUSALS[480]),
    "0006": Fate(_REFUSED_AT_MS, False, REFUSALS[603]),
    "0007": Fate(listen_share=0.5),
    "0008": Fate(after="1"),
    "0009": Fate(ring_ms=1000, early_media=True),
    "0011": Fate(during="11"),
    "0012": Fate(after="*1"),
    "0013": Fate(after="9"),
    "0014": Fate(ring_ms=8000),
    "0015": Fate(),
    "0016": Fate(),
    "0021": Fate(during="1"),
    "0022": Fate(during="5"),
    "0023": Fate(after="*" * 9),
    "0031": Fate(1000, False, RINGS_THEN_503),
    "0032": Fate(_REFUSED_AT_MS, False, REFUSALS[302]),
    "0033": Fate(answers=False, is_silent=True),
    "0034": Fate(_REFUSED_AT_MS, False, REFUSALS[904]),
    "0035": Fate(_REFUSED_AT_MS, False, BUSY_BY_REASON),
    "0036": Fate(_REFUSED_AT_MS, False, FULL_BY_REASON),
    "0037": Fate(300, False, NO_CODEC),
    "0038": Fate(_REFUSED_AT_MS, False, REFUSALS[403]),
    "0041": Fate(at_once="1"),
    "0042": Fate(at_once="11"),
    "0043": Fate(after="11"),
    "0044": Fate(hold_ms=1500),
}
SILENT = CHOSEN["0033"]


def refused(refusal: Refusal) -> Fate:
    """The fate of a call that the carrier refuses for any callee."""
    return Fate(300 if refusal.rings else _REFUSED_AT_MS, False, refusal)


# On the first call of a number; afterwards CHOSEN holds.
CHOSEN_FIRST: Mapping[str, Fate] = {"0015": CHOSEN["0001"], "0016": CHOSEN["0004"]}


@dataclass(slots=True)
class Habits:
    """The shares (0 to 1) of random behaviour.  The shares of ends sum to at most 1; the rest rings until the time-out.

    ``hang_up``, ``vote``, ``opt_out`` and ``repeat`` are shares of those who answer.
    """

    answer: float = 0.62
    busy: float = 0.10
    off: float = 0.06
    unknown_number: float = 0.02
    decline: float = 0.02
    congestion: float = 0.005
    hang_up: float = 0.2
    vote: float = 0.7
    opt_out: float = 0.01
    repeat: float = 0.03
    early_media: float = 0.1
    ring_min_s: float = 2.0
    ring_max_s: float = 20.0

    @classmethod
    def parse(cls, text: str) -> Habits:
        """From ``answer=0.6,busy=0.1``; other shares keep their defaults."""
        habits = cls()
        names = {one.name for one in fields(cls)}
        for part in filter(None, text.split(",")):
            name, _, value = part.partition("=")
            if name not in names:
                raise BadInput(
                    "people have no habit '%(name)s'; known are %(names)s", name=name, names=sorted(names)
                )
            try:
                number = float(value)
            except ValueError:
                raise BadInput(
                    "the habit %(name)s needs a number, not '%(value)s'", name=name, value=value
                ) from None
            if number < 0 or (number > 1 and not name.startswith("ring_")):
                raise BadInput(
                    "the habit %(name)s is a share between 0 and 1, not %(value)s", name=name, value=value
                )
            setattr(habits, name, number)
        return habits


class People:
    """Decides the fate of each call; its only state is how often each number was called."""

    def __init__(self, seed: int, habits: Habits) -> None:
        self.habits = habits
        self._key = str(seed).encode()
        self._calls: dict[int, int] = {}

    def fate(self, number: str, answer_rate: float | None = None) -> Fate:
        """The fate of a call to ``number``; counts as one call to it.

        ``answer_rate`` is the gateway's own share of answers, if it has one.
        """
        suffix = number[-4:]
        chosen = CHOSEN.get(suffix)
        if chosen is not None and suffix not in CHOSEN_FIRST:
            return chosen
        identity = int(number) if number.isdigit() else hash(number)
        times = self._calls.get(identity, 0) + 1
        self._calls[identity] = times
        if chosen is not None:
            return CHOSEN_FIRST[suffix] if times == 1 else chosen
        return self._by_chance(number, times, answer_rate)

    def _by_chance(self, number: str, times: int, answer_rate: float | None) -> Fate:
        habits = self.habits
        digest = hashlib.blake2b(f"{number}/{times}".encode(), key=self._key[:64], digest_size=32).digest()
        ending, ring, listen, how_long, key, which, delay, early = (
            part / 0x100000000 for part in struct.unpack("<8I", digest)
        )
        answer = habits.answer if answer_rate is None else answer_rate
        span = habits.ring_max_s - habits.ring_min_s
        ring_ms = int(1000 * (habits.ring_min_s + span * ring * ring))
        if ending >= answer:
            rest = (1 - answer) or 1.0
            scale = rest / ((1 - habits.answer) or 1.0)
            return self._not_answered((ending - answer) / scale, ring_ms)
        listen_share = how_long * 0.9 if listen < habits.hang_up else None
        opts_out = key < habits.opt_out
        votes = not opts_out and key < habits.opt_out + habits.vote
        return Fate(
            ring_ms=ring_ms,
            early_media=early < habits.early_media,
            listen_share=None if opts_out else listen_share,
            vote_index=int(which * 1000) if votes else None,
            wants_again=which * 10 % 1 < habits.repeat,
            wants_out=opts_out,
            key_delay_ms=300 + int(delay * 2500),
        )

    def _not_answered(self, where: float, ring_ms: int) -> Fate:
        habits = self.habits
        for share, status, at_ms in (
            (habits.busy, 486, ring_ms // 4),
            (habits.off, 480, ring_ms // 2),
            (habits.unknown_number, 404, 200),
            (habits.decline, 603, ring_ms),
            (habits.congestion, 503, 100),
        ):
            if where < share:
                return Fate(at_ms, False, REFUSALS[status])
            where -= share
        return Fate(answers=False)
