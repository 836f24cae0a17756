"""Service level by hour and day, as the agreement's section 4 defines it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from engine.clock import TEHRAN, to_ms
from engine.services.sla.support_calls import line_figures
from engine.states import JOINED_STATES, CallBackState
from engine.store.tables.support_line import CallBack, SupportCall

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Calls that joined the queue in a time; offered = answered + abandoned + called_back + waiting."""

    from_at: int
    until_at: int
    offered: int = 0
    answered: int = 0  # those that talk now included
    within_20_s: int = 0
    within_80_s: int = 0
    abandoned: int = 0
    called_back: int = 0  # left the queue for a call-back
    waiting: int = 0
    longest_wait_s: int = 0
    mean_wait_s: int = 0

    @property
    def level_20(self) -> float | None:
        """Share of the offered that were answered within 20 s; None when none was offered."""
        return self.within_20_s / self.offered if self.offered else None

    @property
    def level_80(self) -> float | None:
        """Share of the offered that were answered within 80 s."""
        return self.within_80_s / self.offered if self.offered else None


@dataclass(frozen=True, slots=True)
class CallBackFigures:
    """Call-backs asked for in a time, and what became of them."""

    asked: int
    done: int
    missed: int
    cancelled: int
    open: int
    reached_share: float | None  # of those that are over and were not cancelled
    mean_promised_s: int | None
    mean_real_s: int | None  # from asking to the first ring


def total(from_at: int, until_at: int, now: int) -> Figures:
    """The figures of ``[from_at, until_at)``."""
    return Figures(from_at, until_at, **line_figures(_rows(from_at, until_at), now))


def by_hour(from_at: int, until_at: int, now: int) -> list[Figures]:
    """One line an hour, local; hours in which nobody called have zeros."""
    return _parts(from_at, until_at, now, hour_start, HOUR_MS)


def by_day(from_at: int, until_at: int, now: int) -> list[Figures]:
    """One line a day of Tehran."""
    return _parts(from_at, until_at, now, day_start, 24 * HOUR_MS)


def day_start(at: int) -> int:
    """The beginning of the local day of an instant."""
    return to_ms(datetime.fromtimestamp(at / 1000, TEHRAN).replace(hour=0, minute=0, second=0, microsecond=0))


def day_start_of(day: date) -> int:
    """The beginning of a day of Tehran."""
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=TEHRAN))


def hour_start(at: int) -> int:
    """The beginning of the local hour of an instant (Tehran is half an hour off UTC's)."""
    return to_ms(datetime.fromtimestamp(at / 1000, TEHRAN).replace(minute=0, second=0, microsecond=0))


def call_backs(from_at: int, until_at: int) -> CallBackFigures:
    """The outcome of the call-backs requested in ``[from_at, until_at)``."""
    rows = list(CallBack.select().where(CallBack.asked_at >= from_at, CallBack.asked_at < until_at))
    states = [row.state for row in rows]
    done, missed = states.count(CallBackState.DONE), states.count(CallBackState.MISSED)
    cancelled = states.count(CallBackState.CANCELLED)
    promised = [row.promised_s for row in rows if row.promised_s is not None]
    real = [(row.first_rung_at - row.asked_at) // 1000 for row in rows if row.first_rung_at is not None]
    return CallBackFigures(
        asked=len(rows),
        done=done,
        missed=missed,
        cancelled=cancelled,
        open=len(rows) - done - missed - cancelled,
        reached_share=done / (done + missed) if done + missed else None,
        mean_promised_s=_mean(promised),
        mean_real_s=_mean(real),
    )


def _mean(values: list[int]) -> int | None:
    return round(sum(values) / len(values)) if values else None


def _rows(from_at: int, until_at: int) -> list[SupportCall]:
    return list(
        SupportCall.select(
            SupportCall.state, SupportCall.joined_at, SupportCall.answered_at, SupportCall.ended_at
        )
        .where(
            SupportCall.joined_at >= from_at,
            SupportCall.joined_at < until_at,
            SupportCall.state.in_(JOINED_STATES),
        )
        .order_by(SupportCall.joined_at)
    )


def _parts(
    from_at: int, until_at: int, now: int, start_of: Callable[[int], int], length_ms: int
) -> list[Figures]:
    found: dict[int, list[SupportCall]] = {}
    for row in _rows(from_at, until_at):
        found.setdefault(start_of(row.joined_at or 0), []).append(row)
    lines, start = [], start_of(from_at)
    while start < until_at:
        lines.append(Figures(start, start + length_ms, **line_figures(found.get(start, []), now)))
        start += length_ms
    return lines
