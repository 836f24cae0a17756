"""A customer's claims: made by a ticket within the agreement's days, followed to their result."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.services.sla import agreements, claims
from engine.services.sla.claim_states import ClaimKind
from engine.services.tickets import tickets
from engine.services.tickets.rules import CLAIM
from engine.store.threads import read
from webui.access import account_scope, needs, person
from webui.pages import (
    Answer,
    InstantField,
    PageForm,
    account_names,
    attempt,
    customers_only,
    key_field,
    needed_together,
    pages_blueprint,
    refused,
)
from webui.words import choices, word

blueprint = pages_blueprint("claims", "/claims")


class ClaimForm(PageForm):
    """What happened, and when."""

    key = key_field()
    kind = RadioField(
        _l("What the claim is about"), [InputRequired()], choices=choices("claim_kind"), default="outage"
    )
    from_at = InstantField(_l("It began at"), [needed_together])
    until_at = InstantField(_l("It ended at"), [needed_together])
    text = TextAreaField(
        _l("What happened"), [InputRequired(), Length(max=2000)], render_kw={"rows": 4, "dir": "auto"}
    )


@blueprint.get("")
@needs("account.view")
def index() -> str:
    account_id = customers_only()
    rows = read(lambda: claims.of_account(account_id))
    return render_template("claims/index.html", rows=rows)


@blueprint.route("/new", methods=["GET", "POST"])
@needs("account.view")
def new() -> str | Answer | Response:
    """Make a claim: a ticket for the committee and quality assurance, and the claim with its clocks."""
    account_id, me, now = customers_only(), person(), wall_ms()
    form = ClaimForm()
    terms = read(lambda: agreements.in_force(now))
    made: list[int] = []
    subject = _("Claim: %(about)s", about=word(form.kind.data, "claim_kind"))

    def work() -> None:
        ticket_id = tickets.open_ticket(
            me, account_id, CLAIM, subject, form.text.data, now, key=f"claim-{account_id}-{form.key.data}"
        )
        wanted = claims.NewClaim(
            account_id=account_id,
            kind=ClaimKind(form.kind.data),
            text=form.text.data,
            happened_from_at=form.from_at.data,
            happened_until_at=form.until_at.data,
            ticket_id=ticket_id,
            author_id=me.id,
        )
        made.append(claims.submit(wanted, now))

    if not form.is_submitted():
        return render_template("claims/new.html", form=form, terms=terms)
    if not attempt(form, work):
        return refused("claims/new.html", form=form, terms=terms)
    flash(_("The claim was submitted; it also lies with quality assurance."), "success")
    return redirect(url_for("claims.detail", claim_id=made[-1]))


@blueprint.get("/<int:claim_id>")
@needs("account.view")
def detail(claim_id: int) -> str | Response:
    scope = account_scope()
    if scope is None:
        return redirect(url_for("committee.detail", claim_id=claim_id))

    def work() -> dict[str, Any]:
        row = claims.get(claim_id, scope)
        return {
            "row": row,
            "outages": claims.outages_of(claim_id),
            "steps": claims.steps(claim_id),
            "names": account_names([row.account_id]),
        }

    return render_template("claims/detail.html", **read(work))
