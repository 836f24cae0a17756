"""A list goes in, everybody is rung, and each line has its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.clock import wall_ms
from engine.embedded.records import read_rung
from engine.errors import Conflict
from engine.services.campaigns import campaigns
from engine.services.trunks import gateways
from engine.states import RecipientState
from engine.store.counts import recount
from engine.store.tables.core import Campaign, CampaignPulse
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.runtime.lab import Lab
from tests.waits import wait_for

ENDINGS = [
    ("0000", "delivered", "answered", "NORMAL_CLEARING"),
    ("0001", "exhausted", "busy", "USER_BUSY"),
    ("0002", "exhausted", "no_answer", "NO_ANSWER"),
    ("0003", "exhausted", "unreachable", "UNALLOCATED_NUMBER"),
    ("0005", "exhausted", "unreachable", "NO_USER_RESPONSE"),
    ("0006", "exhausted", "rejected", "CALL_REJECTED"),
    ("0007", "exhausted", "answered", "NORMAL_CLEARING"),
    ("0009", "delivered", "answered", "NORMAL_CLEARING"),
]


def test_each_ending_has_its_state_and_disposition(lab: Lab) -> None:
    campaign_id = lab.campaign(["number", *(f"0912345{ending}" for ending, *_ in ENDINGS)])
    lab.finish(campaign_id)
    found = []
    last = {attempt.recipient_id: attempt for attempt in lab.attempts(campaign_id)}
    for ending, *_ in ENDINGS:
        recipient = lab.recipient(campaign_id, f"+98912345{ending}")
        attempt = last[recipient.id]
        found.append((ending, recipient.state, attempt.disposition, attempt.hangup_cause))
    assert found == ENDINGS
    half = last[lab.recipient(campaign_id, "+989123450007").id]
    whole = last[lab.recipient(campaign_id, "+989123450000").id]
    assert 1_500 <= half.heard_ms <= 2_500
    assert whole.heard_ms >= 3_700


def test_every_line_of_the_list_is_answered_for(lab: Lab) -> None:
    lines = ["شماره,نام", "09123450000,الف", "+98 912 345 0000,ب", "12,پ", "۰۹۱۲۳۴۵۰۰۰۱,ت", ",ث"]
    campaign_id = lab.campaign(lines)
    counts = lab.finish(campaign_id)
    assert (counts.total, counts.excluded, counts.delivered, counts.exhausted) == (5, 3, 1, 1)
    assert read(lambda: recount(campaign_id))["total"] == 5


def test_a_key_delivers_and_is_kept(lab: Lab) -> None:
    campaign_id = lab.campaign(["09123450008", "09123450021", "09123450011"], vote_keys="12", optout=True)
    lab.finish(campaign_id)
    votes = sorted(attempt.vote for attempt in lab.attempts(campaign_id))
    assert votes == ["", "1", "1"]
    assert lab.recipient(campaign_id, "+989123450011").state == RecipientState.DELIVERED


def test_retries_spend_tries_and_faults_do_not(lab: Lab) -> None:
    campaign_id = lab.campaign(["09123450001", "09123450015", "09123450016"], max_tries=2, retry_after_s=0)
    lab.finish(campaign_id)
    busy, second_time, after_503 = (
        lab.recipient(campaign_id, f"+98912345{ending}") for ending in ("0001", "0015", "0016")
    )
    assert (busy.state, busy.tries, busy.uncounted_tries) == ("exhausted", 2, 0)
    assert (second_time.state, second_time.tries) == ("delivered", 2)
    assert (after_503.state, after_503.tries, after_503.uncounted_tries) == ("delivered", 1, 1)


def test_nobody_is_rung_twice_and_the_books_are_closed(lab: Lab) -> None:
    numbers = [f"0912{number:07d}" for number in range(1_000_100, 1_000_400) if number % 10_000 > 100]
    campaign_id = lab.campaign(numbers)
    lab.finish(campaign_id)
    rung = [row.number for row in read_rung(lab.folder / "rung.log")]
    assert len(rung) == len(set(rung))
    counts = lab.counts(campaign_id)
    kept = {name: getattr(counts, name) for name in read(lambda: recount(campaign_id))}
    assert kept == read(lambda: recount(campaign_id))
    lanes = lab.engine.dialer.lanes
    assert all(gateway.seats.used == 0 for gateway in lanes.gateways.values())
    assert len(lab.engine.dialer.calls) == 0


def test_pause_stops_new_calls_and_resume_goes_on(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=20.0))
    campaign_id = lab.campaign([f"0912{number:07d}" for number in range(1_000_100, 1_000_160)])
    wait_for(lambda: lab.counts(campaign_id).attempts > 3, "the first calls")
    write(lambda: campaigns.pause(campaign_id, "by admin"))
    wait_for(lambda: lab.counts(campaign_id).live == 0, "the calls that were up")
    paused = lab.counts(campaign_id)
    assert paused.waiting > 0
    write(lambda: campaigns.resume(campaign_id, wall_ms(), ANYTHING))
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=200.0))
    assert lab.finish(campaign_id).waiting == 0


def test_stop_cancels_who_was_not_called(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=10.0))
    campaign_id = lab.campaign([f"0912{number:07d}" for number in range(1_000_100, 1_000_200)])
    wait_for(lambda: lab.counts(campaign_id).live > 0, "the first call")
    write(lambda: campaigns.stop(campaign_id, wall_ms()))
    wait_for(lambda: lab.counts(campaign_id).live == 0, "the calls that were up")
    wait_for(lambda: lab.counts(campaign_id).waiting == 0, "the rest to be cancelled")
    counts = lab.counts(campaign_id)
    assert counts.cancelled > 50
    assert counts.delivered + counts.exhausted + counts.cancelled + counts.retry_wait == 100
    with pytest.raises(Conflict, match="stopped"):
        write(lambda: campaigns.start(campaign_id, wall_ms(), ANYTHING))


def test_a_closed_window_rings_nobody_and_says_so(lab: Lab) -> None:
    now = wall_ms() // 60_000
    closed = (now + 5 * 60 + 210) % 1440  # some hours from now in Tehran (UTC+3:30)
    window = f"{closed // 60:02d}:{closed % 60:02d}-{(closed + 1) // 60 % 24:02d}:{(closed + 1) % 60:02d}"
    campaign_id = lab.campaign(["09123450000"], windows=window)
    wait_for(
        lambda: read(lambda: CampaignPulse.get_by_id(campaign_id)).reason == "window", "the reason to be told"
    )
    assert lab.attempts(campaign_id) == []


def test_recipients_can_be_added_while_it_runs_and_after_its_end(lab: Lab) -> None:
    campaign_id = lab.campaign(["09123450000"])
    lab.finish(campaign_id)
    again = lab.add(campaign_id, ["09123450000", "09123460000"])
    assert (again.added, again.refused["duplicate"]) == (1, 1)
    wait_for(lambda: lab.counts(campaign_id).delivered == 2, "the second recipient")


def test_a_call_leaves_by_another_gateway_when_one_is_congested(lab: Lab) -> None:
    write(lambda: gateways.add("second", 50, 50, None, wall_ms()))
    campaign_id = lab.campaign(["09123450016"], gateways=["embedded", "second"])
    lab.finish(campaign_id)
    first, second = lab.attempts(campaign_id)
    assert first.gateway_id != second.gateway_id
    assert (first.spent_try, second.disposition) == (False, "answered")


def test_a_gateway_that_the_switch_does_not_know_spends_no_try(lab: Lab) -> None:
    write(lambda: gateways.add("ghost", 50, 50, None, wall_ms()))
    campaign_id = lab.campaign(["09123450000"], gateways=["ghost", "embedded"])
    lab.finish(campaign_id)
    assert lab.recipient(campaign_id, "+989123450000").tries == 1


def test_a_missing_prompt_pauses_the_campaign(lab: Lab) -> None:
    for file in lab.engine.settings.prompts_dir.iterdir():
        file.unlink()
    campaign_id = lab.campaign(["09123450000", "09123460000"])
    wait_for(lambda: lab.state(campaign_id) == "paused", "the pause")
    assert "no file of the message" in read(lambda: Campaign.get_by_id(campaign_id)).state_reason


def test_the_switch_may_vanish_in_mid_campaign(start_lab: Callable[..., Lab]) -> None:
    lab = start_lab(settings={"reaper_grace_s": 1.0})
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=60.0))
    campaign_id = lab.campaign([f"0912{number:07d}" for number in range(1_000_100, 1_000_200)])
    wait_for(lambda: lab.counts(campaign_id).attempts > 5, "the first ends")
    lab.switch.kill()
    wait_for(lambda: not lab.engine.switchboard.any_up, "the loss to be noticed")
    pulse: Any = wait_for(
        lambda: read(
            lambda: CampaignPulse.get_or_none(
                CampaignPulse.campaign == campaign_id, CampaignPulse.reason == "switch_down"
            )
        ),
        "the reason to be told",
    )
    assert "embedded" in pulse.details
    assert lab.state(campaign_id) == "running"
    total = recount
    assert read(lambda: total(campaign_id))["total"] == 100
