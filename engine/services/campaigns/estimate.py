"""Until when: an honest finishing time, and the limit that binds it.  Pure.

A campaign places so many calls as its recipients still need (with the answer
rate seen so far, or a usual one), at the rate that the tightest limit
permits, in the hours in which it may ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from engine.services.compliance.calling_windows import Windows

USUAL_ANSWER_RATE = 0.55
USUAL_RING_S = 14.0
SEEN_ENOUGH = 50  # attempts after which what was seen replaces what is usual


@dataclass(frozen=True, slots=True)
class Limits:
    """The tightest limits of a campaign: calls a second, and calls at once."""

    cps: float
    channels: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """`ends_at` (ms, None: not within a year), the rate it goes at, and the word for what binds it."""

    ends_at: int | None
    calls: int
    calls_per_second: float
    binding: str  # cps, channels, window, retries


def calls_needed(waiting: int, retrying: int, max_tries: int, answer_rate: float) -> float:
    """Calls that the recipients who are still to be reached will take on average."""
    miss = 1 - answer_rate
    each = sum(miss**n for n in range(max_tries))
    each_again = sum(miss**n for n in range(max(1, max_tries - 1)))
    return waiting * each + retrying * each_again


def estimate(
    *,
    waiting: int,
    retrying: int,
    live: int,
    attempts: int,
    answered: int,
    max_tries: int,
    retry_after_s: int,
    message_s: float,
    limits: Limits,
    windows: Windows,
    now: int,
    zone: tzinfo,
    last_due: int = 0,
) -> Estimate:
    """When all recipients of a campaign will have their end; `last_due`: when the last that waits is due (ms)."""
    rate = answered / attempts if attempts >= SEEN_ENOUGH else USUAL_ANSWER_RATE
    rate = min(0.99, max(0.01, rate))
    calls = calls_needed(waiting, retrying, max_tries, rate)
    hold_s = USUAL_RING_S + rate * message_s
    by_channels = limits.channels / hold_s
    cps = max(0.001, min(limits.cps, by_channels))
    dial_s = calls / cps
    rounds = max_tries - 1 if waiting else max(0, max_tries - 2)
    retry_s = rounds * retry_after_s if (waiting or retrying) and rate < 0.99 else 0
    # Retries of the early ones run while the later ones are dialled for the first time.
    first_pass_s = (waiting + retrying) / cps
    total_s = max(dial_s, first_pass_s + retry_s) + (hold_s if calls or live else 0)
    ends_at = windows.after_open_ms(now, int(total_s * 1000), zone)
    if last_due > now:
        # Who is put off waits by the clock, whatever the hours; then it is called like the others.
        last_at = last_due + int(rounds * retry_after_s * 1000)
        after = windows.after_open_ms(last_at, int(hold_s * 1000), zone)
        ends_at = max(ends_at, after) if ends_at is not None and after is not None else None
    binding = "channels" if by_channels < limits.cps else "cps"
    if total_s > dial_s * 1.5 and retry_s > dial_s:
        binding = "retries"
    if windows.spans and ends_at is not None and ends_at - now > total_s * 1500:
        binding = "window"
    return Estimate(ends_at, round(calls), cps, binding)
