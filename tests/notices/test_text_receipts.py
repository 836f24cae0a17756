"""Receipts of texts, from an SMSC and by HTTP, and what a text costs: charged once, given back when it is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import pytest

from engine.clock import wall_ms
from engine.runtime.jobs import note_receipt
from engine.services.accounts import accounts, permissions
from engine.services.campaigns import campaigns
from engine.services.money import days, ledger, ledger_check
from engine.services.outbox import text_log, text_receipts, texts
from engine.services.outbox.smpp import SmppReceipts, receipt_of
from engine.services.outbox.text_providers import provider_of
from engine.services.outbox.texts import Following, TextSent, TextWanted
from engine.store.tables.texts import TextMessage, TextPart
from engine.store.threads import read, write
from tests.money.fixtures import sqlite, upgraded, world
from tests.money.world import World, set_price
from tests.notices.texts_lab import Smsc, message, states
from tests.policies import ANYTHING
from tests.waits import wait_for

__all__ = ["sqlite", "upgraded", "world"]

LONG = "سلام، پیام شما را نشنیدید. دوباره زنگ می‌زنیم. " * 2


@pytest.fixture
def smsc() -> Iterator[Smsc]:
    made = Smsc()
    yield made
    made.process.kill()


def receipts() -> dict[int, str]:
    return read(lambda: {row.recipient_id: row.receipt for row in TextMessage.select()})


def test_an_smsc_says_what_became_of_each(sqlite: object, smsc: Smsc) -> None:
    url = f"smpp://user:pass@127.0.0.1:{smsc.port}"
    provider = provider_of(url, "3000")
    assert provider is not None

    def setup() -> None:
        message(1, "+989121234560")
        message(2, "+989121234568", LONG)  # its second part is undeliverable
        message(3, "+989121234569", LONG)

    write(setup)
    assert texts.step(provider, wall_ms(), read, write) == 3
    assert [smsc.next()["to"] for _ in range(5)] == ["989121234560"] + ["989121234568"] * 2 + [
        "989121234569"
    ] * 2
    receiver = SmppReceipts(url)
    write(lambda: TextPart.update(recipient_id=None).where(TextPart.provider_id == "id1").execute())
    taken = []

    def ten_taken() -> bool:
        receiver.step(lambda part, word: (taken.append(part), note_receipt(part, word))[1])
        return len(taken) >= 10

    wait_for(ten_taken, "each part's receipt, twice")
    receiver.close()
    assert receipts() == {1: "", 2: "undeliverable", 3: "delivered"}
    # the receipt was there before it was noted whose it is
    write(lambda: text_receipts.note_parts(1, ["id1"], wall_ms()))
    assert receipts()[1] == "delivered"


def test_a_receipt_that_cannot_be_written_down_comes_again(sqlite: object, smsc: Smsc) -> None:
    url = f"smpp://user:pass@127.0.0.1:{smsc.port}"
    write(lambda: message(1, "+989121234560"))
    texts.step(provider_of(url, "3000"), wall_ms(), read, write)  # type: ignore[arg-type]
    clock = [0.0]
    receiver, asked = SmppReceipts(url, lambda: clock[0]), []

    def broken(part: str, word: str) -> None:
        asked.append(part)
        raise ConnectionError("no database")

    wait_for(lambda: (receiver.step(broken), asked)[1], "a receipt")
    assert receipts() == {1: ""}
    clock[0] += SmppReceipts.PAUSE_S
    wait_for(lambda: (receiver.step(note_receipt), receipts()[1] == "delivered")[1], "the receipt again")
    receiver.close()


def pdu(text: bytes = b"", **values: object) -> SimpleNamespace:
    given = {"esm_class": 4, "message_payload": None, "receipted_message_id": None, "message_state": None}
    return SimpleNamespace(**given | {"short_message": text} | values)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (pdu(b"id:7f sub:001 dlvrd:001 stat:DELIVRD err:000"), ("7f", "delivered")),
        (pdu(b"ID:9 Stat:undeliv"), ("9", "undeliverable")),
        (pdu(receipted_message_id="12\0", message_state=8), ("12", "rejected")),
        (pdu(message_payload=b"id:5 stat:EXPIRED", short_message=None), ("5", "expired")),
        (pdu(b"id:7 stat:ENROUTE"), None),
        (pdu(b"id:7 stat:DELIVRD", esm_class=0), None),
        (pdu(b"\xff\xfe"), None),
        (pdu(None), None),  # type: ignore[arg-type]
    ],
)
def test_receipts_as_smscs_write_them(given: SimpleNamespace, found: object) -> None:
    assert receipt_of(given) == found


def test_a_hexadecimal_id_comes_back_decimal(sqlite: object) -> None:
    write(lambda: message(1, "+989121234560", state="sent"))
    write(lambda: text_receipts.note_parts(1, ["00001F0A"], 0))
    write(lambda: text_receipts.of_part(str(0x1F0A), "delivered", 5))
    assert receipts() == {1: "delivered"}


class Whim:
    """A provider that does what it is told to."""

    lines = ("3000",)

    def __init__(self) -> None:
        self.what = "taken"
        self.asked = 0

    def send(self, items: Sequence[TextMessage]) -> Iterator[TextSent]:
        self.asked += len(items)
        return (TextSent(each.recipient_id, self.what, part_ids=(f"p{each.recipient_id}",)) for each in items)


def following(world: World, credit: int, mobiles: int = 1) -> tuple[int, int, list[int]]:
    """Texts of two parts for 120 Rials a part, after calls: (account, campaign, their recipients)."""
    account_id = world.account(credit)
    set_price(world, mobile=0, landline=0, text_part=120)
    campaign_id = world.campaign(account_id, mobiles=mobiles, start=False)
    write(lambda: accounts.grant(account_id, [permissions.TEXTS, permissions.ANY_HOUR], None, world.now))
    write(lambda: texts.allow(account_id, campaign_id, [TextWanted("success", LONG)], ["3000"]))
    write(lambda: campaigns.start(campaign_id, world.now, ANYTHING))
    won = world.settle(world.claim(campaign_id))
    write(lambda: Following(lambda: world.now).settled(won))
    return account_id, campaign_id, [item.recipient_id for item in won]


def credit_of(account_id: int) -> int:
    return read(lambda: ledger.money_of(account_id).balance)


def step(world: World, provider: Whim, after_ms: int = 0) -> None:
    texts.step(provider, world.now + after_ms, read, write)


def test_a_text_is_charged_once(world: World) -> None:
    account_id, campaign_id, (recipient_id,) = following(world, 10_000)
    provider = Whim()
    provider.what = "later"
    step(world, provider)
    provider.what = "taken"
    for pause in (60_000, 120_000):
        step(world, provider, pause)
    assert provider.asked == 2
    assert credit_of(account_id) == 10_000 - 240
    for word in ("delivered", "rejected"):  # the first final word wins
        write(lambda word=word: text_receipts.of_part(f"p{recipient_id}", word, world.now))
    assert credit_of(account_id) == 10_000 - 240
    found = read(lambda: text_log.of_campaign(campaign_id))
    assert found == text_log.TextsOfCampaign({"delivered": 1}, 240)
    day = days.day_of((world.now + 12_600_000) // 86_400_000)
    assert read(lambda: days.texts(account_id, campaign_id, day)) == 240
    assert read(ledger_check.check).is_clean


@pytest.mark.parametrize("what", ["refused", "unknown"])
def test_what_was_not_taken_costs_nothing(world: World, what: str) -> None:
    account_id, campaign_id, _ = following(world, 10_000)
    provider = Whim()
    provider.what = what
    for pause in (0, 60_000):
        step(world, provider, pause)
    assert credit_of(account_id) == 10_000
    assert read(ledger_check.check).is_clean
    assert read(lambda: text_log.of_campaign(campaign_id)).price == 0  # type: ignore[union-attr]


def test_a_refusal_after_it_was_taken_is_given_back_once(world: World) -> None:
    account_id, _, (recipient_id,) = following(world, 10_000)
    step(world, Whim())
    for _ in range(2):
        write(lambda: text_receipts.of_text(recipient_id, "rejected", world.now))
    assert credit_of(account_id) == 10_000
    assert read(ledger_check.check).is_clean


def test_a_crash_while_it_is_sent_costs_nothing_and_a_receipt_still_counts(world: World) -> None:
    account_id, campaign_id, (recipient_id,) = following(world, 10_000)

    class Killed(Whim):
        def send(self, items: Sequence[TextMessage]) -> Iterator[TextSent]:
            assert credit_of(account_id) == 10_000 - 240  # paid before the provider hears of it
            raise SystemExit
            yield

    with pytest.raises(SystemExit):
        step(world, Killed())
    step(world, Whim(), texts.GIVEN_UP_MS + 1)
    assert states() == {recipient_id: "unknown"}
    assert credit_of(account_id) == 10_000
    write(lambda: text_receipts.of_text(recipient_id, "delivered", world.now))
    assert read(lambda: text_log.of_campaign(campaign_id)).counts == {"delivered": 1}  # type: ignore[union-attr]
    assert read(ledger_check.check).is_clean


def test_without_credit_it_waits(world: World) -> None:
    account_id, _, ids = following(world, 300, mobiles=2)
    provider = Whim()
    step(world, provider)
    assert provider.asked == 1  # there is enough for one
    assert sorted(states().values()) == ["sent", "waiting"]
    world.top_up(account_id, 1_000)
    step(world, provider, 60_000)
    assert states() == dict.fromkeys(ids, "sent")
    assert credit_of(account_id) == 1_300 - 480
    assert read(ledger_check.check).is_clean


def test_a_list_by_state(world: World) -> None:
    account_id, campaign_id, ids = following(world, 10_000, mobiles=3)
    step(world, Whim())
    write(lambda: text_receipts.of_text(ids[0], "delivered", world.now))
    write(lambda: text_receipts.of_text(ids[1], "expired", world.now))

    def page(state: str, before: int | None = None, limit: int = 9) -> list[int]:
        return read(
            lambda: [r.recipient_id for r in text_log.page(account_id, state, campaign_id, before, limit)]
        )

    assert page("") == sorted(ids, reverse=True)
    assert page("", None, 2) + page("", page("", None, 2)[-1]) == page("")
    assert [page(state) for state in ("delivered", "undelivered", "sent", "failed")] == [
        ids[:1],
        ids[1:2],
        ids[2:],
        [],
    ]
    assert read(lambda: text_log.page(account_id + 1, "", None, None, 9)) == []


def test_old_parts_are_forgotten(sqlite: object) -> None:
    write(lambda: text_receipts.of_part("stranger", "delivered", 1))
    write(lambda: text_receipts.of_part("fresh", "delivered", text_receipts.KEPT_MS))
    assert write(lambda: text_receipts.sweep(text_receipts.KEPT_MS + 2)) == 1
