"""The web UI: campaigns, what they come to, switches and gateways.

It knows the store and the services.  It writes what is wanted, the engine
acts; so it works in the engine's process and in one of its own.
"""

from __future__ import annotations

from flask import Flask
from flask.logging import default_handler
from werkzeug.middleware.proxy_fix import ProxyFix

from engine.config import Settings, zone_of
from webui import (
    access,
    accounts,
    agreement_pages,
    audit_words,
    auth,
    balance,
    books,
    calendar_pages,
    campaigns,
    claims,
    committee,
    consent_lists,
    contacts,
    destinations,
    errors,
    exclusions,
    gallery,
    health,
    identity,
    incidents,
    list_imports,
    maintenance,
    means,
    new_campaign,
    notices_pages,
    outage_reports,
    people,
    portal,
    receipts,
    recordings,
    registration,
    security,
    sentences,
    sla_pages,
    speech,
    switch_records,
    tickets,
    tokens,
    trunks,
    words,
)
from webui.api import tickets as api_tickets
from webui.context import AvanakWeb
from webui.number_fields import RowIdConverter

MODULES = (
    *(auth, campaigns, recordings, new_campaign, list_imports, trunks, health, switch_records),
    *(portal, registration, balance, gallery, consent_lists, tickets, claims, sla_pages, agreement_pages),
    *(tokens, contacts, outage_reports, api_tickets),
    *(
        accounts,
        identity,
        receipts,
        incidents,
        exclusions,
        maintenance,
        committee,
        notices_pages,
        calendar_pages,
        books,
        destinations,
        people,
    ),
)


def create_app(settings: Settings) -> Flask:
    """The application; the store must have been opened (`engine.runtime.opening.open_store`).

    BadInput where customers would pay real calls through the test provider.
    """
    app = Flask(__name__)
    app.url_map.converters["int"] = RowIdConverter
    # Our logger is Flask's too: its own handler would write to the server's error log, which logs here.
    app.logger.removeHandler(default_handler)
    app.extensions["avanak"] = AvanakWeb(settings, zone_of(settings.timezone))
    if settings.web_trusted_proxies:
        hops = settings.web_trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    # In this order: who it is and whether they may, before a body is read for its CSRF token.
    access.init_app(app)
    speech.init_app(app)
    security.init_app(app, settings)
    errors.init_app(app)
    words.init_app(app)
    audit_words.init_app(app)
    sentences.init_app(app)
    for module in MODULES:
        app.register_blueprint(module.blueprint)
    with app.app_context():
        means.provider()
    return app
