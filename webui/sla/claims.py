"""A customer's claims: submitted through a ticket within the agreement's days, with their progress and result."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from engine.clock import wall_ms
from engine.services.accounts.display_names import account_names
from engine.services.sla import agreements, claims, support_calls
from engine.services.sla.claim_states import ClaimKind
from engine.services.tickets import compensation
from engine.services.tickets.compensation import Wanted
from engine.store.threads import read, write
from webui.forms.account_field import AccountField, account_needed
from webui.forms.number_fields import ascii_digits
from webui.forms.pages import (
    Answer,
    InstantField,
    PageForm,
    attempt,
    customers_only,
    key_field,
    needed_together,
    pages_blueprint,
    refused,
)
from webui.i18n.formats import digits, written_instant
from webui.i18n.sentences import promise
from webui.i18n.words import word
from webui.request.access import account_scope, needs, person

blueprint = pages_blueprint(__name__, "claims", "/claims")

QUEUE = "queue"


class ClaimForm(PageForm):
    """A new claim: what happened, and when."""

    key = key_field()
    account = AccountField(_l("Account"), [account_needed])
    kind = RadioField(
        _l("What the claim is about"),
        [InputRequired()],
        choices=[
            SelectChoice("outage", _l("The service was down")),
            SelectChoice(QUEUE, _l("Nobody answered the support line in support hours")),
            SelectChoice("support", _l("Support failed in another way")),
        ],
        default="outage",
    )
    from_at = InstantField(_l("It began at"), [needed_together])
    until_at = InstantField(_l("It ended at"), [needed_together])
    number = StringField(
        _l("Number that called us"),
        [Length(max=30)],
        filters=[ascii_digits],
        description=_l("For the support line only; empty: we look for your calls of that time ourselves."),
        render_kw={"dir": "ltr"},
    )
    text = TextAreaField(
        _l("What happened"), [InputRequired(), Length(max=2000)], render_kw={"rows": 4, "dir": "auto"}
    )

    def submit(self, account_id: int, now: int) -> list[int]:
        """Submit the claim; the returned list gets its id when it is done."""
        me, made = person(), list[int]()
        is_call = self.kind.data == QUEUE
        kind = ClaimKind.SUPPORT if is_call else self.kind.data
        subject = _("Claim: %(about)s", about=word(kind, "claim_kind"))

        def work() -> None:
            wanted = Wanted(
                account_id,
                kind,
                subject,
                self.text.data,
                self.from_at.data,
                self.until_at.data,
                self.key.data,
            )
            if is_call:
                made.append(compensation.claim_queue(me, wanted, self.number.data or "", now))
            else:
                made.append(compensation.claim(me, wanted, now))

        attempt(self, work)
        return made


@blueprint.get("")
@needs("account.view")
def index() -> str:
    account_id, now = customers_only(), wall_ms()

    def work() -> dict[str, Any]:
        missed = compensation.missed_of_account(account_id, now)
        failed = compensation.failed_calls(account_id, now)
        return {"rows": claims.of_account(account_id), "missed": missed, "failed": failed}

    return render_template("claims/index.html", **read(work), now=now)


@blueprint.route("/new", methods=["GET", "POST"])
@needs("account.view")
def new() -> str | Answer | Response:
    """Submit a claim: a ticket for the committee and quality assurance, and the claim with its clocks."""
    account_id, now = customers_only(), wall_ms()
    form = ClaimForm()
    del form.account
    terms, failed = read(lambda: (agreements.in_force(now), compensation.failed_calls(account_id, now)))
    shown = {"form": form, "terms": terms, "now": now,
             "failed": [one for one in failed if one.can_be_claimed(now)]}  # fmt: skip
    if not form.is_submitted():
        return render_template("claims/new.html", **shown)
    made = form.submit(account_id, now)
    if not made:
        return refused("claims/new.html", **shown)
    return _made(made[-1])


@blueprint.post("/calls/<int:call_id>")
@needs("account.view")
def call(call_id: int) -> Response:
    """Claim for a failed call to the support line in one step; our own records are the evidence."""
    me, now, account_id = person(), wall_ms(), customers_only()

    row = read(lambda: support_calls.failed_call(account_id, call_id))
    subject = _("Claim: call to the support line of %(at)s", at=written_instant(row.call.joined_at))
    text = (
        _("The call was answered after waiting for too long.")
        if row.was_answered
        else _("Nobody answered the call.")
    )
    return _made(write(lambda: compensation.claim_call(me, account_id, call_id, subject, text, now)))


@blueprint.post("/clocks/<int:clock_id>")
@needs("account.view")
def clock(clock_id: int) -> Response:
    """Claim for a missed deadline in one step; the clock is the evidence."""
    me, now = person(), wall_ms()
    customers_only()

    row = read(lambda: compensation.missed_clock(me, clock_id))
    subject = _("Claim: missed deadline of ticket %(n)s", n=digits(row.ticket_id))
    text = _(
        "The deadline «%(what)s» of ticket %(n)s was missed: it was due %(due)s.",
        what=promise(row.kind),
        n=digits(row.ticket_id),
        due=written_instant(row.missed_at),
    )
    return _made(write(lambda: compensation.claim_clock(me, clock_id, subject, text, now)))


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
            "evidence": compensation.evidence_of(claim_id),
            "steps": claims.steps(claim_id),
            "names": account_names([row.account_id]),
        }

    return render_template("claims/detail.html", **read(work))


def _made(claim_id: int) -> Response:
    flash(_("The claim was submitted; quality assurance sees it too."), "success")
    return redirect(url_for("claims.detail", claim_id=claim_id))
