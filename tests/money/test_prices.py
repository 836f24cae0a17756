"""What a call, a synthesis and a campaign cost: the prices and their groups in tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput, Conflict, NotFound
from engine.services.accounts import accounts, audit_log
from engine.services.money import pricing
from engine.services.money.pricing import FREE, Price
from engine.services.money.reservations import Terms
from engine.store.tables.money import PriceGroup, PriceVersion
from engine.store.threads import read, write
from tests.money.world import CALL_LANDLINE, CALL_MOBILE, MESSAGE_MS, World, set_price

PRICE = Price(id=7, landline=100, mobile=150, pulse_ms=2_000, synthesis=50)
TERMS = Terms(campaign_id=1, account_id=2, price=PRICE, call_ms=4_000, is_standing=False)


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
    assert quote.average_call == average
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
