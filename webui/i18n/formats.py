"""Formats for the reader: language, digits, dates, durations.

Persian and English; Jalali or Gregorian dates; the digits of the language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any

import jdatetime
from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel, refresh
from flask_babel import gettext as _
from flask_babel.speaklater import LazyString
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from engine.clock import from_ms, to_ms, wall_ms
from engine.errors import BadInput
from engine.fold import to_ascii_digits
from webui.request.access import person_or_none
from webui.request.context import web

LANGUAGES = {"fa": "فارسی", "en": "English"}
CALENDARS = ("jalali", "gregorian")
_PERSIAN = str.maketrans("0123456789,.%", "۰۱۲۳۴۵۶۷۸۹٬٫٪")
_DIGITS_ONLY = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_INSTANT = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})[ T]+(\d{1,2}):(\d{2})")


def init_app(app: Flask) -> None:
    app.config.update(BABEL_DEFAULT_LOCALE="fa", BABEL_TRANSLATION_DIRECTORIES="translations")
    Babel(app, locale_selector=language)
    for filter_ in (
        *(number, plain_number, percent, rate, digits, joined),
        *(instant, deadline, duration, months, file_size),
    ):
        app.add_template_filter(filter_)
    app.context_processor(
        lambda: {
            "language": language(),
            "calendar": calendar(),
            "languages": LANGUAGES,
            "direction": "rtl" if language() == "fa" else "ltr",
        }
    )


def ask_filters_anew(app: Flask) -> None:
    """Make Jinja call all our filters at each rendering; call this after all filters are registered.

    Jinja evaluates a filter of a constant when it compiles a template, so the language of the first reader would stay.
    """
    filters = app.jinja_env.filters
    for name, made in filters.items():
        if made.__module__.startswith("webui."):
            filters[name] = _asked_anew(made)


def _asked_anew(made: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    @wraps(made)
    def asked(_context: Context, *values: Any, **named: Any) -> Any:
        return made(*values, **named)

    return asked


def language() -> str:
    """``fa`` or ``en``: from the person, else the session, else the browser's preferences, else Persian."""
    if not has_request_context():
        return "fa"
    if "spoken" in g:  # an answer to a program, which has both languages
        return str(g.spoken)
    found = person_or_none()
    chosen = found.language if found is not None else session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    return request.accept_languages.best_match(["fa", "en"]) or "fa"


def calendar() -> str:
    found = None if "spoken" in g else person_or_none()
    chosen = found.calendar if found is not None else session.get("calendar")
    return str(chosen) if chosen in CALENDARS else ("jalali" if language() == "fa" else "gregorian")


def refresh_language() -> None:
    """Apply a change of the language in this request."""
    g.pop("person", None)
    refresh()


def digits(text: object) -> str:
    """Text with its digits converted to those of the reader's language."""
    return str(text).translate(_DIGITS_ONLY) if language() == "fa" else str(text)


def months(count: int) -> str:
    """A number of months, as of a subscription: 1 month, 3 months."""
    return _("1 month") if count == 1 else _("%(n)s months", n=number(count))


def lazy_digits(text: object) -> LazyString:
    """As `digits`, for the choices of a form; what begins with a sign keeps its direction."""
    return LazyString(lambda: f"\u2066{digits(text)}\u2069")


def joined(texts: Iterable[object]) -> str:
    """Texts in one line, with the commas of the reader's language."""
    return ("، " if language() == "fa" else ", ").join(map(str, texts))


def number(value: float | None, places: int = 0) -> str:
    """A number with separators: 12,345 or ۱۲٬۳۴۵; a dash for None."""
    if value is None:
        return "—"
    text = f"{value:,.{places}f}"
    return text.translate(_PERSIAN) if language() == "fa" else text


def plain_number(text: str) -> str:
    """A formatted number with the reader's digits and decimal point."""
    return text.translate(_PERSIAN) if language() == "fa" else text


def file_size(size: int) -> str:
    """The size of a file, of `size` bytes: 77 bytes, 12 KB, 1.5 MB."""
    if size < 1024:
        return _("%(n)s bytes", n=number(size))
    if size < 1024 * 1024:
        return _("%(n)s KB", n=number(size / 1024))
    return _("%(n)s MB", n=number(size / 1024 / 1024, 1))


def rate(value: float) -> str:
    """A rate in calls a second: one decimal place below 100, none for whole numbers."""
    return number(value, 0 if value >= 100 or float(value).is_integer() else 1)


def percent(share: float | None, places: int = 0) -> str:
    """A share from 0 to 1 as a percentage; a dash for None."""
    if share is None:
        return "—"
    text = f"{share * 100:.{places}f}%"
    return text.translate(_PERSIAN) if language() == "fa" else text


def plain_instant(at_ms: int) -> str:
    """Date and time in the reader's calendar: «today 14:30», «1405/09/02 14:30»."""
    zone = web().zone
    at = from_ms(at_ms).astimezone(zone)
    today = from_ms(wall_ms()).astimezone(zone).date()
    clock = f"{at:%H:%M}"
    if at.date() == today:
        text = _("today %(time)s", time=clock)
    elif at.date() == today + timedelta(days=1):
        text = _("tomorrow %(time)s", time=clock)
    elif at.date() == today - timedelta(days=1):
        text = _("yesterday %(time)s", time=clock)
    else:
        text = f"{written_day(at.date())} {clock}"
    return digits(text)


def instant(at_ms: int | None) -> str | Markup:
    """As `plain_instant`, in a <time> element with the full date as its title; a dash for None."""
    if at_ms is None:
        return "—"
    at = from_ms(at_ms).astimezone(web().zone)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(timespec="seconds"),
        digits(f"{written_day(at.date())} {at:%H:%M:%S}"),
        plain_instant(at_ms),
    )


def plain_deadline(at_ms: int) -> str:
    """As `plain_instant`, for the end of a time: midnight is 24:00 of the day before."""
    if from_ms(at_ms).astimezone(web().zone).strftime("%H:%M:%S") != "00:00:00":
        return plain_instant(at_ms)
    return digits(f"{written_day(from_ms(at_ms - 1000).astimezone(web().zone).date())} 24:00")


def deadline(at_ms: int | None) -> str | Markup:
    """As `instant`, for the end of a time: midnight is 24:00 of the day before."""
    if at_ms is None or from_ms(at_ms).astimezone(web().zone).strftime("%H:%M:%S") != "00:00:00":
        return instant(at_ms)
    at, text = from_ms(at_ms).astimezone(web().zone), plain_deadline(at_ms)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), text, text
    )


def duration(ms: float) -> str:
    """A duration in its two largest units: 2 h 5 min, 45 s."""
    seconds = max(0, round(ms / 1000))
    parts: list[str] = []
    for size, word in (
        (86_400, lambda n: _("%(n)s d", n=n)),
        (3_600, lambda n: _("%(n)s h", n=n)),
        (60, lambda n: _("%(n)s min", n=n)),
        (1, lambda n: _("%(n)s s", n=n)),
    ):
        count, seconds = divmod(seconds, size)
        if count and len(parts) < 2:
            parts.append(word(number(count)))
    joint = _(" and ")
    return joint.join(parts) or _("%(n)s s", n=number(0))


def parse_instant(text: str) -> int | None:
    """The instant (ms) of ``1405/09/02 14:30`` in the reader's calendar; None for an empty text.  Raises BadInput."""
    text = to_ascii_digits(text).strip()
    if not text:
        return None
    found = _INSTANT.fullmatch(text)
    try:
        if not found:
            raise ValueError
        year, month, day, hour, minute = map(int, found.groups())
        # The year shows which calendar is meant: nobody starts a campaign in 1405 AD.
        if year < 1700:
            of = jdatetime.date(year, month, day).togregorian()
            year, month, day = of.year, of.month, of.day
        return to_ms(datetime(year, month, day, hour, minute, tzinfo=web().zone))
    except ValueError as error:
        raise BadInput(
            "«%(text)s» is not a date and time such as %(like)s.", text=text, like=instant_example()
        ) from error


def instant_example() -> str:
    """An example for `parse_instant`: tomorrow at nine."""
    day = from_ms(wall_ms()).astimezone(web().zone).date() + timedelta(days=1)
    return digits(f"{written_day(day)} 09:00")


def written_instant(at_ms: int | None) -> str:
    """An instant in the form of `parse_instant`, to fill a form field."""
    if at_ms is None:
        return ""
    at = from_ms(at_ms).astimezone(web().zone)
    return digits(f"{written_day(at.date())} {at:%H:%M}")


def written_day(of: date) -> str:
    """A date in the reader's calendar.

    Persian has slashes in both calendars: parts that are joined by hyphens turn around after Persian letters.
    """
    text = written_in(calendar(), of)
    return text.replace("-", "/") if language() == "fa" else text


def written_in(calendar_: str, of: date) -> str:
    """A date in a calendar of `CALENDARS`."""
    if calendar_ == "jalali":
        shown: Any = jdatetime.date.fromgregorian(date=of)
        return f"{shown.year:04d}/{shown.month:02d}/{shown.day:02d}"
    return f"{of:%Y-%m-%d}"
