"""What a call costs, what is set aside for it and who may be called with it: the reckoning in tables."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput, Conflict, NotFound
from engine.services.accounts import accounts, audit_log
from engine.services.campaigns import campaigns
from engine.services.campaigns.quick_sends import QuickOptions, send, send_many
from engine.services.money import charges, pricing, reservations
from engine.services.money.ledger import NoCredit
from engine.services.money.pricing import FREE, Price
from engine.services.money.reservations import Terms
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.states import Disposition
from engine.store.sql import changed
from engine.store.tables.core import Attempt, CampaignCounts, Message, Recipient
from engine.store.tables.money import LedgerEntry, LedgerTxn, PriceGroup, PriceVersion, Reservation
from engine.store.threads import read, write
from tests.money.world import CALL_LANDLINE, CALL_MOBILE, MESSAGE_MS, PULSE_S, World

PRICE = Price(id=7, landline=100, mobile=150, pulse_ms=2_000, synthesis=50)
TERMS = Terms(campaign_id=1, account_id=2, price=PRICE, call_ms=4_000, is_standing=False)


def counts(total: int, mobiles: int, excluded: int = 0, **others: int) -> CampaignCounts:
    return CampaignCounts(total=total, mobiles=mobiles, excluded=excluded, **others)


# -- prices -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "rials"), [(0, 0), (1, 50), (99, 50), (100, 50), (101, 100), (200, 100), (201, 150)]
)
def test_synthesis_costs_each_started_hundred_characters(length: int, rials: int) -> None:
    assert PRICE.of_text("x" * length) == rials


@pytest.mark.parametrize(
    ("landline", "mobile", "is_free"), [(0, 0, True), (1, 0, False), (0, 1, False), (1, 1, False)]
)
def test_what_costs_nothing_at_all_is_free(landline: int, mobile: int, is_free: bool) -> None:
    assert Price(1, landline, mobile, 1_000, 9).is_free is is_free


def test_the_free_price() -> None:
    assert (FREE.id, FREE.landline, FREE.mobile, FREE.pulse_ms, FREE.synthesis) == (0, 0, 0, 1_000, 0)
    with pytest.raises(AttributeError):
        FREE.mobile = 1  # type: ignore[misc]


@given(st.integers(-5, 10**6), st.integers(1, 10**4), st.integers(0, 10**4), st.integers(0, 10**4))
def test_a_call_costs_its_started_pulses(heard_ms: int, pulse_ms: int, landline: int, mobile: int) -> None:
    price = Price(1, landline, mobile, pulse_ms, 0)
    pulses = price.pulses(heard_ms)
    assert pulses * pulse_ms >= heard_ms
    assert (pulses - 1) * pulse_ms < max(0, heard_ms) or pulses == 0
    assert price.of_call(heard_ms, True) == pulses * mobile
    assert price.of_call(heard_ms, False) == pulses * landline


def set_price(world: World, **values: int | None) -> int:
    given = {"landline": 1, "mobile": 1, "pulse_s": 1, "synthesis": 1, **values}
    return write(
        lambda: pricing.set_price(
            pricing.default_group_id(),
            person_id=None,
            now=world.now,
            **given,  # type: ignore[arg-type]
        )
    )


@pytest.mark.parametrize("name", ["landline", "mobile", "synthesis"])
def test_prices_at_the_bounds(world: World, name: str) -> None:
    for good in (0, 10_000_000):
        made = set_price(world, **{name: good})
        assert getattr(read(lambda made=made: pricing.version(made)), name) == good
    for bad in (-1, 10_000_001):
        with pytest.raises(BadInput, match=name):
            set_price(world, **{name: bad})


def test_pulses_at_the_bounds(world: World) -> None:
    for good in (1, 600):
        made = set_price(world, pulse_s=good)
        assert read(lambda made=made: pricing.version(made)).pulse_ms == good * 1_000
    for bad in (0, 601, True, 1.5):
        with pytest.raises(BadInput, match="pulse"):
            set_price(world, pulse_s=bad)  # type: ignore[arg-type]


def test_a_price_holds_from_its_instant_and_the_last_word_of_an_instant_counts(world: World) -> None:
    set_price(world, mobile=5, from_at=world.now)
    second = set_price(world, mobile=6, from_at=world.now)
    later = set_price(world, mobile=7, from_at=world.now + 10)
    group = read(pricing.default_group_id)
    for at, price in ((world.now, second), (world.now + 9, second), (world.now + 10, later)):
        assert read(lambda at=at: pricing.current(group, at)).id == price
    with pytest.raises(BadInput, match="past"):
        set_price(world, from_at=world.now - 1)
    after = read(lambda: audit_log.entries(limit=1))[0]
    assert (after.action, after.subject) == ("price.set", f"price group {group}")


def test_groups_and_their_names(world: World) -> None:
    made = write(lambda: pricing.add_group("  large   firms ", None, world.now))
    assert read(lambda: PriceGroup.get_by_id(made)).name == "large firms"
    assert [row.is_default for row in read(pricing.groups)] == [True, False]
    write(lambda: pricing.add_group("n" * 100, None, world.now))
    for bad in ("", " ", "n" * 101):
        with pytest.raises(BadInput, match="name of up to 100"):
            write(lambda bad=bad: pricing.add_group(bad, None, world.now))
    with pytest.raises(Conflict, match="already"):
        write(lambda: pricing.add_group("large firms", None, world.now))
    assert not read(lambda: pricing.is_priced(made, world.now))
    with pytest.raises(NotFound, match="no price yet"):
        read(lambda: pricing.current(made, world.now))
    with pytest.raises(NotFound, match="no price group"):
        write(
            lambda: pricing.set_price(
                made + 9, landline=1, mobile=1, pulse_s=1, synthesis=1, person_id=None, now=1
            )
        )


def test_a_new_installation_has_the_first_prices_once_and_for_all_time(world: World) -> None:
    write(lambda: pricing.ensure_default(world.now))
    assert read(lambda: PriceGroup.select().count()) == 1
    first = read(lambda: PriceVersion.select().order_by(PriceVersion.id).get())
    assert (first.landline, first.mobile, first.pulse_ms, first.synthesis, first.from_at) == (
        300,
        450,
        6_000,
        200,
        0,
    )
    assert read(lambda: PriceGroup.get()).is_default
    with pytest.raises(NotFound):
        read(lambda: pricing.version(99))
    assert read(lambda: pricing.version(0)) is FREE
    for unknown in (pricing.available, lambda key: pricing.price_of(key, world.now)):
        with pytest.raises(NotFound, match="no account 99"):
            read(lambda unknown=unknown: unknown(99))


def test_an_account_is_put_only_into_a_group_that_has_a_price(world: World) -> None:
    account = world.account()
    group = write(lambda: pricing.add_group("firms", None, world.now))
    for unpriced in (group, group + 9):
        with pytest.raises(BadInput, match=f"group {unpriced} has no price that is valid now"):
            write(lambda unpriced=unpriced: pricing.give_group(account, unpriced, None, world.now))
    write(
        lambda: pricing.set_price(
            group, landline=7, mobile=9, pulse_s=1, synthesis=0, person_id=None, now=world.now
        )
    )
    with pytest.raises(BadInput, match="has no price"):
        write(lambda: pricing.give_group(account, group, None, world.now - 1))
    write(lambda: pricing.give_group(account, group, None, world.now))
    assert read(lambda: pricing.price_of(account, world.now)).mobile == 9
    said = read(lambda: audit_log.entries(limit=1))[0]
    assert (said.action, said.account_id) == ("account.change", account)
    write(lambda: pricing.give_group(account, None, None, world.now))
    assert read(lambda: pricing.price_of(account, world.now)).mobile == 150, "the default group again"


@pytest.mark.parametrize(
    ("mobiles", "landlines", "average"), [(1, 0, 300.0), (0, 1, 200.0), (1, 1, 250.0), (0, 0, 0.0)]
)
def test_what_a_call_costs_on_average(world: World, mobiles: int, landlines: int, average: float) -> None:
    account = world.account(1)
    quote = read(lambda: pricing.quote(account, mobiles, landlines, MESSAGE_MS, world.now))
    assert quote.average == average
    assert quote.pulses == 2


def test_prices_quotes_and_terms_never_change(world: World) -> None:
    account = world.account(1)
    quote = read(lambda: pricing.quote(account, 1, 2, MESSAGE_MS, world.now))
    for value, name in ((FREE, "mobile"), (TERMS, "price"), (quote, "total")):
        with pytest.raises(AttributeError):
            setattr(value, name, 0)
        assert not hasattr(value, "__dict__")


def test_a_quote_says_both_kinds_of_numbers_and_whether_it_can_be_paid(world: World) -> None:
    account = world.account(CALL_MOBILE + 2 * CALL_LANDLINE - 1)
    write(lambda: accounts.change(account, None, world.now, debt_ceiling=1))
    quote = read(lambda: pricing.quote(account, 1, 2, MESSAGE_MS, world.now))
    assert (quote.mobile_call, quote.landline_call, quote.total) == (
        CALL_MOBILE,
        CALL_LANDLINE,
        quote.available,
    )
    assert (quote.mobiles, quote.landlines, quote.message_ms, quote.is_enough) == (1, 2, MESSAGE_MS, True)
    assert not read(lambda: pricing.quote(account, 1, 3, MESSAGE_MS, world.now)).is_enough
    set_price(world, landline=0, mobile=0)
    write(lambda: accounts.change(account, None, world.now, debt_ceiling=0))
    assert read(lambda: pricing.quote(account, 10**9, 0, MESSAGE_MS, world.now)).is_enough


# -- what is set aside ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "rials"),
    [
        (counts(0, 0), 0),
        (counts(4, 4, waiting=4), 4 * 300),
        (counts(4, 0, waiting=4), 4 * 200),
        (counts(4, 2, waiting=2, retry_wait=1, live=1), 2 * 300 + 2 * 200),
        (counts(4, 1, waiting=3, delivered=1), 300 + 2 * 200),  # a part of a mobile counts as one
        (counts(4, 3, waiting=1, delivered=3), 300),
        (counts(10, 2, excluded=6, waiting=4), 2 * 300 + 2 * 200),  # who is set aside is not called
        (counts(2, 3, waiting=2), 2 * 300),  # never more mobiles than are left
        (counts(1, 0, excluded=1), 0),
    ],
)
def test_what_a_campaign_may_still_cost(kept: CampaignCounts, rials: int) -> None:
    assert reservations.expected(TERMS, kept) == rials


@pytest.mark.parametrize(
    ("kept", "mobile", "landline", "rials"),
    [
        (counts(3, 3), 150, 100, 300),
        (counts(3, 0), 150, 100, 200),
        (counts(3, 1), 150, 100, 300),
        (counts(3, 1), 100, 150, 300),
        (counts(3, 3), 100, 150, 200),
        (counts(3, 1, excluded=2), 100, 150, 200),  # its only landlines were set aside
        (counts(0, 0), 100, 150, 300),  # nobody is known yet: the dearer kind
    ],
)
def test_what_one_call_may_cost(kept: CampaignCounts, mobile: int, landline: int, rials: int) -> None:
    terms = Terms(1, 2, Price(7, landline, mobile, 2_000, 0), 4_000, False)
    assert reservations.dearest_of(terms, kept) == rials


def test_the_dearest_call_of_a_campaign() -> None:
    assert (TERMS.cost(True), TERMS.cost(False), TERMS.dearest) == (300, 200, 300)
    assert Terms(1, 2, Price(7, 9, 1, 1_000, 0), 1_000, False).dearest == 9


@pytest.mark.parametrize(
    ("rules", "message_ms", "call_ms"),
    [
        ({"max_length_s": 60}, 4_000, 4_000),
        ({"max_length_s": 60, "repeat_key": "2"}, 4_000, 12_000),
        ({"max_length_s": 3}, 4_000, 3_000),  # the call is cut off before the message ends
        ({"max_length_s": 9, "repeat_key": "2"}, 4_000, 9_000),
    ],
)
def test_how_long_a_call_is_expected_to_be_heard(
    world: World, rules: dict[str, object], message_ms: int, call_ms: int
) -> None:
    campaign = world.campaign(world.account(10**6), mobiles=1, start=False, **rules)
    write(lambda: Message.update(duration_ms=message_ms).execute())
    terms = write(lambda: reservations.terms_of(campaign, world.now))
    assert terms is not None
    assert (terms.call_ms, terms.is_standing) == (call_ms, False)
    write(lambda: Message.update(duration_ms=1).execute())
    assert write(lambda: reservations.terms_of(campaign, world.now)) == terms, "they are frozen"
    kept = read(lambda: Reservation.get_by_id(campaign))
    assert (kept.held, kept.charged, kept.is_open, kept.round, kept.slices) == (0, 0, True, 1, 0)


def test_the_house_and_free_accounts_have_no_terms(world: World) -> None:
    assert write(lambda: reservations.terms_of(99, world.now)) is None
    house = read(lambda: int(accounts.house().id))
    free = world.campaign(house, mobiles=1, start=False)
    assert write(lambda: reservations.terms_of(free, world.now)) is None
    set_price(world, landline=0, mobile=0)
    cheap = world.campaign(world.account(0), mobiles=1, start=False)
    assert write(lambda: reservations.terms_of(cheap, world.now)) is None
    assert read(lambda: reservations.can_go_on(free))


@pytest.mark.parametrize(("credit", "is_enough"), [(CALL_MOBILE - 1, False), (CALL_MOBILE, True)])
def test_a_start_needs_one_call(world: World, credit: int, is_enough: bool) -> None:
    campaign = world.campaign(world.account(credit), mobiles=9, start=False)
    if is_enough:
        write(lambda: campaigns.start(campaign, world.now))
        assert read(lambda: Reservation.get_by_id(campaign)).held == credit
        return
    with pytest.raises(NoCredit) as error:
        write(lambda: campaigns.start(campaign, world.now))
    assert (error.value.needed, error.value.available) == (CALL_MOBILE, credit)


def test_a_paused_campaign_can_go_on_as_soon_as_one_call_can_be_paid(world: World) -> None:
    account = world.account(CALL_MOBILE)
    campaign = world.campaign(account, mobiles=3)
    world.run_out(campaign)
    assert not read(lambda: reservations.can_go_on(campaign))
    world.top_up(account, CALL_MOBILE - 1)
    assert not read(lambda: reservations.can_go_on(campaign))
    world.top_up(account, 1)
    assert read(lambda: reservations.can_go_on(campaign))


def test_a_further_slice_is_worth_many_calls(world: World) -> None:
    many = 250
    account = world.account(CALL_MOBILE)
    campaign = world.campaign(account, mobiles=many)
    world.top_up(account, (many + 100) * CALL_MOBILE)
    calls = world.claim(campaign, 2)
    assert len(calls) == 2
    kept = read(lambda: Reservation.get_by_id(campaign))
    assert (kept.held, kept.slices) == (CALL_MOBILE + 200 * CALL_MOBILE, 2)
    assert world.reserved(account) == kept.held
    world.claim(campaign, 100)
    assert read(lambda: Reservation.get_by_id(campaign)).slices == 2
    world.clean()


def test_near_the_end_of_the_credit_only_what_can_be_paid_is_called(world: World) -> None:
    """Two mobiles are up; of a mobile and two landlines there is money for the landlines only."""
    credit = 2 * CALL_MOBILE + 2 * CALL_LANDLINE
    account = world.account(credit)
    campaign = world.campaign(account, mobiles=3, landlines=3)
    rows = read(lambda: [(int(row.id), row.is_mobile) for row in Recipient.select().order_by(Recipient.id)])
    mobiles, landlines = ([key for key, is_mobile in rows if is_mobile is kind] for kind in (True, False))
    assert len(world.claim(campaign, 2)) == 2
    terms = read(lambda: reservations.terms_of(campaign, world.now))
    assert terms is not None

    def affordable(ids: list[int]) -> tuple[set[int], int]:
        return write(lambda: reservations.affordable(terms, ids, world.now))

    assert affordable([landlines[0]]) == ({landlines[0]}, 2)
    assert affordable(landlines[:2]) == (set(landlines[:2]), 2)
    assert affordable([landlines[0], mobiles[2], landlines[1]]) == ({landlines[0], landlines[1]}, 2)
    assert affordable(landlines) == (set(landlines[:2]), 2)
    assert affordable([mobiles[2]]) == ({mobiles[2]}, 2)
    assert read(lambda: reservations.cover_of(campaign, [(True, 2), (False, 1)])) == (
        credit,
        2 * CALL_MOBILE + CALL_LANDLINE,
    )


@pytest.mark.parametrize(
    ("message_ms", "repeats", "heard_ms"),
    [
        (None, False, 60_000),  # each hears a message of its own: up to the longest call
        (None, True, 60_000),
        (10_000, False, 10_000),
        (10_000, True, 30_000),  # three times, if a key repeats it
        (60_001, False, 60_000),
        (20_001, True, 60_000),
    ],
)
def test_the_longest_that_a_call_is_heard(message_ms: int | None, repeats: bool, heard_ms: int) -> None:
    assert reservations.longest_heard_ms(message_ms, 60, repeats=repeats) == heard_ms


@pytest.mark.parametrize(
    ("kept", "average"),
    [
        ({"total": 4, "mobiles": 4}, 300.0),
        ({"total": 4, "mobiles": 0}, 200.0),
        ({"total": 4, "mobiles": 1}, 225.0),
        ({"total": 5, "mobiles": 1, "excluded": 1}, 225.0),
        (
            {"total": 4, "mobiles": 3, "excluded": 2},
            300.0,
        ),  # of two that are left no more than all are mobiles
        ({"total": 0, "mobiles": 0}, 200.0),
        ({"total": 1, "mobiles": 1}, 300.0),
    ],
)
def test_what_a_call_of_a_campaign_costs_on_average(
    world: World, kept: dict[str, int], average: float
) -> None:
    campaign = world.campaign(world.account(10**6), mobiles=1)
    write(lambda: CampaignCounts.update(**kept).where(CampaignCounts.campaign_id == campaign).execute())
    assert read(lambda: reservations.average_cost(campaign)) == average


def test_what_nobody_pays_for_has_cost_nothing(world: World) -> None:
    house = world.campaign(read(lambda: int(accounts.house().id)), mobiles=1, start=False)
    assert read(lambda: reservations.average_cost(house)) == 0.0
    assert read(lambda: reservations.charged(house)) is None
    assert read(lambda: reservations.spent(house)) == (0, 0)
    paid = world.campaign(world.account(10**6), mobiles=2)
    assert read(lambda: reservations.charged(paid)) == 0
    world.settle(world.claim(paid, 1))
    assert read(lambda: reservations.charged(paid)) == CALL_MOBILE
    assert read(lambda: reservations.spent(paid)) == (CALL_MOBILE, CALL_MOBILE)


@pytest.mark.parametrize(("wanted", "moved"), [(-1, 0), (0, 0), (1, 1), (100, 100), (101, 100)])
def test_as_much_is_set_aside_as_there_is(world: World, wanted: int, moved: int) -> None:
    account = world.account(100)
    campaign = world.campaign(account, mobiles=1, start=False)

    def work() -> int:
        terms = reservations.terms_of(campaign, world.now)
        assert terms is not None
        return reservations.fund(terms, wanted, world.now)

    assert write(work) == moved
    assert (world.balance(account), world.reserved(account)) == (100 - moved, moved)
    kept = read(lambda: Reservation.get_by_id(campaign))
    assert (kept.held, kept.slices) == (moved, int(moved > 0))
    txns = read(lambda: [row.key for row in LedgerTxn.select().where(LedgerTxn.kind == "reserve")])
    assert txns == ([f"reserve/{campaign}/1"] if moved else [])
    if wanted > 100:
        assert write(work) == 0, "there is nothing left"


def test_a_reservation_is_closed_when_the_campaign_and_its_last_call_have_ended(world: World) -> None:
    campaign = world.campaign(world.account(10 * CALL_MOBILE), mobiles=1)
    assert read(reservations.to_close) == []
    (call,) = world.claim(campaign)
    write(lambda: campaigns.stop(campaign, world.now))
    assert read(reservations.to_close) == [], "a call of it is up"
    world.settle([call])
    assert read(reservations.to_close) == [campaign]
    for name in ("live", "waiting", "retry_wait"):
        for value, found in ((1, []), (0, [campaign])):
            write(lambda name=name, value=value: CampaignCounts.update(**{name: value}).execute())
            assert read(reservations.to_close) == found
    write(lambda: reservations.close(campaign, world.now))
    assert read(reservations.to_close) == []


def test_what_is_left_returns_once_and_a_reservation_opens_again(world: World) -> None:
    account = world.account(10 * CALL_MOBILE)
    campaign = world.campaign(account, mobiles=2)
    write(lambda: campaigns.pause(campaign, "x"))
    assert write(lambda: reservations.close(campaign, world.now)) == 2 * CALL_MOBILE
    kept = read(lambda: Reservation.get_by_id(campaign))
    assert (kept.held, kept.is_open, kept.round, kept.closed_at) == (0, False, 2, world.now)
    assert write(lambda: reservations.close(campaign, world.now)) == 0
    write(lambda: campaigns.resume(campaign, world.now))
    kept = read(lambda: Reservation.get_by_id(campaign))
    assert (kept.held, kept.is_open, kept.closed_at, kept.slices) == (2 * CALL_MOBILE, True, None, 2)
    assert write(lambda: reservations.close(campaign, world.now)) == 2 * CALL_MOBILE
    assert world.balance(account) == 10 * CALL_MOBILE


# -- charges ----------------------------------------------------------------------------


@pytest.mark.parametrize("disposition", list(Disposition))
@pytest.mark.parametrize("heard_ms", [-1, 0, 1, 4_000])
def test_only_what_was_answered_and_heard_is_charged(disposition: Disposition, heard_ms: int) -> None:
    item = SimpleNamespace(end=SimpleNamespace(heard_ms=heard_ms), disposition=disposition)
    is_due = disposition == Disposition.ANSWERED and heard_ms > 0
    assert charges.is_charged(item) is is_due  # type: ignore[arg-type]


@pytest.mark.parametrize("heard_ms", [1, 1_999, 2_000, 2_001, MESSAGE_MS, 3 * MESSAGE_MS])
def test_a_group_is_charged_as_each_of_its_calls(world: World, heard_ms: int) -> None:
    account = world.account(100 * CALL_MOBILE)
    price = read(lambda: pricing.price_of(account, world.now))
    campaign = world.campaign(account, mobiles=2, landlines=2)
    reserved = world.reserved(account)
    world.settle(world.claim(campaign), heard_ms=heard_ms)
    cost = 2 * price.of_call(heard_ms, True) + 2 * price.of_call(heard_ms, False)
    assert read(lambda: sum(row.price for row in Attempt.select())) == cost
    kept = read(lambda: Reservation.get_by_id(campaign))
    assert (kept.charged, kept.held) == (cost, max(0, reserved - cost))
    assert world.balance(account) == 100 * CALL_MOBILE - max(reserved, cost)
    txn = read(lambda: LedgerTxn.get(LedgerTxn.kind == "charge"))
    ids = read(lambda: [int(row.id) for row in Attempt.select().order_by(Attempt.id)])
    assert (txn.key, txn.first_attempt_id, txn.last_attempt_id) == (f"charge/{ids[0]}", ids[0], ids[-1])
    entries = read(
        lambda: {row.book: row.amount for row in LedgerEntry.select().where(LedgerEntry.txn_id == txn.id)}
    )
    from_balance = max(0, cost - reserved)
    expected = {"reserved": -min(cost, reserved), "balance": -from_balance, "revenue": cost}
    assert entries == {name: amount for name, amount in expected.items() if amount}


def number(text: str) -> NormalNumber:
    found = normalise(text)
    assert isinstance(found, NormalNumber)
    return found


def quick(world: World, account: int, text: str, ms: int = MESSAGE_MS) -> int:
    return write(lambda: send(account, number(text), "p", QuickOptions(), world.now, 660, ms))


@pytest.mark.parametrize(("credit", "is_enough"), [(CALL_LANDLINE - 1, False), (CALL_LANDLINE, True)])
def test_a_quick_send_needs_its_own_price(world: World, credit: int, is_enough: bool) -> None:
    account = world.account(credit)
    if not is_enough:
        with pytest.raises(NoCredit) as error:
            quick(world, account, "02188776655")
        assert (error.value.needed, error.value.available) == (CALL_LANDLINE, credit)
        return
    sent = quick(world, account, "02188776655")
    assert (world.balance(account), world.reserved(account)) == (0, CALL_LANDLINE)
    row = read(lambda: Recipient.get_by_id(sent))
    kept = read(lambda: Reservation.get_by_id(row.campaign_id))
    assert (row.reserved, kept.held, kept.slices) == (CALL_LANDLINE, CALL_LANDLINE, 1)


def test_quick_sends_are_charged_each_for_itself_and_the_rest_returns_once(world: World) -> None:
    account = world.account(10 * CALL_MOBILE)
    sent = [quick(world, account, text) for text in ("09121112233", "02188776655", "09121112244")]
    campaign = read(lambda: int(Recipient.get_by_id(sent[0]).campaign_id))
    calls = {item.recipient.id: item for item in world.claim(campaign)}
    assert read(charges.ended_quick) == []
    world.settle([calls[sent[0]]], heard_ms=2_000)  # half of it
    world.settle([calls[sent[1]]], heard_ms=6_000)  # more than was set aside
    world.settle([calls[sent[2]]], heard_ms=0)
    prices = {row.recipient_id: row.price for row in read(lambda: list(Attempt.select()))}
    assert [prices[key] for key in sent] == [150, 300, 0]
    held = {row.id: row.reserved for row in read(lambda: list(Recipient.select()))}
    assert [held[key] for key in sent] == [150, 0, 300]
    assert sorted(read(charges.ended_quick)) == [(campaign, sent[0]), (campaign, sent[2])]
    assert len(read(lambda: charges.ended_quick(1))) == 1
    for _ in range(2):
        write(lambda: charges.release_quick(campaign, sent, world.now))
        assert (world.balance(account), world.reserved(account)) == (10 * CALL_MOBILE - 450, 0)
    assert (world.balance(account), world.reserved(account)) == (10 * CALL_MOBILE - 450, 0)
    assert read(lambda: Reservation.get_by_id(campaign)).charged == 450
    world.clean()


def quick_many(world: World, account: int, texts: list[str]) -> list[int]:
    numbers = [number(text) for text in texts]
    return write(lambda: send_many(account, numbers, "p", QuickOptions(), world.now, MESSAGE_MS))


@pytest.mark.parametrize(("short", "is_enough"), [(1, False), (0, True)])
def test_quick_sends_together_are_all_paid_in_one_booking_or_none_is_accepted(
    world: World, short: int, is_enough: bool
) -> None:
    cost = 2 * CALL_MOBILE + CALL_LANDLINE
    account = world.account(cost - short)
    texts = ["09121112233", "02188776655", "09121112244"]
    if not is_enough:
        with pytest.raises(NoCredit) as error:
            quick_many(world, account, texts)
        assert (error.value.needed, error.value.available) == (cost, cost - 1)
        assert (world.balance(account), world.reserved(account)) == (cost - 1, 0)
        assert read(lambda: Recipient.select().count()) == 0
        return
    sent = quick_many(world, account, texts)
    assert (world.balance(account), world.reserved(account)) == (0, cost)
    rows = read(lambda: [Recipient.get_by_id(key) for key in sent])
    assert [row.reserved for row in rows] == [CALL_MOBILE, CALL_LANDLINE, CALL_MOBILE]
    assert {row.price_id for row in rows} == {read(lambda: pricing.price_of(account, world.now)).id}
    kept = read(lambda: Reservation.get_by_id(rows[0].campaign_id))
    assert (kept.held, kept.slices) == (cost, 1)
    assert read(lambda: [row.key for row in LedgerTxn.select().where(LedgerTxn.kind == "reserve")]) == [
        f"reserve/quick/{sent[0]}"
    ]
    write(lambda: charges.reserve_quick(rows[0].campaign_id, [], MESSAGE_MS, world.now))
    assert world.reserved(account) == cost, "nothing is reserved for nobody"


def test_a_quick_send_costs_what_it_cost_when_it_was_accepted(world: World) -> None:
    account = world.account(100 * CALL_MOBILE)
    before = quick(world, account, "09121112233")
    set_price(world, mobile=1_000, pulse_s=PULSE_S)
    after = quick(world, account, "09121112244")
    campaign = read(lambda: int(Recipient.get_by_id(before).campaign_id))
    world.settle(world.claim(campaign))
    prices = read(lambda: {row.recipient_id: row.price for row in Attempt.select()})
    assert prices == {before: CALL_MOBILE, after: 2_000}


def test_quick_sends_that_end_together_are_one_charge_of_the_heard_ones(world: World) -> None:
    account = world.account(10 * CALL_MOBILE)
    sent = quick_many(world, account, ["09121112233", "09121112244", "09121112255", "09121112266"])
    campaign = read(lambda: int(Recipient.get_by_id(sent[0]).campaign_id))
    calls = {item.recipient.id: item for item in world.claim(campaign)}
    world.settle([calls[key] for key in sent[:2]], heard_ms=2_000)
    world.settle([calls[sent[2]]], heard_ms=0)
    (txn,) = read(lambda: list(LedgerTxn.select().where(LedgerTxn.kind == "charge")))
    ids = sorted(calls[key].attempt_id for key in sent[:2])
    assert (txn.key, txn.first_attempt_id, txn.last_attempt_id) == (f"charge/{ids[0]}", *ids)
    assert (txn.campaign_id, txn.account_id) == (campaign, account)
    kept = read(lambda: Reservation.get_by_id(campaign))
    assert (kept.charged, kept.held) == (300, 4 * CALL_MOBILE - 300)
    write(lambda: charges.release_quick(campaign, [sent[3]], world.now))
    assert read(lambda: Recipient.get_by_id(sent[3])).reserved == CALL_MOBILE, "it has not ended"
    write(lambda: charges.release_quick(campaign, sent[::-1], world.now))
    (back,) = read(lambda: list(LedgerTxn.select().where(LedgerTxn.kind == "return")))
    assert back.key == f"return/quick/{sent[0]}"
    assert world.reserved(account) == CALL_MOBILE


def test_quick_sends_of_the_house_and_of_free_accounts_hold_nothing(world: World) -> None:
    house = read(lambda: int(accounts.house().id))
    free = quick(world, house, "09121112233")
    assert read(lambda: Recipient.get_by_id(free)).reserved == 0
    set_price(world, landline=0, mobile=0)
    account = world.account(0)
    sent = quick(world, account, "09121112233")
    campaign = read(lambda: int(Recipient.get_by_id(sent).campaign_id))
    world.settle(world.claim(campaign))
    assert read(lambda: LedgerTxn.select().where(LedgerTxn.account_id == account).count()) == 0
    world.clean()


def test_what_was_booked_before_its_settle_is_refused(world: World) -> None:
    campaign = world.campaign(world.account(10 * CALL_MOBILE), mobiles=1)
    (call,) = world.claim(campaign)
    write(
        lambda: changed(
            "INSERT INTO ledger_txn (account_id, kind, key, at, note) VALUES (1, 'charge', ?, 1, '')",
            [f"charge/{call.attempt_id}"],
        )
    )
    with pytest.raises(ValueError, match="charged before it was settled"):
        world.settle([call])
    assert world.state(campaign) == "running"
