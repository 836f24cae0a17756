"""The web UI: campaigns, what they come to, switches and gateways.

It knows the store and the services.  It writes what is wanted, the engine
acts; so it works in the engine's process and in one of its own.
"""

from __future__ import annotations

from flask import Flask
from flask.logging import default_handler
from werkzeug.middleware.proxy_fix import ProxyFix

from engine.config import Settings
from engine.sealing import SecretBox
from engine.services.accounts import second_factor
from engine.services.compliance.policy import Policy
from engine.services.webhooks import hooks
from engine.store.threads import write
from webui import errors
from webui.accounts import accounts, auth, forgot, identity, own_login, people, registration, tokens, webhooks
from webui.api import description, rest
from webui.campaigns import (
    campaigns,
    change,
    contact_lists,
    list_imports,
    new_campaign,
    new_list,
    new_message,
    new_rules,
    quick_send,
    recordings,
    repeat,
    results,
    text_posts,
    texts,
)
from webui.compliance import destinations, do_not_call
from webui.forms import player
from webui.forms.number_fields import RowIdConverter
from webui.home import frame, portal
from webui.i18n import agreement_words, audit_words, formats, sentences, words
from webui.messages import gallery
from webui.money import balance, ledger, receipts
from webui.request import access, compression, limits, security, services, static_files
from webui.request.context import AvanakWeb
from webui.sla import (
    agreement,
    availability,
    calendar,
    claims,
    committee,
    exclusions,
    incidents,
    maintenance,
    outage_reports,
)
from webui.support import addresses, notices, tickets
from webui.support_line import agents as line_agents
from webui.support_line import callers, prompts, reports, wallboard
from webui.trunks import audit_findings, cdr_posts, health, trials, trunks

MODULES = (
    *(auth, forgot, own_login, campaigns, recordings, list_imports, trunks, trials, health, cdr_posts),
    *(new_campaign, new_list, new_message, new_rules, contact_lists),
    *(portal, registration, balance, gallery, do_not_call, tickets, claims, availability, agreement),
    *(change, repeat, results, quick_send, ledger, texts, text_posts),
    *(wallboard, callers, line_agents, reports, prompts),
    *(tokens, webhooks, addresses, outage_reports, rest),
    *(
        accounts,
        identity,
        receipts,
        incidents,
        exclusions,
        maintenance,
        committee,
        notices,
        calendar,
        audit_findings,
        destinations,
        people,
    ),
)


def create_app(settings: Settings) -> Flask:
    """The application; the store must have been opened (`engine.runtime.opening.open_store`).

    BadInput where customers would pay real calls through the test provider.
    """
    app = description.make_app(__name__)  # `static_files` serves what is static
    app.url_map.converters["int"] = RowIdConverter
    static_files.init_app(app)
    compression.init_app(app)  # first, so that it is done last
    # Our logger is Flask's too: its own handler would write to the server's error log, which logs here.
    app.logger.removeHandler(default_handler)
    keys = security.keys_of(settings)
    box = SecretBox(keys)
    app.extensions["avanak"] = AvanakWeb(settings, Policy.of_settings(settings), box)
    if settings.web_trusted_proxies:
        hops = settings.web_trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    # In this order: how often, who it is and whether they may, how much; then a body is read for its CSRF token.
    limits.init_first(app, settings)
    access.init_app(app)
    limits.init_after_access(app)
    formats.init_app(app)
    security.init_app(app, settings, keys[0])
    errors.init_app(app)
    words.init_app(app)
    agreement_words.init_app(app)
    audit_words.init_app(app)
    sentences.init_app(app)
    player.init_app(app)
    rest.init_app(app)
    frame.init_app(app)
    for module in MODULES:
        app.register_blueprint(module.blueprint)
    formats.ask_filters_anew(app)
    description.register(app)
    with app.app_context():
        services.provider()
        write(lambda: second_factor.seal_all(box))
        write(lambda: hooks.seal_all(box))
    return app
