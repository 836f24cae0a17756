"""A campaign that is made again and again: the next one is made once, whole, and starts at its time."""

from __future__ import annotations

import pytest

from engine.errors import Conflict
from engine.services.campaigns import campaigns, clone, repeats, why
from engine.states import CampaignState
from engine.store.tables.campaigns import CampaignRepeat
from engine.store.tables.core import Campaign, Recipient
from engine.store.threads import read, write
from tests.campaigns.conftest import NOW as MADE_AT
from tests.campaigns.test_life import fill

DAY = 86_400_000
NOW = MADE_AT - MADE_AT % 60_000  # its times are whole minutes


@pytest.fixture
def repeat_id(campaign_id: int, account_id: int) -> int:
    """The campaign of six recipients is repeated every day; the next one is due."""

    def work() -> int:
        fill(campaign_id)
        return int(
            CampaignRepeat.create(
                campaign_id=campaign_id, account_id=account_id, person_id=1, every="day", is_jalali=True, day=24, next_at=NOW,
                created_at=NOW - DAY,
            ).id
        )  # fmt: skip

    return write(work)


def row_of(repeat_id: int) -> CampaignRepeat:
    return read(lambda: CampaignRepeat.get_by_id(repeat_id))


def made_again(repeat_id: int, now: int = NOW) -> int | None:
    return repeats.make(row_of(repeat_id), now, 660, write)


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


def test_a_copy_that_was_cut_is_thrown_away_and_made_again(repeat_id: int, monkeypatch) -> None:
    def cut(*_: object) -> None:
        raise Conflict("The copy was cut.")

    with monkeypatch.context() as patched:
        patched.setattr(clone, "_copy_part", cut)
        assert made_again(repeat_id) is None
    half = row_of(repeat_id).copying_id
    assert half is not None
    assert made_again(repeat_id, NOW + 1) is None  # perhaps another engine is still copying
    made = made_again(repeat_id, NOW + repeats.COPYING_MS)
    assert made not in (None, half)
    assert read(lambda: campaigns.get(half)).state == CampaignState.STOPPED
    assert read(lambda: Recipient.select().where(Recipient.campaign_id == made).count()) == 5


def test_a_person_who_stops_the_campaign_ends_the_repetition(repeat_id: int, campaign_id: int) -> None:
    write(lambda: Campaign.update(state=CampaignState.STOPPED, pause_code="").execute())
    assert made_again(repeat_id) is None
    row = row_of(repeat_id)
    assert (row.next_at, row.sentence) == (None, repeats.STOPPED_BY_PERSON.kept())
    assert read(lambda: Campaign.select().count()) == 1


def test_one_that_its_own_date_ended_is_made_again(repeat_id: int) -> None:
    write(lambda: Campaign.update(state=CampaignState.STOPPED, pause_code=why.ENDED).execute())
    assert made_again(repeat_id) is not None


def test_without_anybody_to_call_it_ends_and_says_why(repeat_id: int) -> None:
    write(lambda: Recipient.delete().execute())
    assert made_again(repeat_id) is None
    row = row_of(repeat_id)
    assert row.next_at is None
    assert row.sentence
