"""The discount table: the discount for an amount of downtime in a month of a given length.

Each column is evaluated separately and exactly, and the customer gets the higher discount of the two.  Downtime is in
whole seconds; minutes are rounded down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.agreement.terms import CreditRule


@dataclass(frozen=True, slots=True)
class Limits:
    """A band in seconds of one month: the most downtime that each column allows in it."""

    percent_s: int | None
    minutes_s: int | None
    discount: int
    min_percent: Fraction | None


def limits_of(rule: CreditRule, month_s: int) -> tuple[Limits, ...]:
    """The exact bands of the table for a month of `month_s` seconds."""
    return tuple(
        Limits(
            # up / month >= percent / 100, solved for whole seconds of downtime
            None if b.min_percent is None else int(month_s * (100 - b.min_percent) // 100),
            None if b.max_minutes is None else b.max_minutes * 60 + 59,
            b.discount,
            b.min_percent,
        )
        for b in rule.bands
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Both columns of the table for one amount of downtime."""

    down_s: int
    month_s: int
    availability: Fraction  # percent, exact
    percent_shown: str
    minutes: int  # whole, rounded down
    discount_by_percent: int
    discount_by_minutes: int
    discount: int
    decided_by: str  # percent, minutes, or both when they agree
    allowed_s: int | None  # the most downtime with the same `discount`; None: it is the highest discount
    next_discount: int | None  # the discount of one second more than `allowed_s`


def verdict(down_s: int, month_s: int, limits: Sequence[Limits]) -> Verdict:
    """Evaluate the table for `down_s` seconds of counted downtime in a month of `month_s`."""
    by_percent, by_minutes = _discounts(down_s, limits)
    discount = max(by_percent, by_minutes)
    row = next(each for each in limits if each.discount == discount)
    edges = [edge for edge in (row.percent_s, row.minutes_s) if edge is not None]
    allowed = min(edges) if edges else None
    if allowed is not None and allowed >= month_s:
        allowed = None
    decided = "both" if by_percent == by_minutes else "percent" if by_percent > by_minutes else "minutes"
    availability = Fraction((month_s - down_s) * 100, month_s)
    return Verdict(
        down_s=down_s,
        month_s=month_s,
        availability=availability,
        percent_shown=shown_percent(
            availability, [e.min_percent for e in limits if e.min_percent is not None]
        ),
        minutes=down_s // 60,
        discount_by_percent=by_percent,
        discount_by_minutes=by_minutes,
        discount=discount,
        decided_by=decided,
        allowed_s=allowed,
        next_discount=None if allowed is None else max(_discounts(allowed + 1, limits)),
    )


def _discounts(down_s: int, limits: Sequence[Limits]) -> tuple[int, int]:
    by_percent = next(e.discount for e in limits if e.percent_s is None or down_s <= e.percent_s)
    by_minutes = next(e.discount for e in limits if e.minutes_s is None or down_s <= e.minutes_s)
    return by_percent, by_minutes


def shown_percent(availability: Fraction, edges: Iterable[Fraction]) -> str:
    """The percentage with two decimals, rounded to the nearest, but never up to a limit of the table (or to 100)
    that the exact figure has not reached: 99.5799 is shown as 99.57, because its discount is 10 %."""
    hundredths = int(availability * 100 + Fraction(1, 2))
    shown = Fraction(hundredths, 100)
    if any(availability < edge <= shown for edge in (*edges, Fraction(100))):
        hundredths = int(availability * 100)
    return f"{hundredths // 100}.{hundredths % 100:02d}"
