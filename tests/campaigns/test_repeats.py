"""A campaign that is made again and again: the next one is made once, whole, and starts at its time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.errors import Conflict
from engine.services.campaigns import campaigns, clone, repeats, why
from engine.states import CampaignState
from engine.store.sql import changed
from engine.store.tables.campaigns import CampaignRepeat
from engine.store.tables.core import Campaign, CampaignCounts, Recipient
from engine.store.threads import read, write
from tests.campaigns.conftest import NOW as MADE_AT
from tests.campaigns.test_life import fill
from tests.policies import ANYTHING

DAY = 86_400_000
NOW = MADE_AT - MADE_AT % 60_000  # its times are whole minutes


@pytest.fixture
def repeat_id(campaign_id: int, account_id: int) -> int:
    """The campaign of six recipients is repeated every day; the next one is due."""

    def work() -> int:
        fill(campaign_id)
        Campaign.update(state=CampaignState.FINISHED).where(Campaign.id == campaign_id).execute()
        return int(
            CampaignRepeat.create(
                campaign_id=campaign_id, account_id=account_id, person_id=1, every="day", is_jalali=True, day=24, next_at=NOW,
                created_at=NOW - DAY,
            ).id
        )  # fmt: skip

    return write(work)


def numbers_of(campaign_id: int) -> list[str]:
    query = Recipient.select().where(Recipient.campaign_id == campaign_id).order_by(Recipient.id)
    return [row.number for row in read(lambda: list(query))]


def cut_after(statements: int) -> Callable[..., int]:
    """Stands for `changed`; the process is killed at the statement after so many."""
    left = [statements]

    def changed_until(*arguments: Any) -> int:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return changed(*arguments)

    return changed_until


def row_of(repeat_id: int) -> CampaignRepeat:
    return read(lambda: CampaignRepeat.get_by_id(repeat_id))


def made_again(repeat_id: int, now: int = NOW) -> int | None:
    return repeats.make(row_of(repeat_id), now, ANYTHING, write)


def test_the_next_one_is_made_once_and_is_the_one_to_copy_then(repeat_id: int, campaign_id: int) -> None:
    made = made_again(repeat_id)
    assert made not in (None, campaign_id)
    assert made_again(repeat_id) is None  # it is not due before tomorrow
    assert (
        read(lambda: Recipient.select().where(Recipient.campaign_id == made).count()) == 5
    )  # not the one set aside
    row = row_of(repeat_id)
    assert (row.campaign_id, row.next_at, row.copying_id) == (made, NOW + DAY, None)
    assert made_again(repeat_id, NOW + DAY) not in (None, made)


def test_one_that_is_due_soon_starts_at_its_time(repeat_id: int) -> None:
    made = made_again(repeat_id, NOW - 60_000)
    row = read(lambda: campaigns.get(made))
    assert (row.state, row.starts_at) == (CampaignState.SCHEDULED, NOW)


def test_those_that_were_missed_are_not_made_up_for(repeat_id: int) -> None:
    made_again(repeat_id, NOW + 5 * DAY)
    assert row_of(repeat_id).next_at == NOW + 6 * DAY


def test_after_its_last_time_it_is_not_made_again(repeat_id: int) -> None:
    write(lambda: CampaignRepeat.update(until_at=NOW + DAY // 2).execute())
    assert made_again(repeat_id) is not None
    assert row_of(repeat_id).next_at is None


def test_a_copy_that_was_cut_goes_on_and_is_scheduled_then(repeat_id: int, monkeypatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(clone, "PART", 2)
        patched.setattr(clone, "changed", cut_after(3))
        with pytest.raises(KeyboardInterrupt):
            made_again(repeat_id)
    half = row_of(repeat_id).copying_id
    assert half is not None
    assert made_again(repeat_id, NOW + 1) is None  # perhaps another engine is still copying
    assert write(clone.cut) == []  # it may be going on
    assert write(clone.cut) == [half]
    clone.continue_copy(half, write)
    assert len(numbers_of(half)) == len(set(numbers_of(half))) == 5
    assert read(lambda: CampaignCounts.get_by_id(half)).total == 5
    assert write(clone.cut) == []
    assert made_again(repeat_id, NOW + 2) == half
    assert row_of(repeat_id).campaign_id == half
    assert read(lambda: campaigns.get(half)).pause_code == ""


def test_of_two_that_go_on_with_a_copy_one_is_told(repeat_id: int, monkeypatch) -> None:
    monkeypatch.setattr(clone, "PART", 2)
    monkeypatch.setattr(clone, "changed", cut_after(1))
    with pytest.raises(KeyboardInterrupt):
        made_again(repeat_id)
    half = row_of(repeat_id).copying_id
    assert half is not None
    monkeypatch.setattr(clone, "changed", changed)
    assert write(lambda: clone._copy_part(half, 0))
    with pytest.raises(Conflict):
        write(lambda: clone._copy_part(half, 1))  # it had been slow
    clone.continue_copy(half, write)
    assert len(numbers_of(half)) == len(set(numbers_of(half))) == 5


def test_a_copy_that_a_person_stops_is_not_taken_up(repeat_id: int, monkeypatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(clone, "changed", cut_after(1))
        with pytest.raises(KeyboardInterrupt):
            made_again(repeat_id)
    half = row_of(repeat_id).copying_id
    assert half is not None
    write(lambda: Campaign.update(state=CampaignState.STOPPED).where(Campaign.id == half).execute())
    clone.continue_copy(half, write)
    assert numbers_of(half) == []
    made = made_again(repeat_id)
    assert made not in (None, half)
    assert len(numbers_of(made)) == 5


def test_a_person_who_stops_the_campaign_ends_the_repetition(repeat_id: int, campaign_id: int) -> None:
    write(lambda: Campaign.update(state=CampaignState.STOPPED, pause_code="").execute())
    assert made_again(repeat_id) is None
    row = row_of(repeat_id)
    assert (row.next_at, row.sentence) == (None, repeats.STOPPED_BY_PERSON.kept())
    assert read(lambda: Campaign.select().count()) == 1


def test_the_times_of_a_draft_pass_without_a_call(repeat_id: int, campaign_id: int) -> None:
    write(lambda: Campaign.update(state=CampaignState.DRAFT).where(Campaign.id == campaign_id).execute())
    assert made_again(repeat_id) is None
    assert read(lambda: Campaign.select().count()) == 1
    assert row_of(repeat_id).next_at == NOW + DAY
    write(lambda: Campaign.update(state=CampaignState.FINISHED).where(Campaign.id == campaign_id).execute())
    assert made_again(repeat_id, NOW + DAY) is not None


def test_one_that_could_not_start_does_not_end_the_repetition(repeat_id: int, campaign_id: int) -> None:
    write(
        lambda: (
            Campaign.update(state=CampaignState.DRAFT, state_reason="not approved")
            .where(Campaign.id == campaign_id)
            .execute()
        )
    )
    assert made_again(repeat_id) is not None


def test_one_that_its_own_date_ended_is_made_again(repeat_id: int) -> None:
    write(lambda: Campaign.update(state=CampaignState.STOPPED, pause_code=why.ENDED).execute())
    assert made_again(repeat_id) is not None


def test_without_anybody_to_call_it_ends_and_says_why(repeat_id: int) -> None:
    write(lambda: Recipient.delete().execute())
    assert made_again(repeat_id) is None
    row = row_of(repeat_id)
    assert row.next_at is None
    assert row.sentence
