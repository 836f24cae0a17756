"""Notices by voice: a running engine rings who is to be told, on the embedded switch, and says it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.clock import wall_ms
from engine.embedded.records import read_rung
from engine.sentences import sentence_of
from engine.services.notices import notices, outage_notice
from engine.services.notices.notices import Words
from engine.services.outbox import addresses, deliveries, voice
from engine.services.sla import incidents
from engine.services.trunks import gateways
from engine.states import AccountState
from engine.store.audit import audit_campaign
from engine.store.tables.core import Account, Attempt, Recipient, User
from engine.store.tables.sla import OutageRecord
from engine.store.tables.support import ContactAddress, Delivery, Notice
from engine.store.threads import read, write
from tests.runtime.lab import Lab
from tests.waits import wait_for

MINUTE = 60_000


@pytest.fixture
def lab(start_lab: Callable[..., Lab]) -> Lab:
    """An engine that may ring at any hour, as these tests run at any."""
    return start_lab(settings={"hours_service": ""})


def staff() -> User:
    return User.get(User.username == "admin")


def customer(*numbers: str) -> int:
    """A firm whose people want to be told of notices by telephone; its id."""
    account = Account.create(name="Shop", created_at=wall_ms(), state=AccountState.ACTIVE)
    for number in numbers:
        addresses.add(staff(), int(account.id), "voice", number, ["notices"], wall_ms())
    ContactAddress.update(verified_at=wall_ms()).execute()  # nothing is sent before
    return int(account.id)


def messages() -> dict[str, Delivery]:
    """The newest message to each number."""
    return {row.address: row for row in read(lambda: list(Delivery.select().order_by(Delivery.id)))}


def rung(lab: Lab) -> list[str]:
    """Who was rung, by the switch's own log, in order."""
    path = lab.folder / "rung.log"
    return [one.number for one in read_rung(path)] if path.exists() else []


def attempt_of(row: Delivery) -> tuple[Recipient, Attempt]:
    def find() -> tuple[Recipient, Attempt]:
        recipient = Recipient.get_by_id(row.recipient_id)
        return recipient, Attempt.get_by_id(recipient.attempt_id)

    return read(find)


def publish(words: Words) -> int:
    def work() -> int:
        notice_id = notices.draft(staff(), words, wall_ms())
        notices.publish(staff(), notice_id, wall_ms())
        return notice_id

    return write(work)


def test_a_published_notice_rings_and_is_spoken(lab: Lab) -> None:
    write(lambda: customer("09121230000"))
    publish(Words("تعمیرات", text_fa="فردا از ساعت ده تا یازده سامانه در دسترس نیست."))
    wait_for(lambda: messages()["+989121230000"].state == "sent", "the call to be heard")
    recipient, attempt = attempt_of(messages()["+989121230000"])
    assert (recipient.state, attempt.disposition, attempt.heard_ms > 2_000) == ("delivered", "answered", True)
    prompts = lab.engine.settings.prompts_dir
    assert (prompts / f"{recipient.prompt}.PCMA").stat().st_size >= attempt.heard_ms * 8
    assert rung(lab).count("989121230000") == 1


def test_a_call_that_failed_is_tried_again_and_shown(lab: Lab) -> None:
    write(lambda: customer("09121230001", "09121230003"))
    publish(Words("تعمیرات", text_fa="سامانه فردا در دسترس نیست."))
    wait_for(
        lambda: (
            {str(sentence_of(row.error)) for row in messages().values()}
            == {"the call ended: busy", "the call ended: unreachable"}
        ),
        "both refusals",
    )
    shown = {row.address for row in read(deliveries.failures)}
    assert shown == {"+989121230001", "+989121230003"}
    before = {row.address: row.tries for row in messages().values()}
    write(lambda: Delivery.update(next_at=0).where(Delivery.state == "waiting").execute())
    wait_for(lambda: all(row.tries > before[row.address] for row in messages().values()), "the second tries")


def test_staff_are_called_reminded_and_the_notice_publishes_itself(lab: Lab) -> None:
    """The two hours go by in moments: the outage and its notice are moved back in time."""

    def begin() -> int:
        now = wall_ms()
        addresses.add(staff(), None, "voice", "09121230000", ["incidents"], now)
        addresses.add(staff(), None, "voice", "09121230008", ["public"], now)
        ContactAddress.update(verified_at=now).execute()
        return incidents.enter(int(staff().id), now - MINUTE, None, "the carrier is down", now)

    outage_id = write(begin)

    def later(minutes: int) -> None:
        def work() -> None:
            OutageRecord.update(
                start_at=OutageRecord.start_at - minutes * MINUTE,
                created_at=OutageRecord.created_at - minutes * MINUTE,
            ).where(OutageRecord.id == outage_id).execute()
            Notice.update(
                {
                    field: field - minutes * MINUTE
                    for field in (Notice.began_at, Notice.detected_at, Notice.due_at, Notice.publishes_at)
                }
            ).where(Notice.outage_id == outage_id).execute()

        write(work)

    def heard(calls: int) -> bool:
        done = [row for row in read(lambda: list(Delivery.select())) if row.address == "+989121230000"]
        return [row.state for row in done] == ["sent"] * calls

    def notice() -> Notice:
        return read(lambda: Notice.get(Notice.outage_id == outage_id))

    wait_for(lambda: heard(1), "the call at the detection", 30)
    later(30)
    wait_for(lambda: heard(2), "the reminder", 30)
    assert rung(lab).count("989121230000") == 2
    later(74)
    assert notice().state == "draft"
    later(1)
    wait_for(lambda: rung(lab).count("989121230008") == 1, "the call to a public number", 30)
    measured = read(lambda: outage_notice.of_outage(outage_id, wall_ms()))
    assert (notice().state, notice().published_by, measured.in_time) == ("published", None, True)
    assert 105 * 60 <= measured.took_s < 107 * 60
    assert rung(lab).count("989121230000") == 2


def test_a_call_that_cannot_begin_is_taken_back_and_rings_when_it_can(lab: Lab) -> None:
    write(lambda: gateways.drain("embedded", True, None, wall_ms()))
    write(lambda: customer("09121230000"))
    publish(Words("تعمیرات", text_fa="سامانه فردا در دسترس نیست."))
    wait_for(lambda: messages()["+989121230000"].state == "calling", "the call to wait for its turn")
    ten_minutes_ago = wall_ms() - voice.WAITS_MS
    write(lambda: Delivery.update(next_at=ten_minutes_ago).execute())
    wait_for(lambda: messages()["+989121230000"].state == "waiting", "the call to be taken back")
    (shown,) = read(deliveries.failures)
    assert str(sentence_of(shown.error)) == "no call could be begun for 10 minutes"
    first = read(lambda: Recipient.select().order_by(Recipient.id).first())
    assert (first.state, rung(lab)) == ("cancelled", [])
    write(lambda: gateways.drain("embedded", False, None, wall_ms()))
    write(lambda: Delivery.update(next_at=0).execute())
    wait_for(lambda: messages()["+989121230000"].state == "sent", "the call")
    assert rung(lab) == ["989121230000"]
    assert read(lambda: audit_campaign(first.campaign_id, deep=True)) == []


def test_a_long_notice_is_said_in_part(lab: Lab) -> None:
    write(lambda: customer("09121230000"))
    text = "این جمله‌ای است که چند بار گفته می‌شود. " * 100
    publish(Words("تعمیرات", text_fa=text))
    wait_for(lambda: messages()["+989121230000"].state == "sent", "the call to be heard")
    _, attempt = attempt_of(messages()["+989121230000"])
    assert 30_000 < attempt.heard_ms < 120_000
