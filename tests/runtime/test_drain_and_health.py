"""What an operator does and sees when a trunk or a switch is in trouble: drain, back-off, breaker, a busy processor."""

from __future__ import annotations

import pytest

from engine.bench.figures import fullest_second
from engine.clock import wall_ms
from engine.dialing.calls import Call
from engine.dialing.health import PROBES
from engine.services.trunks import gateway_health, gateways, switches
from engine.store.tables.core import Gateway
from engine.store.threads import read, write
from tests.runtime.lab import Lab
from tests.runtime.test_why import MANY, told
from tests.waits import wait_for


def simulate(lab: Lab, words: str) -> None:
    """Change how the embedded switch's trunks, or its processor, behave."""
    link = next(iter(lab.engine.dialer.links.values()))
    assert link.api(f"api avanak_simulate {words}\n\n".encode()).startswith("+OK")


def health(lab: Lab, name: str) -> gateway_health.GatewayHealthSeen | None:
    """How screens see a gateway."""
    found = read(lambda: gateway_health.seen_of(wall_ms())[Gateway.get(Gateway.name == name).id])
    return found[0] if found else None


def sent(lab: Lab) -> list[tuple[float, int]]:
    """(instant, gateway) of each call from now on."""
    calls: list[tuple[float, int]] = []

    def note(batch: list[Call]) -> None:
        calls.extend((call.sent_m, call.gateway_id) for call in batch)

    lab.engine.dialer.on_sending.append(note)
    return calls


def test_a_drained_switch_gets_no_call_until_it_is_used_again(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=50.0))
    campaign_id = lab.campaign(MANY)
    calls = sent(lab)
    wait_for(lambda: len(calls) > 20, "calls")
    write(lambda: switches.drain("embedded", True, None, wall_ms()))
    english, persian = told(lab, campaign_id, "switch_draining")
    assert english == "All its switches are being drained: embedded."
    assert "تخلیه" in persian
    before = len(calls)
    wait_for(lambda: not len(lab.engine.dialer.calls), "the calls that are up to end")
    assert len(calls) == before
    wait_for(lambda: lab.counts(campaign_id).live == 0, "the last settles")
    write(lambda: switches.drain("embedded", False, None, wall_ms()))
    wait_for(lambda: len(calls) > before + 20, "calls again")


def test_what_waits_for_a_gateway_goes_back_when_it_is_drained(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=5.0))
    campaign_id = lab.campaign(MANY)
    wait_for(
        lambda: any(trunk.ready > 2 for trunk in lab.engine.dialer.lanes.trunks.values()), "calls that wait"
    )
    write(lambda: gateways.drain("embedded", True, None, wall_ms()))
    told(lab, campaign_id, "draining")
    calls = sent(lab)
    wait_for(lambda: not len(lab.engine.dialer.calls), "the calls that are up to end")
    assert calls == []
    wait_for(lambda: lab.counts(campaign_id).live == 0, "the last settles")


def test_a_congested_gateway_is_slowed_and_climbs_back_and_screens_say_so(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=60.0))
    simulate(lab, "gateway embedded congestion 0.5")
    calls = sent(lab)
    campaign_id = lab.campaign([f"0912{n:07d}" for n in range(1_000_000, 1_006_000)])
    assert "of its 60 calls a second" in told(lab, campaign_id, "gateway_slowed")[0]
    seen = wait_for(lambda: (one := health(lab, "embedded")) and not one.is_well and one, "the screens' word")
    assert seen.kind in ("slowed", "climbing")
    assert "of 60 calls a second" in str(seen.sentence)
    simulate(lab, "gateway embedded normal")
    wait_for(lambda: (one := health(lab, "embedded")) and one.is_well, "the full rate", 60)
    assert fullest_second([at for at, _ in calls]) <= 60


def test_a_dead_gateway_is_left_alone_and_the_campaign_goes_on_by_the_other(lab: Lab) -> None:
    write(lambda: gateways.change("embedded", None, wall_ms(), cps=60.0))
    second = write(lambda: gateways.add("second", 20, 200, None, wall_ms()))
    campaign_id = lab.campaign(
        [f"0912{n:07d}" for n in range(1_000_000, 1_006_000)], gateways=["embedded", "second"]
    )
    wait_for(lambda: lab.counts(campaign_id).answered > 20, "answers")
    simulate(lab, "gateway embedded congestion 1")
    english, persian = told(lab, campaign_id, "gateway_detour")
    assert "embedded fails nearly every call and is left alone; it goes on by second" in english
    assert "درگاه embedded" in persian
    calls = sent(lab)
    wait_for(lambda: len([1 for _, gateway in calls if gateway == second]) > 60, "calls by the other")
    assert len([1 for _, gateway in calls if gateway != second]) <= PROBES  # one round of calls that try it
    assert [name for name, _ in read(lambda: gateway_health.failing(wall_ms()))] == ["embedded"]
    simulate(lab, "gateway embedded normal")
    wait_for(lambda: (one := health(lab, "embedded")) and one.state == "closed", "the breaker to close", 40)


def test_a_busy_processor_slows_the_switch_and_an_idle_one_brings_it_back(lab: Lab) -> None:
    switch = next(iter(lab.engine.dialer.lanes.switches.values()))
    full = switch.limiter.cps
    simulate(lab, "idle 3")
    wait_for(lambda: switch.limiter.cps == full / 2, "half the rate")
    for _ in range(5):
        simulate(lab, "idle 3")
    wait_for(lambda: switch.limiter.cps < full / 4.9, "the least rate")
    for _ in range(4):
        simulate(lab, "idle 80")
    wait_for(lambda: switch.limiter.cps == full, "the full rate")
    wait_for(lambda: read(lambda: switches.all_switches()[0].idle_cpu) == 80, "the heartbeat to be stored")


def test_a_switch_that_is_given_other_sessions_while_it_runs_keeps_its_head_room(lab: Lab) -> None:
    switch = next(iter(lab.engine.dialer.lanes.switches.values()))
    link = next(iter(lab.engine.dialer.links.values()))
    link.api(b"api fsctl max_sessions 101\n\n")
    simulate(lab, "idle 80")
    wait_for(lambda: switch.seats.limit == 100, "the new limit")


@pytest.mark.parametrize(
    ("trouble", "reason", "sentence"),
    [
        ("no-codec", "gateway_codecs", "no codec or encryption in common (offered: PCMA)"),
        ("refuse 488", "gateway_codecs", "no codec or encryption in common (offered: PCMA)"),
        (
            "unresolved",
            "gateway_dns",
            "Calls by gateway embedded do not find their carrier",
        ),
        (
            "unanswered",
            "gateway_dns",
            "The name embedded.carrier.example was not answered by the name server of switch embedded within 3 s",
        ),
        ("refuse 403", "gateway_refused", "is not accepted by its carrier"),
    ],
)
def test_what_is_wrong_with_a_carrier_is_named(lab: Lab, trouble: str, reason: str, sentence: str) -> None:
    simulate(lab, f"gateway embedded {trouble}")
    campaign_id = lab.campaign(MANY, max_tries=1)
    english, _ = told(lab, campaign_id, reason)
    assert sentence in english


def test_a_paused_switch_is_named_and_goes_on(lab: Lab) -> None:
    link = next(iter(lab.engine.dialer.links.values()))
    link.api(b"api fsctl pause outbound\n\n")
    campaign_id = lab.campaign(MANY)
    english, persian = told(lab, campaign_id, "switch_paused")
    assert english.startswith("All its switches were paused by hand")
    assert "متوقف" in persian
    link.api(b"api fsctl resume\n\n")
    wait_for(lambda: lab.counts(campaign_id).live > 0, "calls")
