"""What carriers answer, each in its own way: what becomes of the number, counted at the carrier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.switch import CarrierProcess, Switch
from tests.runtime.lab import Lab

# Ending at the carrier: disposition, spent tries, and whether there were uncounted ones.
EXPECTED = {
    "0061": ("unreachable", 1, False),
    "0062": ("busy", 1, False),
    "0063": ("rejected", 1, False),
    "0064": ("congestion", 1, False),
    "0065": ("unreachable", 1, False),
    "0066": ("unreachable", 1, False),
    "0067": ("failed", 0, True),
    "0068": ("failed", 0, True),
    "0069": ("failed", 0, True),
    "0070": ("congestion", 0, True),
    # FreeSWITCH 1.10.12 reads the first of two reasons only, and shows neither: the 503 decides.
    "0071": ("congestion", 0, True),
    "0072": ("unreachable", 1, False),
    "0073": ("busy", 1, False),
    "0074": ("answered", 1, False),
    "0075": ("busy", 1, False),
    "0076": ("congestion", 0, True),
}


@pytest.fixture
def lab(freeswitch: Switch, fs_prompts: object, tmp_path: Path) -> Iterator[Lab]:
    with running_engine(freeswitch, tmp_path) as lab:
        yield lab


def test_each_answer_is_understood_and_rings_no_phone_twice(lab: Lab, carrier: CarrierProcess) -> None:
    before = len(carrier.arrived)
    # Numbers that go well beside them: the trunk serves others.
    well = [f"0916{place:03d}0000" for place in range(40)]
    numbers = {ending: f"09{17 + place % 3}{place:03d}{ending}" for place, ending in enumerate(EXPECTED)}
    campaign_id = lab.campaign([*numbers.values(), *well], gateways=["lab"], max_tries=1)
    lab.finish(campaign_id, 90)
    rows = {ending: lab.recipient(campaign_id, "+98" + number[1:]) for ending, number in numbers.items()}
    found = {ending: (row.disposition, row.tries, row.uncounted_tries > 0) for ending, row in rows.items()}
    assert found == EXPECTED
    # Three for the gateway, and some more while so many faults at once make it look as if it failed.
    assert {row.uncounted_tries for row in rows.values()} <= {0, 3, 4, 5}
    rung = Counter(call["number"][-4:] for call in carrier.arrived[before:])
    del rung["0000"]
    # 422 is an answer to ask again with a longer session timer: FreeSWITCH does, three times, and nothing rings.
    assert rung.pop("0069") == 4 * rows["0069"].uncounted_tries
    del rows["0069"]
    assert rung == Counter({ending: row.tries + row.uncounted_tries for ending, row in rows.items()})
