"""A carrier's name whose address comes late: no call is lost, nobody rings twice, other trunks go on."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.campaigns import view as campaign_view
from engine.services.campaigns import why
from engine.services.overview import alarms
from engine.services.trunks import gateways
from engine.store.threads import read, write
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch import prompts
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.late_names import Names, running_names
from tests.freeswitch.switch import CarrierProcess, Switch, running_carrier, running_switch
from tests.runtime.lab import Lab, wait_for

pytestmark = pytest.mark.timeout(300)


@dataclass
class Late:
    """A switch with the gateways ``lab``, by its address, and ``named``, whose name this server resolves."""

    names: Names
    carrier: CarrierProcess
    switch: Switch


def with_names(binary: str, folder: Path) -> str:
    """The switch as a command that asks our name server alone: it sees another /etc/resolv.conf."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-m", "true"], capture_output=True).returncode != 0:
        pytest.skip("the switch cannot be given name servers of its own here (unshare -m)")
    resolver = folder / "resolv.conf"
    inner = f'mount --bind {shlex.quote(str(resolver))} /etc/resolv.conf && exec {shlex.quote(binary)} "$@"'
    command = folder / "freeswitch"
    command.write_text(f'#!/bin/sh\nexec unshare -m sh -c {shlex.quote(inner)} sh "$@"\n')
    command.chmod(0o755)
    return str(command)


@pytest.fixture(scope="module")
def late(freeswitch_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Late]:
    folder = tmp_path_factory.mktemp("late")
    binary = with_names(freeswitch_binary, folder)  # skips where it cannot
    with running_names(folder / "names") as names, running_carrier(folder / "carrier") as carrier:
        (folder / "resolv.conf").write_text(f"nameserver {names.host}\n")
        wanted = (
            GatewaySettings("lab", f"127.0.0.1:{carrier.port}"),
            GatewaySettings("named", f"sip.carrier.example:{carrier.port}"),
        )
        with running_switch(binary, folder / "switch", wanted) as switch:
            prompts.write_message(switch.prompts, "two", prompts.sweep(2.04))
            yield Late(names, carrier, switch)


@pytest.fixture
def lab(late: Late, tmp_path: Path) -> Iterator[Lab]:
    with running_engine(late.switch, tmp_path) as lab:
        write(lambda: gateways.ensure("named", 20, 100, wall_ms()))
        yield lab


def invites(late: Late, prefix: str) -> Counter[str]:
    """How often each number with that prefix was called, at the carrier."""
    return Counter(one["number"] for one in late.carrier.arrived if one["number"].startswith(prefix))


def is_told(alarm: alarms.Alarm) -> bool:
    """Whether an alarm names the name server."""
    return "was not answered by the name server" in str(alarm.sentence)


@pytest.mark.parametrize(("late_ms", "prefix"), [(3000, "0915"), (8000, "0917")])
def test_calls_wait_for_their_address_and_no_call_is_lost(
    late: Late, lab: Lab, late_ms: int, prefix: str
) -> None:
    late.names.be_late(late_ms)
    asked = late.names.asked
    numbers = [f"{prefix}{place:03d}0000" for place in range(30)]
    others = [f"0916{place:03d}0000" for place in range(60)]
    named = lab.campaign(numbers, gateways=["named"], max_tries=1)
    other = lab.campaign(others, gateways=["lab"], max_tries=1)
    assert lab.finish(other, 60).delivered == 60
    assert lab.finish(named, 120).delivered == 30
    assert late.names.asked > asked
    assert invites(late, "98" + prefix[1:]) == {"98" + number[1:]: 1 for number in numbers}
    assert {row.spent_try for row in lab.attempts(named)} == {True}


def test_an_address_that_comes_after_the_ring_time_out_rings_nobody(late: Late, lab: Lab) -> None:
    """FreeSWITCH tells no more of it than of a silent carrier; asked for the name, it tells that no answer comes."""
    late.names.be_late(20_000)
    numbers = [f"0918{place:03d}0000" for place in range(30)]
    named = lab.campaign(numbers, gateways=["named"], max_tries=1, ring_timeout_s=5)
    other = lab.campaign(["09196660000"], gateways=["lab"])
    wait_for(lambda: lab.reason(named) == why.GATEWAY_DNS, "the reason", 90)
    view = read(lambda: campaign_view.view(named, wall_ms()))
    assert (
        "The name sip.carrier.example was not answered by the name server of switch real within 3 s"
        in str(view.sentence)
    )
    alarm = wait_for(
        lambda: [one for one in read(lambda: alarms.standing(wall_ms())) if is_told(one)], "it", 60
    )
    assert str(alarm[0].sentence).startswith("Gateway named: ")
    assert lab.finish(other, 60).delivered == 1
    late.names.be_late(0)
    counts = lab.finish(named, 120)
    wait_for(
        lambda: not [one for one in read(lambda: alarms.standing(wall_ms())) if is_told(one)], "no alarm", 60
    )
    assert (counts.delivered, counts.exhausted) == (30, 0)
    assert invites(late, "98918") == {"98" + number[1:]: 1 for number in numbers}
