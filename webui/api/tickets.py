"""Tickets for programs: list, open, look, write into, fetch a file, close."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Response, jsonify, request, send_file

from engine.agreement.dates import iso_utc
from engine.clock import wall_ms
from engine.errors import BadInput, NotFound
from engine.services.accounts import permissions
from engine.services.tickets import tickets, views
from engine.services.tickets.attachments import MAX_FILES, Attachment, Received, discard
from engine.services.tickets.clocks import ClockView
from engine.services.tickets.tickets import Ticket
from engine.services.tickets.views import MessageView, TicketRow, TicketView
from engine.store.threads import read, write
from webui.api import blueprint, json_object
from webui.forms.number_fields import row_id
from webui.request.access import needs, person
from webui.request.context import web
from webui.request.services import attachments, given

PAGE = 50
MAX_KEY = 60


@blueprint.get("/tickets")
@needs("account.view")
def tickets_list() -> Response:
    """The account's tickets, the newest first; ``?state=``, ``?department=``, ``?before=ID`` for the next page."""
    me, now, account_id = person(), wall_ms(), _account()
    state, department = request.args.get("state", ""), request.args.get("department", "")
    before = _whole(request.args.get("before"), "before")
    rows = read(
        lambda: views.of_account(
            me, account_id, now, state=state, department=department, before_id=before, limit=PAGE + 1
        )
    )
    return jsonify(
        {
            "tickets": [_row(row) for row in rows[:PAGE]],
            "next_before": rows[PAGE - 1].ticket.id if len(rows) > PAGE else None,
        }
    )


@blueprint.post("/tickets")
@needs("account.view")
def tickets_open() -> tuple[Response, int]:
    """Open a ticket: department, subject, text, files; with a `key` the same one is opened once."""
    me, now, account_id = person(), wall_ms(), _account()
    fields = _fields({"department", "subject", "text", "key"})
    for name in ("department", "subject", "text"):
        if not fields.get(name):
            raise BadInput("«%(name)s» is missing.", name=name)
    key = fields.get("key", "")
    if len(key) > MAX_KEY:
        raise BadInput("«key» has at most %(max_key)s characters.", max_key=MAX_KEY)
    ticket_id = _with_files(
        lambda files: tickets.open_ticket(
            me,
            account_id,
            fields["department"],
            fields["subject"],
            fields["text"],
            now,
            via="api",
            files=files,
            key=f"api-{account_id}-{key}" if key else None,
        )
    )
    return jsonify(_ticket(read(lambda: views.one(me, ticket_id, now)))), 201


@blueprint.get("/tickets/<int:ticket_id>")
@needs("account.view")
def tickets_detail(ticket_id: int) -> Response:
    me, now, before = person(), wall_ms(), request.args.get("before", type=row_id)
    return jsonify(_ticket(read(lambda: views.one(me, ticket_id, now, before))))


@blueprint.post("/tickets/<int:ticket_id>/messages")
@needs("account.view")
def tickets_reply(ticket_id: int) -> tuple[Response, int]:
    """Write into a ticket, with files; a closed one is opened again."""
    me, now = person(), wall_ms()
    fields = _fields({"text"})
    read(lambda: views.one(me, ticket_id, now))  # NotFound before any file is kept
    _with_files(lambda files: tickets.reply(me, ticket_id, fields.get("text", ""), now, files=files))
    return jsonify(_ticket(read(lambda: views.one(me, ticket_id, now)))), 201


@blueprint.post("/tickets/<int:ticket_id>/close")
@needs("account.view")
def tickets_close(ticket_id: int) -> Response:
    """Close a ticket, with a last word if there is one."""
    me, now = person(), wall_ms()
    fields = _fields({"text"})
    write(lambda: tickets.close(me, ticket_id, now, fields.get("text", "")))
    return jsonify(_ticket(read(lambda: views.one(me, ticket_id, now))))


@blueprint.get("/tickets/<int:ticket_id>/files/<int:attachment_id>")
@needs("account.view")
def tickets_file(ticket_id: int, attachment_id: int) -> Response:
    me, folder = person(), attachments()
    row, path = read(lambda: folder.file_of(me, attachment_id))
    if row.ticket_id != ticket_id:
        raise NotFound("Ticket %(id)s has no file %(file)s.", id=ticket_id, file=attachment_id)
    return send_file(
        path.resolve(), mimetype=row.media_type, as_attachment=True, download_name=row.name, max_age=0
    )


# -- what comes in ------------------------------------------------------------------------


def _account() -> int:
    account_id = permissions.scope(person())
    if account_id is None:
        raise NotFound("Tokens are a customer's.")
    return account_id


def _fields(known: set[str]) -> dict[str, str]:
    """The texts of a JSON object or of a form (which may carry files); BadInput names what is wrong."""
    found: Any
    if request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
        found = request.form.to_dict()
    elif not request.content_length:
        found = {}
    else:
        found = json_object()
    for name, value in found.items():
        if name not in known:
            raise BadInput("«%(name)s» is none of %(known)s.", name=str(name)[:40], known=sorted(known))
        if not isinstance(value, str):
            raise BadInput("«%(name)s» must be a text.", name=name)
        if "\0" in value:
            raise BadInput("«%(name)s» holds the character NUL, which no text has.", name=name)
    return dict(found)


def _whole(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput("«%(name)s» must be a whole number.", name=name)
    return int(text)


def _with_files(work: Callable[[list[Received]], int]) -> int:
    """Take the files in (the form field ``files``), then do `work` in a transaction; refused, none stays."""
    chosen, folder = given(request.files.getlist("files")), attachments()
    if len(chosen) > MAX_FILES:
        raise BadInput("A message has at most %(n)s files.", n=MAX_FILES)
    taken: list[Received] = []
    try:
        for each in chosen:
            stream: Any = each.stream
            taken.append(web().apart(partial(folder.receive, stream, each.filename or "")))
        return int(write(lambda: work(taken)))
    except BaseException:
        discard(taken)
        raise


# -- what goes out ------------------------------------------------------------------------


def _row(row: TicketRow) -> dict[str, Any]:
    return {**_head(row.ticket), "nearest_clock": _clock(row.nearest) if row.nearest else None}


def _ticket(one: TicketView) -> dict[str, Any]:
    return {
        **_head(one.ticket),
        "clocks": [_clock(each) for each in one.clocks],
        "messages": [_message(each) for each in one.messages],
        "next_before": one.older,
        "satisfaction": None if one.satisfaction is None else one.satisfaction.score,
    }


def _head(ticket: Ticket) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "department": ticket.department,
        "subject": ticket.subject,
        "state": ticket.state,
        "via": ticket.via,
        "opened_at": _instant(ticket.opened_at),
        "changed_at": _instant(ticket.changed_at),
        "closed_at": _instant(ticket.closed_at),
        "next_due_at": _instant(ticket.next_due_at),
    }


def _clock(view: ClockView) -> dict[str, Any]:
    clock = view.clock
    return {
        "id": clock.id,
        "kind": clock.kind,
        "state": clock.state,
        "due_at": _instant(clock.due_at),
        "done_at": _instant(clock.done_at),
        "missed_at": _instant(clock.missed_at),
        "explanation": view.explanation.en,
        "explanation_fa": view.explanation.fa,
    }


def _message(view: MessageView) -> dict[str, Any]:
    row = view.message
    return {
        "id": row.id,
        "side": row.side,
        "author": view.author,
        "text": row.text,
        "at": _instant(row.at),
        "files": [_file(each) for each in view.files],
    }


def _file(row: Attachment) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "media_type": row.media_type,
        "size": row.size,
        "sha256": row.sha256,
        "href": f"{blueprint.url_prefix}/tickets/{row.ticket_id}/files/{row.id}",
    }


def _instant(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso_utc(at_ms // 1000)
