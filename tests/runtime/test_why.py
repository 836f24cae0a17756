"""One sentence for what binds a campaign, as the engine says it and the reader sees it, in both languages."""

from __future__ import annotations

import pytest

from engine.clock import TEHRAN, from_ms, wall_ms
from engine.services.accounts import accounts
from engine.services.campaigns import campaigns
from engine.services.campaigns import view as campaign_view
from engine.services.outbox.wording import in_persian
from engine.services.trunks import gateways
from engine.store.threads import read, write
from tests.runtime.lab import Lab
from tests.waits import wait_for

MANY = [f"0912{number:07d}" for number in range(1_000_100, 1_000_700)]


def told(lab: Lab, campaign_id: int, code: str) -> tuple[str, str]:
    """The sentence in English and Persian, once the engine gives this reason."""
    wait_for(lambda: lab.reason(campaign_id) == code, f"the reason {code}, not {lab.reason(campaign_id)}")
    view = read(lambda: campaign_view.view(campaign_id, wall_ms()))
    assert view.reason == code
    english, persian = str(view.sentence), in_persian(view.sentence)
    assert english != persian
    assert persian.endswith(".")
    return english, persian


def test_a_gateway_at_its_rate(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=30.0))
    assert "embedded is at its 30 calls a second" in told(lab, lab.campaign(MANY), "gateway_rate")[0]


def test_a_gateway_without_a_free_channel(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), channels=1))
    assert "all its 1 channels" in told(lab, lab.campaign(MANY), "gateway_channels")[0]


def test_its_own_rate_and_its_accounts(lab: Lab) -> None:
    assert "own limit of 5 calls a second" in told(lab, lab.campaign(MANY, cps=5.0), "own_rate")[0]
    write(lambda: accounts.change(1, None, wall_ms(), max_cps=3.0))
    other = lab.campaign([line.replace("0912", "0913") for line in MANY])
    assert "account is at its 3 calls" in told(lab, other, "account_rate")[0]


def test_a_closed_window(lab: Lab) -> None:
    english, persian = told(lab, lab.campaign(MANY, windows=closed_now()), "window")
    assert "closed until 1" in english
    assert "ساعت مجاز تماس نیست" in persian


def test_a_switch_that_is_down(lab: Lab) -> None:
    campaign_id = lab.campaign(MANY, cps=5.0)
    wait_for(lambda: lab.counts(campaign_id).attempts, "the first calls")
    lab.switch.kill()
    assert "No switch is up (embedded; down since 1" in told(lab, campaign_id, "switch_down")[0]


def test_a_gateway_that_the_switch_does_not_have(lab: Lab) -> None:
    write(lambda: gateways.add("typo", 20.0, 30, None, wall_ms()))
    lab.engine.dialer.refresh()
    lab.engine.trunk_watch.ask()
    english, _ = told(lab, lab.campaign(MANY, gateways=("typo",)), "gateway_fault")
    assert english.endswith("typo: Switch embedded has no gateway of this name in its configuration.")


def test_a_drained_gateway_and_no_end_while_nothing_can_leave(lab: Lab) -> None:
    campaign_id = lab.campaign(MANY, cps=5.0)
    wait_for(lambda: ends_at(campaign_id), "an expected end")
    write(lambda: gateways.drain("embedded", True, None, wall_ms()))
    assert "drained: embedded" in told(lab, campaign_id, "draining")[0]
    assert ends_at(campaign_id) is None


def test_the_end_counts_what_the_account_may(lab: Lab) -> None:
    write(lambda: accounts.change(1, None, wall_ms(), max_cps=1.0))
    campaign_id = lab.campaign(MANY)
    wait_for(lambda: ends_at(campaign_id), "an expected end")
    assert (ends_at(campaign_id) or 0) > wall_ms() + len(MANY) * 900


def test_waiting_for_retries_and_until_when(lab: Lab) -> None:
    # The people whose number ends with 13 do not answer.
    campaign_id = lab.campaign(["09121000113"], max_tries=2, retry_after_s=3_600)
    assert "the next is due at 1" in told(lab, campaign_id, "retry")[0]
    assert (ends_at(campaign_id) or 0) > wall_ms() + 3_000_000


def test_numbers_that_were_called_too_lately(lab: Lab) -> None:
    write(lambda: accounts.change(1, None, wall_ms(), min_gap_s=3_600))
    lab.finish(lab.campaign(["09121000100"]))
    assert "Nobody is due before 1" in told(lab, lab.campaign(["09121000100"]), "not_due")[0]


def test_numbers_that_no_gateway_serves(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), prefixes="98935"))
    assert "begin with 98912" in told(lab, lab.campaign(MANY), "unserved")[0]


@pytest.mark.parametrize("by", ["operator", "Ms Ahmadi: the list is wrong"])
def test_paused_by_whom(lab: Lab, by: str) -> None:

    campaign_id = lab.campaign(MANY, cps=5.0)
    write(lambda: campaigns.pause(campaign_id, by))
    view = read(lambda: campaign_view.view(campaign_id, wall_ms()))
    assert str(view.sentence) == f"Paused: {by}."
    assert in_persian(view.sentence) == f"مکث: {by}."


def ends_at(campaign_id: int) -> int | None:
    """Its expected end (ms), as the engine last said."""
    return read(lambda: campaign_view.view(campaign_id, wall_ms())).ends_at


def closed_now() -> str:
    """A calling window of an hour that is not now, in Tehran."""

    hour = from_ms(wall_ms()).astimezone(TEHRAN).hour
    begin = (hour + 2) % 23
    return f"{begin:02d}:00-{begin + 1:02d}:00"
