"""Notices on the first page, maintenance announced in time, special notices, and an outage's two hours."""

from __future__ import annotations

import pytest

from engine.errors import BadInput, Conflict, NotAllowed, NotFound
from engine.services.notices import notices, outage_notice, special_wishes
from engine.services.notices.notices import Words
from engine.services.outbox import addresses
from engine.services.tickets import tickets
from engine.store.tables.core import Account
from engine.store.tables.sla import OutageRecord
from engine.store.tables.support import ContactAddress, Delivery, Notice, NoticeStep
from engine.store.threads import read, write
from tests.tickets.cast import Cast, at, verified_address

NOW = at("1405-08-30 09:00")
MINUTE, HOUR = 60_000, 3_600_000
# What differs between the databases is tried on both by the other tests.
on_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
WORDS = Words("تعرفه تازه", "New prices", "از فردا", "From tomorrow")


def titles(person: object, now: int = NOW) -> list[tuple[str, bool]]:
    return [(each.notice.title_fa, each.is_read) for each in read(lambda: notices.first_page(person, now))]


def messages() -> list[tuple[str, str]]:
    return [(row.channel, row.address) for row in read(lambda: list(Delivery.select().order_by(Delivery.id)))]


# -- the first page -----------------------------------------------------------------------


def test_a_notice_is_drafted_published_read_and_added_to(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        write(lambda: notices.draft(cast.owner, WORDS, NOW))
    notice = write(lambda: notices.draft(cast.agent, WORDS, NOW))
    assert titles(cast.owner) == []
    with pytest.raises(NotFound):
        write(lambda: notices.mark_read(cast.owner, notice, NOW))
    write(lambda: notices.publish(cast.agent, notice, NOW))
    assert titles(cast.owner) == [("تعرفه تازه", False)]
    for _ in range(2):
        write(lambda: notices.mark_read(cast.owner, notice, NOW + 1))
    assert (titles(cast.owner), titles(cast.stranger)) == ([("تعرفه تازه", True)], [("تعرفه تازه", False)])
    seen = read(lambda: notices.receipts(notice))
    assert ([(row.at, name) for row, name in seen.people], seen.accounts_read, seen.accounts) == (
        [(NOW + 1, "owner")],
        1,
        2,
    )
    with pytest.raises(Conflict, match="add an update"):
        write(lambda: notices.edit(cast.agent, notice, Words("دیگر")))
    with pytest.raises(Conflict):
        write(lambda: notices.publish(cast.agent, notice, NOW))
    write(lambda: notices.add_update(cast.agent, notice, "تا پایان ماه", "", NOW + 2))
    assert [row.text_fa for row in read(lambda: notices.first_page(cast.owner, NOW))[0].updates] == [
        "تا پایان ماه"
    ]
    write(lambda: notices.withdraw(cast.agent, notice, "Wrong prices.", NOW + 3))
    assert titles(cast.owner) == []


def test_a_notice_for_some_is_for_nobody_else_and_leaves_by_the_addresses_for_notices(cast: Cast) -> None:
    write(lambda: verified_address(cast.owner, cast.account, "email", "a@shop.example", ["notices"], NOW))
    write(lambda: verified_address(cast.stranger, cast.other, "bale", "@rival", ["notices"], NOW))
    write(lambda: addresses.add(cast.agent, None, "telegram", "@avanak_news", ["public"], NOW))
    some = write(
        lambda: notices.draft(cast.agent, WORDS, NOW, account_ids=[cast.account], ends_at=NOW + HOUR)
    )
    write(lambda: notices.publish(cast.agent, some, NOW))
    assert (len(titles(cast.owner)), len(titles(cast.stranger)), len(titles(cast.agent))) == (1, 0, 1)
    with pytest.raises(NotFound):
        write(lambda: notices.mark_read(cast.stranger, some, NOW))
    assert messages() == [("email", "a@shop.example")]
    assert titles(cast.owner, NOW + HOUR) == []  # its time is over
    for_all = write(lambda: notices.draft(cast.agent, WORDS, NOW))
    write(lambda: notices.publish(cast.agent, for_all, NOW))
    assert messages()[1:] == [("email", "a@shop.example"), ("bale", "@rival"), ("telegram", "@avanak_news")]
    with pytest.raises(BadInput):
        write(lambda: notices.draft(cast.agent, WORDS, NOW, account_ids=[999]))


@pytest.mark.parametrize(("lead_ms", "in_time"), [(48 * HOUR, True), (48 * HOUR - 1, False)])
def test_maintenance_is_announced_at_an_instant_that_nobody_chooses(
    cast: Cast, lead_ms: int, in_time: bool
) -> None:
    start = NOW + lead_ms
    said = write(
        lambda: notices.announce_maintenance(cast.operator, 7, start, start + HOUR, Words("تعمیرات"), NOW)
    )
    notice = read(lambda: Notice.get(Notice.maintenance_id == 7))
    assert (said, notice.published_at) == (in_time, NOW)
    assert notice.text_fa.startswith("از ۱۴۰۵/۰۹/۰")
    with pytest.raises(Conflict):
        write(lambda: notices.announce_maintenance(cast.operator, 7, start, start + HOUR, Words("x"), NOW))
    write(lambda: notices.cancel_maintenance(cast.operator, 7, NOW + 1))
    page = read(lambda: notices.first_page(cast.owner, NOW + 1))
    assert "انجام نمی‌شود" in page[0].updates[0].text_fa
    assert titles(cast.owner, start + HOUR) == []


@on_sqlite
def test_addresses_are_checked_and_ones_own(cast: Cast) -> None:
    for channel, address in (
        ("email", "nobody"),
        ("email", "a@b.example\nBcc: x@y.example"),
        ("email", "a@" + "b." * 100 + "example"),  # longer than its column
        ("voice", "12"),
        ("telegram", "not a chat"),
        ("pigeon", "x"),
    ):
        with pytest.raises(BadInput):
            write(
                lambda c=channel, a=address: addresses.add(cast.owner, cast.account, c, a, ["notices"], NOW)
            )
    with pytest.raises(BadInput):
        write(lambda: addresses.add(cast.owner, cast.account, "email", "a@b.example", ["incidents"], NOW))
    with pytest.raises(NotFound):
        write(lambda: addresses.add(cast.owner, cast.other, "email", "a@b.example", ["notices"], NOW))
    mine = write(lambda: addresses.add(cast.owner, cast.account, "voice", "0912 123 4567", ["notices"], NOW))
    assert read(lambda: addresses.of(cast.account))[0].address == "+989121234567"
    with pytest.raises(NotFound):
        write(lambda: addresses.remove(cast.stranger, mine))
    with pytest.raises(NotFound):
        write(
            lambda: addresses.remove(cast.operator, mine)
        )  # a customer's addresses are the customer's to change
    write(lambda: addresses.remove(cast.owner, mine))
    assert read(lambda: addresses.of(cast.account)) == []


# -- outages ------------------------------------------------------------------------------


def outage(start_at: int = NOW, **more: object) -> int:
    values = {"source": "monitor", "start_at": start_at, "created_at": start_at, **more}
    return write(lambda: int(OutageRecord.create(**values).id))


def watch(now: int) -> None:
    for _ in range(2):  # whatever it does, it does once
        write(lambda: outage_notice.watch(now))


def test_staff_are_called_and_reminded_until_somebody_publishes(cast: Cast) -> None:
    write(lambda: addresses.add(cast.operator, None, "voice", "09121234567", ["incidents"], NOW))
    number = outage()
    watch(NOW)
    assert titles(cast.owner) == []
    assert messages() == [("voice", "+989121234567")]
    watch(NOW + 29 * MINUTE)
    assert len(messages()) == 1
    watch(NOW + 30 * MINUTE)
    assert len(messages()) == 2
    notice = read(lambda: Notice.get(Notice.outage_id == number))
    words = Words("سرویس قطع است", "Down", "علت: قطعی برق", "Cause: power")
    write(lambda: notices.edit(cast.operator, notice.id, words))
    write(lambda: notices.publish(cast.operator, notice.id, NOW + 40 * MINUTE))
    watch(NOW + 5 * HOUR)
    assert len(messages()) == 2
    found = read(lambda: outage_notice.of_outage(number, NOW + 5 * HOUR))
    assert (found.took_s, found.in_time) == (2400, True)


def test_a_notice_publishes_itself_fifteen_minutes_before_the_time_is_over(cast: Cast) -> None:
    number = outage()
    for minute in range(105):
        write(lambda at=NOW + minute * MINUTE: outage_notice.watch(at))
    assert titles(cast.owner) == []
    watch(NOW + 105 * MINUTE)
    assert [title for title, _ in titles(cast.owner)] == ["اختلال در سرویس"]
    found = read(lambda: outage_notice.of_outage(number, NOW + 3 * HOUR))
    assert (found.took_s, found.in_time) == (105 * 60, True)
    assert read(lambda: Notice.get(Notice.outage_id == number)).published_by is None
    calls = read(lambda: sorted(row.step for row in NoticeStep.select()))
    assert calls == ["call_0", "call_1800", "call_3600", "call_5400"]


@on_sqlite
def test_a_late_detection_is_measured_from_the_beginning_and_said_to_be_late(cast: Cast) -> None:
    number = outage(NOW - 3 * HOUR, created_at=NOW, source="staff")
    watch(NOW)
    found = read(lambda: outage_notice.of_outage(number, NOW))
    assert (found.took_s, found.in_time) == (3 * 3600, False)


@on_sqlite
def test_what_was_no_outage_or_long_over_gets_no_notice(cast: Cast) -> None:
    void = outage()
    watch(NOW)
    write(lambda: OutageRecord.update(is_void=True).where(OutageRecord.id == void).execute())
    outage(NOW - 30 * HOUR, end_at=NOW - 29 * HOUR, created_at=NOW, source="staff")
    outage(NOW - HOUR, end_at=NOW, source="unknown")
    watch(NOW + 3 * HOUR)
    assert read(lambda: [row.state for row in Notice.select()]) == ["withdrawn"]


def wish(cast: Cast, channel: str, address: str) -> int:
    ticket = write(
        lambda: tickets.open_ticket(
            cast.owner, cast.account, "special_notice", "In a crisis", "Call her.", NOW
        )
    )
    return write(
        lambda: special_wishes.agree(cast.agent, ticket, channel, address, NOW, person_name="Ms. Karimi")
    )


def test_a_special_wish_comes_from_a_ticket_and_is_fulfilled_once_in_an_incident(cast: Cast) -> None:
    other = write(
        lambda: tickets.open_ticket(cast.owner, cast.account, "support", "In a crisis", "Call her.", NOW)
    )
    with pytest.raises(Conflict, match="move it there"):
        write(lambda: special_wishes.agree(cast.agent, other, "voice", "09121234567", NOW))
    wish(cast, "voice", "09121234567")
    ended = wish(cast, "email", "old@shop.example")
    write(lambda: special_wishes.end(cast.agent, ended, NOW))
    number = outage()
    watch(NOW + 14 * MINUTE)
    assert messages() == []
    watch(NOW + 15 * MINUTE)  # still down and nobody published: she is told all the same
    assert messages() == [("voice", "+989121234567")]
    watch(NOW + 2 * HOUR)
    assert len(messages()) == 1
    write(lambda: OutageRecord.update(end_at=NOW + 3 * HOUR).where(OutageRecord.id == number).execute())
    watch(NOW + 3 * HOUR)
    texts = read(lambda: [row.text for row in Delivery.select().order_by(Delivery.id)])
    assert (len(texts), "دوباره در دسترس" in texts[1]) == (2, True)
    assert (
        "دوباره در دسترس"
        in read(lambda: notices.first_page(cast.owner, NOW + 3 * HOUR))[0].updates[0].text_fa
    )
    assert titles(cast.owner, NOW + 28 * HOUR) == []
    outage(NOW + 30 * HOUR)
    watch(NOW + 31 * HOUR)
    assert len(messages()) == 3  # the next incident


@on_sqlite
def test_the_outage_of_one_account_concerns_that_account(cast: Cast) -> None:
    third = write(lambda: int(Account.create(name="Third", created_at=NOW, state="active").id))
    wish(cast, "email", "boss@shop.example")
    outage(account_id=third, source="staff")
    watch(NOW + 2 * HOUR)
    assert (titles(cast.owner, NOW + 2 * HOUR), messages()) == ([], [])
    outage(account_id=cast.account, source="staff")
    watch(NOW + 2 * HOUR)
    assert (len(titles(cast.owner, NOW + 2 * HOUR)), messages()) == (1, [("email", "boss@shop.example")])


def test_watching_that_was_killed_leaves_nothing_half_done(cast: Cast) -> None:
    write(lambda: addresses.add(cast.operator, None, "voice", "09121234567", ["incidents"], NOW))
    wish(cast, "email", "boss@shop.example")
    outage()

    def killed(now: int) -> None:
        outage_notice.watch(now)
        raise InterruptedError

    for minute in (0, 20, 105):
        with pytest.raises(InterruptedError):
            write(lambda now=NOW + minute * MINUTE: killed(now))
        watch(NOW + minute * MINUTE)
    assert messages() == [("voice", "+989121234567"), ("email", "boss@shop.example")]
    assert [title for title, _ in titles(cast.owner)] == ["اختلال در سرویس"]


def test_a_notice_for_all_is_handed_over_in_few_statements(cast: Cast) -> None:
    def many() -> None:
        rows = [
            {
                "account_id": cast.account,
                "channel": "email",
                "address": f"{n}@b.example",
                "topics": "notices",
                "created_at": NOW,
                "verified_at": NOW,
            }
            for n in range(2_000)
        ]
        for at_row in range(0, len(rows), 500):
            ContactAddress.insert_many(rows[at_row : at_row + 500]).execute()

    write(many)
    notice = write(lambda: notices.draft(cast.agent, WORDS, NOW))
    write(lambda: notices.publish(cast.agent, notice, NOW))
    assert read(lambda: Delivery.select().where(Delivery.notice_id == notice).count()) == 2_000
