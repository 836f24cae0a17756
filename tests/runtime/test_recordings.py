"""A campaign asks for recordings: the switch makes them, the books know of them, and only who may gets them."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.sentences import sentence_of
from engine.services.accounts import accounts
from engine.services.accounts.accounts import SendingRefused
from engine.services.campaigns import campaigns, clone
from engine.services.campaigns.rules import CampaignRules
from engine.services.messages import prompts
from engine.services.money import ledger
from engine.services.outbox.wording import in_persian
from engine.states import CampaignState
from engine.store.tables.core import Attempt, Campaign
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.runtime.lab import Lab
from tests.waits import wait_for

NUMBERS = ["number", "09123450000", "09123450001", "09123450007", "09123450009"]


def sound(lab: Lab, attempt: Attempt) -> tuple[int, int, int, int]:
    """Channels, bytes a sample, rate and milliseconds of an attempt's recording."""
    with wave.open(str(lab.folder / "recordings" / f"{attempt.uuid}.wav")) as file:
        ms = 1000 * file.getnframes() // file.getframerate()
        return file.getnchannels(), file.getsampwidth(), file.getframerate(), ms


def customer(permissions: str) -> int:
    """An account that may send at any hour, with credit and these permissions; inside a write."""
    made = accounts.open_by_staff("Sahar", wall_ms() + 10**10, None, wall_ms())
    ledger.top_up(made, 10_000_000, f"test/{made}", wall_ms())
    accounts.grant(made, ["any_hour", *permissions.split()], None, wall_ms())
    return int(made)


def take_back(account_id: int) -> None:
    """Take the permission to record away; inside a write."""
    accounts.grant(account_id, ["any_hour"], None, wall_ms())


def draft_of(lab: Lab, account_id: int, lines: list[str], record_s: int) -> int:
    def work() -> int:
        now = wall_ms()
        known = prompts.get(lab.message_id)
        message = prompts.add(account_id, "own", known.prompt, known.duration_ms, now)
        rules = CampaignRules(name="theirs", gateways=["embedded"], record_s=record_s)
        return campaigns.create(account_id, rules, message, now, ANYTHING)

    made = write(work)
    lab.add(made, lines)
    return made


def test_who_hears_the_message_out_is_recorded_and_nobody_else(lab: Lab) -> None:
    campaign_id = lab.campaign(NUMBERS, record_s=3)
    lab.finish(campaign_id)
    heard_out = [one for one in lab.attempts(campaign_id) if one.record_ms]
    assert {one.hangup_cause for one in heard_out} == {"NORMAL_CLEARING"}
    assert [(one.disposition, one.record_ms) for one in heard_out] == [("answered", 3000)] * 2
    assert [sound(lab, one) for one in heard_out] == [(1, 2, 8000, 3000)] * 2
    assert len(list((lab.folder / "recordings").iterdir())) == 2


def test_a_campaign_without_it_leaves_no_recording(lab: Lab) -> None:
    campaign_id = lab.campaign(NUMBERS)
    lab.finish(campaign_id)
    assert [one.record_ms for one in lab.attempts(campaign_id)] == [0] * 4
    assert not (lab.folder / "recordings").exists()


def test_a_call_lasts_as_long_as_its_recording_needs(lab: Lab) -> None:
    plain, recorded = (lab.campaign(NUMBERS, start=False, record_s=record_s) for record_s in (0, 40))
    lengths = [read(lambda one=one: campaigns.get(one).max_length_s) for one in (plain, recorded)]
    assert lengths[1] - lengths[0] == 40


def test_an_account_without_the_permission_is_refused_in_one_sentence(lab: Lab) -> None:
    account_id = write(lambda: customer(""))
    with pytest.raises(SendingRefused) as refused:
        draft_of(lab, account_id, NUMBERS, 5)
    assert str(refused.value) == "The account has no permission: recording what is answered."
    assert in_persian(refused.value.sentence) == "حساب این مجوز را ندارد: ضبط صدای مخاطب."
    assert read(lambda: Campaign.select().count()) == 0


@pytest.mark.parametrize("record_s", [-1, 661, 10**9])
def test_a_recording_longer_than_any_call_is_refused(lab: Lab, record_s: int) -> None:
    with pytest.raises(BadInput, match=r"^The longest recording \(s\) must be from 0 to 660, not"):
        lab.campaign(NUMBERS, start=False, record_s=record_s)


def test_an_account_with_the_permission_may_until_it_is_taken_back(lab: Lab) -> None:
    account_id = write(lambda: customer("recording"))
    first, second = (draft_of(lab, account_id, NUMBERS, 5) for _ in range(2))
    write(lambda: campaigns.start(first, wall_ms(), ANYTHING))
    lab.finish(first)
    assert sum(one.record_ms > 0 for one in lab.attempts(first)) == 2
    write(lambda: take_back(account_id))
    with pytest.raises(SendingRefused, match="recording what is answered"):
        write(lambda: campaigns.start(second, wall_ms(), ANYTHING))
    with pytest.raises(SendingRefused, match="recording what is answered"):
        clone.clone(first, wall_ms(), ANYTHING, write)


def test_a_scheduled_campaign_whose_permission_was_taken_back_pauses_and_says_why(lab: Lab) -> None:
    account_id = write(lambda: customer("recording"))
    made = draft_of(lab, account_id, NUMBERS, 5)
    write(lambda: Campaign.update(starts_at=wall_ms() + 3_600_000).where(Campaign.id == made).execute())
    write(lambda: campaigns.start(made, wall_ms(), ANYTHING))
    write(lambda: take_back(account_id))
    write(lambda: Campaign.update(starts_at=wall_ms()).where(Campaign.id == made).execute())
    wait_for(lambda: lab.state(made) == CampaignState.PAUSED, "the pause")
    assert str(sentence_of(read(lambda: campaigns.get(made).state_reason))) == (
        "The account has no permission: recording what is answered."
    )


def test_a_permission_taken_back_while_it_runs_ends_the_recording_not_the_calls(
    start_lab: Callable[..., Lab],
) -> None:
    lab = start_lab(people="answer=1,hang_up=0,ring_min_s=1,ring_max_s=2")
    account_id = write(lambda: customer("recording"))
    made = draft_of(lab, account_id, ["number", *(f"0913{n:03d}5555" for n in range(60))], 5)
    write(lambda: Campaign.update(cps=10.0).where(Campaign.id == made).execute())
    write(lambda: campaigns.start(made, wall_ms(), ANYTHING))
    wait_for(lambda: any(one.record_ms for one in lab.attempts(made)), "the first recording")
    write(lambda: take_back(account_id))
    lab.finish(made)
    lasts = [one.record_ms for one in lab.attempts(made) if one.disposition == "answered"][-10:]
    assert lasts == [0] * 10


def test_a_clone_records_as_long(lab: Lab) -> None:
    first = lab.campaign(NUMBERS, start=False, record_s=7)
    cloned = clone.clone(first, wall_ms(), ANYTHING, write)
    assert read(lambda: campaigns.get(cloned).record_s) == 7


def test_a_folder_that_cannot_be_written_loses_the_recording_and_not_the_call(
    start_lab: Callable[..., Lab], tmp_path: Path
) -> None:
    (tmp_path / "recordings").write_text("a file stands where the folder should")
    lab = start_lab()
    campaign_id = lab.campaign(NUMBERS, record_s=3)
    assert lab.finish(campaign_id).delivered == 2
    assert [one.record_ms for one in lab.attempts(campaign_id)] == [0] * 4
