"""Forms that a service refuses come back with the sentence and with what was typed; good ones go through."""

from __future__ import annotations

from engine.services.sla import incidents
from engine.store.models import Account
from engine.store.models_tickets import Notice
from engine.store.threads import read


def test_what_is_refused_comes_back_with_what_was_typed(operator, world) -> None:
    form = {
        "account": "0",
        "start_at": "2999-01-01 10:00",
        "component": "service",
        "reason": "the cable was cut",
    }
    answer = operator.post("/incidents/new", form)
    assert answer.status_code == 400
    assert "has not happened yet" in answer.text
    assert "2999-01-01 10:00" in answer.text
    assert "the cable was cut" in answer.text


def test_a_correction_of_an_older_revision_is_refused(operator, world) -> None:
    path = f"/incidents/{world.ids['outage_id']}"
    row = read(lambda: incidents.get(world.ids["outage_id"]))
    form = {"revision": "1", "start_at": "2026-01-01 10:00", "is_void": "y", "reason": "it was none"}
    form["start_at"] = operator.get(path).text.split('name="start_at"')[1].split('value="')[1].split('"')[0]
    assert operator.post(f"{path}/correct", form).status_code == 302
    assert operator.post(f"{path}/correct", form).status_code == 400
    assert read(lambda: incidents.get(row.id)).revision == 2


def test_an_announcement_is_a_notice_and_an_exclusion(operator, owner, world) -> None:
    path = f"/maintenance/{world.ids['maintenance_id']}"
    assert operator.post(f"{path}/announce").status_code == 302
    assert "does not count" in operator.get(path).text
    assert read(lambda: Notice.get(Notice.maintenance_id == world.ids["maintenance_id"]).state) == "published"
    assert "تعمیر" in owner.get("/").text


def test_a_suspended_account_says_why_on_its_first_page(operator, owner, world) -> None:
    path = f"/accounts/{world.ids['account_id']}"
    assert operator.post(f"{path}/suspend", {"reason": ""}).status_code == 400
    assert operator.post(f"{path}/suspend", {"reason": "unpaid <b>"}).status_code == 302
    assert "unpaid &lt;b&gt;" in owner.get("/").text
    assert read(lambda: Account.get_by_id(world.ids["account_id"]).state) == "suspended"


def test_a_receipt_of_reading_is_kept_once(owner, operator, world) -> None:
    path = f"/notices/{world.ids['notice_id']}"
    for _ in range(2):
        assert owner.post(f"{path}/read").status_code == 302
    assert "Read by 1 of 1 accounts" in operator.get(path).text


def test_numbers_of_both_languages_and_a_list_go_on_do_not_call(owner, outsider, world) -> None:
    assert owner.post("/do-not-call/add", {"number": "۰۹۱۲۱۲۳۴۵۶۷"}).status_code == 302
    assert "09121234567" in owner.get("/do-not-call/export.csv").text
    assert owner.post("/do-not-call/add", {"number": "hello"}).status_code == 400
    assert "09121234567" not in outsider.get("/do-not-call/export.csv").text


def test_a_text_with_money_of_either_digits(owner, world) -> None:
    page = owner.post("/balance/top-up", {"amount": "۱٬۰۰۰٬۰۰۰"}).text
    assert "no money moves" in page
    assert owner.post("/balance/top-up", {"amount": "5"}).status_code == 400


def test_numbers_are_typed_in_the_digits_of_either_language(enter, world) -> None:
    finance = enter("finance")
    assert finance.post("/payments/plans", {"months": "۶", "price": "۲٬۵۰۰٬۰۰۰"}).status_code == 302
    assert finance.post("/payments/plans", {"months": "1,2", "price": "4,500,000"}).status_code == 302
    page = finance.get("/payments/prices").text
    assert "2,500,000" in page
    assert "4,500,000" in page
    assert 'type="number"' not in page, "a browser's number input takes no Persian digits"
    operator, path = enter("operator"), f"/accounts/{world.ids['account_id']}"
    limits = {"name": "Sahar", "price_group_id": "1", "weight": "۲", "max_cps": "۲٫۵", "debt_ceiling": "۰"}
    assert operator.post(f"{path}/limits", limits).status_code == 302
    operator.post("/language", {"language": "fa"})
    page = operator.get(path).text
    assert 'value="۲٫۵"' in page
    assert operator.post(f"{path}/limits", {**limits, "weight": "دو"}).status_code == 400
