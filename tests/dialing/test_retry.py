"""What follows an ended attempt."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.call_end import CallEnd
from engine.dialing import retry
from engine.dialing.causes import BY_CAUSE, Fault, Verdict, judge
from engine.dialing.retry import Next, Policy, Ways, after, after_unknown, free_backoff_ms
from engine.states import Disposition, RecipientState, UnknownPolicy

POLICY = Policy(max_tries=3, retry_after_ms=60_000)
NOW = 1_000_000_000
ALONE = Ways()
BUSY = Verdict(Disposition.BUSY, Fault.CALLEE, has_rung=True)
NO_SUCH = Verdict(Disposition.UNREACHABLE, Fault.NUMBER)
FULL = Verdict(Disposition.CONGESTION, Fault.CARRIER)
RANG_THEN_FULL = replace(FULL, has_rung=True)
KILLED = Verdict(Disposition.CANCELLED, Fault.OURS)
NO_ACCOUNT = Verdict(Disposition.FAILED, Fault.ACCOUNT)


def decide(verdict: Verdict, tries: int = 0, free: int = 0, ways: Ways = ALONE, spread: float = 0.5) -> Next:
    return after(verdict, False, tries, free, POLICY, NOW, spread, ways)


def test_what_was_delivered_is_done() -> None:
    answered = Verdict(Disposition.ANSWERED, Fault.NONE, has_rung=True)
    assert after(answered, True, 0, 0, POLICY, NOW, 0.5, ALONE) == Next(RecipientState.DELIVERED)


@pytest.mark.parametrize(
    "verdict",
    [BUSY, RANG_THEN_FULL, replace(KILLED, has_rung=True), replace(NO_ACCOUNT, has_rung=True),
     replace(BUSY, has_rung=False), Verdict(Disposition.ANSWERED, Fault.NONE)],
)  # fmt: skip
def test_a_phone_that_rang_or_refused_has_been_called_whoever_is_at_fault(verdict: Verdict) -> None:
    assert decide(verdict) == Next(RecipientState.RETRY_WAIT, NOW + 60_000)
    assert decide(verdict, tries=1) == Next(RecipientState.RETRY_WAIT, NOW + 60_000)
    assert decide(verdict, tries=2) == Next(RecipientState.EXHAUSTED)


def test_no_number_is_not_called_again() -> None:
    assert decide(NO_SUCH) == Next(RecipientState.EXHAUSTED)


def test_a_fault_that_rang_nobody_goes_to_another_gateway_at_once_and_spends_none() -> None:
    first = decide(FULL, ways=Ways(gateways=2))
    assert first == Next(RecipientState.PENDING, NOW, spent_try=False, free_try=True, avoid_gateway=True)
    second = decide(FULL, free=1, ways=Ways(gateways=2))
    assert second == Next(RecipientState.RETRY_WAIT, NOW + 8_000, False, True, True)


def test_without_another_gateway_it_waits() -> None:
    assert decide(FULL) == Next(RecipientState.RETRY_WAIT, NOW + 2_000, False, True, True)


@pytest.mark.parametrize(("gateways", "last"), [(1, 2), (2, 5), (3, 8)])
def test_a_number_that_fails_while_others_are_served_is_given_up_after_three_calls_a_gateway(
    gateways: int, last: int
) -> None:
    ways = Ways(gateways)
    assert decide(FULL, free=last - 1, ways=ways).state is RecipientState.RETRY_WAIT
    worn = decide(FULL, free=last, ways=ways)
    assert worn == Next(RecipientState.EXHAUSTED, spent_try=False, free_try=True)


def test_on_a_trunk_that_fails_for_everybody_ten_minutes_are_the_limit() -> None:
    failing = Ways(is_failing=True, first_fault_at=NOW - 599_999)
    assert decide(FULL, free=10, ways=failing).state is RecipientState.RETRY_WAIT
    assert decide(FULL, free=11, ways=failing).state is RecipientState.EXHAUSTED
    worn = replace(failing, first_fault_at=NOW - 600_000)
    assert decide(FULL, free=1, ways=worn) == Next(RecipientState.EXHAUSTED, spent_try=False, free_try=True)


def test_what_was_our_own_fault_is_not_counted_at_all() -> None:
    assert decide(KILLED, tries=2, free=50) == Next(RecipientState.RETRY_WAIT, NOW + 2_000, spent_try=False)


def test_a_refused_account_costs_nobody_anything() -> None:
    alone = decide(NO_ACCOUNT, free=50)
    assert alone == Next(RecipientState.RETRY_WAIT, NOW + 30_000, spent_try=False, avoid_gateway=True)
    other = decide(NO_ACCOUNT, ways=Ways(gateways=2))
    assert other == Next(RecipientState.RETRY_WAIT, NOW, spent_try=False, avoid_gateway=True)
    again = decide(NO_ACCOUNT, free=1, ways=Ways(gateways=2))
    assert again.next_at == NOW + 30_000


def test_the_unknown_may_have_rung_and_follows_the_policy() -> None:
    again = Policy(2, 1000, UnknownPolicy.CALL_AGAIN)
    assert after_unknown(0, Policy(2, 1000), NOW) == Next(RecipientState.UNKNOWN)
    assert after_unknown(0, again, NOW) == Next(RecipientState.RETRY_WAIT, NOW + 1000)
    assert after_unknown(1, again, NOW) == Next(RecipientState.UNKNOWN)


@pytest.mark.parametrize(
    ("free", "spread", "wait"),
    [
        (0, 0.0, 1_500),
        (0, 0.5, 2_000),
        (1, 0.5, 8_000),
        (2, 0.5, 32_000),
        (3, 0.5, 120_000),
        (40, 0.5, 120_000),
    ],
)
def test_the_back_off_grows_to_its_cap(free: int, spread: float, wait: int) -> None:
    assert free_backoff_ms(free, spread) == wait


@given(st.integers(0, 60), st.floats(0, 0.999))
def test_the_back_off_never_shrinks(free: int, spread: float) -> None:
    wait = free_backoff_ms(free, spread)
    assert 0 < wait <= retry.FREE_BACKOFF_CAP_MS * 1.25
    assert free_backoff_ms(free + 1, spread) >= wait


ENDS = st.builds(
    lambda cause, sip, rang, picked_up, closed_by: CallEnd(
        "u",
        cause,
        9,
        sip_status=sip,
        rang_at=1 if rang else None,
        answered_at=5 if picked_up else None,
        closed_by=closed_by,
    ),
    st.sampled_from([*BY_CAUSE, "NORMAL_CLEARING", "NORMAL_UNSPECIFIED", "NONE", "NEW"]),
    st.none()
    | st.sampled_from([200, 302, 380, 401, 403, 404, 408, 480, 486, 487, 488, 500, 503, 600, 603, 904]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "send_cancel", "recv_refuse", "send_bye", "recv_bye"]),
)


@given(
    ends=st.lists(ENDS | st.none(), min_size=1, max_size=80),
    max_tries=st.integers(1, 4),
    gateways=st.integers(1, 3),
    is_failing=st.booleans(),
    is_doubtful=st.booleans(),
    policy=st.sampled_from(list(UnknownPolicy)),
)
def test_at_most_tries_rings_a_recipient_whatever_fails(
    ends: list[CallEnd | None],
    max_tries: int,
    gateways: int,
    is_failing: bool,
    is_doubtful: bool,
    policy: UnknownPolicy,
) -> None:
    """`None` is a call of which nobody knows what became of it: it may have rung."""
    rule = Policy(max_tries, 1000, policy)
    tries = free = rings = 0
    for found in ends:
        if found is None:
            rings += 1
            following = after_unknown(tries, rule, NOW)
        else:
            verdict = judge(found, is_doubtful)
            assert verdict.has_rung == found.has_rung
            rings += found.has_rung
            ways = Ways(gateways, is_failing)
            following = after(verdict, False, tries, free, rule, NOW, 0.5, ways)
            assert following.spent_try or not found.has_rung
        tries += following.spent_try
        free += following.free_try
        if following.state not in (RecipientState.PENDING, RecipientState.RETRY_WAIT):
            break
    assert rings <= tries <= max_tries
    assert free <= retry.MAX_FREE_TRIES


def test_what_is_not_said_of_what_follows() -> None:
    following = Next(RecipientState.EXHAUSTED)
    assert (following.next_at, following.spent_try, following.free_try, following.avoid_gateway) == (
        0,
        True,
        False,
        False,
    )
    assert (Ways().gateways, Ways().is_failing, Ways().first_fault_at) == (1, False, None)


@pytest.mark.parametrize("value", [POLICY, ALONE, Next(RecipientState.EXHAUSTED)])
def test_values_are_frozen_and_hold_nothing_else(value: Any) -> None:
    with pytest.raises((FrozenInstanceError, TypeError)):
        value.max_tries = value.gateways = value.next_at = 7
    assert not hasattr(value, "__dict__")
