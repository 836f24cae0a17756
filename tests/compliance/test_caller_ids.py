"""Advertising is called from the range 0942 alone: refused before, and held to it while it runs."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from engine.clock import wall_ms
from engine.esl import commands
from engine.services.accounts import accounts
from engine.services.campaigns import campaigns, quick_sends
from engine.services.campaigns.quick_sends import QuickOptions
from engine.services.compliance import caller_ids
from engine.services.compliance.caller_ids import CallerIdNotAllowed
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.trunks import gateways
from engine.store.tables.core import Account, Campaign, CampaignPulse
from engine.store.threads import read, write
from tests.runtime.lab import Lab
from tests.waits import wait_for

ANY_HOUR = {"hours_advertising": "", "hours_service": ""}
NUMBERS = ["09123450000", "09123460000"]


@pytest.fixture
def open_lab(start_lab: Callable[..., Lab]) -> Lab:
    return start_lab(settings=ANY_HOUR, speed=5)  # slow enough for a call to be seen while it is up


def shown(lab: Lab) -> set[str]:
    """The numbers that the telephones see which ring now, as the switch has them; waits for the first."""
    link = next(iter(lab.engine.dialer.links.values()))

    def ringing() -> set[str]:
        rows = json.loads(link.api(commands.show_channels())).get("rows", [])
        return {row["initial_cid_num"] for row in rows}

    return wait_for(ringing, "a call that is up")


@pytest.mark.parametrize(
    ("caller_id", "fits"),
    [
        ("09421234567", True), ("989421234567", True), ("+989421234567", True), ("00989421234567", True),
        ("0942", True), ("9421234567", False), ("02191000942", False), ("09412345678", False), ("", False),
    ],
)  # fmt: skip
def test_a_range_is_recognised_however_the_number_is_written(caller_id: str, fits: bool) -> None:
    assert caller_ids.fits(caller_id, "0942") is fits
    assert caller_ids.fits(caller_id, "")


def test_advertising_from_another_number_is_refused_and_service_is_not(open_lab: Lab) -> None:
    with pytest.raises(CallerIdNotAllowed, match="begins with 0942"):
        open_lab.campaign(NUMBERS, kind="advertising")
    write(lambda: caller_ids.confirm(1, "02191000000", None, wall_ms()))
    with pytest.raises(CallerIdNotAllowed, match="caller id 02191000000 does not"):
        open_lab.campaign(NUMBERS, kind="advertising", caller_id="02191000000")
    open_lab.finish(open_lab.campaign(NUMBERS[:1], kind="service", caller_id="02191000000"))
    advert = QuickOptions(kind="advertising")
    number = normalise(NUMBERS[0])
    assert isinstance(number, NormalNumber)
    with pytest.raises(CallerIdNotAllowed):
        write(lambda: quick_sends.send(1, number, "prompt", advert, wall_ms(), open_lab.engine.policy))


@pytest.mark.parametrize("whose", ["campaign", "account", "gateway"])
def test_the_number_may_be_the_campaigns_the_accounts_or_the_gateways(open_lab: Lab, whose: str) -> None:
    rules = {"caller_id": "09421111111"} if whose == "campaign" else {}
    if whose == "campaign":
        write(lambda: caller_ids.confirm(1, "09421111111", None, wall_ms()))
    elif whose == "account":
        write(lambda: accounts.change(1, None, wall_ms(), caller_id="09421111111"))
    elif whose == "gateway":
        write(lambda: gateways.change("embedded", None, wall_ms(), caller_id="09421111111"))
    campaign_id = open_lab.campaign(NUMBERS, kind="advertising", **rules)
    assert shown(open_lab) == {"09421111111"}
    counts = open_lab.finish(campaign_id)
    assert (counts.delivered, counts.attempts) == (2, 2)


def test_only_gateways_that_show_the_range_carry_it(open_lab: Lab) -> None:
    write(lambda: gateways.ensure("second", 200, 500, wall_ms()))
    write(lambda: gateways.change("second", None, wall_ms(), caller_id="0942222", priority=5))
    campaign_id = open_lab.campaign(NUMBERS, kind="advertising", gateways=[])
    open_lab.finish(campaign_id)
    second = read(lambda: gateways.get("second").id)
    assert {row.gateway_id for row in open_lab.attempts(campaign_id)} == {second}


def test_a_gateway_that_loses_its_number_carries_nothing_more_and_it_is_said_why(open_lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), caller_id="0942333", cps=2.0))
    many = [f"0912{n:07d}" for n in range(1_000_100, 1_000_140)]
    campaign_id = open_lab.campaign(many, kind="advertising")
    wait_for(lambda: open_lab.counts(campaign_id).attempts > 0, "the first call")
    write(lambda: gateways.change("embedded", None, wall_ms(), caller_id="021333"))
    pulse = wait_for(
        lambda: read(
            lambda: CampaignPulse.get_or_none(
                CampaignPulse.campaign == campaign_id, CampaignPulse.reason == "caller_range"
            )
        ),
        "the reason",
    )
    assert "0942" in pulse.details
    wait_for(lambda: open_lab.counts(campaign_id).live == 0, "the calls that were up")
    assert open_lab.counts(campaign_id).waiting > 0
    write(lambda: gateways.change("embedded", None, wall_ms(), caller_id="0942444"))
    assert shown(open_lab) == {"0942444"}


def test_a_campaign_that_was_made_before_does_not_start(open_lab: Lab) -> None:
    write(lambda: caller_ids.confirm(1, "0942", None, wall_ms()))
    campaign_id = open_lab.campaign(NUMBERS, kind="advertising", caller_id="0942", start=False)
    write(lambda: Campaign.update(caller_id="021").where(Campaign.id == campaign_id).execute())
    with pytest.raises(CallerIdNotAllowed):
        write(lambda: campaigns.start(campaign_id, wall_ms(), open_lab.engine.policy))
    assert open_lab.state(campaign_id) == "draft"
    assert read(lambda: Account.get_by_id(1).caller_id) == ""
