"""Carriers whose answers come in odd orders and odd shapes: outcome, hearing and charge-relevant facts, and rings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store.sql import execute
from engine.store.threads import read
from tests.freeswitch.carrier_scripts import SCRIPTS
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.switch import CarrierProcess, Switch
from tests.runtime.lab import Lab

HEARD = ("delivered", "answered", 1)
# Ending at the carrier: the recipient's state, its disposition, spent tries of two.  None was heard unless delivered.
EXPECTED = {
    "0101": ("exhausted", "answered", 2),
    "0102": ("exhausted", "answered", 2),
    # FreeSWITCH sends the message whatever the answer says of holding; only a later INVITE holds the line.
    "0103": HEARD,
    "0104": HEARD,
    "0105": HEARD,
    "0106": ("exhausted", "failed", 2),
    "0107": ("exhausted", "congestion", 0),
    "0108": ("exhausted", "unreachable", 2),
    "0109": ("exhausted", "busy", 2),
    "0110": ("exhausted", "congestion", 0),
    "0111": HEARD,
    "0112": ("exhausted", "congestion", 2),
    "0113": HEARD,
    "0114": ("exhausted", "failed", 2),
    "0115": ("exhausted", "failed", 2),
    "0116": HEARD,
    "0117": ("exhausted", "unreachable", 1),
    "0119": HEARD,
    "0120": HEARD,
    "0121": HEARD,
    "0122": ("exhausted", "congestion", 0),
    "0123": HEARD,
    "0124": ("exhausted", "no_answer", 2),
    "0125": ("exhausted", "no_answer", 2),
    "0126": ("exhausted", "answered", 2),
    "0127": HEARD,
    "0128": HEARD,
    "0129": ("exhausted", "busy", 2),
    # Every 2xx is an answer for FreeSWITCH: what such a carrier says afterwards comes too late.
    "0130": HEARD,
    "0131": HEARD,
    "0132": HEARD,
}
CUT = "0126"  # hears half a second of it
CHALLENGED = "0106"  # FreeSWITCH answers the challenge by a second INVITE


@pytest.fixture
def lab(freeswitch: Switch, fs_prompts: object, tmp_path: Path) -> Iterator[Lab]:
    with running_engine(freeswitch, tmp_path) as lab:
        yield lab


def test_each_script_has_one_outcome_and_no_more_rings_than_tries(lab: Lab, carrier: CarrierProcess) -> None:
    assert set(EXPECTED) == set(SCRIPTS)
    before = len(carrier.arrived)
    # Numbers that go well beside them: the trunk serves others.
    well = [f"0916{place:03d}0000" for place in range(60)]
    numbers = {ending: f"0919077{ending}" for ending in EXPECTED}
    campaign_id = lab.campaign(
        [*numbers.values(), *well], gateways=["lab"], max_tries=2, retry_after_s=5, ring_timeout_s=8
    )
    lab.finish(campaign_id, 150)
    rows = {ending: lab.recipient(campaign_id, "+98" + number[1:]) for ending, number in numbers.items()}
    assert {ending: (row.state, row.disposition, row.tries) for ending, row in rows.items()} == EXPECTED
    # Who never rang is tried three times and more while the trunk serves others, and nobody else is.
    assert {ending for ending, row in rows.items() if row.uncounted_tries} == {"0107", "0110", "0122"}
    invited = Counter(call["number"][-4:] for call in carrier.arrived[before:])
    assert invited.pop(CHALLENGED) == 2 * rows[CHALLENGED].tries
    del invited["0000"]
    assert invited == {
        ending: row.tries + row.uncounted_tries for ending, row in rows.items() if ending != CHALLENGED
    }
    for ending, row in rows.items():
        recipient_id, disposition = row.id, row.disposition
        for found, heard_ms, is_answered in read(
            lambda recipient_id=recipient_id: execute(  # type: ignore[misc]
                "SELECT disposition, heard_ms, answered_at IS NOT NULL FROM attempt WHERE recipient_id = ?",
                [recipient_id],
            )
        ):
            assert (found, bool(is_answered)) == (disposition, disposition == "answered"), ending
            assert (
                heard_ms == 2040 if row.state == "delivered" else heard_ms <= (700 if ending == CUT else 0)
            ), ending
