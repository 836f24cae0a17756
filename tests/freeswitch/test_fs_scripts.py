"""Carriers that answer in their own ways, on a real FreeSWITCH: outcome, hearing, and calls counted at the carrier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.behaviour.outcomes import HEARD, TABLES, campaign_of, check
from tests.freeswitch.carrier_scripts import SCRIPTS
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.switch import CarrierProcess, Switch
from tests.runtime.lab import Lab

# FreeSWITCH asks again by itself, and nothing rings: a challenge is answered once, and of 422 it takes the longer session
# timer, three times.
INVITES = {"0106": 2, "0069": 4, "0312": 2}
# The voice goes to an address that nobody here hears (0650 and 0651: the carrier takes no later INVITE), the BYE to the other
# of two answers, or the carrier thinks it is over.
UNHEARD_THERE = frozenset(("0105", "0123", "0130", "0266", "0480", "0580", "0642", "0650", "0651"))
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def lab(freeswitch: Switch, fs_prompts: object, tmp_path: Path) -> Iterator[Lab]:
    with running_engine(freeswitch, tmp_path) as lab:
        yield lab


@pytest.mark.parametrize("which", TABLES)
def test_each_carrier_has_one_outcome_and_no_more_rings_than_tries(
    lab: Lab, carrier: CarrierProcess, which: str
) -> None:
    table = TABLES[which]
    before, ended = len(carrier.arrived), len(carrier.ended)
    campaign_id = campaign_of(lab, list(table), "lab", retry_after_s=5)
    lab.finish(campaign_id, 240)
    calls = check(lab, campaign_id, table, 2040)
    invited = Counter(call["number"][-4:] for call in carrier.arrived[before:])
    del invited["0000"]
    assert invited == {ending: count * INVITES.get(ending, 1) for ending, count in calls.items()}
    for call in carrier.ended[ended:]:
        ending = call["number"][-4:]
        outcome = table.get(ending)
        if outcome == HEARD and ending not in UNHEARD_THERE:
            assert call["voice_ms"] >= 1900, ending
        elif outcome is not None and outcome.disposition == "answered" and outcome != HEARD:
            assert call["voice_ms"] < 1900, ending


def test_every_script_is_in_the_table() -> None:
    assert set(SCRIPTS) == {ending for name, table in TABLES.items() if name != "answers" for ending in table}
