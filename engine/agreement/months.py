"""Months of the subscription: Jalali by default, Gregorian by setting.

A month is the half-open span from its first midnight in Tehran to that of the next month.  Since 2022 that is days ×
86,400 s; in older months with a change of daylight saving time it is an hour more or less.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from engine.agreement.dates import (
    GREGORIAN_MONTHS_EN,
    GREGORIAN_MONTHS_FA,
    JALALI_MONTHS_EN,
    JALALI_MONTHS_FA,
    ascii_digits,
    is_jalali_year,
    jalali_date,
    jalali_parts,
    local_day,
    local_instant,
    persian_digits,
    quoted,
)
from engine.errors import BadInput

_MONTH = re.compile(r"^(\d{4})[-/](\d{1,2})$")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month; `start` and `end` in seconds UTC."""

    start: int
    end: int
    year: int
    number: int
    is_jalali: bool

    @staticmethod
    def of(year: int, number: int) -> Month:
        """The month of a Jalali year (1200-1599) or a Gregorian year (1800-2299).  Raises BadInput for other years."""
        jalali = is_jalali_year(year)
        text = f"{year:04d}-{number:02d}"
        if not (jalali or 1800 <= year < 2300):
            raise BadInput(
                "month «%(text)s»: the year is neither Jalali (1200-1599) nor Gregorian", text=text
            )
        if not 1 <= number <= 12:
            raise BadInput("month «%(text)s»: months run from 01 to 12", text=text)
        after = (year + 1, 1) if number == 12 else (year, number + 1)
        make = jalali_date if jalali else date
        return Month(
            local_instant(make(year, number, 1), 0), local_instant(make(*after, 1), 0), year, number, jalali
        )

    @staticmethod
    def parse(text: object) -> Month:
        """A month from ``1405-08``, ``۱۴۰۵/۰۸`` or ``2026-11``.  Raises BadInput with one sentence."""
        match = _MONTH.match(ascii_digits(text).strip()) if isinstance(text, str) else None
        if not match:
            raise BadInput("month: %(text)s is not a month such as 1405-08 or 2026-11", text=quoted(text))
        return Month.of(int(match[1]), int(match[2]))

    @staticmethod
    def containing(at: int, *, jalali: bool = True) -> Month:
        """The month that contains an instant (s)."""
        day = local_day(at)
        year, number = jalali_parts(day)[:2] if jalali else (day.year, day.month)
        return Month.of(year, number)

    @property
    def seconds(self) -> int:
        """The length of the month in seconds."""
        return self.end - self.start

    @property
    def key(self) -> str:
        """``1405-08``."""
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def name_en(self) -> str:
        """``Aban 1405``."""
        names = JALALI_MONTHS_EN if self.is_jalali else GREGORIAN_MONTHS_EN
        return f"{names[self.number - 1]} {self.year}"

    @property
    def name_fa(self) -> str:
        """``آبان ۱۴۰۵``."""
        names = JALALI_MONTHS_FA if self.is_jalali else GREGORIAN_MONTHS_FA
        return f"{names[self.number - 1]} {persian_digits(self.year)}"

    def next(self) -> Month:
        """The following month."""
        return Month.of(self.year + 1, 1) if self.number == 12 else Month.of(self.year, self.number + 1)

    def previous(self) -> Month:
        """The preceding month."""
        return Month.of(self.year - 1, 12) if self.number == 1 else Month.of(self.year, self.number - 1)

    def __str__(self) -> str:
        return self.key
