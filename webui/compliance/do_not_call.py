"""Do-not-call lists: an account's own; for staff any account's, and the one for all advertising."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.services.accounts import accounts, permissions
from engine.services.compliance import do_not_call as suppression
from engine.services.lists.choices import Choices, HiddenRows, Several
from engine.services.lists.reader import open_list
from engine.store import do_not_call
from engine.store.do_not_call import EVERYBODY
from engine.store.threads import begin, read, write
from webui.forms import downloads
from webui.forms.number_fields import TelephoneField, row_id
from webui.forms.pages import Answer, PageForm, attempt, pages_blueprint, refused
from webui.request.access import account_scope, needs, person
from webui.request.context import web
from webui.request.services import given

blueprint = pages_blueprint(__name__, "consent", "/do-not-call")

SHOWN = 100


class BlockedNumberForm(PageForm):
    number = TelephoneField(_l("Number"), [InputRequired()], allow_abroad=True)


class ImportForm(PageForm):
    file = FileField(
        _l("List"), description=_l("CSV, TXT or Excel; the column of the numbers is found by itself.")
    )
    columns = StringField(
        _l("Column of the numbers"),
        [Length(max=64)],
        description=_l("Only if the wrong one was found: its name, or its place from 1."),
        render_kw={"dir": "auto"},
    )
    sheet = StringField(_l("Sheet"), [Length(max=64)], render_kw={"dir": "auto"})
    several = SelectField(
        _l("Cells with several numbers, or with words"),
        choices=[
            SelectChoice(Several.NONE.value, _l("take none of them")),
            SelectChoice(Several.FIRST.value, _l("take the first")),
            SelectChoice(Several.ALL.value, _l("take all of them")),
        ],
        default=Several.NONE.value,
    )
    hidden_rows = SelectField(
        _l("Hidden, filtered or crossed-out rows"),
        choices=[
            SelectChoice(HiddenRows.SKIP.value, _l("leave them out")),
            SelectChoice(HiddenRows.INCLUDE.value, _l("take them too")),
        ],
        default=HiddenRows.SKIP.value,
    )

    def choices(self) -> Choices:
        """How to read the list."""
        columns, sheet = (self.columns.data or "").strip(), (self.sheet.data or "").strip()
        return Choices(columns, sheet, self.hidden_rows.data, self.several.data)


@blueprint.get("")
@needs("consent.view")
def index() -> str:
    return render_template("consent/index.html", **_shown())


@blueprint.post("/add")
@needs("consent.change")
def add() -> Answer | BaseResponse:
    form = BlockedNumberForm(tag="add")
    list_id, now, by = _list(), wall_ms(), person().id
    new: list[bool] = []

    if not attempt(form, lambda: new.append(suppression.add(list_id, form.number.data, now, by))):
        return refused("consent/index.html", **_shown(add=form))
    flash(
        _("The number is called no more.") if new[-1] else _("The number was on the list already."), "success"
    )
    return _back(list_id)


@blueprint.post("/remove")
@needs("consent.change")
def remove() -> Answer | BaseResponse:
    form = BlockedNumberForm(tag="remove")
    list_id, now, by = _list(), wall_ms(), person().id
    gone: list[bool] = []

    if not attempt(form, lambda: gone.append(suppression.remove(list_id, form.number.data, now, by))):
        return refused("consent/index.html", **_shown(remove=form))
    flash(
        _("The number was taken off the list.") if gone[-1] else _("The number was not on the list."),
        "success",
    )
    return _back(list_id)


@blueprint.post("/import")
@needs("consent.change")
def import_() -> Answer | BaseResponse:
    """Add all numbers of a file to the list."""
    form = ImportForm(tag="import")
    list_id, now, by = _list(), wall_ms(), person().id
    accepted = suppression.number_rules(web().settings.default_area_code)
    taken: list[suppression.Taken] = []

    def work() -> None:
        files = given(form.file.data)
        if not files:
            raise BadInput("Choose a file.")
        limit = web().settings.max_upload_mb

        if (request.content_length or 0) > limit * 1_000_000:
            raise BadInput("The files are too large: one may have %(n)s MB.", n=limit)
        stream: Any = files[0].stream
        name = files[0].filename
        chosen, whose = form.choices(), account_scope()
        with web().apart(
            lambda: open_list(
                stream,
                chosen,
                accepted,
                filename=name,
                account=whose,
            ),
            waits=True,
        ) as reader:
            apart = partial(begin, waits=True)
            taken.append(suppression.import_list(list_id, reader, write, now, by_id=by, begin=apart))

    if not attempt(form, work, writes=False):
        return refused("consent/index.html", **_shown(import_=form))
    done = taken[-1]
    back = url_for("consent.index", account=None if account_scope() is not None else list_id or None)
    return render_template("consent/imported.html", done=done, back=back), 200


@blueprint.get("/export.<any(csv, xlsx):kind>")
@needs("consent.view")
def export(kind: str) -> BaseResponse:
    """The list, streamed; it can be imported again."""
    list_id = _list()
    downloads.note("do_not_call.download", list_id or None, "list")
    stem = f"avanak-do-not-call-{list_id or 'advertising'}"
    rows = suppression.export_rows(list_id, downloads.read_here)
    return downloads.table(stem, kind, suppression.EXPORTED, rows)


def _list() -> int:
    """The list of the page: a customer's own; for staff that of ``?account=``, or the one for all advertising."""
    scope = account_scope()
    if scope is not None:
        return scope
    wanted = request.values.get("account", type=row_id)
    if not wanted:
        return EVERYBODY
    return int(read(lambda: accounts.get(wanted)).id)


def _back(list_id: int) -> BaseResponse:
    scope = account_scope()
    return redirect(url_for("consent.index", account=None if scope is not None else list_id or None))


def _shown(**forms: Any) -> dict[str, Any]:
    list_id, after = _list(), request.args.get("after", 0, type=row_id)

    def work() -> dict[str, Any]:
        rows = do_not_call.page(list_id, after, SHOWN + 1)
        return {
            "rows": rows[:SHOWN],
            "more": rows[SHOWN - 1][0] if len(rows) > SHOWN else None,
            "count": do_not_call.count(list_id),
            "account": accounts.get(list_id) if list_id else None,
        }

    me = person()
    scope = account_scope()
    return {
        **read(work),
        "list_id": list_id,
        "of": None if scope is not None else list_id or None,
        "is_own": scope is not None,
        "may_change": permissions.may(me, "consent.change", me.account_id),
        "add": forms.get("add") or BlockedNumberForm.blank("add"),
        "remove": forms.get("remove") or BlockedNumberForm.blank("remove"),
        "import_": forms.get("import_") or ImportForm.blank("import"),
    }
