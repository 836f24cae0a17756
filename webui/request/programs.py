"""Requests of programs: they show a token, never a cookie, and read JSON."""

from __future__ import annotations

from flask import g, request

from engine.services.accounts.token_use import Caller

BLUEPRINTS = frozenset({"api", "rest"})
_PREFIXES = ("/api/", "/rest/")


def is_program() -> bool:
    """Whether the present request is one of a program, also for an address that does not exist."""
    return request.blueprint in BLUEPRINTS or f"{request.path.lower()}/".startswith(_PREFIXES)


def caller() -> Caller:
    """Whom the present request is made for; after `webui.api.authentication.authenticate` only."""
    found: Caller = g.caller
    return found
