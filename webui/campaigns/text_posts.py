"""Receipts of texts that an HTTP provider posts: ``{"id": 41, "state": "delivered"}``, or a list of these.

The provider sends the same token that we use with it.  A receipt may come twice or late; neither does harm.
"""

from __future__ import annotations

import hmac
from urllib.parse import unquote, urlsplit

import orjson
from flask import Blueprint, request

from engine.clock import wall_ms
from engine.errors import BadInput, NotAllowed
from engine.services.outbox import text_receipts
from engine.store.threads import write
from webui.request.context import web
from webui.request.limits import limiter
from webui.request.security import csrf

blueprint = Blueprint("text_receipts", __name__)
csrf.exempt(blueprint)  # providers have no session

MOST = 1_000  # reports of one request
MAX_BYTES = 256 * 1024


@blueprint.post("/text-receipts")
@limiter.exempt
def take() -> tuple[str, int]:
    """Take receipts; 204 when they are stored.  States that are not final, and unknown texts, are ignored.

    NotAllowed (403) for a wrong token, BadInput (400) for a malformed receipt.
    """
    _check_token()
    if request.content_length is None or request.content_length > MAX_BYTES:
        raise BadInput("A report of texts has a length, of at most %(max_bytes)s bytes.", max_bytes=MAX_BYTES)
    found, now = _reports(request.get_data()), wall_ms()

    def work() -> None:
        for recipient_id, word in found:
            text_receipts.of_text(recipient_id, word, now)

    if found:
        write(work)
    return "", 204


def _reports(body: bytes) -> list[tuple[int, str]]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput("The report of texts is no JSON.") from error
    items = given if isinstance(given, list) else [given]
    if len(items) > MOST:
        raise BadInput("A request has at most %(n)s reports.", n=MOST)
    found = []
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("state"), str):
            raise BadInput("A report of a text has its id and its state.")
        text_id = str(item.get("id", ""))
        if not (text_id.isascii() and text_id.isdigit() and len(text_id) <= 18):
            raise BadInput("A report of a text has its id and its state.")
        word = item["state"].lower()
        if word in text_receipts.FINAL:
            found.append((int(text_id), word))
    return found


def _check_token() -> None:
    parts = urlsplit(web().settings.sms_url.get_secret_value())
    secret = unquote(parts.password or "") if parts.scheme in ("http", "https") else ""
    given = request.headers.get("Authorization", "").partition(" ")
    is_right = given[0].lower() == "bearer" and hmac.compare_digest(given[2].encode(), secret.encode())
    if not (secret and is_right):
        raise NotAllowed("Reports of texts are taken from their provider only.")
