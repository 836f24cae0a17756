"""Who asks with a token: the one way in for programs, of /api/v1 and of the older web service alike."""

from __future__ import annotations

from flask import g, request
from werkzeug.exceptions import UnsupportedMediaType

from engine.clock import wall_ms
from engine.services.accounts import token_use
from engine.services.accounts.token_scopes import Scope
from engine.services.accounts.token_use import Caller, TokenRefused
from engine.store.threads import read, write
from webui.request import limits


def bearer() -> str:
    """The secret of ``Authorization: Bearer avk_…``, empty without one."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def authenticate(secret: str, method: str, scope: Scope | None = None) -> Caller:
    """Find whom a secret speaks for and let the request act for them, before any body is read.

    `method` is the name of what is asked for (``QuickSend``, ``create_campaign``), `scope` what it needs.
    TokenRefused says why not; TooManyRequests when the account, or somebody with wrong tokens, asks too often;
    UnsupportedMediaType for a compressed body, of which no limit would say how large it becomes.
    """
    now, address = wall_ms(), request.remote_addr or ""
    try:
        found = read(lambda: token_use.caller_of(secret, address, now))
    except TokenRefused as refused:
        if refused.http_status == 401:
            limits.of_person()  # nobody: counted as such
        raise
    g.person, g.caller = found.person, found
    limits.of_person()
    found.require(scope, method)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType
    if token_use.is_use_due(found.token, now):
        write(lambda: token_use.note_use(int(found.token.id), address, now))
    return found
