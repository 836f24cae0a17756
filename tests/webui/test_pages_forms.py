"""Forms that a service refuses come back with the sentence and with what was typed; good ones go through."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
import pytest

from engine.clock import wall_ms
from engine.services.accounts import accounts, quotas
from engine.services.money import ledger, pricing, receipts
from engine.services.sla import incidents
from engine.store.tables.core import Account, Message
from engine.store.tables.customers import Payment
from engine.store.tables.support import Notice
from engine.store.threads import read, write
from tests.webui.test_web_new_campaign import base_of, begin, rule
from webui.i18n.words import WORDS

pytestmark = pytest.mark.usefixtures("unlimited")  # a walk asks more often than a person


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
    assert "Accounts that have read it: 1 of 1" in operator.get(path).text


def test_numbers_of_both_languages_and_a_list_go_on_do_not_call(owner, outsider, world) -> None:
    assert owner.post("/do-not-call/add", {"number": "۰۹۱۲۱۲۳۴۵۶۷"}).status_code == 302
    assert "09121234567" in owner.get("/do-not-call/export.csv").text
    book = io.BytesIO(owner.get("/do-not-call/export.xlsx").data)
    assert [row[0].value for row in openpyxl.load_workbook(book).active.rows] == ["number", "09121234567"]
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


def test_staff_change_the_mobile_of_an_account(enter, world) -> None:
    operator, path = enter("operator"), f"/accounts/{world.ids['account_id']}"
    limits = {"name": "Sahar", "price_group_id": "1", "weight": "1", "debt_ceiling": "0"}
    assert operator.post(f"{path}/limits", {**limits, "mobile": "۰۹۳۵۱۲۳۴۵۶۷"}).status_code == 302
    assert operator.post(f"{path}/limits", {**limits, "mobile": "02188776655"}).status_code == 400
    assert operator.post(f"{path}/limits", {**limits, "mobile": ""}).status_code == 302
    assert read(lambda: Account.get_by_id(world.ids["account_id"]).mobile) == "+989351234567"


def test_a_spoken_text_is_paid_for_and_a_loose_brace_is_refused(owner, operator, world) -> None:
    account = world.ids["account_id"]
    before = read(lambda: pricing.available(account))
    form = {"title": "Bill", "voice": "male", "text": "{نام} عزیز، قبض شما {مبلغ} ریال است"}
    assert "cost 200 Rials" in owner.get("/messages").text
    assert owner.post("/messages/speak", form).status_code == 302
    assert read(lambda: pricing.available(account)) == before - 200
    assert "Speech synthesis" in owner.get("/balance").text
    answer = owner.post("/messages/speak", {**form, "text": "{نام عزیز"})
    assert answer.status_code == 400
    assert "A brace in the text has no partner" in answer.text
    write(
        lambda: ledger.adjust(account, 199 - before + 200, "spent elsewhere", "test/spent", None, wall_ms())
    )
    answer = owner.post("/messages/speak", {**form, "text": "سلام"})
    assert answer.status_code == 400
    assert "200 Rials are needed and 199 are available" in answer.text
    assert read(lambda: Message.select().where(Message.text != "").count()) == 1


def test_a_text_with_columns_is_checked_and_priced_before_the_campaign_is_made(owner, world) -> None:
    form = {"title": "Bill", "voice": "male", "text": "{نام} عزیز، قبض شما {مبلغ} ریال است"}
    owner.post("/messages/speak", form)
    message = read(lambda: Message.get(Message.text == form["text"]))
    lines = "شماره,نام,تاریخ\n09123450000,علی,امروز\n".encode()
    base = base_of(begin(owner, world.ids["account_id"], lines, "bills.csv"))
    owner.post(f"{base}/message", {"message": str(message.id)}, page=f"{base}/message")
    assert rule(owner, base, windows="").status_code == 302
    page = owner.get(base).text
    assert "The text uses {مبلغ}, which the list does not have" in page
    assert "this is for the longest of them" in page
    # Twice the example and a margin of 15 s is what a call may last: pulses of 6 s at 450 Rials.
    longest_s = message.duration_ms // 1000 * 2 + 15
    assert f'<bdi id="at-most">{-(-longest_s // 6) * 450:,}</bdi> Rials at most' in page


def test_in_a_queue_of_staff_who_waits_longest_comes_first_and_none_is_lost(
    enter, world, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, now = world.ids["account_id"], wall_ms()
    monkeypatch.setattr(quotas, "RECEIPTS", quotas.Quota(100, 100))  # more than a page

    def fill() -> None:
        for n in range(60):
            receipts.submit(account, 100_000, f"REF-{n:03}", now + n, person_id=None)

    write(fill)
    waiting = read(
        lambda: [row.id for row in Payment.select().where(Payment.state == "pending").order_by(Payment.id)]
    )
    finance = enter("finance")
    page = finance.get("/payments").text
    found = [int(one) for one in re.findall(r'href="/payments/(\d+)"', page)]
    further = re.search(r'href="(/payments\?[^"]*from=\d+)"', page)
    assert further, "there is a second page"
    assert found == waiting[:50]
    page = finance.get(further[1].replace("&amp;", "&")).text
    assert [int(one) for one in re.findall(r'href="/payments/(\d+)"', page)] == waiting[50:]
    newest = re.findall(r'href="/payments/(\d+)"', finance.get("/payments?show=all").text)
    assert int(newest[0]) == waiting[-1]


def test_each_kind_of_booking_has_a_word(app) -> None:
    source = (Path(__file__).parents[2] / "engine").rglob("*.py")
    booked = {
        kind
        for path in source
        for kind in re.findall(r'\bbook(?:_new)?\(\s*[\w.]+,\s*"(\w+)"', path.read_text("utf-8"))
    }
    assert {"topup", "reserve", "return", "adjustment"} <= booked
    assert booked <= set(WORDS["booking"])


def test_a_reseller_that_cannot_be_is_refused_in_a_sentence(operator, cast, world) -> None:
    limits = {"name": "Sahar", "price_group_id": "1", "weight": "1", "debt_ceiling": "0"}

    def ask(account: int, parent: str):
        return operator.post(f"/accounts/{account}/limits", {**limits, "parent_id": parent})

    answer = ask(cast.sahar, "999")
    assert answer.status_code == 400
    assert "There is no account 999." in answer.text
    assert "A reseller is another account" in ask(cast.sahar, str(cast.sahar)).text
    assert ask(cast.sahar, str(cast.other)).status_code == 302
    assert "A reseller is another account" in ask(cast.other, str(cast.sahar)).text
    third = write(lambda: accounts.open_by_staff("Third", wall_ms() + 10**10, None, wall_ms()))
    assert "a reseller itself: take its accounts" in ask(cast.other, str(third)).text


def test_debts_prices_and_free_months_are_for_finance(operator, enter, world) -> None:
    path = f"/accounts/{world.ids['account_id']}"
    form = {"price_group_id": "0", "debt_ceiling": "5,000,000"}
    assert operator.post(f"{path}/terms", form).status_code == 403
    assert 'name="debt_ceiling"' not in operator.get(path).text
    assert enter("finance").post(f"{path}/terms", form, page=path).status_code == 302
    assert read(lambda: Account.get_by_id(world.ids["account_id"]).debt_ceiling) == 5_000_000
    # An operator opens an account that has to pay first, whatever is put into the form.
    new = {"name": "Fresh firm", "kind": "firm", "expires_at": "2999-01-01 10:00"}
    assert operator.post("/accounts/new", new).status_code == 302
    made = read(lambda: Account.get(Account.name == "Fresh firm"))
    assert (made.state, made.expires_at) == ("identity_verified", None)
    assert enter("finance").post("/accounts/new", {**new, "name": "Kept firm"}).status_code == 302
    assert read(lambda: Account.get(Account.name == "Kept firm").state) == "active"
