"""Web hooks through /api/v1: made once, changed, tested, their log, sent again."""

from __future__ import annotations

import pytest

from engine.store.tables.programs import KeptAnswer
from engine.store.tables.webhooks import WebhookEvent
from engine.store.threads import read, write
from tests.webui.programs import Program, token_of


@pytest.fixture
def shop(app, cast) -> Program:
    app.extensions["avanak"].settings = app.extensions["avanak"].settings.model_copy(
        update={"own_networks": "127.0.0.0/8"}
    )
    return Program(app, token_of("owner"))


ASK = {"url": "http://127.0.0.1:9009/hook", "events": ["recipient.ended", "outage"], "batch": 20}


def test_a_web_hook_from_its_making_to_its_end(shop: Program) -> None:
    made = shop.post("/webhooks", ASK, headers={"Idempotency-Key": "one"})
    assert made.status_code == 201, made.json
    assert made.json["secret"].startswith("whsec_")
    again = shop.post("/webhooks", ASK, headers={"Idempotency-Key": "one"})
    assert again.json == made.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert made.json["secret"] not in read(lambda: KeptAnswer.get()).answer
    (row,) = shop.get("/webhooks").json["data"]
    assert row == {key: value for key, value in made.json.items() if key != "secret"}
    path = f"/webhooks/{row['id']}"
    assert shop.patch(path, {"batch": 1, "is_active": False}).json == {**row, "batch": 1, "is_active": False}
    assert shop.patch(path, {"events": ["nothing"]}).status_code == 400
    assert shop.post(f"{path}/secret").json["secret"] != made.json["secret"]
    assert shop.post(f"{path}/test").status_code == 204
    (told,) = shop.get(f"{path}/deliveries?state=pending").json["data"]
    assert (told["event"], told["tries"], told["data"]) == ("test", 0, {"hello": "Avanak"})
    assert shop.post(f"{path}/replay", {"first_id": told["id"]}).json == {"events": 0}
    write(lambda: WebhookEvent.update(state="sent", status=200, ended_at=1).execute())
    assert shop.get(f"{path}/deliveries").json["data"][0]["state"] == "sent"
    assert shop.post(f"{path}/replay", {"first_id": 1, "last_id": told["id"]}).json == {"events": 1}
    assert shop.delete(path).status_code == 204
    assert shop.get(path).status_code == 404
    assert read(lambda: WebhookEvent.select().count()) == 0


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "ftp://example.com/", "http://[::1]/", "x"])
def test_addresses_of_our_own_are_refused(shop: Program, url: str) -> None:
    refused = shop.post("/webhooks", {**ASK, "url": url})
    assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")
    assert shop.get("/webhooks").json["data"] == []


def test_numbers_are_put_on_the_do_not_call_list_once_for_a_key(shop: Program) -> None:
    key = {"Idempotency-Key": "stop"}
    first = shop.post("/do-not-call", {"numbers": ["09121234567"]}, headers=key)
    assert first.json["added"] == 1
    again = shop.post("/do-not-call", {"numbers": ["09121234567"]}, headers=key)
    assert (again.status_code, again.json) == (200, first.json)
    assert shop.post("/do-not-call", {"numbers": ["09121234568"]}, headers=key).status_code == 409
