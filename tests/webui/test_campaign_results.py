"""What came of a campaign, and what can be done with it: results, files, other rules, calling again, quick sends, the ledger."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta

import pytest

from engine.clock import TEHRAN, from_ms, wall_ms
from engine.services.accounts import accounts, audit_log
from engine.services.campaigns import campaigns, outcomes, why
from engine.services.campaigns.outcomes import Chosen
from engine.services.compliance import cap_requests
from engine.services.messages import library
from engine.services.money import days
from engine.states import CampaignState, RecipientState
from engine.store.tables.core import Attempt, Campaign, CampaignCounts, Message, Recipient, User
from engine.store.tables.money import LedgerTxn
from engine.store.threads import read, write

pytestmark = pytest.mark.usefixtures("unlimited")


@pytest.fixture
def ended(app, cast) -> int:
    """Sahar's campaign, finished: one heard it and pressed 2, one was busy twice, one was set aside."""
    now = wall_ms()

    def work() -> int:
        heard, busy = Recipient.select().where(Recipient.campaign_id == cast.campaign).order_by(Recipient.id)
        for row, state, disposition, tries in (
            (heard, "delivered", "answered", 1), (busy, "exhausted", "busy", 2),
        ):  # fmt: skip
            made = [
                Attempt.create(
                    uuid=f"{row.id}-{n}", recipient_id=row.id, campaign_id=cast.campaign, switch_id=1, gateway_id=1,
                    core_uuid="", state="ended", try_no=n + 1, created_at=now, ended_at=now, disposition=disposition,
                    heard_ms=5000 if disposition == "answered" else 0, vote="2" if disposition == "answered" else "",
                    price=900 if disposition == "answered" else 0, hangup_cause="SECRET_CAUSE",
                )
                for n in range(tries)
            ]  # fmt: skip
            Recipient.update(
                state=state, disposition=disposition, tries=tries, finished_at=now + row.id, attempt_id=made[-1].id,
                variables='["Ali <i>"]', cost=sum(one.price for one in made),
            ).where(Recipient.id == row.id).execute()  # fmt: skip
        Recipient.create(
            campaign_id=cast.campaign,
            line=4,
            number="abc",
            state="excluded",
            reason="not_a_number",
            finished_at=now,
        )
        CampaignCounts.update(
            total=3, waiting=0, delivered=1, exhausted=1, excluded=1, attempts=3, answered=1
        ).where(CampaignCounts.campaign == cast.campaign).execute()
        Campaign.update(
            state=CampaignState.FINISHED,
            started_at=now - 60_000,
            finished_at=now,
            columns='["name"]',
            vote_keys="12",
        ).where(Campaign.id == cast.campaign).execute()
        return int(cast.campaign)

    return write(work)


def rows_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_results_show_each_recipient_with_its_tries(owner, operator, ended) -> None:
    page = owner.get(f"/campaigns/{ended}/results").text
    assert page.count("<tr><td>") == 3
    for text in (
        "Heard the message",
        "Line was busy",
        "Ali &lt;i&gt;",
        "900",
        "This is not a telephone number.",
    ):
        assert text in page
    assert "SECRET_CAUSE" not in page
    assert "SECRET_CAUSE" in operator.get(f"/campaigns/{ended}/results").text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["0912 000 0001", "0912 000 0002", "abc"]),
        ("outcome=busy", ["0912 000 0002"]),
        ("outcome=delivered&order=latest", ["0912 000 0001"]),
        ("order=latest", ["0912 000 0002", "0912 000 0001", "abc"]),
        ("order=earliest", ["abc", "0912 000 0001", "0912 000 0002"]),
        ("order=tries", ["0912 000 0002", "0912 000 0001", "abc"]),
        ("order=cost", ["0912 000 0001", "0912 000 0002", "abc"]),
        ("order=cheapest", ["0912 000 0002", "abc", "0912 000 0001"]),
        ("vote=2", ["0912 000 0001"]),
        ("vote=۱", []),
        ("outcome=waiting", []),
        ("number=۰۹۱۲۰۰۰۰۰۰۲", ["0912 000 0002"]),
    ],
)
def test_who_is_chosen_is_shown_and_written_into_the_file(
    owner, ended, query: str, numbers: list[str]
) -> None:
    page = owner.get(f"/campaigns/{ended}/results?{query}").text
    table = page[page.index('id="people"') :]
    shown = re.findall(r"<tr><td>\u2066?([^<\u2069]+)", table)
    assert [one.replace(" ", "") for one in shown] == [one.replace(" ", "") for one in numbers]
    rows = rows_of(owner.get(f"/campaigns/{ended}/result.csv?{query}"))
    assert [row["Number"].strip('="') for row in rows] == [one.replace(" ", "") for one in numbers]


def test_who_may_not_see_what_calls_cost_gets_no_order_by_it(colleague, ended) -> None:
    for order in ("cost", "cheapest"):
        page = colleague.get(f"/campaigns/{ended}/results?order={order}").text
        table = page[page.index('id="people"') :]
        shown = re.findall(r"<tr><td>\u2066?([^<\u2069]+)", table)
        assert [one.replace(" ", "") for one in shown] == ["09120000001", "09120000002", "abc"]
        assert "Most expensive first" not in page
        assert "Cheapest first" not in page


def test_words_that_are_none_are_no_page(owner, ended) -> None:
    for query in ("outcome=nonsense", "order=nonsense", "after=1", "after=a,b"):
        assert owner.get(f"/campaigns/{ended}/results?{query}").status_code == 404


def test_the_file_has_the_readers_words_and_calendar(app, owner, operator, colleague, ended) -> None:
    write(lambda: User.update(language="fa", calendar="jalali").where(User.username == "owner").execute())
    answer = owner.get(f"/campaigns/{ended}/result.csv?outcome=busy")
    (row,) = rows_of(answer)
    assert row["نتیجه"] == "خط اشغال بود"
    assert re.fullmatch(r"14\d\d/\d\d/\d\d \d\d:\d\d", row["آخرین تماس"])
    assert row["هزینه (ریال)"] == "0"
    assert "Autumn%20b" in answer.headers["Content-Disposition"]
    (code,) = rows_of(operator.get(f"/campaigns/{ended}/result.csv?outcome=busy"))
    assert (code["state"], code["disposition"], code["hangup_cause"]) == ("exhausted", "busy", "SECRET_CAUSE")
    assert (
        "Cost (Rials)" not in rows_of(colleague.get(f"/campaigns/{ended}/result.csv"))[0]
    )  # no right to money


def test_every_page_of_every_order_is_found_once(app, ended) -> None:
    for outcome in (outcomes.ALL, *outcomes.ENDED):
        for order in outcomes.ORDERS:
            whole = read(lambda o=outcome, by=order: outcomes.ids(ended, Chosen(o, by), None, 10))
            seen, after = [], None
            while page := read(lambda o=outcome, by=order, a=after: outcomes.ids(ended, Chosen(o, by), a, 1)):
                seen += page
                after = page[-1]
            assert seen == whole, (outcome, order)


def test_rules_are_changed_in_their_page(owner, cast) -> None:
    path = f"/campaigns/{cast.campaign}/change"
    soon = from_ms(wall_ms() + 86_400_000).astimezone(TEHRAN)
    given = {
        "name": "Winter", "windows": "۹-۱۴", "weekdays": ["6", "7"], "max_tries": "۳", "retry_after": "5", "cps": "2.5",
        "starts_at": f"{soon:%Y-%m-%d %H:%M}", "ends_at": f"{soon + timedelta(days=2):%Y-%m-%d %H:%M}",
    }  # fmt: skip
    assert owner.post(path, given, page=path).status_code == 302
    row = read(lambda: campaigns.get(cast.campaign))
    assert (row.name, row.windows, row.weekdays, row.max_tries) == ("Winter", "09:00-14:00", "67", 3)
    assert (row.retry_after_s, row.cps) == (300, 2.5)
    assert row.ends_at > row.starts_at > wall_ms()
    assert "Saturday, Sunday" in owner.get(f"/campaigns/{cast.campaign}").text
    refused = owner.post(path, {**given, "windows": "25-26"}, page=path)
    assert refused.status_code == 400
    assert "Window 1" in refused.text
    assert 'value="25-26"' in refused.text
    assert [one.action for one in read(audit_log.entries)].count("campaign.change") == 1


@pytest.mark.parametrize("header", ["نام مشترک", "Customer Name", "نام مخاطب"])
def test_a_column_of_names_is_known_as_in_lists(owner, ended, header: str) -> None:
    columns = json.dumps([header])
    write(lambda: Campaign.update(columns=columns).where(Campaign.id == ended).execute())
    assert "Ali &lt;i&gt;" in owner.get(f"/campaigns/{ended}/results").text
    rows = list(
        csv.DictReader(owner.get(f"/campaigns/{ended}/result.csv").data.decode("utf-8-sig").splitlines())
    )
    assert rows[0]["Name"] == "Ali <i>"


def test_who_waits_for_another_try_is_told_apart_from_the_queue(owner, ended) -> None:
    busy = Recipient.select(Recipient.id).where(
        Recipient.campaign_id == ended, Recipient.disposition == "busy"
    )
    write(
        lambda: Recipient.update(state="retry_wait", finished_at=None).where(Recipient.id.in_(busy)).execute()
    )
    assert "Waits for the next try" in owner.get(f"/campaigns/{ended}/results").text
    assert "Waits for the next try" in owner.get(f"/campaigns/{ended}/result.csv").data.decode()


def test_those_who_were_not_reached_are_called_again(owner, ended) -> None:
    path = f"/campaigns/{ended}/again"
    assert "Line was busy (1)" in owner.get(path).text
    nobody = owner.post(path, {"name": "x"}, page=path)
    assert nobody.status_code == 400
    answer = owner.post(path, {"name": "Once more", "only": ["busy"]}, page=path)
    made = int(answer.location.rsplit("/", 1)[1])
    rows = read(lambda: list(Recipient.select().where(Recipient.campaign_id == made)))
    assert [(row.number, row.state) for row in rows] == [("+989120000002", RecipientState.PENDING)]
    whole = owner.post(path, {"name": "All", "whole": "all"}, page=path)
    made = int(whole.location.rsplit("/", 1)[1])
    assert read(lambda: CampaignCounts.get_by_id(made)).total == 2


def test_the_archive_holds_what_was_put_there(owner, ended) -> None:
    owner.post(f"/campaigns/{ended}/archive")
    assert "Autumn" not in owner.get("/campaigns").text
    assert "Autumn" in owner.get("/campaigns?show=archive").text
    owner.post(f"/campaigns/{ended}/unarchive")
    assert "Autumn" in owner.get("/campaigns").text


def test_a_cap_asks_staff_and_staff_answer(owner, operator, cast) -> None:
    def cap() -> None:
        Campaign.update(state="paused", pause_code=why.CAPPED, state_reason="too many").where(
            Campaign.id == cast.campaign
        ).execute()

    write(cap)
    page = f"/campaigns/{cast.campaign}"
    assert "Ask staff for more" in owner.get(page).text
    owner.post(f"{page}/more", {"note": "The election"}, page=page)
    assert "Staff were asked" in owner.get(page).text
    asked = read(cap_requests.waiting)[0]
    assert "The election" in operator.get("/destinations").text
    empty = operator.post(f"/destinations/requests/{asked.id}/refuse", {}, page="/destinations")
    assert empty.status_code == 400
    operator.post(f"/destinations/requests/{asked.id}/refuse", {"reason": "Not yet"}, page="/destinations")
    assert "Not yet" in owner.get(page).text


def test_words_for_customers_name_no_trunk(owner, operator, cast) -> None:
    from engine.services.campaigns import why_for_customers

    for reason in why_for_customers.SENTENCES:
        said = str(
            why_for_customers.sentence(reason, {"gateway": "tci-1", "switch": "s1", "names": "x", "cps": 3})
        )
        assert "tci-1" not in said
        assert "%(" not in said


def test_a_quick_send_is_placed_and_looked_at(owner, outsider, cast) -> None:
    now = wall_ms()

    def allow() -> int:
        accounts.grant(cast.sahar, ["any_hour"], None, now)
        Message.update(state="approved").execute()
        return int(library.for_choice(1, cast.sahar)[0].id)

    message = write(allow)
    page = owner.get("/quick").text
    assert "Or a text" not in page  # without the permission a text waits for staff
    wrong = owner.post("/quick", {"number": "12", "message": str(message)}, page="/quick")
    assert wrong.status_code == 400
    assert 'aria-invalid="true" autocomplete="off" class="form-control is-invalid"' in wrong.text
    for two in ("09121112233 Ali", "09121112233 / 09121112234"):  # nothing is offered that a field has not
        refused = owner.post("/quick", {"number": two, "message": str(message)}, page="/quick").text
        assert "Write one telephone number, and nothing beside it." in refused
    neither = owner.post("/quick", {"number": "", "message": "0"}, page="/quick").text
    assert neither.count("is-invalid") == 2  # all that is wrong is told at once
    assert "Choose the message that is to be heard." in neither
    sent = owner.post("/quick", {"number": "۰۹۱۲۱۱۱۲۲۳۳", "message": str(message)}, page="/quick")
    assert sent.status_code == 302
    assert "It is called in a moment." in owner.get(sent.location).text
    assert outsider.get(sent.location).status_code == 404
    write(lambda: Recipient.update(state="delivered").where(Recipient.number == "+989121112233").execute())
    live = owner.get(f"{sent.location}/live")
    assert (live.status_code, "The message was heard." in live.text) == (286, True)
    assert "quick" not in re.findall(r'class="row-name"[^>]*>([^<]+)', owner.get("/campaigns").text)
    lines = read(lambda: days.lines(cast.sahar, days.Which(), None, 9))
    assert lines[0].is_quick
    assert lines[0].balance == 1_000_000 + lines[0].change


def test_the_ledger_has_a_line_for_a_campaign_and_day(owner, operator, outsider, ended, cast) -> None:
    from engine.store.ledger import book

    now = wall_ms()

    def charge() -> None:
        first, last = 1, 10**6
        for n in range(3):
            book(
                cast.sahar, "charge", f"charge/{n}", [("balance", -300), ("revenue", 300)], now + n, campaign_id=ended,
                first_attempt_id=first, last_attempt_id=last,
            )  # fmt: skip
        Attempt.update(ledger_txn_id=LedgerTxn.get(LedgerTxn.key == "charge/0").id).where(
            Attempt.price > 0
        ).execute()

    write(charge)
    line, top_up = read(lambda: days.lines(cast.sahar, days.Which(), None, 9))
    assert (line.campaign_id, line.bookings, line.spent, line.change, line.balance) == (
        ended,
        3,
        900,
        -900,
        999_100,
    )
    assert (top_up.kind, top_up.balance) == ("topup", 1_000_000)
    page = owner.get("/ledger").text
    assert page.count("<tr><td>") == 2
    assert "999,100" in page
    assert owner.get("/ledger?what=topup").text.count("<tr><td>") == 1
    assert owner.get("/ledger?since=2020-01-01&until=2020-01-02").text.count("<tr><td>") == 0
    opened = owner.get(f"/ledger/{line.key[0]}/{ended}").text
    assert opened.count("<tr><td>") == 1
    assert "900" in opened
    assert outsider.get(f"/ledger/{line.key[0]}/{ended}").status_code == 404
    assert len(rows_of(owner.get("/ledger/lines.csv?what=calls"))) == 1
    assert len(rows_of(owner.get(f"/ledger/{line.key[0]}/{ended}/calls.csv"))) == 1
    assert operator.get(f"/ledger?account={cast.sahar}").status_code == 200
    assert operator.get("/ledger").status_code == 404


@pytest.mark.parametrize("typed", ["99:99", "9" * 40, "%", "\u202e", "1e400", "9223372036854775808", "abc"])
def test_what_is_no_number_matches_nobody(owner, cast, typed: str) -> None:
    assert owner.get(f"/campaigns/{cast.campaign}/results", query_string={"number": typed}).status_code == 200
