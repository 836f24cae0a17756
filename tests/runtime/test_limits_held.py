"""Limits and shares as the far end sees them: channels, head-room, rates of gateways side by side, weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from engine.bench.figures import fullest_second
from engine.clock import wall_ms
from engine.dialing.calls import Call
from engine.services.accounts import accounts
from engine.services.campaigns import campaigns
from engine.services.compliance import traffic_caps
from engine.services.money import ledger
from engine.services.trunks import gateways
from engine.services.trunks.headroom import permitted_rate, permitted_sessions
from engine.store.threads import write
from tests.policies import ANYTHING
from tests.runtime.lab import Lab
from tests.waits import wait_for

MANY = [f"0912{number:07d}" for number in range(1_000_100, 1_003_100)]


def most_up(lab: Lab, of: Callable[[], int]) -> list[int]:
    """What `of` (seats that are taken) was at each sending."""
    seen: list[int] = []
    lab.engine.dialer.on_sending.append(lambda _batch: seen.append(of()))
    return seen


def firm(weight: int) -> int:
    """An account of this weight; its id."""

    def make() -> int:
        account_id = accounts.open_by_staff(f"firm {weight}", wall_ms() + 10**9, None, wall_ms())
        accounts.change(account_id, None, wall_ms(), weight=weight)
        accounts.grant(account_id, ["any_hour"], None, wall_ms())
        traffic_caps.set_caps(account_id, 100_000, None, wall_ms(), None)  # it is new
        ledger.top_up(account_id, 1_000_000, f"firm {weight}", wall_ms())
        return account_id

    return write(make)


def test_two_switches_never_use_more_than_the_gateways_channels(start_lab: Callable[..., Lab]) -> None:
    lab = start_lab(switches="a=embedded b=embedded")
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=200.0, channels=20))
    lanes = lab.engine.dialer.lanes
    seen = most_up(lab, lambda: next(iter(lanes.gateways.values())).seats.used)
    campaign_id = lab.campaign(MANY[:200])
    wait_for(lambda: lab.counts(campaign_id).answered >= 5, "calls after the first ones")
    assert max(seen) == 19  # one is kept for urgent calls


def test_two_gateways_leave_the_switch_its_head_room(start_lab: Callable[..., Lab]) -> None:
    lab = start_lab({"inbound_share": 0.25}, max_sessions=81, speed=1)
    write(lambda: gateways.change("embedded", None, wall_ms(), channels=200))
    write(lambda: gateways.add("second", 200, 200, None, wall_ms()))
    switch = next(iter(lab.engine.dialer.lanes.switches.values()))
    seen = most_up(lab, lambda: switch.seats.used)
    campaign_id = lab.campaign(MANY, gateways=["embedded", "second"])
    wait_for(lambda: lab.counts(campaign_id).answered >= 5, "calls after the first ones")
    assert max(seen) == 57  # 80 less a quarter, less what is kept for urgent calls


def test_an_accounts_channels_hold_over_its_campaigns(lab: Lab) -> None:
    write(lambda: accounts.change(1, None, wall_ms(), max_channels=10))
    lanes = lab.engine.dialer.lanes
    seen = most_up(lab, lambda: next(iter(lanes.gateways.values())).seats.used)
    ids = [lab.campaign(MANY[at : at + 100]) for at in (0, 100, 200)]
    wait_for(lambda: all(lab.counts(one).answered >= 5 for one in ids), "answers in each campaign")
    assert max(seen) == 10


def test_a_tiny_gateway_does_not_hold_up_the_campaign_of_another(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=100.0, channels=2000))
    write(lambda: gateways.add("second", 1.0, 3, None, wall_ms()))
    sent: list[float] = []

    def note(batch: list[Call]) -> None:
        sent.extend(call.sent_m for call in batch if call.run.id == large)

    others = [lab.campaign(MANY[at : at + 60], gateways=["second"], weight=100) for at in range(0, 600, 60)]
    large = lab.campaign(MANY[600:1400], start=False)
    lab.engine.dialer.on_sending.append(note)
    write(lambda: campaigns.start(large, wall_ms(), ANYTHING))
    wait_for(lambda: len(sent) >= 700, "the large one's calls", 30)
    used = sent[100:700]
    assert fullest_second(used) <= 100
    assert 599 / (used[-1] - used[0]) >= 98.0
    assert len(lab.attempts(others[0])) < 60


@pytest.mark.parametrize("limit", [{"cps": 12.0}, {"cps": 200.0, "channels": 6}], ids=["rate", "channels"])
def test_accounts_share_a_slow_gateway_by_weight(lab: Lab, limit: dict[str, float]) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), **limit))
    sent: list[int] = []
    lab.engine.dialer.on_sending.append(lambda batch: sent.extend(call.run.account.weight for call in batch))
    for weight in (1, 2, 3):
        lab.campaign(MANY[weight * 500 : weight * 500 + 400], account_id=firm(weight))
    wait_for(lambda: len(sent) >= 290, "calls", 60)  # of which the first wait in front of the trunk
    shares = Counter(sent[-150:])
    assert shares == {weight: pytest.approx(25 * weight, abs=6) for weight in (1, 2, 3)}


def test_a_number_that_one_gateway_serves_is_called_there_again_after_its_fault(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), prefixes="98912"))
    write(lambda: gateways.add("second", 50, 50, None, wall_ms(), prefixes="98935"))
    campaign_id = lab.campaign(["09123450016"], gateways=[])  # 503 the first time
    assert lab.finish(campaign_id).delivered == 1


def test_limits_that_an_admin_changes_are_taken_over_while_it_runs(start_lab: Callable[..., Lab]) -> None:
    lab = start_lab()
    switch = next(iter(lab.engine.dialer.lanes.switches.values()))
    link = lab.engine.dialer.links[switch.id]
    before = (switch.limiter.cps, switch.seats.limit)
    link.api(b"api fsctl sps 31\n\n")
    link.api(b"api fsctl max_sessions 41\n\n")
    # Every four seconds; five are promised, and a heartbeat comes every twenty.
    wait_for(lambda: switch.limiter.cps < before[0] and switch.seats.limit < before[1], "the new limits", 15)
    assert (switch.limiter.cps, switch.seats.limit) == (
        permitted_rate(31, lab.engine.settings.inbound_share),
        permitted_sessions(41, lab.engine.settings.inbound_share),
    )
