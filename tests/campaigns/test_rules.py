"""A campaign's rules: one value, the same after the store and after JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace

import pytest

from engine import bounds
from engine.clock import wall_ms
from engine.errors import BadInput
from engine.services.campaigns import campaigns
from engine.services.campaigns.rules import CampaignRules
from engine.store.threads import read, write
from tests.policies import ANYTHING

FULL = CampaignRules(
    name="Yalda",
    max_tries=3,
    retry_after_s=900,
    ring_timeout_s=25,
    max_length_s=90,
    windows="09:30-14:00,16:30-22:00",
    caller_id="02191001234",
    vote_keys="12",
    repeat_key="9",
    optout=True,
    delivered_share=0.8,
    gateways=("lab",),
    cps=2.5,
    channels=30,
    unknown_policy="leave",
    priority=0,
    weight=7,
    starts_at=1_900_000_000_000,
)


def test_the_store_gives_the_same_rules_back(campaign_id: int, account_id: int) -> None:
    rules = replace(FULL, caller_id="")
    made = write(lambda: campaigns.create(account_id, rules, None, wall_ms(), ANYTHING))
    assert read(lambda: CampaignRules.of(campaigns.get(made))) == rules


def test_each_rule_has_its_column() -> None:
    from engine.store.tables.core import Campaign

    assert {each.name for each in fields(CampaignRules)} <= set(Campaign._meta.fields)


def test_json_gives_the_same_rules_back() -> None:
    assert CampaignRules.of_document(json.loads(json.dumps(asdict(FULL)))) == FULL


@pytest.mark.parametrize(
    ("rule", "within"),
    [
        ("max_tries", bounds.TRIES),
        ("retry_after_s", bounds.RETRY_AFTER_S),
        ("ring_timeout_s", bounds.RING_TIMEOUT_S),
        ("weight", bounds.WEIGHT),
        ("cps", bounds.CPS),
        ("channels", bounds.CHANNELS),
        ("delivered_share", bounds.DELIVERED_SHARE),
    ],
)
def test_both_ends_are_allowed_and_nothing_beyond(rule: str, within: bounds.Bounds) -> None:
    for value in within:
        replace(FULL, **{rule: value}).check(660)
    step = 1 if isinstance(within.least, int) and isinstance(within.most, int) else 0.001
    for value in (within.least - step, within.most + step):
        with pytest.raises(BadInput, match="must be from"):
            replace(FULL, **{rule: value}).check(660)
