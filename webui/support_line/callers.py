"""Calls to the support line: the list, and for each call the caller, notes, tickets and recording."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from engine.clock import wall_ms
from engine.errors import NotFound
from engine.services.accounts import permissions
from engine.services.accounts.display_names import account_names
from engine.services.support_line import agents, call_recordings, calls, departments, transfers
from engine.services.support_line.agents import SupportAgent
from engine.store.threads import read, write
from webui.forms.number_fields import row_id
from webui.forms.pages import Answer, attempt, before_id, pages_blueprint, refused
from webui.i18n.formats import digits
from webui.request.access import needs, person
from webui.request.context import web
from webui.support_line.forms import CallTicketForm, ContinueForm, NotesForm, TransferForm

blueprint = pages_blueprint(__name__, "line_calls", "/line/calls")

PAGE = 50


@blueprint.get("")
@needs("line.view")
def index() -> str:
    """The calls, newest first."""
    before = before_id()

    def work() -> dict[str, Any]:
        found = calls.recent(PAGE + 1, before)
        return {
            "rows": found[:PAGE],
            "older": found[PAGE - 1].id if len(found) > PAGE else None,
            "names": account_names([row.account_id for row in found if row.account_id]),
            "agents": {row.id: row.name for row in agents.everybody()},
        }

    return render_template("line/calls.html", now=wall_ms(), **read(work))


@blueprint.get("/<int:call_id>")
@needs("line.view")
def detail(call_id: int) -> str:
    """One call: the caller, their latest tickets, and the notes."""
    return render_template("line/call.html", **_shown(call_id))


@blueprint.post("/<int:call_id>/notes")
@needs("line.work")
def note(call_id: int) -> Answer | Response:
    form, me = NotesForm(tag="notes"), person()
    if not attempt(form, lambda: calls.note(me, call_id, form.notes.data or "")):
        return refused("line/call.html", **_shown(call_id, notes=form))
    flash(_("The notes are saved."), "success")
    return redirect(url_for("line_calls.detail", call_id=call_id))


@blueprint.post("/<int:call_id>/ticket")
@needs("line.work")
def ticket(call_id: int) -> Answer | Response:
    """Open a ticket from the call; a form that is sent twice opens one ticket."""
    form, me, now = CallTicketForm(tag="ticket"), person(), wall_ms()
    made: list[int] = []

    def work() -> None:
        made.append(
            calls.ticket_of_call(
                me, call_id, now, account_id=form.account_id.data, department=form.department.data,
                subject=form.subject.data, text=form.text.data,
            )
        )  # fmt: skip

    if not attempt(form, work):
        return refused("line/call.html", **_shown(call_id, ticket=form))
    flash(_("Ticket %(n)s was opened.", n=digits(made[-1])), "success")
    return redirect(url_for("line_calls.detail", call_id=call_id))


@blueprint.post("/<int:call_id>/continue")
@needs("line.work")
def go_on(call_id: int) -> Answer | Response:
    """Link the call to an existing ticket."""
    form, me, now = ContinueForm(tag="continue"), person(), wall_ms()
    _offer(form, read(lambda: calls.dossier(me, call_id)))
    if not attempt(
        form, lambda: calls.continue_ticket(me, call_id, form.ticket_id.data, form.text.data or "", now)
    ):
        return refused("line/call.html", **_shown(call_id, go_on=form))
    flash(_("The call was added to the ticket."), "success")
    return redirect(url_for("line_calls.detail", call_id=call_id))


@blueprint.post("/<int:call_id>/transfer")
@needs("line.work")
def hand_over(call_id: int) -> Answer | Response:
    """Transfer a live call to another agent or to a department."""
    form, me, now = TransferForm(tag="transfer"), person(), wall_ms()
    form.offer(*read(lambda: _takers(call_id)))

    def work() -> None:
        if form.to.data in departments.TITLES:
            transfers.ask_department(me, call_id, form.to.data, now)
        else:
            transfers.ask(me, call_id, row_id(form.to.data), now)

    if not attempt(form, work):
        return refused("line/call.html", **_shown(call_id, transfer=form))
    flash(_("The call was transferred; if nobody answers, it goes back to the queue."), "success")
    return redirect(url_for("line_calls.detail", call_id=call_id))


@blueprint.get("/<int:call_id>.wav")
@needs("line.listen")
def sound(call_id: int) -> Response:
    """The recording; that somebody listens to it is audited first."""
    me, now, folder = person(), wall_ms(), web().settings.recordings_folder
    path = write(lambda: call_recordings.listen(me, folder, call_id, now))
    try:
        return send_file(
            path.absolute(), mimetype="audio/wav", conditional=True, max_age=0,
            as_attachment="take" in request.args, download_name=f"avanak-support-call-{call_id}.wav",
        )  # fmt: skip
    except FileNotFoundError as error:  # deleted at this very moment
        raise NotFound("There is no recording of this call.") from error


def _offer(form: ContinueForm, found: calls.Dossier) -> None:
    form.ticket_id.choices = [
        SelectChoice(row.id, f"{digits(row.id)} · {row.subject}") for row in found.open_tickets
    ]


def _takers(call_id: int) -> tuple[list[SupportAgent], list[str]]:
    call = calls.get(call_id)
    return transfers.takers(call), transfers.departments_open(call)


def _shown(
    call_id: int,
    notes: NotesForm | None = None,
    ticket: CallTicketForm | None = None,
    go_on: ContinueForm | None = None,
    transfer: TransferForm | None = None,
) -> dict[str, Any]:
    me = person()
    found, recording, takers, names = read(
        lambda: (
            calls.dossier(me, call_id),
            call_recordings.of_call(call_id),
            _takers(call_id),
            {row.id: row.name for row in agents.everybody()},
        )
    )
    further = go_on or ContinueForm.blank(tag="continue")
    _offer(further, found)
    to = transfer or TransferForm.blank(tag="transfer")
    to.offer(*takers)
    return {
        "found": found,
        "call": found.call,
        "agents": names,
        "recording": recording if permissions.may(me, "line.listen") else None,
        "notes": notes or NotesForm.blank(tag="notes", notes=found.call.notes),
        "ticket": ticket or CallTicketForm.blank(tag="ticket", account_id=found.call.account_id),
        "go_on": further,
        "transfer": to,
    }
