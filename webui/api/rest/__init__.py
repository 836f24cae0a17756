"""The Avanak web service of existing programs: ``/Rest/<Method>``, a form or a query in, JSON out.

Existing programs work after changing their address and token; the contract is docs/api/rest.md.  Errors are answered
with HTTP
200 and a negative code in the method's field; only requests that no program should send get 413 and 429.  The methods are in
`table`, each with its parameters and codes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, abort, request
from werkzeug.exceptions import HTTPException

from engine.clock import wall_ms
from engine.services.accounts import accounts, permissions
from engine.services.accounts.accounts import SendingRefused
from engine.states import MessageKind
from webui.api.authentication import authenticate
from webui.api.rest import parameters
from webui.api.rest.methods import Asked, Method
from webui.api.rest.refusals import (
    HTTP_NOT_ALLOWED,
    SERVER_ERROR,
    UNKNOWN_ERROR,
    WORDS,
    WRONG_USER,
    Refused,
    code_of,
)
from webui.api.rest.table import METHODS
from webui.request.context import web
from webui.request.programs import caller
from webui.request.security import csrf

log = logging.getLogger(__name__)

PREFIX = "/rest"
MOST_BEFORE_TOKEN = 65_536  # bytes of a body that is read for the token in it
blueprint = Blueprint("rest", __name__, url_prefix=PREFIX)
csrf.exempt(blueprint)  # it is a token that authorises, never a cookie
_BY_NAME = {method.name.lower(): method for method in METHODS}


class AnyCase:
    """Lets ``/Rest/QuickSend`` be asked for in any case of its letters, and with more slashes than it needs."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if path[: len(PREFIX) + 1].lower() == f"{PREFIX}/":
            environ["PATH_INFO"] = "/" + "/".join(filter(None, path.lower().split("/")))
        found: Iterable[bytes] = self._app(environ, start_response)
        return found


def init_app(app: Flask) -> None:
    app.wsgi_app = AnyCase(app.wsgi_app)  # type: ignore[method-assign]


@blueprint.before_request
def find_caller() -> None:
    """Authenticate the token before any body is read, and check that the account may use the service now."""
    if request.method == "HEAD":
        abort(405)  # the method would send
    method, query = _method(), parameters.in_query()
    if web().settings.web_secure_cookies and not request.is_secure:
        raise Refused(HTTP_NOT_ALLOWED)
    secret = request.headers.get("Authorization", "").strip() or query.get("token", [""])[0].strip()
    if not secret and 0 < (request.content_length or 0) <= MOST_BEFORE_TOKEN:
        secret = parameters.in_body().get("token", [""])[0].strip()
    scheme, _, rest = secret.partition(" ")
    if not secret and ("password" in query or "username" in query):
        raise Refused(WRONG_USER)
    found = authenticate(rest.strip() if scheme.lower() == "bearer" else secret, method.name, method.scope)
    permissions.require(found.person, method.right, found.account_id)
    refused = accounts.standing_of(found.account).refusal(MessageKind.SERVICE, wall_ms())
    if refused is not None:
        raise SendingRefused(*refused)
    request.max_form_memory_size = (
        request.max_content_length
    )  # the limits of the route hold for multipart too


def _answer(method: Method) -> Response:
    given = {**parameters.in_query(), **parameters.in_body()}
    found = method.answer(Asked(caller(), method.read(given), wall_ms()))
    return found if isinstance(found, Response) else _json(found)


for each in METHODS:
    blueprint.add_url_rule(
        f"/{each.name.lower()}",
        each.name.lower(),
        partial(_answer, each),
        methods=["GET", "POST"],
    )


@blueprint.errorhandler(Exception)
def _refuse(error: Exception) -> Response:
    """Any error as an answer in the form of the requested method."""
    code, word = code_of(error, _method().errors), ""
    if isinstance(error, Refused):
        word = error.word
    elif code == SERVER_ERROR:
        log.exception("action=http_crashed route=%s", request.endpoint, exc_info=error)
    return _refusal(code, word or WORDS.get(code, "Refused"))


@blueprint.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    """The answer to a request that was refused before the method ran: too large, too many, not text."""
    answer = _refusal(UNKNOWN_ERROR, WORDS[UNKNOWN_ERROR])
    status = error.code or 500
    if status in (405, 413, 415, 429):
        answer.status_code = status
    if status == 429:
        after = getattr(error, "retry_after", None)
        answer.headers["Retry-After"] = str(after if isinstance(after, int) else 60)
    return answer


def _refusal(code: int, word: str) -> Response:
    log.info("action=rest_refused route=%s code=%d", request.endpoint, code)
    return _json(_method().refusal(code, word))


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), mimetype="application/json")


def _method() -> Method:
    return _BY_NAME[(request.endpoint or "").removeprefix("rest.")]
