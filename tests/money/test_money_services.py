"""What people see and do with money: quotes, prices, statements, quick sends, adjustments, the proof itself."""

from __future__ import annotations

import pytest

from engine.errors import BadInput
from engine.services.accounts import account_states, accounts, audit_log
from engine.services.accounts.accounts import SendingRefused
from engine.services.campaigns import quick_sends
from engine.services.campaigns.quick_sends import QuickOptions
from engine.services.money import ledger, ledger_check, pricing
from engine.services.money.ledger import NoCredit
from engine.services.money.pricing import Price
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.store.ledger import book
from engine.store.sql import execute
from engine.store.tables.core import Attempt, Campaign, Recipient
from engine.store.tables.money import LedgerBalance
from engine.store.threads import read, write
from tests.money.world import CALL_LANDLINE, CALL_MOBILE, MESSAGE_MS, MOBILE, World
from tests.policies import ANYTHING


def number(text: str = "09121112233") -> NormalNumber:
    found = normalise(text)
    assert isinstance(found, NormalNumber)
    return found


def quick_send(world: World, account: int, text: str = "09121112233", ms: int = MESSAGE_MS) -> int:
    return write(
        lambda: quick_sends.send(account, number(text), "p", QuickOptions(), world.now, ANYTHING, ms)
    )


def standing(account: int) -> int:
    return read(lambda: int(Campaign.get(Campaign.account == account, Campaign.standing_key != "").id))


@pytest.mark.parametrize(
    ("heard_ms", "pulses"), [(-1, 0), (0, 0), (1, 1), (1_999, 1), (2_000, 1), (2_001, 2), (60_000, 30)]
)
def test_pulses_that_were_started(heard_ms: int, pulses: int) -> None:
    price = Price(1, 100, 150, 2_000, 50)
    assert price.pulses(heard_ms) == pulses
    assert price.of_call(heard_ms, True) == pulses * 150


def test_the_price_before_sending(world: World) -> None:
    account = world.account(1_000)
    quote = read(lambda: pricing.quote(account, 2, 3, MESSAGE_MS, world.now))
    assert (quote.total, quote.pulses, quote.available, quote.is_enough) == (1_200, 2, 1_000, False)
    assert read(lambda: pricing.quote(account, 2, 2, MESSAGE_MS, world.now)).is_enough
    house = read(lambda: accounts.house().id)
    assert read(lambda: pricing.quote(house, 10**6, 0, MESSAGE_MS, world.now)).is_enough


def test_a_group_has_prices_of_its_own(world: World) -> None:
    account = world.account(1_000)
    group = write(lambda: pricing.add_group("large firms", None, world.now))
    write(
        lambda: pricing.set_price(
            group,
            landline=0,
            mobile=1,
            pulse_s=1,
            synthesis=0,
            person_id=None,
            now=world.now,
            from_at=world.now + 50,
        )
    )
    for without_price in (group, group + 1):
        with pytest.raises(BadInput, match="no price that is valid now"):
            write(lambda group=without_price: pricing.give_group(account, group, None, world.now))
    world.now += 50
    write(lambda: pricing.give_group(account, group, None, world.now))
    assert read(lambda: pricing.quote(account, 1, 1, 4_000, world.now)).total == 4
    world.run_out(world.campaign(account, mobiles=1, landlines=2))
    assert world.balance(account) == 996
    world.clean()
    with pytest.raises(BadInput, match="past"):
        write(
            lambda: pricing.set_price(
                group, landline=1, mobile=1, pulse_s=1, synthesis=0, person_id=None, now=world.now, from_at=1
            )
        )


def test_a_quick_send_is_paid_as_it_was_accepted(world: World) -> None:
    account = world.account(1_000)
    first = quick_send(world, account)
    assert (world.balance(account), world.reserved(account)) == (1_000 - CALL_MOBILE, CALL_MOBILE)
    write(
        lambda: pricing.set_price(
            pricing.default_group_id(),
            landline=1,
            mobile=1,
            pulse_s=1,
            synthesis=0,
            person_id=None,
            now=world.now,
        )
    )
    quick_send(world, account, "02188776655")
    assert world.reserved(account) == CALL_MOBILE + 4
    campaign = standing(account)
    world.settle(world.claim(campaign), heard_ms=2_000)
    world.second()
    assert (world.balance(account), world.reserved(account)) == (1_000 - MOBILE - 2, 0)
    assert read(lambda: Recipient.get_by_id(first).reserved) == 0
    assert world.state(campaign) == "running"
    assert world.clean().open_reservations == 0


def test_a_quick_send_without_credit_or_permission_is_refused(world: World) -> None:
    account = world.account(CALL_MOBILE - 1)
    with pytest.raises(NoCredit) as error:
        quick_send(world, account)
    assert (error.value.needed, error.value.available) == (CALL_MOBILE, CALL_MOBILE - 1)
    assert read(lambda: Recipient.select().count()) == 0
    write(lambda: account_states.suspend(account, "papers", None, world.now))
    with pytest.raises(SendingRefused, match="papers"):
        quick_send(world, account)
    world.clean()


def test_quick_sends_that_wait_while_the_account_is_suspended_get_their_money_back(world: World) -> None:
    account = world.account(1_000)
    recipient = quick_send(world, account)
    write(lambda: account_states.suspend(account, "papers", None, world.now))
    world.now += 1_001
    assert world.claim(standing(account)) == []
    row = read(lambda: Recipient.get_by_id(recipient))
    assert (row.state, row.reason) == ("excluded", "suspended")
    world.second()
    assert (world.balance(account), world.reserved(account)) == (1_000, 0)
    world.clean()


def test_a_quick_send_that_nobody_answers_costs_nothing(world: World) -> None:
    account = world.account(1_000)
    for _ in range(3):
        quick_send(world, account)
    world.settle(world.claim(standing(account)), heard_ms=0)
    world.second()
    assert (world.balance(account), world.reserved(account)) == (1_000, 0)
    world.clean()


def test_staff_adjust_on_the_record(world: World) -> None:
    account = world.account(1_000)
    with pytest.raises(BadInput, match="why"):
        write(lambda: ledger.adjust(account, 5, "", "adjustment/1", 1, world.now))
    assert write(lambda: ledger.adjust(account, -300, "a mistake of ours", "adjustment/1", 1, world.now))
    assert (
        write(lambda: ledger.adjust(account, -300, "a mistake of ours", "adjustment/1", 1, world.now)) is None
    )
    assert world.balance(account) == 700
    acts = [(row.action, row.person_id) for row in read(lambda: audit_log.entries(account, person_id=1))]
    assert acts == [("money.adjust", 1)]
    for amount in (0, -1, 10**14, True):
        with pytest.raises(BadInput):
            write(lambda amount=amount: ledger.top_up(account, amount, f"x/{amount}", world.now))
    world.clean()


def test_synthesis_is_paid_once(world: World) -> None:
    account = world.account(150)
    text = "سلام " * 25  # 125 characters: two hundreds were begun
    assert write(lambda: ledger.charge_synthesis(account, text, "message/1", world.now)) == 100
    assert write(lambda: ledger.charge_synthesis(account, text, "message/1", world.now)) == 100
    assert world.balance(account) == 50
    with pytest.raises(NoCredit):
        write(lambda: ledger.charge_synthesis(account, text, "message/2", world.now))
    world.clean()


def test_a_statement_is_the_accounts_own(world: World) -> None:
    account, other = world.account(1_000), world.account(2_000, "other")
    world.run_out(world.campaign(account, mobiles=1, landlines=1))
    lines = read(lambda: ledger.statement(account))
    assert [line.kind for line in lines] == ["charge", "reserve", "topup"]
    assert sum(line.balance + line.reserved for line in lines) == 1_000 - CALL_MOBILE - CALL_LANDLINE
    assert [line.kind for line in read(lambda: ledger.statement(other))] == ["topup"]
    assert read(lambda: ledger.statement(account, kinds=["topup"], limit=1))[0].balance == 1_000
    money = read(lambda: ledger.money_of(account))
    assert money.spent == CALL_MOBILE + CALL_LANDLINE


def test_the_proof_notices_what_was_tampered_with(world: World) -> None:
    account = world.account(10_000)
    campaign = world.campaign(account, mobiles=4)
    world.settle(world.claim(campaign, 3))
    world.clean()
    attempt = read(lambda: int(Attempt.get(Attempt.price > 0).id))

    def found_after(*statements: str) -> set[str]:
        """Kinds of findings after the statements, which are undone again."""

        def work() -> set[str]:
            for statement in statements:
                execute(statement)
            kinds.update(ledger_check.check().found)
            raise ValueError("undone")

        kinds: set[str] = set()
        with pytest.raises(ValueError, match="undone"):
            write(work)
        return kinds

    assert found_after(f"UPDATE attempt SET price = 0 WHERE id = {attempt}") >= {
        "free_call",
        "charge",
        "charged",
    }
    assert "wrong_price" in found_after(f"UPDATE attempt SET price = 1 WHERE id = {attempt}")
    assert "balance" in found_after("UPDATE ledger_balance SET amount = amount + 1 WHERE book = 'balance'")
    assert "held" in found_after("UPDATE reservation SET held = held + 1")
    assert "sum" in found_after(
        "INSERT INTO ledger_entry (txn_id, account_id, book, amount) VALUES (1, 1, 'cash', 5)"
    )
    assert "left_open" in found_after(
        "UPDATE campaign SET state = 'finished'", "UPDATE campaign_counts SET waiting = 0, live = 0"
    )
    assert "free_call" in found_after("UPDATE attempt SET price = 0, ledger_txn_id = NULL")
    assert "payment" in found_after(
        "INSERT INTO payment (account_id, provider, purpose, amount, state, reason, reference, card, created_at)"
        f" VALUES ({account}, 'receipt', 'topup', 5, 'paid', '', '', '', 1)"
    )
    world.clean()


def test_a_booking_that_does_not_balance_is_refused(world: World) -> None:
    account = world.account()
    with pytest.raises(ValueError, match="sum to zero"):
        write(lambda: book(account, "topup", "wrong", [("cash", -5), ("balance", 6)], world.now))
    assert read(lambda: LedgerBalance.select().count()) == 0
    assert world.clean().transactions == 0


def test_resellers_have_no_resellers(world: World) -> None:
    top, below, other = (world.account(0) for _ in range(3))
    write(lambda: accounts.change(below, None, world.now, parent_id=top))
    for child, parent in ((top, top), (other, below), (top, other)):
        with pytest.raises(BadInput, match="reseller"):
            write(
                lambda child=child, parent=parent: accounts.change(child, None, world.now, parent_id=parent)
            )
    assert [row.id for row in read(lambda: accounts.list_accounts(parent_id=top))] == [below]


def test_quick_sends_of_other_options_never_share_a_campaign() -> None:
    gateways = ("a" * 60, "b" * 60)
    made = {
        QuickOptions(gateways=gateways, caller_id=f"02188{n:03d}", max_length_s=60 + n).key for n in range(50)
    }
    assert len(made) == 50
    assert all(len(key) <= 100 for key in made)
    assert QuickOptions(gateways=gateways).key == QuickOptions(gateways=gateways).key
