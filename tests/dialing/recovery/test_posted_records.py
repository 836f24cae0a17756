"""Records that a switch on another machine posts: taken with the password only, found by recovery."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.config import load_settings
from engine.dialing.cdr import PostedSource
from engine.errors import AvanakError
from engine.store.cdr import marks_of, posted_after, prune_posted
from engine.store.threads import read, write
from engine.store.writer import Writer
from webui.trunks.cdr_posts import blueprint


@pytest.fixture
def client(store: Writer, tmp_path: Path) -> FlaskClient:
    """The endpoint alone, without the pages and their log-in."""
    app = Flask(__name__)
    settings = load_settings(data_dir=tmp_path, records_secret="far-away")
    app.extensions["avanak"] = SimpleNamespace(settings=settings)
    app.register_error_handler(AvanakError, lambda error: (str(error), error.http_status))
    app.register_blueprint(blueprint)
    return app.test_client()


def posted(uuid: str, **changes: str) -> str:
    variables = {
        "uuid": uuid, "avanak_attempt": "7", "hangup_cause": "NORMAL_CLEARING", "start_uepoch": "1750000000000000",
        "answer_uepoch": "1750000002000000", "end_uepoch": "1750000009000000", "avanak_heard_ms": "4000",
        "avanak_vote": quote("#"), "sip_user_agent": "x", **changes,
    }  # fmt: skip
    return json.dumps({"core-uuid": "c", "variables": variables, "callflow": []})


def test_a_record_is_kept_and_found(client: FlaskClient) -> None:
    uuid = str(uuid4())
    answer = client.post("/switch-records/far", data=posted(uuid), auth=("far", "far-away"))
    assert answer.status_code == 204
    source = PostedSource("far", None, read, lambda: read(lambda: marks_of("far")))
    assert source.are_complete(source.mark()) is None  # nothing was ever posted, as far as it has read
    (found,) = source.read(lambda wanted: wanted == uuid)
    record = source.parse(found.raw)
    assert record is not None
    assert (record.cause, record.answered_at, record.heard_ms, record.vote) == (
        "NORMAL_CLEARING", 1750000002000, 4000, "#",
    )  # fmt: skip
    assert list(PostedSource("other", None, read, lambda: 0).read(lambda wanted: True)) == []
    gone = source.mark()
    for is_complete in (False, True):
        assert client.post("/switch-records/far/all-sent", auth=("far", "far-away")).status_code == 204
        assert source.are_complete(gone) is is_complete
    assert write(lambda: prune_posted(2_000_000_000_000_000)) == 1
    assert read(lambda: posted_after("far", 0)) == []


@pytest.mark.parametrize("auth", [None, ("far", "wrong"), ("near", "far-away")])
def test_strangers_are_turned_away(client: FlaskClient, auth: tuple[str, str] | None) -> None:
    assert client.post("/switch-records/far", data=posted(str(uuid4())), auth=auth).status_code == 403


@pytest.mark.parametrize("body", ["", "{", "[]", json.dumps({"variables": {}}), posted("no-uuid")])
def test_what_is_no_record_is_refused(client: FlaskClient, body: str) -> None:
    assert client.post("/switch-records/far", data=body, auth=("far", "far-away")).status_code == 400
