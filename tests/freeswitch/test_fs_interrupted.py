"""What breaks off amid calls: a carrier that dies and comes back, a switch whose disk is full, a clock that jumps."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from pathlib import Path

import pytest

from engine.services.campaigns import why
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch import prompts
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.switch import CarrierProcess, Switch, running_carrier, running_switch
from tests.runtime.lab import Lab
from tests.waits import wait_for

pytestmark = pytest.mark.timeout(300)


@contextmanager
def running_lab(
    binary: str, folder: Path, carrier: CarrierProcess, cdr: bool = True
) -> Iterator[tuple[Lab, Switch]]:
    """An engine with a switch of its own and the gateway ``lab``."""
    wanted = (GatewaySettings("lab", f"127.0.0.1:{carrier.port}"),)
    with running_switch(binary, folder / "switch", wanted) as switch:
        prompts.write_message(switch.prompts, "two", prompts.sweep(2.04))
        (folder / "engine").mkdir()
        with running_engine(switch, folder / "engine", str(switch.cdr) if cdr else "") as lab:
            yield lab, switch


def fill(path: Path) -> None:
    """Write until the disk is full."""
    done = subprocess.run(["dd", "if=/dev/zero", f"of={path}", "bs=4k"], capture_output=True, text=True)
    assert "No space left" in done.stderr


def invites(carrier: CarrierProcess) -> Counter[str]:
    """How often each number was called, at the carrier, in all its lives."""
    return Counter("0" + call["number"].removeprefix("98") for call in carrier.arrived)


def check_books(lab: Lab, campaign_id: int, counted: Counter[str], numbers: list[str], most: int) -> None:
    """Each number arrived as often as the books say, and rang no more often than it had tries."""
    for number in numbers:
        row = lab.recipient(campaign_id, "+98" + number[1:])
        assert row.state in ("delivered", "exhausted"), number
        assert row.tries <= most, number
        assert counted[number] <= row.tries + row.uncounted_tries, number


def test_a_carrier_that_dies_amid_fifty_calls_and_comes_back(freeswitch_binary: str, tmp_path: Path) -> None:
    """Nobody is rung more often than his tries, and whoever was not reached is reached when it is back."""
    with (
        running_carrier(tmp_path / "carrier") as carrier,
        running_lab(freeswitch_binary, tmp_path, carrier) as (lab, _switch),
    ):
        ringing = [f"0915{place:03d}0014" for place in range(25)]  # for eight seconds
        talking = [f"0916{place:03d}0000" for place in range(25)]
        campaign_id = lab.campaign(
            ringing + talking, gateways=["lab"], max_tries=2, retry_after_s=2, ring_timeout_s=12
        )
        wait_for(lambda: sum(invites(carrier).values()) >= 50, "fifty calls", 60)
        carrier.process.kill()
        carrier.process.wait(10)
        with running_carrier(tmp_path / "carrier", "--port", str(carrier.port)):
            counts = lab.finish(campaign_id, 200)
        counted = invites(carrier)
        check_books(lab, campaign_id, counted, ringing + talking, most=2)
        assert max(counted.values()) <= 2
        assert counts.delivered + counts.exhausted == 50
        assert counts.delivered >= 25


def test_a_switch_without_room_for_its_records_and_its_log(freeswitch_binary: str, tmp_path: Path) -> None:
    """FreeSWITCH tries for 2.5 s to write each record before it reports the end: every end is true, and then nobody is called."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-m", "true"], capture_output=True).returncode != 0:
        pytest.skip("the switch cannot be given a full disk here (unshare -m)")
    folders = [tmp_path / "switch" / name for name in ("cdr", "log")]
    full = " && ".join(f"mount -t tmpfs -o size=2m none {shlex.quote(str(folder))}" for folder in folders)
    command = tmp_path / "freeswitch"
    inner = f'{full} && exec {shlex.quote(freeswitch_binary)} "$@"'
    command.write_text(f'#!/bin/sh\nexec unshare -m sh -c {shlex.quote(inner)} sh "$@"\n')
    command.chmod(0o755)
    with (
        running_carrier(tmp_path / "carrier") as carrier,
        running_lab(str(command), tmp_path, carrier, cdr=False) as (lab, switch),
    ):
        fillers = [Path(f"/proc/{switch.process.pid}/root{folder}/filler") for folder in folders]
        for filler in fillers:
            fill(filler)
        numbers = [f"0915{place:03d}{ending}" for place in range(12) for ending in ("0000", "0001")]
        campaign_id = lab.campaign(numbers, gateways=["lab"], max_tries=1)
        wait_for(lambda: sum(invites(carrier).values()) == 24, "the calls", 60)
        lane = next(iter(lab.engine.dialer.lanes.switches.values()))
        wait_for(lambda: lane.reports.are_late, "late reports", 60)
        others = [f"0916{place:03d}0000" for place in range(10)]
        other = lab.campaign(others, gateways=["lab"], max_tries=1)
        wait_for(lambda: lab.reason(other) == why.SWITCH_RECORDS, "the reason", 30)
        counts = lab.finish(campaign_id, 150)
        assert (counts.delivered, counts.exhausted) == (12, 12)
        assert {row.heard_ms for row in lab.attempts(campaign_id) if row.answered_at} == {2040}
        for filler in fillers:
            filler.unlink()
        assert lab.finish(other, 60).delivered == 10
        assert invites(carrier) == dict.fromkeys(numbers + others, 1)


@pytest.mark.parametrize("jump_s", [3600, -3600])
def test_a_switch_whose_clock_jumps_amid_calls(freeswitch_binary: str, tmp_path: Path, jump_s: int) -> None:
    """Its clock on the wall moves by an hour while phones ring and messages play; set back, FreeSWITCH lets messages stand."""
    library = find_library("faketime") or "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
    if not os.path.exists(library):
        pytest.skip("libfaketime is not installed")
    offset = tmp_path / "offset"
    offset.write_text("+0s\n")
    command = tmp_path / "freeswitch"
    command.write_text(
        f"#!/bin/sh\nLD_PRELOAD={shlex.quote(library)} FAKETIME_TIMESTAMP_FILE={shlex.quote(str(offset))} "
        f"FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 "
        f'exec {shlex.quote(freeswitch_binary)} "$@"\n'
    )
    command.chmod(0o755)
    with (
        running_carrier(tmp_path / "carrier") as carrier,
        running_lab(str(command), tmp_path, carrier) as (lab, switch),
    ):
        numbers = [f"0915{place:03d}0000" for place in range(60)]
        campaign_id = lab.campaign(numbers, gateways=["lab"], max_tries=2, retry_after_s=2)
        wait_for(lambda: sum(invites(carrier).values()) >= 20, "twenty calls", 60)
        offset.write_text(f"{jump_s:+d}s\n")
        line = switch.connect()
        line.api("fsctl sync_clock")
        wait_for(lambda: abs(int(line.api("strepoch")) - time.time() - jump_s) < 60, "the jump", 30)
        line.close()
        assert lab.finish(campaign_id, 180).delivered == 60
        check_books(lab, campaign_id, invites(carrier), numbers, most=2)
        attempts = lab.attempts(campaign_id)
        assert {row.spent_try for row in attempts} == {True}
        assert all(row.heard_ms <= 2040 for row in attempts)
        assert len(attempts) == sum(invites(carrier).values())
