"""CDRs that switches on other machines post (mod_json_cdr): stored for the recovery and for the CDR follower.

A switch sends its name (as in AVANAK_SWITCHES) as the user and AVANAK_RECORDS_SECRET as the password.  It keeps CDRs
that it cannot post on disk; `send-records` on its machine posts them later and reports when none is left.  A CDR may
come late or twice without harm.
"""

from __future__ import annotations

import hmac
import logging
import re
from urllib.parse import unquote

import orjson
from flask import Blueprint, current_app, request

from engine.call_end import CDR_COLUMNS
from engine.clock import wall_ms
from engine.config import Settings
from engine.errors import BadInput, NotAllowed
from engine.store.cdr import add_mark, add_posted
from engine.store.threads import write
from webui.request.limits import limiter
from webui.request.security import csrf

log = logging.getLogger(__name__)

blueprint = Blueprint("switch_records", __name__)
csrf.exempt(blueprint)  # switches have no session

MAX_BYTES = 256 * 1024
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@blueprint.post("/switch-records/<switch>")
@limiter.exempt
def take(switch: str) -> tuple[str, int]:
    """Store one CDR, as JSON in the body or in the form field ``cdr``; answers 204.

    Raises NotAllowed (403) for a wrong password and BadInput (400) for anything but a CDR; the switch then keeps it on
    its disk.
    """
    _check_password(switch)
    if request.content_length is None or request.content_length > MAX_BYTES:
        raise BadInput("A call record has a length, of at most %(max_bytes)s bytes.", max_bytes=MAX_BYTES)
    text = request.form.get("cdr") or request.get_data(as_text=True)
    uuid, fields = read_posted(text)
    write(lambda: add_posted(switch, [(uuid, fields)], wall_ms()))
    return "", 204


@blueprint.post("/switch-records/<switch>/all-sent")
@limiter.exempt
def all_sent(switch: str) -> tuple[str, int]:
    """Record the switch's report that it has searched its spool since its last report and has nothing left to send."""
    _check_password(switch)
    write(lambda: add_mark(switch, wall_ms()))
    return "", 204


def read_posted(text: str) -> tuple[str, str]:
    """The uuid of a CDR of mod_json_cdr, and the columns that the engine reads as JSON.  Raises BadInput."""
    try:
        posted = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput("The call record is no JSON.") from error
    variables = posted.get("variables") if isinstance(posted, dict) else None
    if not isinstance(variables, dict):
        raise BadInput("The call record has no variables.")
    # mod_json_cdr percent-encodes values unless it is configured otherwise; our values contain no percent sign.
    values = {
        name: unquote(value)
        for name in CDR_COLUMNS
        if isinstance(value := variables.get(name), str) and value
    }
    uuid = values.get("uuid", "")
    if not _UUID.fullmatch(uuid) or not {"hangup_cause", "end_uepoch"} <= values.keys():
        raise BadInput("The call record lacks its uuid, its hang-up cause or its end.")
    return uuid, orjson.dumps(values).decode()


def _check_password(switch: str) -> None:
    settings: Settings = current_app.extensions["avanak"].settings
    secret = settings.records_secret.get_secret_value()
    try:
        given = request.authorization
    except ValueError:  # werkzeug 3.1, for a header that is not ASCII
        given = None
    is_right = (
        bool(secret)
        and given is not None
        and given.username == switch
        and hmac.compare_digest((given.password or "").encode(), secret.encode())
    )
    if not is_right:
        log.warning("action=records_refused switch=%s from=%s", switch[:64], request.remote_addr)
        raise NotAllowed("Call records are taken from switches that know the password only.")
