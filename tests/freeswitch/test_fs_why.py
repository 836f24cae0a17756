"""`why` names what is wrong at the switch itself: paused, full, a name that is not resolved, a carrier without an answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.campaigns import view as campaign_view
from engine.services.campaigns import why
from engine.services.trunks import gateways
from engine.store.threads import read, write
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch import prompts
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.eventsocket import EventSocket
from tests.freeswitch.switch import Switch, running_carrier, running_switch
from tests.runtime.lab import Lab
from tests.waits import wait_for

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def switch(freeswitch_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switch]:
    """The name of the carrier of `named` does not exist (RFC 6761); `mute` is asked by OPTIONS and never answers."""
    folder = tmp_path_factory.mktemp("why")
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute,
        running_carrier(folder / "carrier") as carrier,
    ):
        mute.bind(("127.0.0.1", 0))
        wanted = (
            GatewaySettings("lab", f"127.0.0.1:{carrier.port}"),
            GatewaySettings("named", "sip.carrier.example"),
            GatewaySettings("mute", f"127.0.0.1:{mute.getsockname()[1]}", ping_s=5),
        )
        with running_switch(freeswitch_binary, folder / "switch", wanted) as switch:
            prompts.write_message(switch.prompts, "two", prompts.sweep(2.04))
            yield switch


@pytest.fixture
def line(switch: Switch) -> Iterator[EventSocket]:
    """An admin's console; what was set there is taken back."""
    socket = switch.connect()
    yield socket
    socket.api("fsctl resume")
    socket.api("fsctl max_sessions 3000")
    socket.close()


@pytest.fixture
def lab(switch: Switch, tmp_path: Path) -> Iterator[Lab]:
    with running_engine(switch, tmp_path) as lab:
        for name in ("named", "mute"):
            write(lambda name=name: gateways.ensure(name, 20, 100, wall_ms()))
        yield lab


def test_a_paused_switch_calls_nobody_and_goes_on(lab: Lab, line: EventSocket) -> None:
    line.api("fsctl pause outbound")
    wait_for(lambda: all(one.is_paused for one in lab.engine.dialer.lanes.switches.values()), "the pause")
    campaign_id = lab.campaign(["09123530000"], gateways=["lab"])
    wait_for(lambda: lab.reason(campaign_id) == why.SWITCH_PAUSED, "the reason")
    assert lab.attempts(campaign_id) == []
    line.api("fsctl resume")
    assert lab.finish(campaign_id, 30).delivered == 1


def test_a_switch_that_is_full_of_others_calls(lab: Lab, line: EventSocket) -> None:
    line.api("fsctl max_sessions 6")
    for place in range(5):  # five others' calls that last
        line.command(
            f"bgapi originate {{originate_timeout=60,avanak_account=999}}sofia/gateway/lab/0912{place}000000 &park"
        )
    campaign_id = lab.campaign([f"0912{354 + place}0000" for place in range(8)], gateways=["lab"])
    wait_for(lambda: lab.reason(campaign_id) in (why.SWITCH_REFUSES, why.SWITCH_SESSIONS), "the reason", 30)
    line.api("hupall MANAGER_REQUEST avanak_account 999")
    line.api("fsctl max_sessions 3000")
    counts = lab.finish(campaign_id, 60)
    assert counts.delivered == 8


def test_a_carrier_whose_name_is_not_resolved(lab: Lab) -> None:
    campaign_id = lab.campaign(
        ["09123550000", "09123560000"], gateways=["named"], ring_timeout_s=5, max_tries=1
    )
    wait_for(lambda: lab.reason(campaign_id) == why.GATEWAY_DNS, "the reason", 60)
    wait_for(lambda: "sip.carrier.example" in told(campaign_id), "its name", 60)
    # More tries than a number gets by a trunk that serves others: nobody is given up for the trunk's fault.
    wait_for(lambda: len(lab.attempts(campaign_id)) >= 8, "the fourth tries", 100)
    assert lab.counts(campaign_id).exhausted == 0


def test_a_carrier_that_does_not_answer_options(lab: Lab, switch: Switch) -> None:
    wait_for(lambda: "DOWN" in status(switch), "the switch to notice", 90)
    campaign_id = lab.campaign([f"0912{place}0000" for place in range(570, 630)], gateways=["mute"])
    wait_for(lambda: lab.reason(campaign_id) == why.GATEWAY_FAULT, "the reason", 90)
    assert lab.counts(campaign_id).exhausted == 0


def told(campaign_id: int) -> str:
    """Why it is not faster."""
    return str(read(lambda: campaign_view.view(campaign_id, wall_ms())).sentence)


def status(switch: Switch) -> str:
    """How the switch sees `mute`."""
    socket = switch.connect()
    try:
        return next(line for line in socket.api("sofia status gateway mute").splitlines() if "Status" in line)
    finally:
        socket.close()
