"""Live counters of a campaign as server-sent events, at most one a second, when something changed."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator

import orjson
from flask import Response
from pydantic import BaseModel, Field
from werkzeug.exceptions import TooManyRequests

from engine.clock import wall_ms
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns import view
from engine.services.campaigns.view import CampaignView
from engine.states import OVER_STATES
from engine.store.threads import read
from webui.api.campaigns import TAG, CampaignPath, answer_of, own
from webui.api.operations import operation
from webui.request.programs import caller

STREAM_S = 300.0  # then the client asks again, as EventSource does by itself
EACH_S = 1.0
STREAMS, OF_ACCOUNT = 100, 10
_streams: Counter[int] = Counter()
_EVENTS = {
    "description": "Server-sent events: `counts` with the campaign whenever it changed, `end` when it is over.",
    "content": {"text/event-stream": {}},
}


class EventsQuery(BaseModel):
    seconds: float = Field(STREAM_S, ge=0, le=STREAM_S, description="How long to listen.")


@operation(
    "get", "/campaigns/<int:campaign_id>/events", Scope.CAMPAIGNS_READ, TAG, _EVENTS, right="campaign.view"
)
def watch_campaign(path: CampaignPath, query: EventsQuery) -> Response:
    """Live counters of a campaign as server-sent events, at most one a second, when something changed."""
    account_id = caller().account_id
    first = read(lambda: own(path.campaign_id, account_id, wall_ms()))
    if _streams.total() >= STREAMS or _streams[account_id] >= OF_ACCOUNT:
        raise TooManyRequests(retry_after=10)
    _streams[account_id] += 1

    def leave() -> None:
        _streams[account_id] -= 1
        if not _streams[account_id]:
            del _streams[account_id]

    response = Response(
        _events(path.campaign_id, account_id, first, query.seconds), mimetype="text/event-stream"
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(leave)
    return response


def _events(campaign_id: int, account_id: int, one: CampaignView, seconds: float) -> Iterator[bytes]:
    until, told = time.monotonic() + seconds, b""
    yield b"retry: 3000\n\n"
    while True:
        body = orjson.dumps(json.loads(answer_of(one).model_dump_json()))
        if body != told:
            told = body
            yield b"event: counts\ndata: " + body + b"\n\n"
        if one.state in OVER_STATES:
            yield b"event: end\ndata: {}\n\n"
            return
        if time.monotonic() + EACH_S > until:
            return
        time.sleep(EACH_S)
        one = read(lambda: view.view(campaign_id, wall_ms(), account_id))
