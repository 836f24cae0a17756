"""Carriers that answer in their own ways, on the embedded switch: the same table as on a real FreeSWITCH, rings counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.dialing import retry
from engine.embedded import carriers
from engine.embedded.records import read_rung
from tests.behaviour.outcomes import TABLES, campaign_of, check
from tests.runtime.conftest import start_lab
from tests.runtime.lab import Lab

__all__ = ["start_lab"]
pytestmark = pytest.mark.timeout(200)


def test_each_carrier_has_one_outcome_and_no_more_rings_than_tries(
    start_lab: Callable[..., Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {ending: outcome for one in TABLES.values() for ending, outcome in one.items()}
    assert set(table) == set(carriers.SCRIPTED) | set(carriers.WAYS) | set(carriers.ANSWERS)
    monkeypatch.setattr(retry, "FREE_BACKOFF_FIRST_MS", 100)
    monkeypatch.setattr(retry, "FREE_BACKOFF_GROWTH", 1)
    lab = start_lab({"hours_service": ""})
    campaign_id = campaign_of(lab, list(table), "embedded", retry_after_s=1)
    lab.finish(campaign_id, 120)
    calls = check(lab, campaign_id, table, 4000)
    rung = Counter(one.number[-4:] for one in read_rung(tmp_path / "rung.log"))
    for ending, outcome in table.items():
        assert rung[ending] <= outcome.tries, ending
        assert rung[ending] in (0, calls[ending]), ending
