"""The web service: JSON over HTTP for programs, which show a token (``Authorization: Bearer avk_…``).

A token acts as its person, with that person's rights on the one account.  No
cookie is looked at, so no page of another site can make a browser ask here.
What is refused comes as ``{"error": "one sentence"}`` with the fitting status.
"""

from __future__ import annotations

from flask import Blueprint, g, request

from engine.clock import wall_ms
from engine.services.accounts import access_tokens
from engine.services.accounts.access_tokens import Unauthenticated
from engine.store.threads import read, write
from webui.request.security import csrf, limiter

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(blueprint)  # it is a token that authorises, never a cookie
limiter.limit("600 per minute")(blueprint)


@blueprint.before_request
def authenticate() -> None:
    """Find whom the token speaks for, before any body is read."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("Show a token: Authorization: Bearer avk_…")
    now = wall_ms()
    person, token = read(lambda: access_tokens.who(secret.strip()))
    g.person = person
    if access_tokens.is_use_due(token, now):
        write(lambda: access_tokens.note_use(int(token.id), now))
