"""What is set aside for a campaign, when it is enough to go on, and what returns: the reservations in tables."""

from __future__ import annotations

import pytest

from engine.services.accounts import accounts
from engine.services.campaigns import campaigns
from engine.services.money import reservations
from engine.services.money.ledger import NoCredit
from engine.services.money.pricing import Price
from engine.services.money.reservations import Terms
from engine.store.tables.core import CampaignCounts, Message, Recipient
from engine.store.tables.money import LedgerTxn, Reservation
from engine.store.threads import read, write
from tests.money.world import CALL_LANDLINE, CALL_MOBILE, World, set_price
from tests.policies import ANYTHING

PRICE = Price(id=7, landline=100, mobile=150, pulse_ms=2_000, synthesis=50)
TERMS = Terms(campaign_id=1, account_id=2, price=PRICE, call_ms=4_000, is_standing=False)


def counts(total: int, mobiles: int, excluded: int = 0, **others: int) -> CampaignCounts:
    return CampaignCounts(total=total, mobiles=mobiles, excluded=excluded, **others)


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
        write(lambda: campaigns.start(campaign, world.now, ANYTHING))
        assert read(lambda: Reservation.get_by_id(campaign)).held == credit
        return
    with pytest.raises(NoCredit) as error:
        write(lambda: campaigns.start(campaign, world.now, ANYTHING))
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
    write(lambda: campaigns.resume(campaign, world.now, ANYTHING))
    kept = read(lambda: Reservation.get_by_id(campaign))
    assert (kept.held, kept.is_open, kept.closed_at, kept.slices) == (2 * CALL_MOBILE, True, None, 2)
    assert write(lambda: reservations.close(campaign, world.now)) == 2 * CALL_MOBILE
    assert world.balance(account) == 10 * CALL_MOBILE
