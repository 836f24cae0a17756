"""Two people who do not see each other's number: rung one after the other, joined, each leg charged once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.services.accounts import accounts, permissions
from engine.services.accounts.accounts import SendingRefused
from engine.services.campaigns import secure_calls
from engine.services.messages import prompts
from engine.services.money import ledger, ledger_check, pricing
from engine.services.money.ledger import NoCredit
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.states import Disposition
from engine.store.tables.core import Attempt, Message, Recipient
from engine.store.tables.sends import SecureCall
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.runtime.lab import Lab
from tests.waits import wait_for

SETTINGS = {"hours_service": "", "sla_probe_s": 0}
DAY_MS = 86_400_000


def customer(lab: Lab, rials: int) -> int:
    """An account with so much credit that may join people, with the message of the lab."""

    def work() -> int:
        account_id = accounts.open_by_staff("firm", wall_ms() + DAY_MS, None, wall_ms())
        accounts.grant(account_id, [permissions.SECURE_CALLS], None, wall_ms())
        sound = Message.get_by_id(lab.message_id)
        prompts.add(account_id, "hold", sound.prompt, sound.duration_ms, wall_ms())
        if rials:
            ledger.top_up(account_id, rials, "payment/1", wall_ms())
        return account_id

    return write(work)


def number(text: str) -> NormalNumber:
    found = normalise(text)
    assert isinstance(found, NormalNumber)
    return found


def begin(first: str, second: str, account_id: int = 1) -> int:
    message_id = read(lambda: Message.get(Message.account == account_id).id)
    return write(
        lambda: secure_calls.start(
            account_id, number(first), number(second), message_id, (), wall_ms(), ANYTHING
        )
    )


def ended(call_id: int) -> SecureCall:
    return wait_for(
        lambda: read(
            lambda: SecureCall.get_or_none(SecureCall.first_id == call_id, SecureCall.state == "over")
        ),
        "the end of the call",
    )


def attempts_of(row: SecureCall) -> list[Attempt]:
    return read(
        lambda: list(
            Attempt.select()
            .where(Attempt.recipient_id.in_([row.first_id, row.second_id]))
            .order_by(Attempt.id)
        )
    )


def test_both_talk_and_each_leg_is_charged_once(start_lab: Callable[..., Lab]) -> None:
    lab = start_lab(SETTINGS)
    account_id = customer(lab, 1_000_000)
    row = ended(begin("09121110000", "09351110000", account_id))
    assert row.joined_at
    legs = attempts_of(row)
    assert [leg.disposition for leg in legs] == [Disposition.ANSWERED] * 2
    for leg in legs:  # what was talked counts, and the hold message
        assert abs(leg.heard_ms - (leg.ended_at - leg.answered_at) * 20) < 1_500
    price = read(lambda: pricing.price_of(account_id, wall_ms()))
    assert [leg.price for leg in legs] == [price.of_call(leg.heard_ms, True) for leg in legs]
    paid = sum(leg.price for leg in legs)
    wait_for(
        lambda: read(lambda: ledger.spendable(account_id)) == 1_000_000 - paid, "what was set aside to return"
    )
    found = read(ledger_check.check)
    assert found.is_clean, found.findings


@pytest.mark.parametrize("second", ["0001", "0002"])
def test_the_first_is_let_go_when_the_second_does_not_come(
    start_lab: Callable[..., Lab], second: str
) -> None:
    start_lab(SETTINGS, speed=60)
    row = ended(begin("09121110000", f"0935111{second}"))
    assert not row.joined_at
    legs = attempts_of(row)
    assert len(legs) == 2
    assert legs[0].answered_at
    assert legs[1].answered_at is None


def test_nobody_else_is_rung_when_the_first_does_not_answer(start_lab: Callable[..., Lab]) -> None:
    start_lab(SETTINGS)
    row = ended(begin("09121110001", "09351110000"))
    assert row.second_id is None
    assert len(attempts_of(row)) == 1


def test_a_step_that_was_not_written_down_is_made_again_and_rings_nobody_twice(
    start_lab: Callable[..., Lab],
) -> None:
    lab = start_lab(SETTINGS, speed=2)
    call_id = begin("09121110000", "09351110000")
    wait_for(lambda: read(lambda: SecureCall.get_by_id(call_id).state) == "joined", "the joining")
    write(lambda: SecureCall.update(state="second", joined_at=None).execute())
    wait_for(lambda: read(lambda: SecureCall.get_by_id(call_id).state) == "joined", "the second writing")
    lab.engine.joining.step(wall_ms())
    assert read(lambda: Recipient.select().count()) == 2
    row = ended(call_id)
    assert [leg.disposition for leg in attempts_of(row)] == [Disposition.ANSWERED] * 2
    second = secure_calls.ring_second
    assert write(lambda: second(call_id, "embedded", wall_ms(), ANYTHING)) is None


def test_who_may_not_and_who_cannot_pay(start_lab: Callable[..., Lab]) -> None:
    lab = start_lab(SETTINGS)
    account_id = customer(lab, rials=0)
    with pytest.raises(NoCredit):
        begin("09121110000", "09351110000", account_id)
    write(lambda: ledger.top_up(account_id, 1_000_000, "payment/2", wall_ms()))
    with pytest.raises(BadInput):
        begin("09121110000", "09121110000", account_id)
    write(lambda: accounts.grant(account_id, [], None, wall_ms()))
    with pytest.raises(SendingRefused):
        begin("09121110000", "09351110000", account_id)
