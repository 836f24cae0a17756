"""Every route as everybody: nobody sees another's things, nobody does what is not theirs, nothing crashes."""

from __future__ import annotations

import hashlib
import sqlite3

import pytest

from tests.webui.conftest import csrf_of
from tests.webui.world import MARK, STAFF
from webui.api.operations import SCOPES
from webui.api.rest.table import METHODS

pytestmark = pytest.mark.usefixtures("unlimited")  # a walk asks more often than a person

# Who may come in at all.  A route that is not here fails the test: say whose it is.
OPEN = {
    "api_docs.asset",
    "api_docs.document",
    "api_docs.page",
    "auth.login",
    "auth.second_factor",
    "forgot.ask",
    "forgot.choose",
    "auth.language",
    "health.healthz",
    "people.join",
    "registration.register",
    "static",
    "switch_records.take",
    "switch_records.all_sent",
    "text_receipts.take",
}
# Of programs, which show a token; a browser's session opens nothing there (test_api_walk).
PROGRAMS = {f"api.{name}" for name in SCOPES}
# Of programs of the older web service, which are told so with a code (test_web_rest).
REST = {f"rest.{method.name.lower()}" for method in METHODS}
# Of everybody who is logged in, about themselves or what concerns all.
COMMON = {
    "agreement.changes", "agreement.index", "agreement.version", "auth.logout", "campaigns.index",
    "campaigns.rows", "quick_send.index", "consent.add", "consent.export", "consent.import_", "consent.index", "consent.remove",
    "gallery.index", "new_campaign.form", "own_login.confirm_factor", "own_login.factor", "own_login.index",
    "own_login.password", "own_login.renew_codes", "own_login.switch_off", "people.index", "people.invite",
    "portal.live", "portal.start", "contact_lists.index", "sla.index", "sla.month", "tickets.index", "tickets.new",
    "tokens.index", "webhooks.index",
}  # fmt: skip
# Of customers alone, about themselves.
CUSTOMERS = {
    "texts.index", "ledger.index", "ledger.lines_file", "balance.callback", "balance.index",
    "balance.receipt", "balance.subscribe", "balance.top_up", "claims.index",
    "claims.new", "contacts.add_address", "contacts.index",  "contacts.new_wish", "contacts.remove_address",
    "contacts.address_call", "contacts.send_address_code", "contacts.take_address_code", "contacts.verify_address",
    "gallery.speak", "outage_reports.mine", "gallery.upload", "registration.call", "registration.call_state", "registration.code",
    "registration.identify", "registration.mobile", "registration.verify", "tokens.make",
    "webhooks.add",
}  # fmt: skip
# Of something that the world has none of: a campaign that runs, a list that waits, a text with variables.
NOT_THERE = {"trials.detail", "trials.live", "campaigns.live", "list_imports.check", "gallery.sample"}
# About a thing of one account, which others must not find.
OWNED = {
    "balance.invoice", "campaigns.act", "campaigns.detail", "campaigns.live", "campaigns.message_sound",
    "campaigns.result", "campaigns.votes", "campaigns.charts", "campaign_change.again", "campaign_change.archive",
    "campaign_change.cancel_start", "campaign_change.change", "campaign_change.more", "campaign_change.unarchive",
    "campaign_repeat.end", "campaign_repeat.index",
    "ledger.calls", "ledger.calls_file", "quick_send.detail", "quick_send.live",
    "results.index", "claims.call", "claims.clock", "claims.detail", "contacts.add_wish", "contacts.choose_topics",
    "contacts.end_wish", "gallery.detail", "gallery.remove", "gallery.sound", "list_imports.add", "list_imports.check",
    "list_imports.choose", "list_imports.do_not_wait",
    "list_imports.detail", "list_imports.live", "new_campaign.check", "new_campaign.confirm", "new_campaign.discard",
    "new_campaign.reading", "new_list.choose", "new_list.keep", "new_list.refused", "new_list.replace", "new_list.show",
    "new_message.call", "new_message.call_state", "new_message.choose", "new_message.show", "new_message.sound",
    "new_message.speak", "new_message.upload", "new_rules.show", "portal.read_notice", "contact_lists.remove",
    "own_login.end_session", "own_login.switch_off_of", "people.access", "people.link", "people.role",
    "recordings.index", "recordings.sound",
    "registration.document", "sla.statement", "sla.statement_file", "tickets.assign", "tickets.close",
    "tickets.detail", "tickets.file", "tickets.give_id", "tickets.move", "tickets.propose", "tickets.rate",
    "tickets.remote", "tickets.reply", "tickets.result", "tokens.revoke", "tokens.rotate",
    "webhooks.change", "webhooks.detail", "webhooks.remove", "webhooks.replay", "webhooks.rotate", "webhooks.test",
}  # fmt: skip
# Of the staff alone.
STAFF_ONLY = {
    "accounts.adjust", "accounts.audit", "accounts.caps", "accounts.choose", "accounts.confirm_number",
    "accounts.withdraw_number", "accounts.detail", "accounts.grants", "accounts.index",
    "accounts.limits", "accounts.money", "accounts.open_account", "accounts.suspend", "accounts.terms", "accounts.unsuspend",
    "agreement.publish", "audit_findings.index", "calendar.edit", "calendar.index", "committee.answer", "committee.detail",
    "committee.enter", "committee.index", "committee.link", "committee.of_ticket", "committee.paid",
    "committee.unlink", "committee.vote",
    "destinations.answer", "destinations.index", "destinations.remove",
    "destinations.set_", "exclusions.add", "exclusions.index", "exclusions.withdraw", "gallery.approve", "gallery.by_phone",
    "gallery.queue", "gallery.reject", "gallery.review", "gallery.sample", "identity.accept", "identity.detail", "identity.index",
    "identity.send_back", "incidents.correct", "incidents.detail", "incidents.enter", "incidents.index",
    "incidents.report", "incidents.resolve", "maintenance.announce", "maintenance.cancel", "maintenance.detail",
    "line.cancel", "line.index", "line.live", "line.pause", "line.sign_in", "line.sign_out", "line_agents.add",
    "line_agents.change", "line_agents.index", "line_agents.line_settings", "line_agents.renew", "line_agents.sign_out",
    "line_calls.detail", "line_calls.go_on", "line_calls.hand_over", "line_calls.index", "line_calls.note", "line_calls.sound",
    "line_calls.ticket", "line_prompts.change", "line_prompts.index", "line_prompts.ours", "line_prompts.sound",
    "line_reports.file", "line_reports.index",
    "maintenance.index", "maintenance.plan", "notices.add", "notices.add_address", "notices.again",
    "notices.detail", "notices.edit", "notices.failed", "notices.index", "notices.new", "notices.publish",
    "notices.remove_address", "notices.withdraw", "outage_reports.by_telephone",
    "payments.add_group", "payments.add_plan", "payments.confirm",
    "payments.detail", "payments.index", "payments.prices", "payments.refuse", "payments.set_price",
    "payments.withdraw_plan", "portal.alarms", "sla.statements", "trials.call", "trials.detail", "trials.index", "trials.live",
    "trunks.add", "trunks.change", "trunks.drain", "trunks.index",
    "trunks.drain_switch", "trunks.live",
}  # fmt: skip
EVERYBODY = [None, "outsider", "owner", "colleague", *STAFF]


def routes(app, world, method: str):
    """(endpoint, address) of every route that takes the method."""
    for rule in sorted(
        app.url_map.iter_rules(), key=lambda rule: (rule.endpoint != "auth.logout", rule.rule)
    ):
        if method in rule.methods and rule.endpoint not in ("static", "auth.logout"):
            path = world.path(rule.rule)
            assert "<" not in path, f"say in world.py what {rule.rule} is asked with"
            yield rule.endpoint, path


def is_refused(text: str) -> bool:
    """Whether the older web service says that there is no token."""
    return "-201" in text or "Token_NotExists" in text


def kept(settings) -> str:
    """The whole database but for who logged in when, as a hash."""
    made = hashlib.sha256()
    with sqlite3.connect(settings.data_dir / "avanak.db") as found:
        for line in found.iterdump():
            if not line.startswith('INSERT INTO "user"'):
                made.update(line.encode())
    found.close()
    return made.hexdigest()


def test_every_route_is_listed(app) -> None:
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert known == OPEN | PROGRAMS | REST | COMMON | CUSTOMERS | OWNED | STAFF_ONLY


@pytest.mark.parametrize("who", EVERYBODY)
def test_walk_and_look(app, world, enter, who: str | None) -> None:
    browser, wrong = enter(who), []
    for endpoint, path in routes(app, world, "GET"):
        answer = browser.get(path)
        status, is_told = (
            answer.status_code,
            MARK in answer.get_data(as_text=False).decode("utf-8", "replace"),
        )
        fits = status < 500
        if endpoint in PROGRAMS:
            fits = status == 401
        elif endpoint in REST:
            fits = status == 200 and is_refused(answer.text)
        elif who is None and endpoint not in OPEN:
            fits = status == 302 and answer.location.startswith("/login")
        elif who == "outsider" and endpoint in OWNED:
            fits = status == 404
        elif (who in ("outsider", "owner", "colleague") and endpoint in STAFF_ONLY) or (
            who in STAFF and endpoint in CUSTOMERS
        ):
            fits = status in (403, 404)
        elif (who == "admin" and endpoint in STAFF_ONLY) or (who == "owner" and endpoint in OWNED):
            fits = status in (200, 302) or endpoint.startswith("new_") or endpoint in NOT_THERE
        if not fits or (is_told and who in (None, "outsider")):
            wrong.append((endpoint, status, "tells" if is_told else ""))
    assert wrong == []


@pytest.mark.parametrize("who", [None, "outsider"])
def test_walk_and_touch_what_is_anothers(app, world, enter, settings, who: str | None) -> None:
    """Every form, sent by somebody whose business it is not, changes nothing."""
    browser = enter(who)
    token = csrf_of(browser.get("/login" if who is None else "/").text)
    before, wrong = kept(settings), []
    for endpoint, path in routes(app, world, "POST"):
        if endpoint in OWNED | STAFF_ONLY | PROGRAMS | REST or (who is None and endpoint not in OPEN):
            answer = browser.client.post(path, data={"csrf_token": token, "text": "x", "reason": "because"})
            expected = (
                (401,)
                if endpoint in PROGRAMS
                else (200,)
                if endpoint in REST
                else (302,)
                if who is None
                else (404,)
                if endpoint in OWNED
                else (403, 404)
            )
            is_open = endpoint in REST and not is_refused(answer.text)
            if answer.status_code not in expected or MARK in answer.text or is_open:
                wrong.append((endpoint, answer.status_code))
    assert wrong == []
    assert kept(settings) == before


@pytest.mark.parametrize("who", ["owner", "colleague", *STAFF])
def test_empty_forms_are_refused_in_the_page(app, world, enter, who: str) -> None:
    """Nothing crashes on a form that was sent empty; a page comes back, or one goes on."""
    browser, wrong = enter(who), []
    token = csrf_of(browser.get("/").text)
    for endpoint, path in routes(app, world, "POST"):
        answer = browser.client.post(path, data={"csrf_token": token})
        if answer.status_code >= 500:
            wrong.append((endpoint, answer.status_code))
    assert wrong == []
