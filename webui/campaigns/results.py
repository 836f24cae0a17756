"""The results of a campaign: cost, length, outcomes, hours, votes, and its recipients as a table and as a file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine.clock import from_ms, wall_ms
from engine.errors import BadInput
from engine.services.campaigns import outcomes, timeline, view
from engine.services.campaigns.campaigns import Campaign, columns_of
from engine.services.campaigns.outcomes import Chosen
from engine.services.campaigns.view import CampaignView
from engine.services.money import reservations
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.numbering.reasons import Reason
from engine.services.outbox import text_log
from engine.services.reports import customer_report
from engine.services.reports.campaign_report import name_column, report_columns, report_rows
from engine.services.reports.customer_report import ReaderWords, name_of
from engine.services.trunks import gateways, switches
from engine.store.threads import read
from webui.forms import downloads
from webui.forms.number_fields import ascii_digits, row_id
from webui.i18n.formats import calendar, digits, written_in
from webui.i18n.sentences import reason_sentence
from webui.i18n.words import WORDS, may_do
from webui.request.access import account_scope, is_staff, needs
from webui.request.context import web

blueprint = Blueprint("results", __name__, template_folder="templates")

PAGE = 50


@blueprint.get("/campaigns/<int:campaign_id>/results")
@needs("campaign.view")
def index(campaign_id: int) -> str:
    """Sums, charts, and a page of the recipients, filtered by outcome, key or number, and sorted."""
    scope, now = account_scope(), wall_ms()
    one = read(lambda: view.view(campaign_id, now, scope))
    chosen, after, text, zone = chosen_of_request(), _after(), _number_asked(), web().zone

    def work() -> dict[str, Any]:
        keys = outcomes.ids(campaign_id, chosen, after, PAGE + 1)
        return {
            "lines": outcomes.lines(keys[:PAGE]),
            "further": keys[PAGE - 1] if len(keys) > PAGE else None,
            "series": timeline.of_campaign(campaign_id),
            "hours": timeline.hours_of_day(campaign_id, zone, now),
            "cost": reservations.charged(campaign_id) if may_see_cost else None,
            "texts": text_log.of_campaign(campaign_id),
            "counted": view.votes(campaign_id) if one.row.vote_keys else {},
            **(_staff_names() if staff else {}),
        }

    may_see_cost, staff = may_do("money.view"), is_staff()
    name_at = name_column(columns_of(one.row))
    found = read(work)
    heard = may_do("recording.listen") and any(a.record_ms for line in found["lines"] for a in line.attempts)
    return render_template(
        "results/index.html",
        one=one,
        chosen=chosen,
        text=text,
        is_first=after is None,
        word_of=outcomes.word_of,
        choices=outcomes.OUTCOMES,
        name_of=lambda row: name_of(row.variables, name_at),
        has_names=name_at is not None,
        may_see_cost=may_see_cost,
        zone_name=str(zone),
        length_ms=_length(one, now),
        has_recordings=heard,
        **found,
    )


def chosen_of_request() -> Chosen:
    """The requested filter and order of recipients; 404 for unknown words."""
    chosen = Chosen(
        request.args.get("outcome", outcomes.ALL),
        request.args.get("order", "list"),
        (ascii_digits(request.args.get("vote")) or "")[:1],
        _e164(_number_asked()),
    )
    try:
        chosen.check()
    except BadInput:
        abort(404)
    may_order = chosen.is_ordered and (chosen.order not in ("cost", "cheapest") or may_do("money.view"))
    return chosen if may_order else replace(chosen, order="list")


def _number_asked() -> str:
    return (ascii_digits(request.args.get("number")) or "").strip()[:40]


def _e164(text: str) -> str:
    """The requested number in E.164; a text that is not a number stays as typed, so that it matches nobody."""
    found = normalise(text) if text else None
    return found.e164 if isinstance(found, NormalNumber) else text


def result_file(row: Campaign, kind: str) -> Response:
    """The requested recipients as a file: codes for staff, words in the reader's language for customers."""
    chosen = chosen_of_request()
    is_all = chosen == Chosen()
    stem = f"avanak-campaign-{row.id}"
    name = " - ".join([row.name, *_chosen_words(chosen)])
    if is_staff():
        lines = report_rows(row, web().zone, downloads.read_here, None if is_all else chosen)
        return downloads.table(stem, kind, report_columns(row), lines, name)
    words = _words()
    made = customer_report.rows(row, chosen, words, downloads.read_here)
    return downloads.table(stem, kind, customer_report.columns(row, words), made, name)


def _chosen_words(chosen: Chosen) -> list[str]:
    """What of a campaign a file has, in the reader's words; none: all."""
    outcome = "" if chosen.outcome == outcomes.ALL else str(WORDS["outcome"][chosen.outcome])
    key = f"{_('Key')} {digits(chosen.vote)}" if chosen.vote else ""
    return [one for one in (chosen.number, outcome, key) if one]


def _words() -> ReaderWords:
    """The reader's words, looked up now because the file is made outside the request."""
    has_cost, zone, kept_calendar = may_do("money.view"), web().zone, calendar()

    def instant(at_ms: int) -> str:
        at = from_ms(at_ms).astimezone(zone)
        return f"{written_in(kept_calendar, at.date())} {at:%H:%M}"

    return ReaderWords(
        headers=(
            *(_("Number"), _("Name"), _("Outcome"), _("Tries"), _("Last call")),
            *(_("Heard (seconds)"), _("Key"), _("Recording")),
            *((_("Cost (Rials)"),) if has_cost else ()),
            _("Ended at"),
        ),
        outcomes={word: str(text) for word, text in WORDS["outcome"].items()},
        reasons={one.value: reason_sentence(one.value) for one in Reason},
        instant=instant,
        yes=_("yes"),
        has_cost=has_cost,
    )


def _after() -> outcomes.Key | None:
    """The row after which the page begins, as in ``?after=17,204``."""
    text = request.args.get("after", "")
    if not text:
        return None
    try:
        key, last = map(row_id, text.split(","))
    except ValueError:
        abort(404)
    return key, last


def _length(one: CampaignView, now: int) -> int | None:
    """From its start to its end (ms), or until now."""
    if one.row.started_at is None:
        return None
    return int((one.row.finished_at or now) - one.row.started_at)


def _staff_names() -> dict[str, Any]:
    return {
        "gateway_names": {row.id: row.name for row in gateways.all_gateways()},
        "switch_names": {row.id: row.name for row in switches.all_switches()},
    }
