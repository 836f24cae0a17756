"""A campaign over time: what the charts of its pages show.  Functions run inside a connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from engine.clock import from_ms
from engine.store import timeline

MOST_POINTS = 120
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440)  # minutes


@dataclass(frozen=True, slots=True)
class Point:
    """What happened from `at` (ms) on, for a step of the series."""

    at: int
    calls_up: int  # the most
    calls: int  # that ended
    answered: int
    busy: int
    no_answer: int
    rejected: int
    unreachable: int
    other: int
    delivered: int

    @property
    def answer_rate(self) -> float | None:
        """Share of the calls that were answered; None when none ended."""
        return self.answered / self.calls if self.calls else None


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one step (s), oldest first; steps in which nothing happened are there too."""

    step_s: int
    points: tuple[Point, ...] = ()

    def rate(self, point: Point) -> float:
        """Calls a second."""
        return point.calls / self.step_s


def of_campaign(campaign_id: int, now: int | None = None) -> Series:
    """How a campaign went, in at most `MOST_POINTS` points; while it is dialled (`now`), without the current step."""
    span = timeline.span(campaign_id)
    if span is None:
        return Series(60)
    first, last = span
    step = next((each for each in _STEPS if (last - first) // each < MOST_POINTS), None)
    step = step or -(-(last - first + 1) // MOST_POINTS)
    found = {int(row[0]): row[1:] for row in timeline.points(campaign_id, step)}
    before = (0,) * len(timeline.COUNTED)
    made = []
    end = last // step + 1
    if now is not None and now // timeline.MINUTE_MS // step == last // step:
        end -= 1
    for number in range(first // step, end):
        calls_up, *counts = found.get(number, (0, *before))
        moved = [max(0, new - old) for new, old in zip(counts, before, strict=True)]
        calls, answered, busy, no_answer, rejected, unreachable, delivered = moved
        other = max(0, calls - answered - busy - no_answer - rejected - unreachable)
        at = number * step * timeline.MINUTE_MS
        made.append(
            Point(at, calls_up, calls, answered, busy, no_answer, rejected, unreachable, other, delivered)
        )
        before = tuple(counts)
    return Series(step * 60, tuple(made))


@dataclass(frozen=True, slots=True)
class Hour:
    """The calls of one hour of the day, over all days."""

    hour: int
    calls: int
    answered: int

    @property
    def answer_rate(self) -> float:
        return self.answered / self.calls if self.calls else 0.0


def hours_of_day(campaign_id: int, zone: tzinfo, now: int) -> list[Hour]:
    """Calls and answers by the local hour of the day; hours without a call are left out."""
    offset = from_ms(now).astimezone(zone).utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    sums: dict[int, list[int]] = {}
    before = (0, 0)
    for hour, calls, answered in timeline.by_hour(campaign_id, minutes):
        of_day = sums.setdefault(hour % 24, [0, 0])
        of_day[0] += max(0, calls - before[0])
        of_day[1] += max(0, answered - before[1])
        before = (calls, answered)
    return [Hour(hour, *sums[hour]) for hour in sorted(sums) if sums[hour][0]]
