"""Changes of an existing campaign: rules, date, archive, calling again, a request for a higher cap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from engine import bounds
from engine.clock import wall_ms
from engine.errors import AvanakError
from engine.services.campaigns import campaigns, clone, edit, outcomes
from engine.services.campaigns.campaigns import Campaign
from engine.services.compliance import cap_requests
from engine.states import OVER_STATES, CampaignState
from engine.store.threads import read, write
from webui.forms.number_fields import DecimalsField, WholeField, ascii_digits
from webui.forms.pages import Answer, InstantField, PageForm, attempt, pages_blueprint, refused
from webui.i18n.formats import language, number
from webui.i18n.sentences import said
from webui.i18n.words import WORDS
from webui.request.access import account_scope, is_staff, needs, person
from webui.request.context import web

blueprint = pages_blueprint(__name__, "campaign_change", "/campaigns/<int:campaign_id>")

# Who can be called again, as people choose it: how a try ended, or that there was none.
AGAIN = (*outcomes.AGAIN, "not-called")
EVERY_DAY = "1234567"
DAYS = {
    "6": _l("Saturday"),
    "7": _l("Sunday"),
    "1": _l("Monday"),
    "2": _l("Tuesday"),
    "3": _l("Wednesday"),
    "4": _l("Thursday"),
    "5": _l("Friday"),
}


def day_choices() -> list[SelectChoice]:
    """The days of the week, beginning as the reader's weeks do."""
    order = "6712345" if language() == "fa" else "1234567"
    return [SelectChoice(day, DAYS[day]) for day in order]


@blueprint.app_template_filter("weekdays")
def weekdays(days: str) -> str:
    """Days of the week in words, in the order of the reader's weeks."""
    return _(", ").join(str(choice.label) for choice in day_choices() if choice.value in days)


def _boxes(label: Any, **kwargs: Any) -> SelectMultipleField:
    return SelectMultipleField(
        label, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), **kwargs
    )


class ChangeForm(PageForm):
    """The rules of an existing campaign that may be changed."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=200)], render_kw={"dir": "auto"})
    windows = StringField(
        _l("Calling hours"),
        [Length(max=200)],
        filters=[ascii_digits],
        description=_l("As in 09:30-14:00, 16:30-22:00; empty: any hour that its kind may ring."),
        render_kw={"dir": "ltr"},
    )
    weekdays = _boxes(_l("Days"), description=_l("None chosen: every day."))
    max_tries = WholeField(_l("Tries"), [InputRequired(), NumberRange(*bounds.TRIES)])
    retry_after = WholeField(
        _l("Wait between tries (minutes)"), [InputRequired(), NumberRange(0, bounds.RETRY_AFTER_S.most // 60)]
    )
    cps = DecimalsField(
        _l("Calls a second at most"),
        [Optional(), NumberRange(*bounds.CPS)],
        description=_l("Empty: as fast as the lines and your account permit."),
    )
    starts_at = InstantField(_l("Start"))
    ends_at = InstantField(
        _l("Ends at"),
        description=_l("Numbers not called by then are not called any more. Empty: until all are done."),
    )


class AgainForm(PageForm):
    """Who is called again, or what a clone takes over."""

    only = _boxes(_l("Call again"))
    name = StringField(_l("Name"), [InputRequired(), Length(max=200)], render_kw={"dir": "auto"})


@blueprint.route("/change", methods=["GET", "POST"])
@needs("campaign.change")
def change(campaign_id: int) -> str | Answer | Response:
    """Change the rules, for calls from then on."""
    row = _row(campaign_id)
    form = _change_form(row)
    me, scope, now, policy = person(), account_scope(), wall_ms(), web().policy
    if request.method == "GET":
        return render_template("campaign_change/change.html", row=row, form=form)

    def work() -> None:
        edit.change(campaign_id, _changes(form), me.id, now, policy, scope)

    if not attempt(form, work):
        return refused("campaign_change/change.html", row=row, form=form)
    flash(_("The campaign was changed."), "success")
    return _back(campaign_id)


@blueprint.post("/cancel-start")
@needs("campaign.change")
def cancel_start(campaign_id: int) -> Response:
    me, scope, now = person(), account_scope(), wall_ms()
    write(lambda: edit.cancel_start(campaign_id, me.id, now, scope))
    flash(_("The date was taken off; the campaign is a draft again."), "success")
    return _back(campaign_id)


@blueprint.post("/archive")
@needs("campaign.change")
def archive(campaign_id: int) -> Response:
    me, scope, now = person(), account_scope(), wall_ms()
    write(lambda: edit.archive(campaign_id, me.id, now, scope))
    flash(_("The campaign is in the archive; nothing of it is lost."), "success")
    return redirect(url_for("campaigns.index"))


@blueprint.post("/unarchive")
@needs("campaign.change")
def unarchive(campaign_id: int) -> Response:
    me, scope, now = person(), account_scope(), wall_ms()
    write(lambda: edit.unarchive(campaign_id, me.id, now, scope))
    flash(_("The campaign is in the lists again."), "success")
    return _back(campaign_id)


@blueprint.post("/more")
@needs("campaign.change")
def more(campaign_id: int) -> Response:
    """Ask staff for a higher cap."""
    row, me, now = _row(campaign_id), person(), wall_ms()
    note = request.form.get("note", "")
    write(lambda: cap_requests.ask(row.account_id, me.id, campaign_id, note, now))
    flash(_("Staff were asked; when they allow more, the campaign goes on by itself."), "success")
    return _back(campaign_id)


@blueprint.route("/again", methods=["GET", "POST"])
@needs("campaign.change")
def again(campaign_id: int) -> str | Answer | Response:
    """A new campaign for the recipients that this one did not reach, or a clone with all numbers or none."""
    row = _row(campaign_id)
    form = _again_form(row)
    if request.method == "GET":
        return render_template("campaign_change/again.html", row=row, form=form)
    whole = request.form.get("whole", "")
    only = (whole,) if whole in (clone.ALL, clone.NOBODY) else tuple(form.only.data or ())
    if form.validate_on_submit() and not only:
        form.complaint = _("Choose who is to be called again.")
    if form.errors or form.complaint:
        return refused("campaign_change/again.html", row=row, form=form)
    try:
        made = _begin_clone(row, only, form.name.data.strip())
    except AvanakError as error:
        form.complaint = said(error)
        return refused("campaign_change/again.html", row=row, form=form)
    flash(_("The new campaign is a draft: look at it, then start it."), "success")
    return _back(made)


def _begin_clone(row: Campaign, only: tuple[str, ...], name: str) -> int:
    """Make the draft; its numbers are copied outside the request, and its page shows the progress."""
    me, scope, now, policy = person(), account_scope(), wall_ms(), web().policy

    def work(tell: Callable[[int], None]) -> None:
        clone.clone(row.id, now, policy, write, only, name, scope, me.id, tell)

    return web().begun(work)


def _change_form(row: Campaign) -> Any:
    given = {
        "name": row.name,
        "windows": row.windows.replace(",", ", "),
        "weekdays": list(row.weekdays or EVERY_DAY),
        "max_tries": row.max_tries,
        "retry_after": row.retry_after_s // 60,
        "cps": row.cps,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
    }
    form = ChangeForm(data=given)
    form.weekdays.choices = day_choices()
    if row.state not in (CampaignState.DRAFT, CampaignState.SCHEDULED):
        del form.starts_at
    if row.state in OVER_STATES:
        for name in ("windows", "weekdays", "max_tries", "retry_after", "cps", "ends_at"):
            del form[name]
    return form


def _changes(form: Any) -> dict[str, Any]:
    """What a filled-in form says, under the names of the rules; fields that it does not have are left out."""
    values = {field.short_name: field.data for field in form}
    found: dict[str, Any] = {"name": values["name"].strip()}
    for name in ("windows", "max_tries", "starts_at", "ends_at"):
        if name in values:
            found[name] = values[name] or (None if name.endswith("_at") else values[name])
    if "cps" in values:
        found["cps"] = None if values["cps"] is None else float(values["cps"])
    if "weekdays" in values:
        days = "".join(sorted(values["weekdays"] or ()))
        found["weekdays"] = "" if days == EVERY_DAY else days
    if "retry_after" in values:
        found["retry_after_s"] = values["retry_after"] * 60
    return found


def _again_form(row: Campaign) -> Any:
    def work() -> dict[str, int]:
        return {**outcomes.counts(row.id, outcomes.AGAIN), "not-called": outcomes.not_called(row.id)}

    found = read(work)
    proposed = [one for one in AGAIN if found[one] and one not in ("rejected", "hung-up", "not-called")]
    form = AgainForm(data={"name": _("%(name)s (again)", name=row.name), "only": proposed})
    form.only.choices = [
        SelectChoice(one, f"{WORDS['redial'][one]} ({_counted(found[one])})") for one in AGAIN if found[one]
    ]
    return form


def _counted(found: int) -> str:
    """A count of `outcomes.counts`, which has an upper bound."""
    if found > outcomes.MOST_COUNTED:
        return _("more than %(n)s", n=number(outcomes.MOST_COUNTED))
    return number(found)


def _row(campaign_id: int) -> Campaign:
    scope = account_scope()
    return read(lambda: campaigns.get(campaign_id, scope))


def _back(campaign_id: int) -> Response:
    return redirect(url_for("campaigns.detail", campaign_id=campaign_id))


def cap_request(row: Campaign) -> dict[str, Any]:
    """What a campaign's page says of the account's request for a higher cap; for customers."""
    return {} if is_staff() else {"asked": read(lambda: cap_requests.last_of(row.account_id))}
