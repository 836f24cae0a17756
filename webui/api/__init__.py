"""The web service: JSON over HTTP for programs, which show a token (``Authorization: Bearer avk_…``).

A token acts as its person, with that person's rights on the one account.  No
cookie is looked at, so no page of another site can make a browser ask here.
What is refused comes as ``{"error": "one sentence"}`` with the fitting status.
"""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, request

from engine.errors import BadInput
from engine.services.accounts.token_scopes import Scope
from webui.api.authentication import authenticate, bearer
from webui.request.security import csrf

MAX_DEPTH = 8  # of what programs send
blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(blueprint)  # it is a token that authorises, never a cookie


@blueprint.before_request
def find_caller() -> None:
    """Find whom the token speaks for, before any body is read."""
    scope = Scope.TICKETS_READ if request.method in ("GET", "HEAD") else Scope.TICKETS_WRITE
    authenticate(bearer(), (request.endpoint or "").removeprefix("api."), scope)


def json_object() -> dict[str, Any]:
    """The JSON object of the body; BadInput when it is none, or is nested more deeply than anything we ask for."""
    try:
        found = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise BadInput("The body is no JSON object, and no form.") from error
    if not isinstance(found, dict):
        raise BadInput("The body is no JSON object, and no form.")
    level: list[Any] = [found]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return found
    raise BadInput("The body is nested too deeply.")
