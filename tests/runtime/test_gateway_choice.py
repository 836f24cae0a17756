"""Which gateway a call leaves by: what the account may use, what is cheaper, what is left."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.services.accounts import accounts
from engine.services.campaigns import campaigns
from engine.services.trunks import gateways
from engine.store.tables.core import Gateway
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.runtime.lab import Lab
from tests.waits import wait_for

NUMBERS = [f"0912{number:07d}" for number in range(1_000_100, 1_000_130)]


def by_gateway(lab: Lab, campaign_id: int) -> Counter[str]:
    names = {row.id: row.name for row in read(lambda: list(Gateway.select()))}
    return Counter(names[attempt.gateway_id] for attempt in lab.attempts(campaign_id))


def test_an_account_uses_only_the_gateways_that_it_was_given(lab: Lab) -> None:
    write(lambda: gateways.add("second", 50, 50, None, wall_ms()))
    write(lambda: accounts.change(1, None, wall_ms(), gateways="second"))
    campaign_id = lab.campaign(NUMBERS, gateways=[])
    lab.finish(campaign_id)
    assert set(by_gateway(lab, campaign_id)) == {"second"}
    with pytest.raises(BadInput, match="may not use the gateway 'embedded'"):
        lab.campaign(NUMBERS, gateways=["embedded"])
    with pytest.raises(BadInput, match="no gateway 'third'"):
        write(lambda: accounts.change(1, None, wall_ms(), gateways="second third"))


def test_a_campaign_whose_gateways_its_account_loses_waits_and_says_so(lab: Lab) -> None:
    write(lambda: gateways.add("second", 50, 50, None, wall_ms()))
    campaign_id = lab.campaign(NUMBERS, start=False, gateways=["embedded"])
    write(lambda: accounts.change(1, None, wall_ms(), gateways="second"))
    write(lambda: campaigns.start(campaign_id, wall_ms(), ANYTHING))
    wait_for(lambda: lab.reason(campaign_id) == "no_gateway", "the reason")
    assert lab.attempts(campaign_id) == []


def test_of_one_priority_the_cheaper_is_taken_while_it_has_room(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=2.0, cost_rials_a_minute=10))
    write(lambda: gateways.add("second", 50, 50, None, wall_ms(), cost_rials_a_minute=90))
    write(lambda: gateways.add("last", 50, 50, None, wall_ms(), priority=5))
    campaign_id = lab.campaign(NUMBERS, gateways=[])
    lab.finish(campaign_id)
    used = by_gateway(lab, campaign_id)
    assert used["embedded"] >= 2  # as many as it may, the others go the dearer way at once
    assert used["second"] > used["embedded"]
    assert "last" not in used
