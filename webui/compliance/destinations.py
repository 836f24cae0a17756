"""Protection against toll fraud: the destinations that may be called, and the traffic caps of accounts."""

from __future__ import annotations

import re
from typing import Any

import phonenumbers
from babel import Locale
from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp

from engine.clock import wall_ms
from engine.services.accounts import permissions
from engine.services.accounts.display_names import account_names
from engine.services.campaigns import view
from engine.services.compliance import cap_requests, traffic_caps
from engine.store.threads import read, write
from webui.forms.number_fields import WholeField, ascii_digits
from webui.forms.pages import Answer, PageForm, attempt, pages_blueprint, refused
from webui.i18n.formats import digits, language
from webui.request.access import for_staff, needs, person
from webui.request.context import web

blueprint = pages_blueprint(__name__, "destinations", "/destinations")


class DestinationForm(PageForm):
    """Open or close the numbers of a country, or of a prefix within it."""

    country = SelectField(_l("Country"), [InputRequired()])
    prefix = StringField(
        _l("Prefix within it"),
        [Optional(), Regexp(r"[0-9]{1,12}$", message=_l("Digits, without the 0 in front."))],
        filters=[ascii_digits],
        description=_l("As in 912 for mobiles that begin with 0912; empty: the whole country."),
        render_kw={"dir": "ltr", "inputmode": "numeric", "autocomplete": "off"},
    )
    state = RadioField(
        _l("What to do"),
        [InputRequired()],
        choices=[SelectChoice("open", _l("Open")), SelectChoice("closed", _l("Close"))],
        default="closed",
    )
    note = StringField(_l("Note"), [Length(max=200)], render_kw={"dir": "auto"})


class CapsAnswerForm(PageForm):
    """New caps for an account that asked for them, or the reason of a refusal."""

    calls_an_hour = WholeField(_l("Calls an hour at most"), [Optional()])
    rials_a_day = WholeField(_l("Rials a day at most"), [Optional()])
    reason = StringField(
        _l("Or why not; the customer reads it"), [Length(max=500)], render_kw={"dir": "auto"}
    )


@blueprint.get("")
@for_staff
def index() -> str:
    return render_template("destinations/index.html", **_shown())


@blueprint.post("/set")
@needs("account.change")
def set_() -> Answer | Response:
    form = DestinationForm(tag="set")
    form.country.choices = _countries()
    by, now = person().id, wall_ms()

    def work() -> None:
        prefix = form.country.data + (form.prefix.data or "")
        traffic_caps.set_destination(prefix, form.state.data == "open", form.note.data or "", now, by)

    if not attempt(form, work):
        return refused("destinations/index.html", **_shown(form))
    flash(_("Engines follow it within two seconds."), "success")
    return redirect(url_for("destinations.index"))


@blueprint.post("/requests/<int:request_id>/<any(grant, refuse):given>")
@needs("account.change")
def answer(request_id: int, given: str) -> Answer | Response:
    """Answer an account's request for higher caps: set them, or refuse with a reason."""
    form = CapsAnswerForm(tag=f"cap-{request_id}")
    by, now = person().id, wall_ms()

    def work() -> None:
        if given == "grant":
            cap_requests.grant(request_id, form.calls_an_hour.data, form.rials_a_day.data, by, now)
        else:
            cap_requests.refuse(request_id, form.reason.data or "", by, now)

    if not attempt(form, work):
        return refused("destinations/index.html", **_shown(answered={request_id: form}))
    flash(_("The request was answered; the customer sees it."), "success")
    return redirect(url_for("destinations.index"))


@blueprint.post("/<prefix>/remove")
@needs("account.change")
def remove(prefix: str) -> Response:
    by, now = person().id, wall_ms()
    write(lambda: traffic_caps.remove_destination(prefix, now, by))
    flash(_("The prefix was taken out; the shorter one decides again."), "success")
    return redirect(url_for("destinations.index"))


def _shown(
    form: DestinationForm | None = None, answered: dict[int, CapsAnswerForm] | None = None
) -> dict[str, Any]:
    me = person()
    now, caps = wall_ms(), web().policy.caps

    def work() -> tuple[Any, ...]:
        asked = [(row, traffic_caps.usage(row.account_id, caps, now)) for row in cap_requests.waiting()]
        names = account_names([row.account_id for row, _usage in asked])
        return traffic_caps.destinations(), traffic_caps.own_caps(), view.stopped(), asked, names

    rows, own, stopped, asked, names = read(work)
    forms = answered or {}
    form = form or DestinationForm.blank("set", country="98")
    form.country.choices = _countries()
    return {
        "rows": rows,
        "own": own,
        "stopped": stopped,
        "asked": [
            (row, usage, forms.get(row.id) or CapsAnswerForm.blank(f"cap-{row.id}")) for row, usage in asked
        ],
        "names": names,
        "countries": {row.prefix: _country_of(row.prefix) for row in rows},
        "form": form,
        "caps": web().policy.caps,
        "may_change": permissions.may(me, "account.change"),
    }


def _country_of(prefix: str) -> str:
    """The country of a prefix, in the reader's language; the first one if several share it (as +1)."""
    for length in (3, 2, 1):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(prefix[:length]))
        if regions and len(prefix) >= length:
            return _name_of(regions[0])
    return "—"


def _countries() -> list[SelectChoice]:
    """Every country calling code with its country, Iran first."""
    found = [
        (code, _name_of(regions[0])) for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
    ]
    found.sort(key=lambda one: (one[0] != 98, one[1]))
    return [SelectChoice(str(code), digits(f"{name} (\u2066+{code}\u2069)")) for code, name in found]


def _name_of(region: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", region):
        return _("Not of one country")
    return str(Locale(language()).territories.get(region, region))
