"""Tickets for programs: list, open, look, write into, fetch a file, close."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import orjson
from flask import Response, jsonify, request, send_file
from pydantic import BaseModel, Field

from engine.agreement.dates import iso_utc
from engine.clock import wall_ms
from engine.errors import BadInput, NotFound
from engine.services.accounts import idempotency
from engine.services.accounts.token_scopes import Scope
from engine.services.tickets import tickets, views
from engine.services.tickets.attachments import MAX_FILES, Attachment, Received, discard
from engine.services.tickets.clocks import ClockView
from engine.services.tickets.tickets import Ticket
from engine.services.tickets.views import MessageView, TicketRow, TicketView
from engine.store.threads import read, write
from webui.api import PREFIX
from webui.api.models import Id
from webui.api.operations import key_of, operation
from webui.request.programs import caller
from webui.request.services import attachments
from webui.request.taken_files import attachments_taken

TAG = "Tickets"
PAGE = 50
MAX_KEY = 60
_TICKETS = {
    "content": {"application/json": {"schema": {"type": "object", "required": ["tickets", "next_before"]}}}
}
_TICKET = {
    "content": {"application/json": {"schema": {"type": "object", "required": ["id", "state", "messages"]}}}
}
_FILE = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}


def _body(required: list[str], **texts: str) -> dict[str, Any]:
    """The description of a body of texts, JSON or a form with files."""
    fields: dict[str, Any] = {name: {"type": "string", "description": text} for name, text in texts.items()}
    schema = {"type": "object", "properties": fields, "required": required, "additionalProperties": False}
    files = {"type": "array", "maxItems": MAX_FILES, "items": {"type": "string", "format": "binary"}}
    form = {**schema, "properties": {**fields, "files": files}}
    return {
        "required": bool(required),
        "content": {"application/json": {"schema": schema}, "multipart/form-data": {"schema": form}},
    }


class TicketPath(BaseModel):
    ticket_id: Id


class TicketFilePath(TicketPath):
    attachment_id: Id


class TicketsQuery(BaseModel):
    state: str = Field("", max_length=20)
    department: str = Field("", max_length=40)
    before: str | None = Field(None, max_length=19, description="`next_before` of the page before.")


class TicketQuery(BaseModel):
    before: str | None = Field(None, max_length=19, description="Messages older than this one.")


@operation("get", "/tickets", Scope.TICKETS_READ, TAG, _TICKETS)
def tickets_list(query: TicketsQuery) -> Response:
    """The account's tickets, the newest first; ``?state=``, ``?department=``, ``?before=ID`` for the next page."""
    me, now = caller(), wall_ms()
    before = _whole(query.before, "before")
    rows = read(
        lambda: views.of_account(
            me.person,
            me.account_id,
            now,
            state=query.state,
            department=query.department,
            before_id=before,
            limit=PAGE + 1,
        )
    )
    return jsonify(
        {
            "tickets": [_row(row) for row in rows[:PAGE]],
            "next_before": rows[PAGE - 1].ticket.id if len(rows) > PAGE else None,
        }
    )


@operation(
    "post",
    "/tickets",
    Scope.TICKETS_WRITE,
    TAG,
    _TICKET,
    status=201,
    creates=True,
    request_body=_body(
        ["department", "subject", "text"],
        department="support, billing, complaint …",
        subject="One line.",
        text="What is the matter.",
        key="With the same key the same ticket is opened once.",
    ),
)
def tickets_open() -> Response:
    """Open a ticket: department, subject, text, files; with a `key` the same one is opened once."""
    me, now = caller(), wall_ms()
    fields = _fields({"department", "subject", "text", "key"})
    for name in ("department", "subject", "text"):
        if not fields.get(name):
            raise BadInput("«%(name)s» is missing.", name=name)
    key = fields.get("key", "")
    if len(key) > MAX_KEY:
        raise BadInput("«key» has at most %(max_key)s characters.", max_key=MAX_KEY)
    return _made(
        fields,
        lambda files: tickets.open_ticket(
            me.person,
            me.account_id,
            fields["department"],
            fields["subject"],
            fields["text"],
            now,
            via="api",
            files=files,
            key=f"api-{me.account_id}-{key}" if key else None,
        ),
    )


@operation("get", "/tickets/<int:ticket_id>", Scope.TICKETS_READ, TAG, _TICKET)
def tickets_detail(path: TicketPath, query: TicketQuery) -> Response:
    """A ticket with its clocks and its newest messages."""
    me, now, before = caller(), wall_ms(), _whole(query.before, "before")
    return jsonify(_ticket(read(lambda: views.one(me.person, path.ticket_id, now, before))))


@operation(
    "post",
    "/tickets/<int:ticket_id>/messages",
    Scope.TICKETS_WRITE,
    TAG,
    _TICKET,
    status=201,
    creates=True,
    request_body=_body([], text="What is to be said."),
)
def tickets_reply(path: TicketPath) -> Response:
    """Write into a ticket, with files; a closed one is opened again."""
    me, now = caller(), wall_ms()
    fields = _fields({"text"})
    read(lambda: views.one(me.person, path.ticket_id, now))  # NotFound before any file is kept

    def work(files: list[Received]) -> int:
        tickets.reply(me.person, path.ticket_id, fields.get("text", ""), now, files=files)
        return path.ticket_id

    return _made(fields, work)


@operation(
    "post",
    "/tickets/<int:ticket_id>/close",
    Scope.TICKETS_WRITE,
    TAG,
    _TICKET,
    request_body=_body([], text="A last word."),
)
def tickets_close(path: TicketPath) -> Response:
    """Close a ticket, with an optional last message."""
    me, now = caller(), wall_ms()
    fields = _fields({"text"})
    write(lambda: tickets.close(me.person, path.ticket_id, now, fields.get("text", "")))
    return _answer(path.ticket_id, 200)


@operation("get", "/tickets/<int:ticket_id>/files/<int:attachment_id>", Scope.TICKETS_READ, TAG, _FILE)
def tickets_file(path: TicketFilePath) -> Response:
    """A file of a ticket, as a download."""
    me, folder = caller(), attachments()
    row, file = read(lambda: folder.file_of(me.person, path.attachment_id))
    if row.ticket_id != path.ticket_id:
        raise NotFound("Ticket %(id)s has no file %(file)s.", id=path.ticket_id, file=path.attachment_id)
    return send_file(
        file.resolve(), mimetype=row.media_type, as_attachment=True, download_name=row.name, max_age=0
    )


def _answer(ticket_id: int, status: int) -> Response:
    me, now = caller(), wall_ms()
    response = jsonify(_ticket(read(lambda: views.one(me.person, ticket_id, now))))
    response.status_code = status
    return response


# -- what comes in ------------------------------------------------------------------------


def _fields(known: set[str]) -> dict[str, str]:
    """The texts of a JSON object or of a form (which may carry files); BadInput names what is wrong."""
    found: Any
    if request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
        found = request.form.to_dict()
    elif not request.content_length:
        found = {}
    else:
        found = request.get_json(silent=True)
        if not isinstance(found, dict):
            raise BadInput("The body is no JSON object, and no form.")
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


def _made(fields: dict[str, str], work: Callable[[list[Received]], int]) -> Response:
    """Take the files in (the form field ``files``), do `work` in a transaction, once for a key, and answer its ticket.

    Of what is refused, or was done before, no file stays.
    """
    with attachments_taken(request.files.getlist("files"), caller().account_id) as taken:
        asked = orjson.dumps(
            [fields, [[each.name, each.sha256] for each in taken]], option=orjson.OPT_SORT_KEYS
        )
        key, now = key_of(hashlib.sha256(asked).hexdigest()), wall_ms()
        ticket_id, was_done = write(lambda: idempotency.once(key, now, lambda: str(work(taken))))
    response = _answer(int(ticket_id), 201)
    if was_done:
        discard(taken)
        response.headers["Idempotent-Replayed"] = "true"
    return response


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
        "href": f"{PREFIX}/tickets/{row.ticket_id}/files/{row.id}",
    }


def _instant(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso_utc(at_ms // 1000)
