"""The whole engine on a real FreeSWITCH: a list goes in, the carrier's phones ring, results come out."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.trunks import gateways
from engine.store.threads import write
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.switch import CarrierProcess, Switch
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


@pytest.fixture
def lab(freeswitch: Switch, fs_prompts: dict[str, list[int]], tmp_path: Path) -> Iterator[Lab]:
    """An engine connected to the real switch, with the message «two» of its prompts."""
    with running_engine(freeswitch, tmp_path) as lab:
        yield lab


def run(lab: Lab, numbers: list[str], **rules: object) -> int:
    campaign_id = lab.campaign(numbers, gateways=["lab"], ring_timeout_s=5, **rules)
    lab.finish(campaign_id, 60)
    return campaign_id


def test_each_ending_has_its_state_and_disposition(lab: Lab) -> None:
    campaign_id = run(lab, [f"0912345{ending}" for ending, *_ in ENDINGS])
    last = {attempt.recipient_id: attempt for attempt in lab.attempts(campaign_id)}
    found = []
    for ending, *_ in ENDINGS:
        recipient = lab.recipient(campaign_id, f"+98912345{ending}")
        attempt = last[recipient.id]
        found.append((ending, recipient.state, attempt.disposition, attempt.hangup_cause))
    assert found == ENDINGS
    assert 500 <= last[lab.recipient(campaign_id, "+989123450007").id].heard_ms <= 1_600
    assert last[lab.recipient(campaign_id, "+989123450000").id].heard_ms >= 1_900


def test_a_key_is_taken_and_kept(lab: Lab) -> None:
    campaign_id = run(lab, ["09123460008", "09123460011"], vote_keys="12", optout=True)
    votes = sorted(attempt.vote for attempt in lab.attempts(campaign_id))
    assert votes == ["", "1"]
    assert lab.counts(campaign_id).delivered == 2


def test_nobody_is_rung_twice_by_the_carriers_own_count(lab: Lab, carrier: CarrierProcess) -> None:
    numbers = [f"0913{number:03d}0000" for number in range(60)]
    before = len(carrier.arrived)
    campaign_id = run(lab, numbers)
    rung = Counter(call["number"] for call in carrier.arrived[before:])
    assert len(rung) == 60
    assert max(rung.values()) == 1
    assert lab.counts(campaign_id).delivered == 60


def test_a_missing_prompt_pauses_the_campaign(lab: Lab, freeswitch: Switch) -> None:
    kept = freeswitch.prompts.parent / "kept"
    shutil.move(freeswitch.prompts, kept)
    try:
        campaign_id = lab.campaign(["09123470000"], gateways=["lab"])
        wait_for(lambda: lab.state(campaign_id) == "paused", "the pause")
    finally:
        shutil.move(kept, freeswitch.prompts)


def test_a_gateway_that_the_switch_does_not_know_spends_no_try(lab: Lab) -> None:
    write(lambda: gateways.add("ghost", 50, 50, None, wall_ms()))
    campaign_id = lab.campaign(["09123480000"], gateways=["ghost", "lab"])
    lab.finish(campaign_id, 30)
    assert lab.recipient(campaign_id, "+989123480000").tries == 1
