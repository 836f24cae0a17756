"""The working calendar, for staff: add, move or strike holidays, half days, and the history of changes."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.validators import Length

from engine.agreement.dates import WEEKDAYS_EN, WEEKDAYS_FA, local_day
from engine.agreement.months import Month
from engine.clock import wall_ms
from engine.errors import BadInput, NotFound
from engine.services.accounts.display_names import people_names
from engine.services.accounts.permissions import CALENDAR_ROLES
from engine.services.sla import working_calendar
from engine.services.tickets import clocks
from engine.store.threads import read, write
from webui.forms.number_fields import ascii_digits
from webui.forms.pages import (
    Answer,
    DayField,
    PageForm,
    attempt,
    needed_together,
    pages_blueprint,
    reason_field,
    refused,
    written_day,
)
from webui.i18n.formats import calendar, language, number
from webui.i18n.words import choices
from webui.request.access import for_staff, person

blueprint = pages_blueprint(__name__, "calendar", "/calendar")


class EditForm(PageForm):
    """One change of the official holidays."""

    action = SelectField(_l("Change"), choices=choices("edit"))
    day = DayField(_l("Day"), [needed_together])
    to = DayField(_l("To the day"), description=_l("For a move only."))
    name_fa = StringField(_l("Name in Persian"), [Length(max=200)], render_kw={"dir": "rtl"})
    name_en = StringField(_l("Name in English"), [Length(max=200)], render_kw={"dir": "ltr"})
    hours = StringField(
        _l("Hours of the half day"),
        filters=[ascii_digits],
        description=_l("As in 08:30-12:00; empty: the day's first shift."),
        render_kw={"dir": "ltr"},
    )
    reason = reason_field(_l("Reason"))

    def pairs(self) -> list[list[str]]:
        """The hours as pairs of times.  Raises BadInput."""
        found = []
        for part in (self.hours.data or "").split(","):
            if part.strip():
                ends = [end.strip() for end in part.split("-")]
                if len(ends) != 2:
                    raise BadInput("Hours are written as in 08:30-12:00.")
                found.append(ends)
        return found


@blueprint.get("")
@for_staff
def index() -> str:
    return render_template("calendar/index.html", **_shown())


@blueprint.post("")
@for_staff
def edit() -> Answer | Response:
    """Change a day; running clocks are computed again in the same transaction."""
    form = EditForm(tag="edit")
    me, now = person(), wall_ms()
    moved: list[int] = []

    def work() -> None:
        details = {
            "to": form.to.data,
            "name_fa": form.name_fa.data or "",
            "name_en": form.name_en.data or "",
            "hours": form.pairs(),
        }
        day, reason = form.day.data, form.reason.data
        moved.extend(write(lambda: clocks.edit_calendar(me, form.action.data, day, reason, now, **details)))

    if not attempt(form, work, writes=False):
        return refused("calendar/index.html", **_shown(form))
    flash(_("The calendar was changed; %(n)s deadlines moved.", n=number(len(moved))), "success")
    return redirect(url_for("calendar.index", month=request.args.get("month")))


def _shown(form: EditForm | None = None) -> dict[str, Any]:
    now = wall_ms()
    month = _month(now)
    first, last = local_day(month.start), local_day(month.end - 1)

    def work() -> dict[str, Any]:
        rows = working_calendar.history(100)
        return {
            "days": working_calendar.days(first, last, now),
            "history": rows,
            "people": people_names([row.author_id for row in rows]),
        }

    names = WEEKDAYS_FA if language() == "fa" else WEEKDAYS_EN
    return {
        **read(work),
        "form": form or EditForm.blank("edit"),
        "month": month,
        "month_name": month.name_fa if language() == "fa" else month.name_en,
        "today": local_day(now // 1000),
        "weekday": lambda day: names[day.weekday()],
        "written": written_day,
        "written_iso": lambda text: written_day(date.fromisoformat(text)) if text else "",
        "may_write": person().role in (*CALENDAR_ROLES, "administrator"),
    }


def _month(now: int) -> Month:
    wanted = request.args.get("month")
    if not wanted:
        return Month.containing(now // 1000, jalali=calendar() == "jalali")
    try:
        return Month.parse(wanted)
    except BadInput as error:
        raise NotFound(error.sentence) from error
