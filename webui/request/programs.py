"""Requests of programs: they have a token, never a cookie, and get JSON."""

from __future__ import annotations

from flask import g, request

from engine.services.accounts.token_use import Caller

BLUEPRINTS = frozenset({"api", "rest"})
_PREFIXES = ("/api/", "/rest/")


def is_program() -> bool:
    """Whether the present request comes from a program, also at an address that does not exist."""
    return request.blueprint in BLUEPRINTS or f"{request.path.lower()}/".startswith(_PREFIXES)


def caller() -> Caller:
    """The caller of the present request; only after `webui.api.authentication.authenticate`."""
    found: Caller = g.caller
    return found
