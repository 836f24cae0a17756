"""Texts on pages, and their reports as a provider by HTTP posts them."""

from __future__ import annotations

import base64

import pytest
from flask import Flask
from pydantic import SecretStr

from engine.clock import wall_ms
from engine.services.money import pricing
from engine.services.outbox.text_receipts import FINAL
from engine.store.tables.texts import TextMessage
from engine.store.threads import read, write
from tests.webui.conftest import logged_in
from tests.webui.programs import Program, token_of
from webui.campaigns import text_posts


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"id": 1}', b'{"id": "x", "state": "delivered"}',
                                  b'{"id": -1, "state": "delivered"}', b'{"state": "delivered"}',
                                  b'{"id": ' + b"9" * 30 + b', "state": "delivered"}'])  # fmt: skip
def test_what_is_no_report(body: bytes) -> None:
    with pytest.raises(text_posts.BadInput):
        text_posts._reports(body)


def test_reports() -> None:
    assert text_posts._reports(b'{"id": "4", "state": "Delivered"}') == [(4, "delivered")]
    assert text_posts._reports(b'[{"id": 4, "state": "accepted"}, {"id": 5, "state": "expired"}]') == [
        (5, "expired")
    ]
    assert set(FINAL) >= {"delivered", "rejected"}


def text(account_id: int, recipient_id: int, **values: object) -> None:
    """A text that was sent."""
    row = {"campaign_id": 1, "number": "+989121234567", "text": "سلام", "line": "3000", "state": "sent"}
    write(
        lambda: TextMessage.create(
            recipient_id=recipient_id,
            account_id=account_id,
            next_at=0,
            created_at=1_790_000_000_000,
            **row | values,
        )
    )


@pytest.fixture
def account_id(app: Flask, cast) -> int:
    return Program(app, token_of("owner")).get("/account").json["id"]


def test_reports_are_taken_of_who_knows_the_providers_token(app: Flask, account_id: int) -> None:
    text(account_id, 41)
    reports, client = [{"id": 41, "state": "delivered"}], app.test_client()

    def report(given: str | None, url: str = "https://shop:a%2Fb@sms.example.com/send") -> int:
        web = app.extensions["avanak"]
        web.settings = web.settings.model_copy(update={"sms_url": SecretStr(url)})
        headers = {} if given is None else {"Authorization": given}
        return client.post("/text-receipts", json=reports, headers=headers).status_code

    basic = base64.b64encode(b"shop:a/b").decode()
    for given in (
        None,
        "",
        "a/b",
        "Bearer",
        "Bearer ",
        "Bearer a%2Fb",
        "Bearer a/b ",
        "Bearer ü",
        f"Basic {basic}",
    ):
        assert report(given) == 403, given
    assert report("Bearer ", "https://sms.example.com/send") == 403  # a provider without a token
    assert report("Bearer a/b", "smpp://shop:a%2Fb@sms.example.com") == 403  # an SMSC brings its own
    assert report("Bearer a/b", "") == 403
    assert read(lambda: TextMessage.get_by_id(41)).receipt == ""
    assert report("Bearer a/b") == 204
    assert read(lambda: TextMessage.get_by_id(41)).receipt == "delivered"
    assert report("bearer a/b") == 204  # twice
    reports *= text_posts.MOST
    assert report("Bearer a/b") == 204


def test_texts_of_the_account_through_the_web_service_and_on_the_page(
    app: Flask, account_id: int, owner
) -> None:
    text(account_id, 41, receipt="delivered", price=1200, receipt_at=1_790_000_100_000)
    text(account_id, 42, campaign_id=2, state="failed", error="<b>no such line</b>")
    text(account_id, 43, state="waiting")
    text(account_id + 1000, 44)
    shop = Program(app, token_of("owner"))
    first = shop.get("/texts?limit=2").json
    assert [(row["recipient_id"], row["state"]) for row in first["data"]] == [(43, "waiting"), (42, "failed")]
    (last,) = shop.get(f"/texts?limit=2&cursor={first['next_cursor']}").json["data"]
    assert (last["state"], last["price_rials"], last["text"]) == ("delivered", 1200, "سلام")
    assert [row["recipient_id"] for row in shop.get("/texts?campaign_id=2").json["data"]] == [42]
    assert [row["recipient_id"] for row in shop.get("/texts?state=delivered").json["data"]] == [41]
    assert shop.get("/texts?state=lost").status_code == 400
    assert shop.get("/texts?fields=state,number&limit=1").json["data"] == [
        {"state": "waiting", "number": "+989121234567"}
    ]
    page = owner.get("/texts").text
    assert "سلام" in page
    assert "<b>no such line</b>" not in page


def test_the_price_before_sending_with_texts(app: Flask, account_id: int) -> None:
    owner = logged_in(app, "owner")
    asked = "/balance?mobiles=10&landlines=2&seconds=5"
    assert "text_parts" not in owner.get(asked).text  # texts cost nothing yet
    prices = {"landline": 300, "mobile": 450, "pulse_s": 6, "synthesis": 200, "text_part": 1_000}
    group = pricing.default_group_id
    write(lambda: pricing.set_price(group(), person_id=None, now=wall_ms() - 1_000, **prices))
    page = owner.get(f"{asked}&text_parts=2").text
    assert "1,000 Rials a part" in page
    assert "At most 25,100 Rials" in page
    assert "At most 5,100 Rials" in owner.get(asked).text
