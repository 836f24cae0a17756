"""Numbers that no row can have, and characters that no text has, are refused on every page; nothing crashes."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("unlimited")  # a walk asks more often than a person

LARGE = (2**63, 10**30)
WITH_NUMBERS = [
    "/campaigns?before={}",
    "/accounts/audit?account={}",
    "/accounts?before={}",
    "/people?account={}",
    "/do-not-call?after={}",
    "/do-not-call?account={}",
    "/tokens?account={}",
    "/campaigns/new?clone={}",
    "/sla?before={}",
]


@pytest.mark.parametrize("number", LARGE)
def test_every_route_with_an_id(app, enter, world, number: int) -> None:
    browser, seen = enter("admin"), 0
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and len(rule.arguments) == 1 and "<int:" in rule.rule:
            before, _, after = rule.rule.partition("<int:")
            path = f"{before}{number}{after.partition('>')[2]}"
            if "<" in path:
                continue
            assert browser.get(path).status_code in (401, 404), path
            seen += 1
    assert seen > 15


@pytest.mark.parametrize("number", LARGE)
@pytest.mark.parametrize("path", WITH_NUMBERS)
def test_every_question_with_a_number(enter, world, path: str, number: int) -> None:
    assert enter("admin").get(path.format(number)).status_code in (200, 302, 404)


@pytest.mark.parametrize("number", LARGE)
def test_a_form_with_a_number(enter, world, number: int) -> None:
    path = f"/accounts/{world.ids['account_id']}/limits"
    form = {"name": "Sahar", "price_group_id": "0", "weight": "1", "debt_ceiling": "0"}
    assert enter("operator").post(path, {**form, "parent_id": str(number)}).status_code == 400
    assert enter("owner").post("/balance/top-up", {"amount": str(number)}).status_code == 400


def test_the_character_nul_is_turned_away(enter, world) -> None:
    owner = enter("owner")
    assert owner.get("/campaigns?text=a%00b").status_code == 400
    assert owner.get("/campaigns/new/a%00b").status_code == 400
    assert owner.post("/do-not-call/add", {"number": "0912\x001234567"}).status_code == 400
    assert owner.post("/contacts/addresses", {"address": "a\x00b"}).status_code == 400
