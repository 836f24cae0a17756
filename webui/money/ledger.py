"""The ledger of an account: a line for each campaign and day, which opens to its calls, and for each other booking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

from flask import abort, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from engine.clock import from_ms
from engine.errors import NotFound
from engine.services.accounts import accounts
from engine.services.campaigns import campaigns
from engine.services.money import days, ledger
from engine.services.money.days import DayLine, PaidCall, Which
from engine.services.numbering.numbers import display
from engine.services.reports.files import Cell
from engine.store.threads import read
from webui.forms import downloads
from webui.forms.number_fields import row_id
from webui.forms.pages import DayField, PageForm, own_account, pages_blueprint, written_day
from webui.i18n.formats import calendar, written_in
from webui.i18n.words import WORDS, word
from webui.request.access import is_staff, needs
from webui.request.context import web

blueprint = pages_blueprint(__name__, "ledger", "/ledger")

PAGE = 50
FILE_ROWS = 2_000
_KINDS = ("topup", "adjustment", "availability", "synthesis", "subscription")


class WhichForm(PageForm):
    """Which lines are shown."""

    class Meta:
        csrf = False  # asks, changes nothing: it is a GET

    what = SelectField(_l("What for"), default="")
    since = DayField(_l("From"))
    until = DayField(_l("Until"))


@blueprint.get("")
@needs("money.view")
def index() -> str:
    """An account's ledger; staff name the account (``?account=``)."""
    account_id, form = _account(), _form()
    which, before = _which(form), _before()

    def work() -> dict[str, Any]:
        found = days.lines(account_id, which, before, PAGE + 1)
        return {
            "account": accounts.get(account_id),
            "money": ledger.money_of(account_id),
            "lines": found[:PAGE],
            "further": found[PAGE - 1].key if len(found) > PAGE else None,
        }

    return render_template("ledger/index.html", form=form, asked=_asked(), chosen=_chosen(), **read(work))


@blueprint.get("/lines.<any(csv, xlsx):kind>")
@needs("money.view")
def lines_file(kind: str) -> Response:
    """The chosen lines as a file."""
    account_id, which = _account(), _which(_form())
    account = read(lambda: accounts.get(account_id))
    downloads.note("ledger.download", account_id, f"account {account_id}")
    kinds = {each: str(text) for each, text in WORDS["booking"].items()} | {days.CALLS: _("Calls")}
    quick, write_day = _("Quick sends"), _day_writer()

    def cells(line: DayLine) -> tuple[Cell, ...]:
        name = quick if line.is_quick else line.name
        return (
            write_day(line.day), kinds.get(line.kind, line.kind), line.campaign_id, name, line.change,
            line.reserved, line.spent, line.balance, line.note if not line.note.startswith("{") else "",
        )  # fmt: skip

    columns = [
        *(_("Day"), _("What for"), _("Campaign"), _("Name"), _("Change (Rials)"), _("Set aside (Rials)")),
        *(_("Cost (Rials)"), _("Balance afterwards"), _("Note")),
    ]
    rows = map(cells, _all_lines(account_id, which))
    name = f"{_('Ledger')} {account.name}"
    return downloads.table(f"avanak-ledger-{account_id}", kind, columns, rows, name)


@blueprint.get("/<int:day>/<int:campaign_id>")
@needs("money.view")
def calls(day: int, campaign_id: int) -> str:
    """The calls of a campaign that were charged on a day."""
    account_id, campaign, of = _line(day, campaign_id)
    before = request.args.get("before", type=row_id)
    found, texts = read(
        lambda: (
            days.calls(account_id, campaign_id, of, before, PAGE + 1),
            days.texts(account_id, campaign_id, of),
        )
    )
    return render_template(
        "ledger/calls.html",
        campaign=campaign,
        day=of,
        day_number=day,
        rows=found[:PAGE],
        texts=texts,
        older=found[PAGE - 1].attempt_id if len(found) > PAGE else None,
        asked=_asked(),
    )


@blueprint.get("/<int:day>/<int:campaign_id>/calls.<any(csv, xlsx):kind>")
@needs("money.view")
def calls_file(day: int, campaign_id: int, kind: str) -> Response:
    account_id, campaign, of = _line(day, campaign_id)
    downloads.note("ledger.download", account_id, f"account {account_id}")
    zone, write_day = web().zone, _day_writer()

    def cells(row: PaidCall) -> tuple[Cell, ...]:
        at = from_ms(row.at).astimezone(zone)
        return display(row.number), f"{write_day(at.date())} {at:%H:%M}", row.heard_ms / 1000, row.price

    columns = [_("Number"), _("When"), _("Heard (seconds)"), _("Cost (Rials)")]
    rows = map(cells, _all_calls(account_id, campaign_id, of))
    return downloads.table(
        f"avanak-ledger-{day}-{campaign_id}", kind, columns, rows, f"{campaign.name} {write_day(of)}"
    )


def _account() -> int:
    """The account of the ledger."""
    return own_account(request.args.get("account", type=row_id) if is_staff() else None)


def _asked() -> dict[str, int]:
    """The parameters that addresses of this page keep: the account that staff look at."""
    return {"account": _account()} if is_staff() else {}


def _chosen() -> dict[str, Any]:
    """The parameters that addresses of further pages and files keep: the account and the chosen lines."""
    return _asked() | {
        name: request.args[name] for name in ("what", "since", "until") if request.args.get(name)
    }


def _form() -> Any:
    form = WhichForm(request.args)
    form.what.choices = [
        SelectChoice("", _("All")),
        SelectChoice(days.CALLS, _("Calls")),
        *(SelectChoice(kind, word(kind, "booking")) for kind in _KINDS),
    ]
    form.validate()
    return form


def _which(form: Any) -> Which:
    return Which("" if form.what.errors else form.what.data or "", form.since.data, form.until.data)


def _before() -> tuple[int, int] | None:
    text = request.args.get("before", "")
    if not text:
        return None
    try:
        day, last = map(row_id, text.split(","))
    except ValueError:
        abort(404)
    return day, last


def _line(day: int, campaign_id: int) -> tuple[int, Any, date]:
    """The account, the campaign and the day of a line; NotFound for another's."""
    scope = None if is_staff() else own_account()
    campaign = read(lambda: campaigns.get(campaign_id, scope))
    if day > 10**6:
        raise NotFound("There is no such day.")
    return int(campaign.account_id), campaign, days.day_of(day)


def _day_writer() -> Callable[[date], str]:
    """A function that writes a day for the reader outside the request, where files are made."""
    return partial(written_in, calendar())


def _all_lines(account_id: int, which: Which) -> Iterator[DayLine]:
    before: tuple[int, int] | None = None
    while True:
        page = downloads.read_here(partial(days.lines, account_id, which, before, FILE_ROWS))
        yield from page
        if len(page) < FILE_ROWS:
            return
        before = page[-1].key


def _all_calls(account_id: int, campaign_id: int, day: date) -> Iterator[PaidCall]:
    before: int | None = None
    while True:
        page = downloads.read_here(partial(days.calls, account_id, campaign_id, day, before, FILE_ROWS))
        yield from page
        if len(page) < FILE_ROWS:
            return
        before = page[-1].attempt_id


@blueprint.app_template_filter("day")
def day_shown(of: date) -> str:
    """A day in the reader's calendar and digits."""
    return written_day(of)
