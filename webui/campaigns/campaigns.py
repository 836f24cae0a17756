"""Campaigns: the list, one campaign with its actions, and its result file."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from engine.clock import wall_ms
from engine.errors import NotFound
from engine.services.campaigns import (
    campaigns,
    drafts,
    launch,
    list_imports,
    recordings,
    repeats,
    timeline,
    view,
    why,
)
from engine.services.campaigns.campaigns import Campaign
from engine.services.campaigns.view import CampaignView
from engine.services.messages import prompts
from engine.services.money import reservations
from engine.services.money.pricing import Quote
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.outbox import texts
from engine.states import CampaignState
from engine.store.threads import read, write
from webui.campaigns import change, results
from webui.forms import downloads
from webui.forms.number_fields import ascii_digits, row_id
from webui.forms.player import send_prompt
from webui.i18n.sentences import said
from webui.i18n.words import may_do
from webui.request.access import account_scope, is_staff, needs, person
from webui.request.context import web

blueprint = Blueprint("campaigns", __name__, template_folder="templates")

PAGE = 30
_FILTERS: dict[str, tuple[str, ...]] = {
    "open": (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.SCHEDULED, CampaignState.DRAFT),
    "ended": (CampaignState.FINISHED, CampaignState.STOPPED),
    "archive": (),
}
# States in which a page may change by itself.
_MOVING = (CampaignState.RUNNING, CampaignState.SCHEDULED, CampaignState.PAUSED)


@blueprint.get("/campaigns")
@needs("campaign.view")
def index() -> str:
    me = person().id
    unfinished = read(lambda: drafts.of_person(me)) if may_do("campaign.change") else []
    return render_template("campaigns/list.html", unfinished=unfinished, **_list())


@blueprint.get("/campaigns/rows")
@needs("campaign.view")
def rows() -> str:
    """The list's live part."""
    return render_template("campaigns/_list.html", **_list())


@blueprint.get("/campaigns/<int:campaign_id>")
@needs("campaign.view")
def detail(campaign_id: int) -> str | BaseResponse:
    """One campaign; with ``?number=`` also the result of that number.  A campaign of quick sends has a page of its own."""
    one = _one(campaign_id)
    if one.row.standing_key and may_do("campaign.change"):
        return redirect(url_for("quick_send.index"))
    lists, recorded, repeat, following = read(
        lambda: (
            list_imports.of_campaign(campaign_id),
            recordings.total(campaign_id)[0],
            repeats.of_campaign(campaign_id),
            texts.of_campaign(campaign_id),
        )
    )
    text = (ascii_digits(request.args.get("number")) or "")[:40]
    wanted = normalise(text) if text else None
    found = None
    if isinstance(wanted, NormalNumber):
        e164 = wanted.e164
        found = read(lambda: view.of_number(campaign_id, e164))
    return render_template(
        "campaigns/detail.html",
        one=one,
        moving=one.state in _MOVING or one.reason == why.COPYING,
        stamp=_stamp(one),
        series=read(lambda: timeline.of_campaign(campaign_id, _dialled_at(one))),
        zone_name=str(web().zone),
        **(change.cap_request(one.row) if one.reason == why.CAPPED else {}),
        votes=_votes(one),
        lists=lists,
        recorded=recorded,
        repeat=repeat,
        following=following,
        quote=_quote(one, following),
        number=text,
        found=found,
    )


@blueprint.get("/campaigns/<int:campaign_id>/live")
@needs("campaign.view")
def live(campaign_id: int) -> str | Response:
    """The page's live part; when the state has changed the browser reloads the whole page."""
    one = _one(campaign_id)
    if request.args.get("state") != _stamp(one):
        return Response(headers={"HX-Refresh": "true"})
    return render_template("campaigns/_live.html", one=one)


@blueprint.get("/campaigns/<int:campaign_id>/charts")
@needs("campaign.view")
def charts(campaign_id: int) -> str:
    """The charts of the campaign's progress."""
    one = _one(campaign_id)
    series = read(lambda: timeline.of_campaign(campaign_id, _dialled_at(one)))
    return render_template("campaigns/_charts.html", series=series, zone_name=str(web().zone))


@blueprint.get("/campaigns/<int:campaign_id>/votes")
@needs("campaign.view")
def votes(campaign_id: int) -> str:
    one = _one(campaign_id)
    return render_template("campaigns/_votes.html", one=one, votes=_votes(one))


@blueprint.post("/campaigns/<int:campaign_id>/<any(start, pause, resume, stop):action>")
@needs("campaign.change")
def act(campaign_id: int, action: str) -> BaseResponse:
    """Write the wanted change; the engine takes it over within a second."""
    me, now, policy, by = person(), wall_ms(), web().policy, _("by %(name)s", name=person().username)
    said = {
        "start": _("The campaign was started."),
        "pause": _("The campaign is paused; calls that are up go on."),
        "resume": _("The campaign goes on."),
        "stop": _("The campaign was stopped."),
    }
    write(lambda: launch.act(action, campaign_id, me, now, policy, by))
    flash(said[action], "success")
    return redirect(url_for("campaigns.detail", campaign_id=campaign_id))


@blueprint.get("/campaigns/<int:campaign_id>/message.wav")
@needs("campaign.view")
def message_sound(campaign_id: int) -> BaseResponse:
    row = _row(campaign_id)
    if row.message_id is None:
        raise NotFound("Campaign %(id)s has no message.", id=campaign_id)
    found = read(lambda: prompts.get(row.message_id or 0))
    return send_prompt(web().settings.prompts_dir, found.prompt)


@blueprint.get("/campaigns/<int:campaign_id>/result.<any(csv, xlsx):kind>")
@needs("campaign.view")
def result(campaign_id: int, kind: str) -> BaseResponse:
    """The result file so far, of all or of the chosen recipients, streamed so that a million rows need no memory."""
    row = _row(campaign_id)
    downloads.note("campaign.download", row.account_id, f"campaign {row.id}")
    return results.result_file(row, kind)


def _row(campaign_id: int) -> Campaign:
    scope = account_scope()
    return read(lambda: campaigns.get(campaign_id, scope))


def _one(campaign_id: int) -> CampaignView:
    scope, now = account_scope(), wall_ms()
    return read(lambda: view.view(campaign_id, now, scope))


def _dialled_at(one: CampaignView) -> int | None:
    """The present instant, if the campaign is being dialled."""
    return wall_ms() if one.state == CampaignState.RUNNING else None


def _quote(one: CampaignView, following: dict[str, str]) -> Quote | None:
    """What one that has not started would cost at most; None for others, and while its numbers come in."""
    if (
        one.state not in (CampaignState.DRAFT, CampaignState.SCHEDULED)
        or one.reason == why.COPYING
        or not one.row.message_id
    ):
        return None
    now, parts = wall_ms(), texts.most_parts(following.values())
    found = read(lambda: reservations.quote_of(one.id, now, parts))
    return found if found.total else None


def _stamp(one: CampaignView) -> str:
    """A value whose change means that the whole page has changed."""
    return f"{one.state}-copying" if one.reason == why.COPYING else str(one.state)


@blueprint.app_template_filter("why")
def why_said(one: CampaignView) -> str:
    """Why a campaign waits or is slow: in full for staff, without names of trunks for customers."""
    return said(one.sentence if is_staff() else one.sentence_for_owner)


def _votes(one: CampaignView) -> list[tuple[str, int]]:
    """Each vote key and how many callees pressed it."""
    if not one.row.vote_keys:
        return []
    counted = read(lambda: view.votes(one.id))
    return [(key, counted.get(key, 0)) for key in one.row.vote_keys]


def _list() -> dict[str, Any]:
    chosen, text = request.args.get("show", "all"), (ascii_digits(request.args.get("text")) or "")[:100]
    before = request.args.get("before", type=row_id)
    scope, now, staff = account_scope(), wall_ms(), is_staff()

    def work() -> dict[str, Any]:
        found = view.views(
            now,
            scope,
            states=_FILTERS.get(chosen, ()),
            text=text,
            archived=chosen == "archive",
            before_id=before,
            limit=PAGE + 1,
        )
        running = view.views(now, scope, states=(CampaignState.RUNNING,), limit=1000)
        return {"found": found, "running": running, "repeated": repeats.repeated([one.id for one in found])}

    seen = read(work)
    running: list[CampaignView] = seen["running"]
    is_told = not running or any(one.calls_up is not None for one in running)
    return {
        "shown": seen["found"][:PAGE],
        "older": seen["found"][PAGE - 1].id if len(seen["found"]) > PAGE else None,
        "chosen": chosen if chosen in _FILTERS else "all",
        "before": before,
        "text": text,
        # A report that is too old is not shown as if it were current.
        "calls_up": sum(one.calls_up or 0 for one in running) if is_told else None,
        "calls_per_second": sum(one.calls_per_second for one in running) if is_told else None,
        "running": len(running),
        "repeated": seen["repeated"],
        "delivered_share": _share_of(running),
        "left": sum(one.counts.waiting + one.counts.retry_wait for one in running),
        "several_accounts": staff,
    }


def _share_of(views: list[CampaignView]) -> float | None:
    called = sum(one.called for one in views)
    return sum(one.counts.delivered for one in views) / called if called else None
