"""Names and formats of the agreement's figures, for the page that compares two versions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.agreement.calendars import WEEKDAY_KEYS, Hours
from engine.agreement.dates import WEEKDAYS_EN, WEEKDAYS_FA, clock_text
from engine.agreement.terms import Terms
from engine.agreement.working_time import Explanation
from webui.i18n.formats import calendar, digits, duration, joined, language, number
from webui.i18n.words import word

LIMITS: dict[str, Any] = {
    "maintenance_notice_s": _l("Planned maintenance is announced before, by"),
    "outage_notice_s": _l("Notice of an outage within"),
    "fault_examined_s": _l("A fault in the panel is examined within"),
    "fault_mended_working_days": _l("A fault of ours is repaired within (working days)"),
    "claim_window_s": _l("An outage can be claimed for"),
    "claim_first_answer_working_days": _l("First answer to a claim by the end of working day number"),
    "claim_result_s": _l("Result of a claim within"),
    "callback_offer_s": _l("A waiting caller is offered a call-back after"),
    "messages_a_minute": _l("Voice messages a minute, at least"),
    "quick_send_s": _l("Quick send, on average under"),
    "ticket_answer_s": _l("Answer to a ticket within (support hours)"),
}
_PLAIN: dict[str, Any] = {
    "id": _l("Number of the version"),
    "effective_from": _l("In force from"),
    "title": _l("Title"),
    "uptime_percent": _l("Promised availability (percent)"),
    "working_days": _l("Working days"),
}
_COLUMNS: dict[str, Any] = {
    "min_percent": _l("least percent"),
    "max_minutes": _l("most minutes"),
    "discount": _l("discount (percent)"),
}
_BAND = re.compile(r"bands\[(\d+)\]\.(\w+)")


def init_app(app: Flask) -> None:
    for filter_ in (open_hours, clock_said):
        app.add_template_filter(filter_)


def clock_said(explanation: Explanation) -> str:
    """How a promise's clock stands, in the reader's language and calendar."""
    return explanation.said(language(), jalali=calendar() == "jalali")


def place(path: str, before: Terms, after: Terms) -> str:
    """The name of the figure at a path of a version's record, such as ``limits.claim_window_s``."""
    room, _dot, rest = path.partition(".")
    band = _BAND.fullmatch(path)
    if band:
        return _("Discount table, row %(n)s: %(what)s", n=number(int(band[1]) + 1), what=_COLUMNS[band[2]])
    if room == "limits" and rest in LIMITS:
        return str(LIMITS[rest])
    if room == "support_hours":
        return _("Support hours: %(day)s", day=_day(rest))
    if room == "exclusions":
        return _("Exclusion: %(kind)s", kind=word(rest.partition(".")[0], "exclusion"))
    if room == "articles":
        return _("Article: %(title)s", title=_article(rest.partition(".")[0], before, after))
    return str(_PLAIN.get(room, path))


def figure(path: str, value: Any) -> str:
    """A value of a version, formatted for people."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if path.startswith("support_hours."):
        return _shifts((str(start), str(end)) for start, end in value)
    if path == "working_days":
        return joined(map(_day, value))
    if path.endswith("_s") and isinstance(value, int):
        return duration(value * 1000)
    if isinstance(value, int):
        return number(value)
    return digits(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def open_hours(hours: Hours) -> str:
    """Support hours of a day: 08:30–14:00, 14:45–24:00, or that it is closed."""
    return _shifts((clock_text(start), clock_text(end)) for start, end in hours)


def _shifts(texts: Iterable[tuple[str, str]]) -> str:
    if language() == "fa":
        return digits(" و ".join(f"{start} تا {end}" for start, end in texts)) or _("no support")
    return ", ".join(f"{start}–{end}" for start, end in texts) or _("no support")


def _day(key: str) -> str:
    if key not in WEEKDAY_KEYS:
        return str(_("Official holidays"))
    return (WEEKDAYS_FA if language() == "fa" else WEEKDAYS_EN)[WEEKDAY_KEYS.index(key)]


def _article(article_id: str, before: Terms, after: Terms) -> str:
    for each in (*after.articles, *before.articles):
        if each.id == article_id:
            return each.title.get(language()) or each.title["fa"]
    return article_id
