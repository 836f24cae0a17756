"""From hang-up cause and SIP status to what follows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialing import retry
from engine.dialing.causes import Fault, Verdict, is_delivered, verdict
from engine.dialing.retry import MAX_FREE_TRIES, Policy, after, after_cut_off, after_unknown, free_backoff_ms
from engine.states import Disposition, RecipientState, UnknownPolicy

POLICY = Policy(max_tries=3, retry_after_ms=60_000)
NOW = 1_000_000


@pytest.mark.parametrize(
    ("cause", "sip", "disposition", "fault"),
    [
        ("USER_BUSY", 486, "busy", "callee"),
        ("USER_BUSY", None, "busy", "callee"),
        ("CALL_REJECTED", 603, "rejected", "callee"),
        ("CALL_REJECTED", 403, "failed", "carrier"),
        ("NO_ANSWER", None, "no_answer", "callee"),
        ("ALLOTTED_TIMEOUT", None, "no_answer", "callee"),
        ("NO_USER_RESPONSE", 480, "unreachable", "callee"),
        ("UNALLOCATED_NUMBER", 404, "unreachable", "number"),
        ("INVALID_NUMBER_FORMAT", 484, "unreachable", "number"),
        ("NORMAL_TEMPORARY_FAILURE", 503, "congestion", "carrier"),
        ("NORMAL_CIRCUIT_CONGESTION", None, "congestion", "carrier"),
        ("GATEWAY_DOWN", None, "congestion", "carrier"),
        ("INVALID_GATEWAY", None, "failed", "carrier"),
        ("DESTINATION_OUT_OF_ORDER", None, "congestion", "ours"),
        ("DESTINATION_OUT_OF_ORDER", 502, "congestion", "carrier"),
        ("SERVICE_UNAVAILABLE", 599, "congestion", "carrier"),
        ("MANAGER_REQUEST", 487, "cancelled", "ours"),
        ("SYSTEM_SHUTDOWN", None, "lost", "ours"),
        ("NORMAL_CLEARING", None, "failed", "callee"),
        ("A_CAUSE_OF_NEXT_YEAR", None, "failed", "callee"),
    ],
)
def test_the_end_of_an_unanswered_call(cause: str, sip: int | None, disposition: str, fault: str) -> None:
    assert verdict(cause, sip, answered=False) == Verdict(Disposition(disposition), Fault(fault))


@given(
    st.sampled_from(["NORMAL_CLEARING", "USER_BUSY", "MANAGER_REQUEST", "CRASH"]),
    st.none() | st.integers(100, 699),
)
def test_an_answered_call_is_the_callees_whatever_ended_it(cause: str, sip: int | None) -> None:
    assert verdict(cause, sip, answered=True).fault is Fault.NONE


@pytest.mark.parametrize(
    ("heard", "length", "share", "finished", "key", "expected"),
    [
        (10_000, 10_000, 1.0, False, "", True),
        (9_800, 10_000, 1.0, False, "", True),  # within the tolerance
        (9_000, 10_000, 1.0, False, "", False),
        (5_000, 10_000, 0.5, False, "", True),
        (0, 10_000, 0.02, False, "", False),  # nothing was heard
        (0, 10_000, 1.0, True, "", True),
        (2_000, 10_000, 1.0, False, "1", True),
        (10_000, 0, 1.0, False, "", False),  # of unknown length: no claim is made
    ],
)
def test_delivered_is_heard_to_the_agreed_point_or_a_key(
    heard: int, length: int, share: float, finished: bool, key: str, expected: bool
) -> None:
    assert is_delivered(heard, length, share, 300, finished, key) is expected


def test_a_callees_end_spends_a_try() -> None:
    busy = verdict("USER_BUSY", 486, False)
    first = after(busy, False, 0, 0, POLICY, NOW, 0.5)
    assert (first.state, first.next_at, first.spent_try) == (RecipientState.RETRY_WAIT, NOW + 60_000, True)
    assert after(busy, False, 2, 0, POLICY, NOW, 0.5).state is RecipientState.EXHAUSTED


def test_a_carriers_fault_goes_to_another_gateway_at_once_and_spends_none() -> None:
    fault = verdict("NORMAL_TEMPORARY_FAILURE", 503, False)
    first = after(fault, False, 0, 0, POLICY, NOW, 0.5)
    assert (first.state, first.next_at) == (RecipientState.PENDING, NOW)
    assert (first.spent_try, first.avoid_gateway) == (False, True)
    second = after(fault, False, 0, 1, POLICY, NOW, 0.5)
    assert second.state is RecipientState.RETRY_WAIT
    assert second.next_at > NOW


def test_no_number_is_not_called_again() -> None:
    assert after(verdict("UNALLOCATED_NUMBER", 404, False), False, 0, 0, POLICY, NOW, 0.5).state is (
        RecipientState.EXHAUSTED
    )


@given(
    cause=st.sampled_from(
        ["DESTINATION_OUT_OF_ORDER", "INVALID_GATEWAY", "SWITCH_CONGESTION", "MANAGER_REQUEST"]
    ),
    tries=st.integers(0, 5),
    free=st.integers(0, 100),
    spread=st.floats(0, 0.999),
    failing=st.booleans(),
)
def test_faults_that_are_not_the_callees_never_spend_a_try(
    cause: str, tries: int, free: int, spread: float, failing: bool
) -> None:
    following = after(verdict(cause, None, False), False, tries, free, POLICY, NOW, spread, failing)
    assert not following.spent_try


def test_a_trunk_that_fails_for_everybody_exhausts_nobody() -> None:
    fault = verdict("NORMAL_TEMPORARY_FAILURE", 503, False)
    worn = after(fault, False, 0, MAX_FREE_TRIES - 1, POLICY, NOW, 0.5, trunk_is_failing=True)
    assert (worn.state, worn.free_try) == (RecipientState.RETRY_WAIT, False)
    alone = after(fault, False, 0, MAX_FREE_TRIES - 1, POLICY, NOW, 0.5, trunk_is_failing=False)
    assert alone.state is RecipientState.EXHAUSTED


def test_the_unknown_follows_the_policy() -> None:
    assert after_unknown(0, POLICY, NOW).state is RecipientState.UNKNOWN
    again = after_unknown(0, Policy(1, 1000, UnknownPolicy.CALL_AGAIN), NOW)
    assert (again.state, again.spent_try) == (RecipientState.RETRY_WAIT, False)


def test_what_was_answered_and_cut_off_is_not_played_again_unless_the_policy_says_so() -> None:
    assert after_cut_off(0, Policy(3, 1000), NOW).state is RecipientState.UNKNOWN
    again = Policy(3, 1000, UnknownPolicy.CALL_AGAIN)
    assert after_cut_off(0, again, NOW) == retry.Next(RecipientState.RETRY_WAIT, NOW + 1000)
    assert after_cut_off(2, again, NOW).state is RecipientState.EXHAUSTED


@given(st.integers(0, 60), st.floats(0, 0.999))
def test_the_back_off_grows_to_its_cap(free: int, spread: float) -> None:
    wait = free_backoff_ms(free, spread)
    assert 0 < wait <= retry.FREE_BACKOFF_CAP_MS * 1.25
    assert free_backoff_ms(free + 1, spread) >= wait
