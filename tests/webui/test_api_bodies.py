"""/api/v1: bodies that are no JSON of ours are refused with what is wrong, in both languages."""

from __future__ import annotations

import pytest

from engine.store.tables.core import Campaign
from engine.store.threads import read
from tests.webui.programs import Program, token_of

GOOD = b'{"name": "Spring"}'
JSON = "application/json"


@pytest.fixture
def shop(app, cast) -> Program:
    return Program(app, token_of("owner", permissions="web_service own_voice any_hour"))


@pytest.mark.parametrize(
    ("body", "media_type", "status", "said"),
    [
        (b"name=Spring", "application/x-www-form-urlencoded", 415, "application/json"),
        (GOOD, "text/plain", 415, "text/plain"),
        (GOOD, None, 415, "application/json"),
        (GOOD.decode().encode("utf-16"), JSON, 400, "UTF-8"),
        ('{"name": "é"}'.encode("latin-1"), JSON, 400, "UTF-8"),
        ('{"name": "سلام"}'.encode("cp1256"), JSON, 400, "UTF-8"),
        (GOOD.decode().encode("utf-16-le"), JSON, 400, "line 1, column"),
        (b'{"name": "Spring",}', JSON, 400, "line 1, column"),
        (b'{\n "name": Spring}', JSON, 400, "line 2, column"),
        (b'{"name": NaN}', JSON, 400, "column"),
        (b'{"name": "\\ud800"}', JSON, 400, "column"),
        (b'{"name": "a\\u0000"}', JSON, 400, "NUL"),
        (b"", JSON, 400, "empty"),
        (b"  \n", JSON, 400, "empty"),
        (b"[1]", JSON, 400, "JSON object"),
        (b"null", JSON, 400, "JSON object"),
        (b'"{\\"name\\": \\"Spring\\"}"', JSON, 400, "JSON object"),  # JSON within JSON
        (b'{"a":' * 12 + b"1" + b"}" * 12, JSON, 400, "eight levels"),
    ],
)
def test_what_is_wrong_with_a_body(
    shop: Program, body: bytes, media_type: str | None, status: int, said: str
) -> None:
    answer = shop.post("/campaigns", data=body, content_type=media_type)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert said in answer.json["detail"]
    assert answer.json["detail_fa"] != answer.json["detail"]
    if status == 400:
        assert answer.json["errors"][0]["field"] == "body"
    assert read(lambda: Campaign.select().where(Campaign.name == "Spring").count()) == 0


@pytest.mark.parametrize(
    "media_type", [JSON, "application/json; charset=UTF-8", "APPLICATION/JSON", "application/x+json"]
)
def test_json_by_any_of_its_names(shop: Program, media_type: str) -> None:
    assert shop.post("/campaigns", data=GOOD, content_type=media_type).status_code == 201


def test_words_that_may_be_chosen_are_listed_without_quotes(shop: Program) -> None:
    told = shop.post("/campaigns", {"name": "Spring", "kind": None}).json["errors"][0]
    assert told["field"] == "kind"
    assert "service, advertising, emergency" in told["detail"]
    assert "service, advertising, emergency" in told["detail_fa"]


@pytest.mark.parametrize("given", [{}, {"message_id": None}, {"message_id": 1, "text": "hello"}])
def test_a_quick_send_has_a_message_or_a_text(shop: Program, given: dict[str, object]) -> None:
    refused = shop.post("/quick-sends", {"number": "09121110000", **given})
    assert (refused.status_code, "message_id" in refused.json["detail"]) == (400, True)
    assert "message_id" in refused.json["detail_fa"]


def test_fields_named_in_several_parameters_count_together(shop: Program) -> None:
    assert shop.get("/account?fields=id&fields=nope").status_code == 400
    assert set(shop.get("/account?fields=id&fields=name,id").json) == {"id", "name"}
