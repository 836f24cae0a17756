"""How a function becomes an operation of the web service: its scope, its answer, its place in the description.

`operation` marks a function whose parameters are named as flask-openapi3 has them (`path`, `query`, `body`,
`form`); it returns a model, or a whole `Response`.  Who asks is looked at before a body is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Any, get_args, get_origin

import orjson
from flask import Response, request
from flask_openapi3 import Tag
from pydantic import BaseModel
from werkzeug.exceptions import PreconditionFailed
from werkzeug.wrappers import Response as BaseResponse

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.sealing import SecretBox
from engine.sentences import Sentence
from engine.services.accounts import idempotency, permissions
from engine.services.accounts.idempotency import Key
from engine.services.accounts.token_scopes import Scope
from engine.store.threads import write
from webui.api import blueprint, problems
from webui.api.authentication import authenticate, bearer
from webui.api.conditions import has_condition, tag_of
from webui.api.problems import MEDIA_TYPE, Problem
from webui.request import limits
from webui.request.bodies import NotJson, read_json
from webui.request.programs import caller

View = Callable[..., Any]
_PROBLEM = {"$ref": f"#/components/schemas/{Problem.__name__}"}
_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same body within 24 hours does the work once and gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$"},
}
_FIELDS = {
    "name": "fields",
    "in": "query",
    "required": False,
    "description": "The only fields to be answered, separated by commas.",
    "schema": {"type": "string", "maxLength": 500},
}
# What each operation adds to the description that flask-openapi3 makes: parameters that all have.
EXTRAS: dict[str, list[dict[str, Any]]] = {}


def operation(
    method: str,
    path: str,
    scope: Scope,
    tag: str,
    answer: type[BaseModel] | Mapping[str, Any] | None,
    *,
    status: int = 200,
    right: str = "account.view",
    creates: bool = False,
    request_body: Mapping[str, Any] | None = None,
    refuses: tuple[int, ...] = (),
) -> Callable[[View], View]:
    """Answer `method` (``get``, ``post``, …) of `path` with the function, for tokens with `scope`.

    `answer` is the model of what it returns, or ``{"content": …}`` of another media type, None for nothing (204).
    `right` is what the person must have, `creates` says that it takes an Idempotency-Key, `request_body` is the
    description of a body that is no JSON model, `refuses` statuses beside the usual ones.
    """

    def decorate(view: View) -> View:
        name = view.__name__

        @wraps(view)
        def answered(*args: Any, **kwargs: Any) -> BaseResponse:
            permissions.require(caller().person, right, caller().account_id)
            if method in ("patch", "delete") and path not in _SHOWN and has_condition():
                raise PreconditionFailed  # it has no ETag that could be meant; the others look in `changed`
            found = view(*args, **kwargs)
            if isinstance(found, BaseResponse):
                return found
            if found is None:
                return Response(status=204)
            return _sent(found, status)

        if method == "get" and isinstance(answer, type):
            _SHOWN.add(path)
        extra: dict[str, Any] = {"x-scope": str(scope)}
        if request_body is not None:
            extra["requestBody"] = dict(request_body)
        EXTRAS[name] = [_KEY_HEADER] if creates else []
        if method == "get" and isinstance(answer, type):
            EXTRAS[name].append(_FIELDS)
        marked: View = getattr(blueprint, method)(
            path,
            tags=[Tag(name=tag)],
            operation_id=name,
            responses=_responses(method, status, answer, refuses),
            openapi_extensions=extra,
            endpoint=name,
        )(answered)
        SCOPES[name] = scope
        if "body" in signature(view).parameters:
            _WITH_BODY.add(name)
        return marked

    return decorate


SCOPES: dict[str, Scope] = {}  # what each operation needs, by its name
_WITH_BODY: set[str] = set()  # operations that read a JSON object
_NO_OBJECT = Sentence("The body is no JSON object of at most eight levels.")
_SHOWN: set[str] = set()  # paths whose GET has an ETag, for `If-Match`


@blueprint.before_request
def _find_caller() -> None:
    """Find whom the token speaks for, before any body is read."""
    name = (request.endpoint or "").removeprefix("api.")
    authenticate(bearer(), name, SCOPES[name])


@blueprint.before_request
def _read_body() -> BaseResponse | None:
    """Refuse a body that is no JSON object before its fields are looked at, and say why."""
    if (request.endpoint or "").removeprefix("api.") not in _WITH_BODY:
        return None
    if not request.is_json and request.get_data():
        return problems.of_media_type(request.mimetype)
    try:
        found = read_json(request.get_data())
    except NotJson as error:
        return problems.of_body(error.sentence)
    return None if isinstance(found, dict) else problems.of_body(_NO_OBJECT)


@blueprint.after_request
def _tell_limits(response: Response) -> Response:
    """Set the headers of the rate limit, and that answers are private."""
    left = limits.left_of_account()
    if left is not None:
        span_s = left.rate.span_ms // 1000
        response.headers["RateLimit-Limit"] = str(left.rate.count)
        response.headers["RateLimit-Remaining"] = str(left.count)
        response.headers["RateLimit-Reset"] = str(-(-left.whole_ms // 1000))
        response.headers["RateLimit-Policy"] = f"{left.rate.count};w={span_s}"
    return response


# -- answers ---------------------------------------------------------------------------------


def _sent(found: BaseModel, status: int) -> Response:
    """A model as JSON, with an ETag where it was only read, or changed as a whole."""
    values = orjson.loads(found.model_dump_json())
    if request.method in ("GET", "HEAD"):
        values = _chosen(found, values, ",".join(request.args.getlist("fields")))
    body = orjson.dumps(values)
    response = Response(body, status, mimetype="application/json")
    if request.method in ("GET", "HEAD", "PATCH"):
        response.set_etag(tag_of(body))
    if request.method in ("GET", "HEAD"):
        response.headers["Cache-Control"] = "private, no-cache"
        response.make_conditional(request)
    return response


def _chosen(model: BaseModel, values: dict[str, Any], fields: str) -> dict[str, Any]:
    """Only the requested fields, of each item of a page or of the object.  BadInput for one that there is not."""
    wanted = list(dict.fromkeys(name.strip() for name in fields.split(",") if name.strip()))
    if not wanted:
        return values
    kinds = type(model).model_fields
    is_page = "data" in kinds and get_origin(kinds["data"].annotation) is list
    known = get_args(kinds["data"].annotation)[0].model_fields if is_page else kinds
    unknown = next((name for name in wanted if name not in known), None)
    if unknown is not None:
        raise BadInput("«%(name)s» is none of %(known)s.", name=unknown[:40], known=sorted(known))
    if is_page:
        return {**values, "data": [{name: item[name] for name in wanted} for item in values["data"]]}
    return {name: values[name] for name in wanted}


# -- making things ----------------------------------------------------------------------------


def created(
    work: Callable[[], BaseModel], status: int = 201, digest: str = "", box: SecretBox | None = None
) -> Response:
    """Do `work` in a transaction and answer what it returns: once for an Idempotency-Key.

    `digest` is the hash of what was asked for when the body was no JSON; `box` seals an answer with a secret in it.
    """
    key, now = key_of(digest), wall_ms()
    answer, was_kept = write(lambda: idempotency.once(key, now, lambda: work().model_dump_json(), box))
    response = Response(answer, status, mimetype="application/json")
    if was_kept:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def key_of(digest: str = "") -> Key | None:
    """The Idempotency-Key of the present request; None without one.  BadInput."""
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return None
    operation_name = (request.endpoint or "").removeprefix("api.")
    asked = hashlib.sha256(f"{request.full_path}\n{digest}\n".encode("utf-8", "replace"))
    if not digest:  # a JSON body by its values: another client may write them in another order
        body = request.get_json(silent=True)
        asked.update(request.get_data() if body is None else orjson.dumps(body, option=orjson.OPT_SORT_KEYS))
    return Key(caller().account_id, operation_name, idempotency.check(given), asked.hexdigest())


def _responses(
    method: str, status: int, answer: type[BaseModel] | Mapping[str, Any] | None, refuses: tuple[int, ...]
) -> dict[int, Any]:
    """The answers of an operation by status: a problem for each refusal, and the answer itself."""
    statuses = {400, 401, 403, 404, 413, 415, 429, *refuses} | ({409, 412} if method != "get" else set())
    found: dict[int, Any] = {
        code: {"content": {MEDIA_TYPE: {"schema": _PROBLEM}}} for code in sorted(statuses)
    }
    found[status] = answer if isinstance(answer, type) or answer is None else dict(answer)
    return found
