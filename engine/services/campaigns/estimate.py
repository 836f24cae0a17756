"""The estimated end of a campaign, and the limit that determines it.  Pure.

A campaign places the calls that its recipients still need (at the answer rate seen so
far, or a usual one), at the rate that the tightest limit permits, within its calling
hours, and within the account's caps per hour and day. The page before the start and the
live page both use this function.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from engine.services.compliance.calling_windows import Windows
from engine.services.compliance.traffic_caps import HOUR_MS, Outlook

USUAL_ANSWER_RATE = 0.55
USUAL_RING_S = 14.0
SEEN_ENOUGH = 50  # attempts after which what was seen replaces what is usual
_MOST_STEPS = 1_000  # of an hour, or less of it, that are looked at
_NO_LIMIT = 400 * 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Limits:
    """The tightest limits of a campaign: calls a second, and calls at once."""

    cps: float
    channels: int


@dataclass(frozen=True, slots=True)
class Remaining:
    """Who is still to be called, and what was seen so far; `last_due`: when the last that waits is due (ms)."""

    waiting: int
    retrying: int = 0
    live: int = 0
    attempts: int = 0
    answered: int = 0
    last_due: int = 0


@dataclass(frozen=True, slots=True)
class CallPlan:
    """How a campaign calls; `windows` are its own as far as its kind's hours allow."""

    max_tries: int
    retry_after_s: int
    message_s: float
    windows: Windows
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Estimate:
    """`ends_at` (ms, None: not within a year), the rate it goes at, and the word for what binds it."""

    ends_at: int | None
    calls: int
    calls_per_second: float
    binding: str  # cps, channels, window, retries, calls_an_hour, rials_a_day


def calls_needed(waiting: int, retrying: int, max_tries: int, answer_rate: float) -> float:
    """How many calls the remaining recipients will take on average."""
    miss = 1 - answer_rate
    each = sum(miss**n for n in range(max_tries))
    each_again = sum(miss**n for n in range(max(1, max_tries - 1)))
    return waiting * each + retrying * each_again


def estimate(
    left: Remaining,
    plan: CallPlan,
    limits: Limits,
    now: int,
    *,
    caps: Outlook | None = None,
    rials_a_call: float = 0.0,
) -> Estimate:
    """When all recipients of a campaign will be done.

    `caps` is what its account may do (None: anything), `rials_a_call` what an answered call costs.
    """
    windows, zone, max_tries = plan.windows, plan.zone, plan.max_tries
    rate = left.answered / left.attempts if left.attempts >= SEEN_ENOUGH else USUAL_ANSWER_RATE
    rate = min(0.99, max(0.01, rate))
    calls = calls_needed(left.waiting, left.retrying, max_tries, rate)
    hold_s = USUAL_RING_S + rate * plan.message_s
    by_channels = limits.channels / hold_s
    cps = max(0.001, min(limits.cps, by_channels))
    dial_s = calls / cps
    rounds = max_tries - 1 if left.waiting else max(0, max_tries - 2)
    retry_s = rounds * plan.retry_after_s if (left.waiting or left.retrying) and rate < 0.99 else 0
    # Retries of the early ones run while the later ones are dialled for the first time.
    first_pass_s = (left.waiting + left.retrying) / cps
    total_s = max(dial_s, first_pass_s + retry_s) + (hold_s if calls or left.live else 0)
    ends_at = windows.after_open_ms(now, int(total_s * 1000), zone)
    uncapped_at = ends_at
    binding = "channels" if by_channels < limits.cps else "cps"
    if total_s > dial_s * 1.5 and retry_s > dial_s:
        binding = "retries"
    if (windows.spans or windows.days) and ends_at is not None and ends_at - now > total_s * 1500:
        binding = "window"
    if caps is not None and caps.is_capped and calls:
        last_at, word = capped_end(calls, cps, now, windows, zone, caps, rate * rials_a_call)
        ends_at = None if last_at is None else windows.after_open_ms(last_at, int(hold_s * 1000), zone)
        if uncapped_at is not None and ends_at is not None:
            ends_at = max(ends_at, uncapped_at)
        if word and (ends_at is None or uncapped_at is None or ends_at > uncapped_at):
            binding = word
    if left.last_due > now:
        # Retries wait by the clock, whatever the calling hours, and are then called like the others.
        # They have had a try: whoever was not called yet is due now.
        last_at = left.last_due + int(max(0, max_tries - 2) * plan.retry_after_s * 1000)
        after = windows.after_open_ms(last_at, int(hold_s * 1000), zone)
        ends_at = max(ends_at, after) if ends_at is not None and after is not None else None
    return Estimate(ends_at, round(calls), cps, binding)


def capped_end(
    calls: float,
    cps: float,
    start: int,
    windows: Windows,
    zone: tzinfo,
    caps: Outlook,
    rials_a_call: float,
) -> tuple[int | None, str]:
    """When the last of so many calls is placed (ms; None: not in the foreseeable future), and the cap that delays it.

    Steps through the hours of the clock, as the caps do: the calls of an hour raise the cap of the next one,
    and charges count for 24 hours.
    """
    at, left, word = start, calls, ""
    placed: dict[int, float] = {start // HOUR_MS: float(caps.calls_this_hour)}
    spent = dict(caps.spent)
    for _ in range(_MOST_STEPS):
        at = windows.next_open(at, zone)
        if at - start > _NO_LIMIT:
            break
        hour = at // HOUR_MS
        closes = windows.closes_at(at, zone)
        until = min((hour + 1) * HOUR_MS, closes if closes is not None else at + HOUR_MS)
        room, held_by = cps * (until - at) / 1000, ""
        usual = max([float(caps.usual), *(count for when, count in placed.items() if when < hour)])
        allowed = caps.calls_in_an_hour(usual)
        if allowed is not None and allowed - placed.get(hour, 0.0) < room:
            room, held_by = max(0.0, allowed - placed.get(hour, 0.0)), "calls_an_hour"
        if caps.rials_a_day is not None and rials_a_call > 0:
            recent = sum(rials for when, rials in spent.items() if when > hour - 24)
            by_money = max(0.0, (caps.rials_a_day - recent) / rials_a_call)
            if by_money < room:
                room, held_by = by_money, "rials_a_day"
        taken = min(left, room)
        left -= taken
        if left <= 1e-6:
            return at + int(taken / cps * 1000), word
        placed[hour] = placed.get(hour, 0.0) + taken
        spent[hour] = spent.get(hour, 0.0) + taken * rials_a_call
        word = held_by or word
        at = (hour + 1) * HOUR_MS if held_by else until
    return None, word
