"""Dates and durations as people write and read them, Jalali and Gregorian.

Years 1200 to 1599 are Jalali, years from 1800 on are Gregorian; other years are refused, so that no date is silently
read in the wrong calendar.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import jdatetime

from engine.clock import TEHRAN
from engine.errors import BadInput
from engine.fold import to_ascii_digits

DAY_S = 86_400
_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_INVISIBLE = dict.fromkeys(map(ord, "\u200c\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"))

WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAYS_FA = ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه")
JALALI_MONTHS_FA = (
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
)
JALALI_MONTHS_EN = (
    "Farvardin",
    "Ordibehesht",
    "Khordad",
    "Tir",
    "Mordad",
    "Shahrivar",
    "Mehr",
    "Aban",
    "Azar",
    "Dey",
    "Bahman",
    "Esfand",
)
GREGORIAN_MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
GREGORIAN_MONTHS_FA = (
    "ژانویه",
    "فوریه",
    "مارس",
    "آوریل",
    "مه",
    "ژوئن",
    "ژوئیه",
    "اوت",
    "سپتامبر",
    "اکتبر",
    "نوامبر",
    "دسامبر",
)

_DATE = re.compile(r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$")
_CLOCK = re.compile(
    r"^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?$",
)
_AMOUNT = re.compile(r"^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?:in)?)?(?:(\d{1,9})s)?$")


def ascii_digits(text: str) -> str:
    """`text` with the digits of any script converted to 0-9, and without invisible marks."""
    return to_ascii_digits(text).translate(_INVISIBLE)


def quoted(text: object) -> str:
    """A foreign text for use inside a sentence: on one line, of limited length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return f"«{line[:60]}…»" if len(line) > 60 else f"«{line}»"


def persian_digits(text: str | int) -> str:
    """`text` with its digits converted to ۰-۹."""
    return str(text).translate(_PERSIAN)


def is_jalali_year(year: int) -> bool:
    """Whether a year of four digits belongs to the Jalali calendar."""
    return 1200 <= year < 1600


def jalali_date(year: int, month: int, day: int) -> date:
    """The Gregorian date of a Jalali one.  Raises ValueError if there is no such day."""
    converted: date = jdatetime.date(year, month, day).togregorian()
    return converted


def jalali_parts(day: date) -> tuple[int, int, int]:
    """(year, month, day) in the Jalali calendar of a Gregorian date."""
    converted = jdatetime.date.fromgregorian(date=day)
    return converted.year, converted.month, converted.day


def parse_date(text: str, what: str = "the date") -> date:
    """A date from ``1405-08-30`` or ``2026-11-21`` (also with ``/`` and Persian digits).

    Raises BadInput, with a sentence that begins with `what`.
    """
    match = _DATE.match(ascii_digits(str(text)).strip())
    if not match:
        raise BadInput(
            "%(what)s: %(text)s is not a date such as 1405-08-30 or 2026-11-21", what=what, text=quoted(text)
        )
    year, month, day = (int(part) for part in match.groups())
    try:
        if is_jalali_year(year):
            return jalali_date(year, month, day)
        if 1800 <= year < 2300:
            return date(year, month, day)
    except ValueError:
        raise BadInput(
            "%(what)s: %(text)s is a day that does not exist", what=what, text=quoted(text)
        ) from None
    raise BadInput(
        "%(what)s: the year of %(text)s is neither Jalali (1200-1599) nor Gregorian (1800-2299)",
        what=what,
        text=quoted(text),
    )


def parse_instant(text: object, what: str = "the time", *, local: bool = False) -> int:
    """Seconds UTC of ``2026-11-21T09:00+03:30`` (or ``Z``), Jalali years too.

    `local` lets a time without offset, or a date alone, mean Tehran time;
    otherwise such a time is refused.  ``24:00`` is the end of the day.
    Fractions of a second are dropped.  BadInput begins with `what`.
    """
    if not isinstance(text, str) or not text.strip():
        raise BadInput(
            "%(what)s: needs a time like 2026-11-21T09:00:00+03:30, not %(text)s",
            what=what,
            text=quoted(text),
        )
    plain = ascii_digits(text).strip()
    day_text, _, clock_text = plain.replace("t", "T").replace("T", " ", 1).partition(" ")
    # «yesterday» also contains a t: then the whole text is not a date.
    day = parse_date(day_text if _DATE.match(day_text) else plain, what)
    if not clock_text:
        if not local:
            raise BadInput(
                "%(what)s: %(text)s has no time of day and no offset (like +03:30)",
                what=what,
                text=quoted(text),
            )
        return local_instant(day, 0)
    match = _CLOCK.match(clock_text.strip())
    if not match:
        raise BadInput(
            "%(what)s: %(text)s is not a time such as 2026-11-21T09:00:00+03:30", what=what, text=quoted(text)
        )
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    of_day = hour * 3600 + minute * 60 + second
    if minute > 59 or second > 59 or of_day > DAY_S:
        raise BadInput(
            "%(what)s: %(text)s is a time of day that does not exist", what=what, text=quoted(text)
        )
    if match[4] is None:
        if not local:
            raise BadInput(
                "%(what)s: %(text)s has no offset (like +03:30 or Z)", what=what, text=quoted(text)
            )
        return local_instant(day, of_day)
    return _instant(day, of_day, _offset(match[4], what, text))


def _offset(text: str, what: str, whole: str) -> tzinfo:
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if shift > timedelta(hours=18) or int(digits[2:]) > 59:
        raise BadInput("%(what)s: %(text)s has an offset that does not exist", what=what, text=quoted(whole))
    return timezone(-shift if text[0] == "-" else shift)


def _instant(day: date, of_day_s: int, zone: tzinfo) -> int:
    if of_day_s == DAY_S:
        day, of_day_s = day + timedelta(days=1), 0
    hour, rest = divmod(of_day_s, 3600)
    at = datetime(day.year, day.month, day.day, hour, rest // 60, rest % 60, tzinfo=zone)
    return int(at.timestamp())


def local_instant(day: date, of_day_s: int) -> int:
    """Seconds UTC of a time of day in Tehran, 0 to 86,400 (the end of the day).

    Before 2022, when there was daylight saving time: a midnight that was skipped in spring is the instant of the
    change, and of an hour that came twice in autumn the first one is meant.
    """
    return _instant(day, of_day_s, TEHRAN)


def local_day(at: int) -> date:
    """The date in Tehran at an instant."""
    return datetime.fromtimestamp(at, TEHRAN).date()


def iso(at: int) -> str:
    """``2026-11-21T09:00:00+03:30``: an instant in Tehran time."""
    return datetime.fromtimestamp(at, TEHRAN).isoformat()


def iso_utc(at: int) -> str:
    """``2026-11-21T05:30:00Z``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock_text(of_day_s: int) -> str:
    """``08:30`` of a time of day; ``24:00`` for its end."""
    hour, rest = divmod(of_day_s, 3600)
    seconds = f":{rest % 60:02d}" if rest % 60 else ""
    return f"{hour:02d}:{rest // 60:02d}{seconds}"


def date_text(day: date, *, jalali: bool = True) -> str:
    """``1405-08-30``, or ``2026-11-21``."""
    if not jalali:
        return day.isoformat()
    year, month, of_month = jalali_parts(day)
    return f"{year:04d}-{month:02d}-{of_month:02d}"


def instant_text(at: int, *, jalali: bool = True, is_end: bool = False) -> str:
    """``1405-08-30 09:00`` in Tehran; `is_end` writes midnight as 24:00 of the day before."""
    moment = datetime.fromtimestamp(at, TEHRAN)
    of_day_s = moment.hour * 3600 + moment.minute * 60 + moment.second
    day = moment.date()
    if is_end and of_day_s == 0:
        day, of_day_s = day - timedelta(days=1), DAY_S
    return f"{date_text(day, jalali=jalali)} {clock_text(of_day_s)}"


def instant_text_fa(at: int, *, jalali: bool = True, is_end: bool = False) -> str:
    """``۱۴۰۵/۰۸/۳۰ ساعت ۰۹:۰۰``."""
    day, _, clock = instant_text(at, jalali=jalali, is_end=is_end).partition(" ")
    return persian_digits(f"{day.replace('-', '/')} ساعت {clock}")


def duration_text(seconds: int, *, days: bool = False) -> str:
    """``3 h 20 min``; with `days`, ``1 d 4 h``; ``0 min`` for nothing."""
    parts = [f"{count} {unit}" for count, unit in _duration(seconds, ("d", "h", "min", "s"), days)]
    return " ".join(parts) or "0 min"


def duration_text_fa(seconds: int, *, days: bool = False) -> str:
    """``۳ ساعت و ۲۰ دقیقه``."""
    parts = [
        f"{persian_digits(count)} {unit}"
        for count, unit in _duration(seconds, ("روز", "ساعت", "دقیقه", "ثانیه"), days)
    ]
    return " و ".join(parts) or "۰ دقیقه"


def _duration(seconds: int, units: tuple[str, str, str, str], days: bool) -> list[tuple[int, str]]:
    whole_days, rest = divmod(seconds, DAY_S) if days else (0, seconds)
    counts = (whole_days, rest // 3600, rest % 3600 // 60, rest % 60)
    return [(count, unit) for count, unit in zip(counts, units, strict=True) if count]


def parse_amount(text: str) -> tuple[int, bool]:
    """``4h``, ``90m``, ``1h30m``, ``45s``, ``3d`` as (seconds, whether days were used)."""
    plain = ascii_digits(str(text)).strip().lower().replace(" ", "")
    match = _AMOUNT.match(plain)
    if not plain or not match:
        raise BadInput(
            "the amount: %(text)s is not a duration such as 4h, 90m, 1h30m or 3d", text=quoted(text)
        )
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    amount_s = days * DAY_S + hours * 3600 + minutes * 60 + seconds
    if amount_s > 3660 * DAY_S:
        raise BadInput("the amount: %(text)s is more than ten years", text=quoted(text))
    return amount_s, match[1] is not None
