"""The last calls to a number: what is forgotten is what rang nobody, and nothing else."""

from __future__ import annotations

import pytest

from engine.clock import TEHRAN
from engine.dialing.rules.consent import Consent
from engine.dialing.rules.contact_gap import EXEMPT_PRIORITY, ContactRules
from engine.store.claims import ClaimedCall, claim, release
from engine.store.settles import Settler
from engine.store.tables.core import Account, CallTraffic, Campaign, Contact
from engine.store.threads import read, write
from engine.store.writer import Writer
from tests.policies import ANYTHING
from tests.store.cast import NOW, make_campaign, route, settle_of

RULES = ContactRules(TEHRAN)
GAP_S = 60
DAY_MS = 86_400_000
FAULT = {"spent_try": False, "disposition": "congestion", "next_state": "retry_wait", "next_at": 0}


def call(campaign_id: int, now: int, limit: int = 1) -> list[ClaimedCall]:
    return write(lambda: claim(campaign_id, limit, now, route, [RULES.rule], [RULES.note_claims]))


def fail(claims: list[ClaimedCall]) -> None:
    """The trunk refused them: nobody was rung."""
    settler = Settler([RULES.take_back])
    write(lambda: settler.write([settle_of(item, **FAULT) for item in claims]))


def contact() -> tuple[int, int]:
    """(when the number was called last, calls of the day)."""
    row = read(lambda: Contact.get())
    return row.last_at, row.calls


def campaigns(count: int = 2) -> list[int]:
    """Campaigns of an account with a gap, to the same single number."""
    made = [make_campaign(1) for _ in range(count)]
    write(lambda: Account.update(min_gap_s=GAP_S, max_calls_a_day=9).execute())
    return made


def test_a_call_that_rang_nobody_is_forgotten(store: Writer) -> None:
    first, second = campaigns()
    fail(call(first, NOW))
    assert contact() == (0, 0)
    assert call(second, NOW + 1) != []


def test_the_call_before_stands_when_the_last_one_is_forgotten(store: Writer) -> None:
    first, second = campaigns()
    call(first, NOW)
    later = NOW + GAP_S * 1000
    fail(call(second, later))
    assert contact() == (NOW, 1)


def test_the_last_call_stands_when_the_one_before_is_forgotten(store: Writer) -> None:
    first, second = campaigns()
    early = call(first, NOW)
    later = NOW + GAP_S * 1000
    late = call(second, later)
    fail(early)
    assert contact() == (later, 1)
    fail(late)
    assert contact() == (0, 0)


def test_a_call_of_yesterday_does_not_lower_the_calls_of_today(store: Writer) -> None:
    first, second = campaigns()
    early = call(first, NOW)
    call(second, NOW + DAY_MS)
    fail(early)
    assert contact() == (NOW + DAY_MS, 1)


def test_what_never_counted_is_not_taken_back(store: Writer) -> None:
    """A one-time code that the trunk refused leaves the gap of the campaign's call as it is."""
    first, code = campaigns()
    call(first, NOW)
    write(lambda: Campaign.update(priority=EXEMPT_PRIORITY).where(Campaign.id == code).execute())
    refused = call(code, NOW + 1)
    fail(refused)
    assert contact() == (NOW, 1)
    again = call(code, NOW + 2)
    write(lambda: release(again, [RULES.take_back_claims]))
    assert contact() == (NOW, 1)


def test_two_calls_of_a_number_are_forgotten_together(store: Writer) -> None:
    first, second = campaigns()
    both = call(first, NOW) + call(second, NOW + GAP_S * 1000)
    fail(both)
    assert contact() == (0, 0)


def test_a_claim_that_is_given_back_never_rang(store: Writer) -> None:
    first, second = campaigns()
    claims = call(first, NOW)
    assert write(lambda: release(claims, [RULES.take_back_claims])) == claims
    assert contact() == (0, 0)
    assert call(second, NOW + 1) != []


@pytest.mark.parametrize("is_fault", [True, False])
def test_a_claim_that_ended_meanwhile_is_not_taken_back_again(store: Writer, is_fault: bool) -> None:
    first, second = campaigns()
    call(first, NOW)
    later = NOW + GAP_S * 1000
    claims = call(second, later)
    if is_fault:
        fail(claims)
    else:
        write(lambda: Settler([RULES.take_back]).write([settle_of(item) for item in claims]))
    assert write(lambda: release(claims, [RULES.take_back_claims])) == []
    assert contact() == ((NOW, 1) if is_fault else (later, 2))


def test_claims_that_are_given_back_do_not_count_for_the_caps(store: Writer) -> None:
    campaign_id = make_campaign(5)
    consent = Consent(lambda: NOW, ANYTHING.caps)
    hour_ms = 3_600_000

    def some(limit: int, now: int) -> list[ClaimedCall]:
        return write(lambda: claim(campaign_id, limit, now, route, (), consent.claim_hooks))

    claims = some(2, NOW) + some(2, NOW + hour_ms)
    write(lambda: Settler().write([settle_of(claims[0])]))
    assert len(write(lambda: release(claims, consent.undo_hooks))) == 3
    hours = read(lambda: [row.calls for row in CallTraffic.select().order_by(CallTraffic.hour)])
    assert hours == [1, 0]
