"""The service agreement's pages as customers and staff use them: claims of deadlines, special notices, reports."""

from __future__ import annotations

import pytest

from engine.clock import TEHRAN, from_ms, wall_ms
from engine.services.notices import special_wishes
from engine.services.outbox import addresses, deliveries
from engine.services.sla import agreements, claims, incidents
from engine.services.tickets import compensation
from engine.store.tables.core import User
from engine.store.tables.sla import OutageReport
from engine.store.tables.support import Ticket
from engine.store.threads import read, write
from tests.tickets.cast import verified_address
from tests.webui.world import MARK

pytestmark = pytest.mark.usefixtures("unlimited")  # a walk asks more often than a person


def typed(minutes_ago: int) -> str:
    """An instant as a form takes it, in Tehran."""
    return f"{from_ms(wall_ms() - minutes_ago * 60_000).astimezone(TEHRAN):%Y-%m-%d %H:%M}"


def persian(username: str) -> None:
    write(lambda: User.update(language="fa", calendar="jalali").where(User.username == username).execute())


def test_a_missed_deadline_is_claimed_with_one_button(world, enter) -> None:
    owner, clock_id = enter("owner"), world.ids["clock_id"]
    page = owner.get("/claims").text
    assert "Deadlines that we missed" in page
    assert f"/claims/clocks/{clock_id}" in page
    answers = [owner.post(f"/claims/clocks/{clock_id}", page="/claims") for _ in range(2)]
    assert answers[0].location == answers[1].location
    claim_id = int(answers[0].location.rsplit("/", 1)[1])
    told = owner.get(f"/claims/{claim_id}").text
    assert "Evidence" in told
    assert "was due" in told
    assert f"/claims/clocks/{clock_id}" not in owner.get("/claims").text
    evidence = read(lambda: compensation.evidence_of(claim_id))
    assert evidence is not None
    assert f"/claims/{claim_id}" in owner.get(f"/tickets/{evidence.ticket_id}").text
    assert "Evidence" in enter("operator").get(f"/committee/{claim_id}").text


def test_a_special_notice_from_the_form_to_its_delivery_and_end(world, cast, enter) -> None:
    owner = enter("owner")
    form = {
        "channel": "email",
        "address": "night@example.com",
        "person_name": "Sara",
        "spoken": "en",
        "text": "ring me",
    }
    person = read(lambda: User.get(User.username == "owner"))
    write(
        lambda: verified_address(
            person, person.account_id, "email", "night@example.com", ["notices"], wall_ms()
        )
    )
    made = owner.post("/contacts/special", form, page="/contacts")
    assert made.status_code == 302
    ticket_id = int(made.location.rsplit("/", 1)[1])
    assert read(lambda: Ticket.get_by_id(ticket_id).department) == "special_notice"
    (wish,) = read(lambda: special_wishes.of_ticket(ticket_id))
    words = {"fa": "قطعی", "en": "It is down"}
    write(lambda: special_wishes.tell("outage/7", world.ids["notice_id"], [cast.sahar], words, words, 1))
    (sent,) = [
        row for row in read(lambda: special_wishes.told(cast.sahar)) if row.address == "night@example.com"
    ]
    write(lambda: deliveries.settle(deliveries.Outcome(sent.id, "the mail server went away: x", True), 2))
    for page in (owner.get("/contacts").text, enter("admin").get("/notices/deliveries").text):
        assert "night@example.com" in page
    assert enter("outsider").post(f"/contacts/special/{wish.id}/end").status_code == 404
    owner.post(f"/contacts/special/{wish.id}/end", page="/contacts")
    assert wish.id not in {row.id for row in read(lambda: special_wishes.active(cast.sahar))}
    write(lambda: special_wishes.tell("outage/8", world.ids["notice_id"], [cast.sahar], words, words, 3))
    assert not any(row.key.endswith(f"{wish.id}/outage/8") for row in read(lambda: special_wishes.told(None)))


def test_staff_take_a_wish_over_and_a_bad_address_is_said_in_persian(world, enter) -> None:
    persian("operator")
    ticket_id = read(lambda: Ticket.get(Ticket.department == "special_notice").id)
    operator = enter("operator")
    form = {"channel": "voice", "address": "hello", "person_name": "", "spoken": "fa"}
    refused = operator.post(f"/contacts/special/ticket/{ticket_id}", form, page=f"/tickets/{ticket_id}")
    assert refused.status_code == 400
    form["address"] = "۰۹۱۲۱۲۳۴۵۶۷"
    assert (
        operator.post(f"/contacts/special/ticket/{ticket_id}", form, page=f"/tickets/{ticket_id}").status_code
        == 302
    )
    assert "+989121234567" in {row.address for row in read(lambda: special_wishes.of_ticket(ticket_id))}


def test_addresses_of_a_customer(world, cast, enter) -> None:
    owner = enter("owner")
    form = {
        "channel": "email",
        "address": "news@example.com",
        "topics": ["notices", "tickets"],
        "spoken": "fa",
    }
    owner.post("/contacts/addresses", form, page="/contacts")
    (row,) = [each for each in read(lambda: addresses.of(cast.sahar)) if each.address == "news@example.com"]
    assert row.topics == "notices tickets"
    owner.post(f"/contacts/addresses/{row.id}/remove", page="/contacts")
    assert row.id not in {each.id for each in read(lambda: addresses.of(cast.sahar))}


def test_an_outage_is_reported_by_ticket_and_by_telephone(world, cast, enter) -> None:
    owner, operator = enter("owner"), enter("operator")
    form = {"key": "k", "happened_at": typed(600), "text": "nothing goes out"}
    for _ in range(2):
        assert owner.post("/outage-reports", form, page="/outage-reports").status_code == 302
    mine = [row for row in read(lambda: incidents.reports_of(cast.sahar)) if row.text == "nothing goes out"]
    assert [(row.way, row.ticket_id is not None) for row in mine] == [("ticket", True)]
    told = {"account": str(cast.sahar), "happened_at": typed(600), "text": "he rang"}
    assert (
        operator.post("/outage-reports/telephone", told, page="/outage-reports/telephone").status_code == 302
    )
    assert read(lambda: OutageReport.get(OutageReport.text == "he rang").way) == "telephone"
    operator.post(f"/incidents/reports/{mine[0].id}", {"answer": "it was the cable"}, page="/incidents")
    assert "it was the cable" in owner.get("/outage-reports").text


@pytest.mark.parametrize("kind", ["outage", "queue", "support"])
def test_staff_enter_a_claim_that_was_told_by_telephone(world, cast, enter, kind: str) -> None:
    # A whole day holds support hours, whatever day it is.
    form = {
        "account": str(cast.other), "kind": kind, "from_at": typed(24 * 60 - 1), "until_at": typed(0),
        "number": "09121234567", "text": f"{MARK} rang", "key": kind,
    }  # fmt: skip
    operator = enter("operator")
    assert operator.post("/committee/new", {**form, "account": "0"}, page="/committee/new").status_code == 400
    assert operator.post("/committee/new", form, page="/committee/new").status_code == 302
    (made,) = read(lambda: claims.of_account(cast.other))
    assert made.kind == ("outage" if kind == "outage" else "support")


def test_a_late_claim_is_refused_with_its_date_in_persian(world, enter) -> None:
    persian("owner")
    form = {
        "kind": "support", "from_at": typed(20 * 24 * 60), "until_at": typed(19 * 24 * 60), "text": "دیر", "key": "late",
    }  # fmt: skip
    answer = enter("owner").post("/claims/new", form, page="/claims/new")
    assert answer.status_code == 400
    assert "مهلت درخواست آن" in answer.text
    assert "claimed" not in answer.text


def test_what_changed_between_two_versions_is_said_in_words(world, enter) -> None:
    def publish() -> None:
        record = agreements.draft_of("1")
        record |= {"id": "2", "effective_from": "2090-01-01T00:00:00+03:30", "working_days": ["saturday"]}
        record["limits"]["claim_window_s"] = 10 * 86_400
        record["bands"][1]["discount"] = 15
        record["support_hours"]["friday"] = [["11:00", "13:00"]]
        record["exclusions"]["unpaid"]["one_account_only"] = False
        record["articles"][0]["title"]["en"] = "Another title"
        agreements.publish(record, User.get(User.username == "admin").id, "a new year", wall_ms())

    write(publish)
    owner = enter("owner")
    page = owner.get("/agreement/changes").text
    for words in (
        "An outage can be claimed for", "7 d", "10 d", "Discount table, row 2: discount (percent)", "Support hours: Friday",
        "11:00–13:00", "Exclusion: Unpaid", "Working days", "Article: Another title",
    ):  # fmt: skip
        assert words in page, words
    persian("owner")
    page = owner.get("/agreement/changes").text
    for words in (
        "مهلت درخواست جبران قطعی",
        "۱۰ روز",
        "جدول تخفیف، ردیف ۲",
        "ساعت پشتیبانی: جمعه",
        "۱۱:۰۰ تا ۱۳:۰۰",
    ):
        assert words in page, words


def test_statements_are_found_by_a_month_in_persian_digits(enter, world) -> None:
    month = world.ids["number"].rsplit("-", 1)[0]
    typed = month.translate(str.maketrans("0123456789-", "۰۱۲۳۴۵۶۷۸۹/"))
    staff = enter("admin")
    for asked in (month, typed):
        assert (
            f"/availability/statements/{world.ids['number']}"
            in staff.get(f"/availability/statements?month={asked}").text
        )
    assert "/availability/statements/1" not in staff.get("/availability/statements?month=۱۳۹۹-۰۱").text
