"""The check page and the live page tell the same end: one reckoning, from the rows and from the lanes made of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.clock import TEHRAN
from engine.dialing.pulse import Pulse
from engine.services.campaigns.estimate import Limits
from engine.services.campaigns.preflight import Ground, Preflight, reckon
from engine.services.campaigns.rules import CampaignRules
from engine.store.tables.core import Gateway
from tests.dialing.test_binding_limit import World

NOW = 1_700_000_000_000  # 2023-11-15 01:43 in Tehran
GATEWAYS = (Gateway(name="a", cps=20, channels=50), Gateway(name="b", cps=30, channels=50))


def on_the_check_page(rules: CampaignRules, waiting: int, message_ms: int) -> int | None:
    found = Preflight("list.csv", "number", valid=waiting)
    reckon(found, rules, message_ms, Ground(GATEWAYS, Limits(100, 200)), NOW, TEHRAN)  # type: ignore[arg-type]
    return found.ends_at


def on_the_live_page(rules: CampaignRules, waiting: int, message_ms: int) -> int | None:
    world = World()
    world.names = set(rules.gateways) or None
    world.shown = {""}
    world.run.account_id = 1
    world.run.rules = SimpleNamespace(
        cps=rules.cps, channels=rules.channels, message_ms=message_ms, windows=rules.hours(),
        policy=SimpleNamespace(max_tries=rules.max_tries, retry_after_ms=rules.retry_after_s * 1000),
    )  # fmt: skip
    pulse: Any = SimpleNamespace(
        _share=lambda: None, _lanes=world.lanes, _caps={}, _capped_ends={}, _costs={}, _zone=TEHRAN
    )
    counts: Any = SimpleNamespace(waiting=waiting, retry_wait=0, live=0, attempts=0, answered=0)
    return Pulse._ends_at(pulse, world.run, counts, 0, NOW)


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"max_tries": 4, "retry_after_s": 3_600},
        {"cps": 3.0},
        {"channels": 7},
        {"gateways": ("a",)},
        {"windows": "09:30-14:00,16:30-22:00", "max_tries": 2},
        {"weekdays": "15", "windows": "09:00-10:00"},
    ],
)
@pytest.mark.parametrize("waiting", [1, 500, 100_000])
def test_both_pages_tell_the_same_end(rules: dict[str, Any], waiting: int) -> None:
    chosen = CampaignRules(name="x", **rules)
    ends_at = on_the_check_page(chosen, waiting, 25_000)
    assert ends_at is not None
    assert on_the_live_page(chosen, waiting, 25_000) == ends_at
