"""Reports of the support line: service level by hour and by day, call-backs; on the page and as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from engine.clock import TEHRAN, from_ms, wall_ms
from engine.services.reports.files import Cell
from engine.services.support_line import figures
from engine.services.support_line.figures import HOUR_MS, Figures
from engine.store.threads import read
from webui.forms import downloads
from webui.forms.pages import DayField, PageForm, pages_blueprint
from webui.i18n.formats import calendar, digits, instant, written_day, written_in
from webui.request.access import needs
from webui.request.context import web

blueprint = pages_blueprint(__name__, "line_reports", "/line/reports")

DAY_MS = 24 * HOUR_MS
DAYS = 14  # shown by default
MOST_DAYS = 400


class SpanForm(PageForm):
    """The days of a report."""

    class Meta:
        csrf = False  # a GET, which changes nothing

    since = DayField(_l("From"))
    until = DayField(_l("Until"))


@blueprint.get("")
@needs("line.view")
def index() -> str:
    form = _form()
    since, until, now = _span(form)
    days, hours, total, backs = read(
        lambda: (
            figures.by_day(since, until, now),
            figures.by_hour(max(since, until - DAY_MS), until, now),
            figures.total(since, until, now),
            figures.call_backs(since, until),
        )
    )
    return render_template(
        "line/reports.html", form=form, days=days[::-1], hours=[row for row in hours if row.offered],
        total=total, backs=backs, hour_of=instant, day_of=lambda at: digits(written_day(from_ms(at).astimezone(TEHRAN).date())),
        asked={field.name: request.args[field.name] for field in form if field.name in request.args},
    )  # fmt: skip


@blueprint.get("/<any(hours, days):what>.<any(csv, xlsx):kind>")
@needs("line.view")
def file(what: str, kind: str) -> Response:
    """The table of the chosen days, by hour or by day."""
    since, until, now = _span(_form())
    downloads.note("line.report", None, f"support line, by {what}")
    by = figures.by_hour if what == "hours" else figures.by_day
    columns = [
        _("From"), _("Offered"), _("Answered"), _("Answered within 20 s"), _("Answered within 80 s"), _("Abandoned"),
        _("Left for a call-back"), _("Longest wait (s)"), _("Mean wait (s)"), _("Service level 20 s"),
        _("Service level 80 s"),
    ]  # fmt: skip
    begins = _writer()

    def rows() -> Iterator[list[Cell]]:
        for row in downloads.read_here(lambda: by(since, until, now)):
            yield _cells(row, begins)

    return downloads.table(f"support-line-{what}", kind, columns, rows())


def _cells(row: Figures, begins: Callable[[int], str]) -> list[Cell]:
    return [
        begins(row.from_at), row.offered, row.answered, row.within_20_s, row.within_80_s, row.abandoned, row.called_back,
        row.longest_wait_s, row.mean_wait_s, _share(row.level_20), _share(row.level_80),
    ]  # fmt: skip


def _writer() -> Callable[[int], str]:
    """The reader's format of instants, for the code that makes files, which knows no request."""
    of, zone = calendar(), web().zone

    def write(at: int) -> str:
        local = from_ms(at).astimezone(zone)
        return f"{written_in(of, local.date())} {local:%H:%M}"

    return write


def _share(value: float | None) -> Cell:
    return "" if value is None else round(100 * value, 1)


def _form() -> SpanForm:
    form = SpanForm(request.args)
    form.validate()
    return form


def _span(form: SpanForm) -> tuple[int, int, int]:
    """The chosen days as ``(since, until, now)`` in ms; `until` is exclusive."""
    now = wall_ms()
    end = (
        figures.day_start_of(form.until.data) + DAY_MS if form.until.data else figures.day_start(now) + DAY_MS
    )
    start = figures.day_start_of(form.since.data) if form.since.data else end - DAYS * DAY_MS
    return max(start, end - MOST_DAYS * DAY_MS), end, now
