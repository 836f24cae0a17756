"""Tickets: a customer's list and threads, and the queues of staff by deadline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from engine.clock import wall_ms
from engine.services.accounts import people
from engine.services.notices import special_wishes
from engine.services.sla import claims
from engine.services.tickets import compensation, remote_help, satisfaction, tickets, views
from engine.services.tickets.attachments import Received
from engine.services.tickets.department_rules import CLAIM, DEPARTMENTS, FAULT, QUEUES, REMOTE, SPECIAL
from engine.states import TicketState
from engine.store.threads import read, write
from webui.forms.number_fields import row_id
from webui.forms.pages import Answer, PageForm, attempt, before_id, pages_blueprint, refused
from webui.i18n.sentences import said
from webui.i18n.words import choices
from webui.request.access import account_scope, is_staff, needs, person
from webui.request.services import attachments
from webui.request.taken_files import attachments_taken
from webui.support.ticket_forms import (
    AssignForm,
    CloseForm,
    FaultForm,
    MoveForm,
    NewForm,
    RateForm,
    RemoteForm,
    ReplyForm,
    SecretForm,
    StaffReplyForm,
    WishForm,
    fault_form,
)

blueprint = pages_blueprint(__name__, "tickets", "/tickets")

PAGE = 50


@blueprint.get("")
@needs("account.view")
def index() -> str:
    """The tickets of a customer; for staff a queue by deadline."""
    me, now, before = person(), wall_ms(), before_id()
    state = request.args.get("state", "")
    scope = account_scope()
    if scope is not None:
        rows = read(lambda: views.of_account(me, scope, now, state=state, before_id=before, limit=PAGE + 1))
        older = rows[PAGE - 1].ticket.id if len(rows) > PAGE else None
        office = read(lambda: views.office(now))
        return render_template(
            "tickets/index.html", rows=rows[:PAGE], older=older, state=state, office=office, now=now
        )
    name, mine = request.args.get("queue", ""), "mine" in request.args
    skip = max(0, request.args.get("skip", 0, type=row_id))
    counts, rows = read(
        lambda: (
            views.counts(me, now),
            views.queue(
                me,
                now,
                name=name,
                state=state,
                assignee_id=me.id if mine else None,
                limit=PAGE + 1,
                offset=skip,
            ),
        )
    )
    return render_template(
        "tickets/queue.html",
        rows=rows[:PAGE],
        more=skip + PAGE if len(rows) > PAGE else None,
        counts=counts,
        queue=name,
        mine=mine,
        state=state,
        now=now,
        queues={key: said(value[0]) for key, value in QUEUES.items()},
    )


@blueprint.route("/new", methods=["GET", "POST"])
@needs("account.view")
def new() -> str | Answer | Response:
    me, now, scope = person(), wall_ms(), account_scope()
    form = NewForm(data={"department": request.args.get("department", "support")})
    form.department.choices = [item for item in choices("department") if item.value != CLAIM]
    if scope is not None:
        del form.account
    if not form.is_submitted():
        return render_template("tickets/new.html", form=form)
    made: list[int] = []
    account_id = scope if scope is not None else form.account.account_id or 0

    def work(files: list[Received]) -> None:
        made.append(
            tickets.open_ticket(
                me,
                account_id,
                form.department.data,
                form.subject.data,
                form.text.data,
                now,
                via="portal" if scope is not None else "staff",
                files=files,
                key=f"web-{account_id}-{form.key.data}",
            )
        )

    if not _attempt_with_files(form, form.files.data, work):
        return refused("tickets/new.html", form=form)
    flash(_("The ticket was opened."), "success")
    return redirect(url_for("tickets.detail", ticket_id=made[-1]))


@blueprint.get("/<int:ticket_id>")
@needs("account.view")
def detail(ticket_id: int) -> str:
    return render_template("tickets/detail.html", **ticket_page(ticket_id))


@blueprint.post("/<int:ticket_id>/reply")
@needs("account.view")
def reply(ticket_id: int) -> Answer | Response:
    me, now = person(), wall_ms()
    form = StaffReplyForm(tag="reply") if is_staff() else ReplyForm(tag="reply")
    way = form.way.data if isinstance(form, StaffReplyForm) else "answer"

    def work(files: list[Received]) -> None:
        tickets.reply(
            me,
            ticket_id,
            form.text.data,
            now,
            files=files,
            wait=way == "wait",
            internal=way == "internal",
            key=form.key.data,
        )

    read(lambda: views.one(me, ticket_id, now))  # NotFound before any file is stored
    if not _attempt_with_files(form, form.files.data, work):
        return refused("tickets/detail.html", **ticket_page(ticket_id, reply=form))
    return _back(ticket_id, _("Your message was added."))


@blueprint.post("/<int:ticket_id>/close")
@needs("account.view")
def close(ticket_id: int) -> Answer | Response:
    form = CloseForm(tag="close")
    me, now = person(), wall_ms()
    return _do(ticket_id, "close", form, lambda: tickets.close(me, ticket_id, now, form.text.data or ""))


@blueprint.post("/<int:ticket_id>/rate")
@needs("account.view")
def rate(ticket_id: int) -> Answer | Response:
    form = RateForm(tag="rate")
    me, now = person(), wall_ms()
    return _do(
        ticket_id,
        "rate",
        form,
        lambda: satisfaction.rate(me, ticket_id, form.score.data, form.text.data or "", now),
    )


@blueprint.post("/<int:ticket_id>/move")
@needs("account.view")
def move(ticket_id: int) -> Answer | Response:
    form = MoveForm(tag="move")
    form.department.choices = choices("department")
    me, now = person(), wall_ms()
    return _do(
        ticket_id,
        "move",
        form,
        lambda: tickets.move(me, ticket_id, form.department.data, form.reason.data, now),
    )


@blueprint.post("/<int:ticket_id>/assign")
@needs("account.view")
def assign(ticket_id: int) -> Answer | Response:
    form = AssignForm(tag="assign")
    form.agent.choices = _agents() if is_staff() else []
    me, now = person(), wall_ms()
    return _do(ticket_id, "assign", form, lambda: tickets.assign(me, ticket_id, form.agent.data or None, now))


@blueprint.post("/<int:ticket_id>/result")
@needs("account.view")
def result(ticket_id: int) -> Answer | Response:
    """Set the result of a fault or a claim."""
    me, now = person(), wall_ms()
    department = read(lambda: views.one(me, ticket_id, now)).ticket.department
    form = fault_form(department, FaultForm(tag="result"))

    def work() -> None:
        text, what = form.text.data, form.what.data
        if what == "schedule":
            tickets.set_schedule(me, ticket_id, form.due_at.data, text, now)
        elif what == "mended":
            tickets.mended(me, ticket_id, text, now)
        elif what == "result":
            tickets.tell_result(me, ticket_id, text, now)
        else:
            tickets.examined(me, ticket_id, what == "ours", text, now)

    if form.what.data == "schedule" and form.due_at.data is None:
        form.complaint = _("Say until when it is scheduled.")
        return refused("tickets/detail.html", **ticket_page(ticket_id, result=form))
    return _do(ticket_id, "result", form, work)


@blueprint.get("/files/<int:attachment_id>")
@needs("account.view")
def file(attachment_id: int) -> Response:
    """A file of a ticket as a download, so that the browser runs nothing in it; sounds are also served to the player."""
    me, folder = person(), attachments()
    row, path = read(lambda: folder.file_of(me, attachment_id))
    if is_staff() and row.media_type.startswith("audio/"):
        now = wall_ms()
        write(lambda: folder.opened(me, row, now))
    plays = "play" in request.args and row.media_type.startswith("audio/")
    return send_file(
        path.resolve(), mimetype=row.media_type, as_attachment=not plays, download_name=row.name,
        conditional=True, max_age=0,
    )  # fmt: skip


@blueprint.post("/<int:ticket_id>/remote")
@needs("account.view")
def propose(ticket_id: int) -> Answer | Response:
    form = RemoteForm(tag="remote")
    me, now = person(), wall_ms()

    def work() -> None:
        remote_help.propose(me, ticket_id, form.tool.data, form.starts_at.data, form.ends_at.data, now)

    return _do(ticket_id, "remote", form, work)


@blueprint.post("/remote/<int:remote_id>/<any(agree, finish, cancel):action>")
@needs("account.view")
def remote(remote_id: int, action: str) -> Response:
    me, now = person(), wall_ms()
    acts: dict[str, Callable[[Any, int, int], None]] = {
        "agree": remote_help.agree,
        "finish": remote_help.finish,
        "cancel": remote_help.cancel,
    }
    write(lambda: acts[action](me, remote_id, now))
    return _back(_ticket_of(remote_id), _("Done."))


@blueprint.post("/remote/<int:remote_id>/id")
@needs("account.view")
def give_id(remote_id: int) -> Answer | Response:
    """Store the customer's one-time id, or show it to staff who ask for it."""
    me, now = person(), wall_ms()
    if is_staff():
        secret = write(lambda: remote_help.read_id(me, remote_id, now))
        return _back(_ticket_of(remote_id), _("The one-time id: %(id)s", id=secret))
    form = SecretForm(tag="secret")
    ticket_id = _ticket_of(remote_id)
    read(lambda: views.one(me, ticket_id, now))
    return _do(ticket_id, "secret", form, lambda: remote_help.give_id(me, remote_id, form.secret.data, now))


def _ticket_of(remote_id: int) -> int:
    me, now = person(), wall_ms()

    def work() -> int:
        return int(views.one(me, remote_help.ticket_of(remote_id), now).ticket.id)

    return read(work)


def _attempt_with_files(form: PageForm, chosen: Any, work: Callable[[list[Received]], None]) -> bool:
    """As `attempt`, with the files stored before the transaction and removed when it is refused."""

    def whole() -> None:
        with attachments_taken(chosen, account_scope()) as taken:
            write(lambda: work(taken))

    return attempt(form, whole, writes=False)


def _do(ticket_id: int, name: str, form: PageForm, work: Callable[[], Any]) -> Answer | Response:
    if not attempt(form, work):
        return refused("tickets/detail.html", **ticket_page(ticket_id, **{name: form}))
    return _back(ticket_id, _("Done."))


def _back(ticket_id: int, text: str) -> Response:
    flash(text, "success")
    return redirect(url_for("tickets.detail", ticket_id=ticket_id))


def _agents() -> list[SelectChoice]:
    rows = read(lambda: people.of_account(None))
    return [
        SelectChoice(0, _("nobody")),
        *(SelectChoice(row.id, row.username) for row in rows if row.is_active),
    ]


def ticket_page(ticket_id: int, **forms: Any) -> dict[str, Any]:
    """The values of a ticket's page, with the forms that were refused."""
    me, now, before = person(), wall_ms(), before_id()
    one, missed, claim, wishes = read(
        lambda: (
            views.one(me, ticket_id, now, before),
            compensation.missed_of_ticket(ticket_id),
            claims.of_ticket(ticket_id),
            special_wishes.of_ticket(ticket_id),
        )
    )
    staff = is_staff()
    department = one.ticket.department
    move_form = forms.get("move") or MoveForm.blank("move", department=department)
    assign_form = forms.get("assign") or AssignForm.blank("assign", agent=one.ticket.assignee_id or 0)
    if staff:
        move_form.department.choices = choices("department")
        assign_form.agent.choices = _agents()
    live = next((row for row in one.remote if row.state in ("proposed", "agreed")), None)
    return {
        "one": one,
        "missed": missed,
        "claim": claim,
        "wishes": wishes,
        "wish": forms.get("wish") or WishForm.blank("wish"),
        "has_wishes": department == SPECIAL,
        "ticket": one.ticket,
        "department": DEPARTMENTS[department],
        "staff": staff,
        "now": now,
        "is_closed": one.ticket.state == TicketState.CLOSED,
        "reply": forms.get("reply") or (StaffReplyForm if staff else ReplyForm).blank("reply"),
        "close": forms.get("close") or CloseForm.blank("close"),
        "move": move_form,
        "assign": assign_form,
        "rate": forms.get("rate") or RateForm.blank("rate"),
        "result": fault_form(department, forms.get("result") or FaultForm.blank("result")),
        "has_result": staff and department in (FAULT, CLAIM),
        "lacks_claim": staff and department == CLAIM and claim is None,
        "remote": forms.get("remote") or RemoteForm.blank("remote"),
        "has_remote": department == REMOTE or bool(one.remote),
        "tools": remote_help.TOOLS,
        "live": live,
        "secret": forms.get("secret") or SecretForm.blank("secret"),
    }
