"""The repetition of a campaign: when the next one is made and how often; to be changed, ended and taken up again."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.validators import InputRequired

from engine.clock import wall_ms
from engine.errors import NotFound
from engine.services.campaigns import campaigns, repeats
from engine.services.campaigns.campaigns import Campaign
from engine.store.threads import read, write
from webui.forms.pages import Answer, InstantField, PageForm, attempt, pages_blueprint, refused
from webui.i18n.words import choices
from webui.request.access import account_scope, needs, person
from webui.request.context import web

blueprint = pages_blueprint(__name__, "campaign_repeat", "/campaigns/<int:campaign_id>/repeat")


class RepeatForm(PageForm):
    """When a campaign is made again."""

    every = RadioField(_l("Repeat it"), [InputRequired()], choices=choices("every"))
    next_at = InstantField(_l("The next one starts at"), [InputRequired()])
    until_at = InstantField(_l("Repeat it until"), description=_l("Empty: until you end it."))


@blueprint.route("", methods=["GET", "POST"])
@needs("campaign.change")
def index(campaign_id: int) -> str | Answer | Response:
    """Change how it is repeated."""
    row, repeat = _repeat(campaign_id)
    shown = {name: getattr(repeat, name) for name in ("every", "next_at", "until_at")}
    form: Any = RepeatForm(data=shown)
    values = {"row": row, "repeat": repeat, "form": form}
    if request.method == "GET":
        return render_template("campaign_change/repeat.html", **values)
    me, scope, now, zone = person(), account_scope(), wall_ms(), web().policy.zone

    def work() -> None:
        every, next_at, until_at = form.every.data, form.next_at.data, form.until_at.data
        repeats.change(campaign_id, every, next_at, until_at, me.id, now, zone, scope)

    if not attempt(form, work):
        return refused("campaign_change/repeat.html", **values)
    flash(_("The repetition was changed."), "success")
    return redirect(url_for("campaigns.detail", campaign_id=campaign_id))


@blueprint.post("/end")
@needs("campaign.change")
def end(campaign_id: int) -> Response:
    """Make no further one."""
    me, scope, now = person(), account_scope(), wall_ms()
    write(lambda: repeats.end(campaign_id, me.id, now, scope))
    flash(_("The campaign is not repeated any more; what is scheduled or running goes on."), "success")
    return redirect(url_for("campaigns.detail", campaign_id=campaign_id))


def _repeat(campaign_id: int) -> tuple[Campaign, repeats.CampaignRepeat]:
    scope = account_scope()
    row, repeat = read(lambda: (campaigns.get(campaign_id, scope), repeats.of_campaign(campaign_id)))
    if repeat is None:
        raise NotFound("Campaign %(id)s is not repeated.", id=campaign_id)
    return row, repeat
