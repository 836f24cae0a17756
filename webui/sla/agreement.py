"""The service agreement: the version in force, all versions, what changed between two, and publishing one."""

from __future__ import annotations

import json
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from engine.agreement.dates import WEEKDAYS_EN, WEEKDAYS_FA
from engine.agreement.statement import band_texts_fa
from engine.agreement.terms import Terms, percent_text
from engine.clock import wall_ms
from engine.errors import BadInput, NotFound
from engine.services.accounts import people
from engine.services.sla import agreements, authorisation
from engine.store.threads import read, write
from webui.forms.pages import Answer, PageForm, attempt, pages_blueprint, reason_field, refused
from webui.i18n.agreement_words import figure, place
from webui.i18n.formats import language, number, plain_number
from webui.request.access import for_staff, needs, person

blueprint = pages_blueprint(__name__, "agreement", "/agreement")


class PublishForm(PageForm):
    """A new version: the JSON object that `Terms.from_record` reads."""

    record = TextAreaField(
        _l("The new version (JSON)"),
        [InputRequired()],
        description=_l(
            "Give it an id of its own and an effect date in the future; figures and text are its data."
        ),
        render_kw={"class": "wide-text", "spellcheck": "false"},
    )
    reason = reason_field(_l("What changes, and why"))


@blueprint.get("")
@needs("account.view")
def index() -> str:
    """The version in force."""
    now = wall_ms()
    known, terms = read(lambda: (agreements.versions(), agreements.in_force(now)))
    return render_template("agreement/version.html", is_in_force=True, **_shown(terms, known.terms, now))


@blueprint.get("/versions/<terms_id>")
@needs("account.view")
def version(terms_id: str) -> str:
    now = wall_ms()
    known = read(agreements.versions)
    terms = _by_id(known, terms_id)
    return render_template(
        "agreement/version.html",
        is_in_force=terms.id == known.in_force(now // 1000).id,
        **_shown(terms, known.terms, now),
    )


@blueprint.get("/changes")
@needs("account.view")
def changes() -> str:
    """The changes from one version to another."""
    known = read(agreements.versions)
    latest = known.terms[-1].id
    before = request.args.get("from", known.terms[max(0, len(known.terms) - 2)].id)
    after = request.args.get("to", latest)
    old, new = _by_id(known, before), _by_id(known, after)
    found = [
        (each, place(each.path, old, new), figure(each.path, each.before), figure(each.path, each.after))
        for each in read(lambda: agreements.changes(before, after))
    ]
    return render_template(
        "agreement/changes.html", found=found, versions=known.terms, before=before, after=after
    )


@blueprint.route("/publish", methods=["GET", "POST"])
@for_staff
def publish() -> str | Answer | Response:
    """Publish a version that takes effect in the future; a published version never changes."""
    people.require(person(), *authorisation.AGREEMENT_ROLES)
    now, by = wall_ms(), person().id
    known = read(agreements.versions)
    draft = read(lambda: agreements.draft_of(known.terms[-1].id))
    form = PublishForm(data={"record": json.dumps(draft, ensure_ascii=False, indent=2)})
    if not form.is_submitted():
        return render_template("agreement/publish.html", form=form)

    def work() -> None:
        record = _parsed(form.record.data)
        write(lambda: agreements.publish(record, by, form.reason.data, now))

    if not attempt(form, work, writes=False):
        return refused("agreement/publish.html", form=form)
    flash(_("The version was published."), "success")
    return redirect(url_for("agreement.index"))


def _parsed(text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except ValueError as error:
        raise BadInput("This is not JSON: %(why)s.", why=str(error)) from error
    if not isinstance(record, dict):
        raise BadInput("A version is one JSON object.")
    return record


def _by_id(known: Any, terms_id: str) -> Terms:
    try:
        found: Terms = known.by_id(terms_id)
    except BadInput as error:
        raise NotFound(error.sentence) from error
    return found


def _shown(terms: Terms, versions: tuple[Terms, ...], now: int) -> dict[str, Any]:
    persian = language() == "fa"
    days = WEEKDAYS_FA if persian else WEEKDAYS_EN
    # The week starts on Saturday.
    order = [5, 6, 0, 1, 2, 3, 4]
    return {
        "terms": terms,
        "versions": list(reversed(versions)),
        "now": now,
        "week": [(days[day], terms.week[day]) for day in order],
        "holiday_hours": terms.holiday_hours,
        "bands": band_texts_fa(terms.credit.bands) if persian else _bands(terms),
        "uptime": plain_number(percent_text(terms.uptime_percent)),
        "may_publish": person().role in authorisation.AGREEMENT_ROLES,
    }


def _bands(terms: Terms) -> list[tuple[str, str, str]]:
    rows, above = [], None
    for band in terms.credit.bands:
        percent = (
            f"{percent_text(band.min_percent)} % or more"
            if band.min_percent is not None
            else f"less than {percent_text(above.min_percent)} %"
            if above is not None and above.min_percent is not None
            else "all"
        )
        minutes = (
            f"up to {number(band.max_minutes)}"
            if band.max_minutes is not None
            else f"more than {number(above.max_minutes)}"
            if above is not None and above.max_minutes is not None
            else "all"
        )
        rows.append((percent, minutes, f"{band.discount} %"))
        above = band
    return rows
