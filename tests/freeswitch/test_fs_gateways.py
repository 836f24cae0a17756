"""Several trunks on a real FreeSWITCH: registration, challenges, fail-over, caller ids."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.clock import wall_ms
from engine.services.compliance import caller_ids
from engine.services.trunks import gateways
from engine.store.tables.core import Account
from engine.store.threads import read, write
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch import prompts
from tests.freeswitch.engine_lab import running_engine, switch_words
from tests.freeswitch.switch import ROOT, CarrierProcess, Switch, running_carrier, running_switch
from tests.runtime.lab import Lab
from tests.waits import wait_for

USER, PASSWORD = "avanak", "kept-in-a-file-7"


@dataclass
class Trunks:
    """A switch and its carriers: ``open`` takes all, ``strict`` asks who we are, ``full`` answers 503."""

    switch: Switch
    open: CarrierProcess
    strict: CarrierProcess
    full: CarrierProcess


@pytest.fixture(scope="module")
def trunks(freeswitch_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trunks]:
    folder = tmp_path_factory.mktemp("trunks")
    with (
        running_carrier(folder / "open") as plain,
        running_carrier(folder / "strict", "--user", USER, "--password", PASSWORD) as strict,
        running_carrier(folder / "full", "--everybody", "0004") as full,
    ):
        at = f"127.0.0.1:{strict.port}"
        known = {"username": USER, "password": PASSWORD}
        wanted = (
            GatewaySettings("lab", f"127.0.0.1:{plain.port}"),
            GatewaySettings("full", f"127.0.0.1:{full.port}"),
            GatewaySettings("registered", at, register=True, **known),
            GatewaySettings("challenged", at, **known),
            GatewaySettings("refused", at, register=True, username=USER, password="a-wrong-password-7"),
        )
        with running_switch(freeswitch_binary, folder / "switch", wanted) as switch:
            prompts.write_message(switch.prompts, "two", prompts.sweep(2.04))
            yield Trunks(switch, plain, strict, full)


@pytest.fixture
def lab(trunks: Trunks, tmp_path: Path) -> Iterator[Lab]:
    with running_engine(trunks.switch, tmp_path) as lab:
        for name in ("full", "registered", "challenged", "refused"):
            write(lambda name=name: gateways.ensure(name, 20, 100, wall_ms()))
        yield lab


def avanakctl(lab: Lab, *words: str) -> Any:
    """What the command line answers, as JSON."""
    environment = {**os.environ, "AVANAK_DATA_DIR": str(lab.folder)}
    command = [sys.executable, "-m", "engine", *words, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def calls(carrier: CarrierProcess, prefix: str) -> list[str]:
    return sorted(one["number"] for one in carrier.arrived if one["number"].startswith(prefix))


def test_a_gateway_registers_and_refused_ones_are_told_apart(trunks: Trunks, lab: Lab) -> None:
    wait_for(lambda: {200, 401, 403} <= set(trunks.strict.registers), "both registrations", 10)
    (told,) = avanakctl(lab, "switch", "status", "--switch", switch_words(trunks.switch))
    assert told["gateways"] == {
        "lab": "up", "full": "up", "registered": "up", "challenged": "up", "refused": "FAIL_WAIT",
    }  # fmt: skip
    sentence = (
        "Switch real is not registered with the carrier, which refuses it or does not answer (FAIL_WAIT)."
    )
    assert told["reason"] == f"refused: {sentence}"

    def listed() -> dict[str, str]:
        rows = avanakctl(lab, "gateway", "list")
        return {row["name"]: one["fault"] for row in rows for one in row["seen"]}

    found = wait_for(listed, "the engine's question to the switch", 30)
    assert {name for name, fault in found.items() if fault} == {"refused"}
    assert found["refused"] == sentence


@pytest.mark.parametrize("gateway", ["registered", "challenged"])
def test_a_challenged_call_goes_through(gateway: str, trunks: Trunks, lab: Lab) -> None:
    number = {"registered": "989141000000", "challenged": "989142000000"}[gateway]
    lab.finish(lab.campaign([number], gateways=[gateway]))
    assert calls(trunks.strict, number) == [number]
    assert trunks.strict.wait_for_end(number)["voice_ms"] == 2040


def test_a_refused_gateway_costs_no_try(trunks: Trunks, lab: Lab) -> None:
    numbers = [f"98915{place:03d}0000" for place in range(5)]
    write(lambda: gateways.change("registered", None, wall_ms(), priority=1))
    campaign_id = lab.campaign(numbers, gateways=["refused", "registered"])
    assert lab.finish(campaign_id).delivered == 5
    assert calls(trunks.strict, "98915") == numbers
    assert {lab.recipient(campaign_id, "+" + number).tries for number in numbers} == {1}


def test_it_fails_over_within_the_try_and_never_rings_by_two_at_once(trunks: Trunks, lab: Lab) -> None:
    numbers = [f"98916{place:03d}0000" for place in range(40)]
    write(lambda: gateways.change("lab", None, wall_ms(), priority=1))
    campaign_id = lab.campaign(numbers, gateways=["full", "lab"])
    assert lab.finish(campaign_id, 60).delivered == 40
    assert calls(trunks.open, "98916") == numbers
    refused = calls(trunks.full, "98916")
    assert len(refused) >= 5
    assert len(refused) == len(set(refused))
    over = {one["number"]: one["at"] for one in trunks.full.ended}
    began = {one["number"]: one["at"] for one in trunks.open.arrived}
    assert [number for number in refused if began[number] < over[number]] == []
    recipients = [lab.recipient(campaign_id, "+" + number) for number in numbers]
    assert {(one.state, one.tries) for one in recipients} == {("delivered", 1)}


def test_each_gateway_shows_its_caller_id(trunks: Trunks, lab: Lab) -> None:
    write(lambda: gateways.change("lab", None, wall_ms(), caller_id="02191007777"))
    lab.finish(lab.campaign(["989171000000"], gateways=["lab"]))
    account = read(lambda: Account.select().first().id)
    write(lambda: caller_ids.confirm(account, "02191008888", None, wall_ms()))
    lab.finish(lab.campaign(["989172000000"], gateways=["lab"], caller_id="02191008888"))
    shown = {one["number"]: one["caller"] for one in trunks.open.arrived}
    assert "02191007777" in shown["989171000000"]
    assert "02191008888" in shown["989172000000"]


@pytest.mark.parametrize(
    ("number_format", "prefix", "arrives"),
    [
        ("98", "", "989181000000"),
        ("+98", "", "+989181000000"),
        ("0098", "77", "7700989181000000"),
        ("0", "", "09181000000"),
    ],
)
def test_each_gateway_dials_in_its_form_and_one_call_tries_it(
    number_format: str, prefix: str, arrives: str, trunks: Trunks, lab: Lab
) -> None:
    known = len(trunks.open.arrived)
    write(
        lambda: gateways.change(
            "lab", None, wall_ms(), number_format=number_format, dial_prefix=prefix, caller_id="02191007777"
        )
    )
    told = avanakctl(lab, "gateway", "test", "lab", "09181000000", "--ring")
    assert (told["dialled"], told["call"]["disposition"]) == (arrives, "answered")
    assert [one["number"] for one in trunks.open.arrived[known:]] == [arrives]


def test_what_a_carrier_answered_to_one_call_is_told(trunks: Trunks, lab: Lab) -> None:
    before = len(trunks.full.arrived)
    done = subprocess.run(
        [sys.executable, "-m", "engine", "gateway", "test", "full", "09182000000", "--ring"],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "AVANAK_DATA_DIR": str(lab.folder)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "It did not ring. The carrier, or the switch, did not put the call through (503" in done.stdout
    assert len(trunks.full.arrived) == before + 1
