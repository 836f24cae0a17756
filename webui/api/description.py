"""The OpenAPI description of the web service, generated from its code, and the page that shows it.

Swagger UI comes from the package flask-openapi3-swagger and is served from here, so that the page needs no other host.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template
from flask_openapi3 import Info, OpenAPI, Tag

from engine import __version__
from webui.api import (
    PREFIX,
    account,
    campaign_events,
    campaigns,
    contacts,
    do_not_call,
    messages,
    recipients,
    recordings,
    sends,
    sent_texts,
    sla,
    spoken_codes,
    tickets,
    web_hooks,
)
from webui.api import blueprint as operations_blueprint
from webui.api.operations import EXTRAS
from webui.api.problems import Problem, of_fields

blueprint = Blueprint("api_docs", __name__, url_prefix=PREFIX, template_folder="templates")
# The groups of operations, in the order of the page.
ROOMS = (
    *(account, messages, sends, spoken_codes, campaigns, recipients, contacts),
    *(recordings, sent_texts, do_not_call, sla, tickets, campaign_events, web_hooks),
)
INFO = Info(
    title="Avanak",
    version="1",
    description="Voice messages to many telephones. Show a token: `Authorization: Bearer avk_…`. Each operation names"
    " the scope that it needs. What is refused is a problem of RFC 9457 in English and Persian. Instants are"
    " ISO 8601 with a time zone, money is whole Rials.",
)
SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of the page «Web service»."}
}
_ASSETS = files("flask_openapi3_swagger") / "templates" / "swagger"
_FILES = {
    "swagger-ui.css": ("css", "text/css"),
    "swagger-ui-bundle.js": ("js", "text/javascript"),
}
# Swagger UI sets inline styles and shows its own pictures; scripts come from here only.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)


def make_app(name: str) -> OpenAPI:
    """Make the application, which describes the operations that are registered with it."""
    return OpenAPI(
        name,
        static_folder=None,
        info=INFO,
        security_schemes=SECURITY,  # type: ignore[arg-type]
        doc_ui=False,
        validation_error_status=400,
        validation_error_model=Problem,
        validation_error_callback=of_fields,
    )


def describe(app: OpenAPI) -> dict[str, Any]:
    """The description of all operations."""
    made: dict[str, Any] = json.loads(json.dumps(app.api_doc))
    for item in made["paths"].values():
        for operation in item.values():
            operation["parameters"] = [
                *operation.get("parameters", []),
                *EXTRAS.get(operation.get("operationId", ""), []),
            ]
            if not operation["parameters"]:
                del operation["parameters"]
            scope = operation.get("x-scope", "")
            operation["description"] = "\n\n".join(
                filter(
                    None,
                    [operation.get("description", "").replace("<br/>", "\n").strip(), f"Scope: `{scope}`"],
                )
            )
    made["info"]["x-avanak"] = __version__
    return made


@lru_cache(maxsize=4)
def _described(app: OpenAPI) -> bytes:
    return json.dumps(describe(app), ensure_ascii=False).encode()


@blueprint.get("/openapi.json")
def document() -> Response:
    """The description, for programs that make clients."""
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    response = Response(_described(app), mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    response.add_etag()
    return response


@blueprint.get("/docs")
def page() -> Response:
    """The page that shows the description, for reading and trying."""
    response = Response(render_template("api/docs.html"))
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@blueprint.get("/docs/<name>")
def asset(name: str) -> Response:
    """A file of Swagger UI."""
    if name not in _FILES:
        abort(404)
    folder, kind = _FILES[name]
    response = Response((_ASSETS / folder / name).read_bytes(), content_type=f"{kind}; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def register(app: OpenAPI) -> None:
    """Register the operations with the application, and describe them."""
    app.register_api(operations_blueprint)
    app.tags[:] = [
        Tag(name=room.TAG, description=room.__doc__) for room in ROOMS if room is not campaign_events
    ]
    app.register_blueprint(blueprint)
