"""The committee, for staff: claims to answer, to review by two people, and to pay."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from engine.clock import wall_ms
from engine.services.accounts.display_names import account_names, people_names
from engine.services.sla import agreements, authorisation, claims, committee, credits
from engine.services.sla.claim_states import UNDECIDED, ClaimKind, ClaimState
from engine.services.tickets import compensation, tickets, views
from engine.store.threads import read
from webui.forms.number_fields import WholeField
from webui.forms.pages import (
    Answer,
    InstantField,
    PageForm,
    attempt,
    before_id,
    needed_together,
    pages_blueprint,
    reason_field,
    refused,
)
from webui.i18n.words import WORDS, choices
from webui.request.access import for_staff, person
from webui.request.context import web
from webui.sla.claims import ClaimForm

blueprint = pages_blueprint(__name__, "committee", "/committee")

PAGE = 40


class AnswerForm(PageForm):
    """The first answer, which the customer reads."""

    text = TextAreaField(
        _l("First answer"), [InputRequired(), Length(max=2000)], render_kw={"rows": 3, "dir": "auto"}
    )


class VoteForm(PageForm):
    """The vote of a member."""

    verdict = RadioField(
        _l("Your decision"),
        [InputRequired()],
        choices=[SelectChoice("approve", _l("Approve")), SelectChoice("reject", _l("Reject"))],
    )
    amount = WholeField(
        _l("Amount (Rials)"),
        [Optional()],
        description=_l("Only for support claims; for outages the table decides."),
    )
    way = SelectField(_l("Way"), choices=[SelectChoice(way, WORDS["way"][way]) for way in credits.WAYS])
    reason = reason_field(_l("Reason, which the customer reads"))


class LinkForm(PageForm):
    """The outage of a claim."""

    outage = WholeField(_l("Number of the outage"), [InputRequired()])
    reason = reason_field(_l("Reason"))


class TicketForm(PageForm):
    """The claim in a ticket that came without one."""

    kind = RadioField(
        _l("What the claim is about"), [InputRequired()], choices=choices("claim_kind"), default="outage"
    )
    from_at = InstantField(_l("It began at"), [needed_together])
    until_at = InstantField(_l("It ended at"), [needed_together])


class PaidForm(PageForm):
    reference = StringField(_l("The bank's number of the transfer"), [InputRequired(), Length(max=200)])


@blueprint.get("")
@for_staff
def index() -> str:
    before = before_id()

    def work() -> dict[str, Any]:
        decided = claims.decided(before, PAGE + 1)
        waiting = [(row, claims.next_due_at(row)) for row in claims.open_claims()]
        rows = [row for row, _ in waiting] + decided
        return {
            "waiting": waiting,
            "decided": decided[:PAGE],
            "older": decided[PAGE - 1].id if len(decided) > PAGE else None,
            "names": account_names([row.account_id for row in rows]),
        }

    return render_template("committee/index.html", **read(work), now=wall_ms())


@blueprint.route("/new", methods=["GET", "POST"])
@for_staff
def enter() -> str | Answer | Response:
    """Enter a claim that was made by telephone; the person who enters it does not vote on it."""
    form, now = ClaimForm(), wall_ms()
    terms = read(lambda: agreements.in_force(now))
    if not form.is_submitted():
        return render_template("committee/new.html", form=form, terms=terms)
    made = form.submit(form.account.account_id or 0, now)
    if not made:
        return refused("committee/new.html", form=form, terms=terms)
    return _back(made[-1], _("The claim was submitted; quality assurance sees it too."))


@blueprint.route("/tickets/<int:ticket_id>", methods=["GET", "POST"])
@for_staff
def of_ticket(ticket_id: int) -> str | Answer | Response:
    """Make a claim from a ticket of the claims' department that came without one; it counts from the ticket's opening."""
    me, now = person(), wall_ms()
    one = read(lambda: views.one(me, ticket_id, now))
    form = TicketForm(data={"from_at": one.ticket.opened_at, "until_at": one.ticket.opened_at})
    if not form.is_submitted():
        return render_template("committee/of_ticket.html", form=form, ticket=one.ticket)
    made: list[int] = []

    def work() -> None:
        made.append(
            compensation.from_ticket(
                me, ticket_id, form.kind.data, form.from_at.data, form.until_at.data, now
            )
        )

    if not attempt(form, work):
        return refused("committee/of_ticket.html", form=form, ticket=one.ticket)
    return _back(made[-1], _("The ticket has its claim."))


@blueprint.get("/<int:claim_id>")
@for_staff
def detail(claim_id: int) -> str:
    return render_template("committee/detail.html", **_claim(claim_id))


@blueprint.post("/<int:claim_id>/answer")
@for_staff
def answer(claim_id: int) -> Answer | Response:
    form = AnswerForm(tag="answer")
    me, now = person(), wall_ms()

    def work() -> None:
        claims.first_answer(claim_id, me.id, form.text.data, now)
        ticket_id = claims.get(claim_id).ticket_id
        if ticket_id is not None:  # the customer reads the answer in the ticket, and its clock ends
            tickets.reply(me, ticket_id, form.text.data, now)

    if not attempt(form, work):
        return refused("committee/detail.html", **_claim(claim_id, answer=form))
    return _back(claim_id, _("The claim was answered and is in review."))


@blueprint.post("/<int:claim_id>/vote")
@for_staff
def vote(claim_id: int) -> Answer | Response:
    form = VoteForm(tag="vote")
    me, now, jalali = person(), wall_ms(), web().settings.sla_month == "jalali"
    states: list[ClaimState] = []

    def work() -> None:
        verdict = committee.CommitteeVerdict(
            form.verdict.data == "approve", form.reason.data, form.amount.data, form.way.data
        )
        states.append(committee.vote(claim_id, me.id, verdict, now, jalali))
        row = claims.get(claim_id)
        if states[-1] != ClaimState.IN_REVIEW and row.ticket_id is not None:
            tickets.tell_result(me, row.ticket_id, row.result, now)

    if not attempt(form, work):
        return refused("committee/detail.html", **_claim(claim_id, vote=form))
    waits = states[-1] == ClaimState.IN_REVIEW
    return _back(
        claim_id,
        _("Your vote was recorded; a second person must vote the same.")
        if waits
        else _("The claim is decided."),
    )


@blueprint.post("/<int:claim_id>/link")
@for_staff
def link(claim_id: int) -> Answer | Response:
    form = LinkForm(tag="link")
    by, now = person().id, wall_ms()
    if not attempt(form, lambda: claims.link(claim_id, form.outage.data, by, form.reason.data, now)):
        return refused("committee/detail.html", **_claim(claim_id, link=form))
    return _back(claim_id, _("The claim was linked to the outage."))


@blueprint.post("/<int:claim_id>/unlink")
@for_staff
def unlink(claim_id: int) -> Answer | Response:
    form = LinkForm(tag="unlink")
    by, now = person().id, wall_ms()
    if not attempt(form, lambda: claims.unlink(claim_id, form.outage.data, by, form.reason.data, now)):
        return refused("committee/detail.html", **_claim(claim_id, unlink=form))
    return _back(claim_id, _("The claim is no longer linked to that outage."))


@blueprint.post("/<int:claim_id>/paid")
@for_staff
def paid(claim_id: int) -> Answer | Response:
    """Record that finance has made the bank transfer."""
    form = PaidForm(tag="paid")
    by, now = person().id, wall_ms()
    if not attempt(form, lambda: committee.paid_by_bank(claim_id, by, form.reference.data, now)):
        return refused("committee/detail.html", **_claim(claim_id, paid=form))
    return _back(claim_id, _("The transfer was recorded."))


def _back(claim_id: int, text: str) -> Response:
    flash(text, "success")
    return redirect(url_for("committee.detail", claim_id=claim_id))


def _claim(claim_id: int, **forms: PageForm) -> dict[str, Any]:
    now, me = wall_ms(), person()

    def work() -> dict[str, Any]:
        row = claims.get(claim_id)
        steps, votes = claims.steps(claim_id), committee.votes(claim_id)
        writers = [each.author_id for each in steps] + [each.person_id for each in votes] + [row.author_id]
        return {
            "row": row,
            "outages": claims.outages_of(claim_id),
            "evidence": compensation.evidence_of(claim_id),
            "steps": steps,
            "votes": votes,
            "missed": claims.missed(row, now),
            "may_vote": me.role in authorisation.COMMITTEE_ROLES and committee.may_vote(row, me.id),
            "people": people_names(writers),
            "names": account_names([row.account_id]),
        }

    shown = read(work)
    row = shown["row"]
    is_open = row.state in UNDECIDED
    records = me.role in authorisation.RECORD_ROLES and is_open and row.kind == ClaimKind.OUTAGE
    first = shown["outages"][0].id if shown["outages"] else None
    return {
        **shown,
        "now": now,
        "may_answer": row.state == ClaimState.SUBMITTED,
        "may_link": records,
        "may_pay": row.state == ClaimState.APPROVED
        and row.way == credits.BANK_TRANSFER
        and me.role in ("finance", "administrator"),
        "answer": forms.get("answer") or AnswerForm.blank("answer"),
        "vote": forms.get("vote") or VoteForm.blank("vote"),
        "link": forms.get("link") or LinkForm.blank("link"),
        "unlink": forms.get("unlink") or LinkForm.blank("unlink", outage=first),
        "paid": forms.get("paid") or PaidForm.blank("paid"),
    }
