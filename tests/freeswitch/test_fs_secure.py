"""Trunks by TCP and TLS, with SRTP, installed as an admin does and dialled by the engine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.campaigns import why
from engine.services.trunks import gateways
from engine.store.threads import write
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch import prompts
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.switch import CarrierProcess, Switch, running_carrier, running_switch
from tests.runtime.lab import Lab
from tests.waits import wait_for

USER, PASSWORD = "avanak", "kept-in-a-file-7"
MESSAGE = prompts.sweep(2.04)


@dataclass
class Trunks:
    """A switch and its carriers, by the names of the gateways."""

    switch: Switch
    carriers: dict[str, CarrierProcess]


def certificate(folder: Path, name: str) -> Path:
    """A self-made certificate of 127.0.0.1 with its key."""
    path, key = folder / f"{name}.pem", folder / f"{name}.key"
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(path)]
    subprocess.run(words, check=True, capture_output=True)
    (folder / f"{name}.public.pem").write_text(path.read_text())
    path.write_text(path.read_text() + key.read_text())
    return path


@pytest.fixture(scope="module")
def trunks(freeswitch_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trunks]:
    folder = tmp_path_factory.mktemp("secure")
    known, stranger = certificate(folder, "known"), certificate(folder, "stranger")
    tls = ("--transport", "tls", "--certificate", str(known))
    with (
        running_carrier(folder / "tcp", "--transport", "tcp", "--user", USER, "--password", PASSWORD) as tcp,
        running_carrier(folder / "tls", *tls, "--srtp") as sealed,
        running_carrier(folder / "open", *tls) as bare,
        running_carrier(folder / "stranger", "--transport", "tls", "--certificate", str(stranger)) as unknown,
    ):
        carriers = {"tcp": tcp, "tls": sealed, "may": bare, "must": bare, "stranger": unknown}
        kinds = {
            "tcp": {"transport": "tcp", "register": True, "username": USER, "password": PASSWORD},
            "tls": {"transport": "tls", "srtp": "mandatory"},
            "may": {"transport": "tls", "srtp": "optional"},
            "must": {"transport": "tls", "srtp": "mandatory"},
            "stranger": {"transport": "tls"},
        }
        wanted = tuple(
            GatewaySettings(name, f"127.0.0.1:{carrier.port}", **kinds[name])
            for name, carrier in carriers.items()
        )
        authorities = folder / "known.public.pem"
        with running_switch(
            freeswitch_binary, folder / "switch", wanted, tls_authorities_file=str(authorities)
        ) as switch:
            prompts.write_message(switch.prompts, "two", MESSAGE)
            yield Trunks(switch, carriers)


@pytest.fixture
def lab(trunks: Trunks, tmp_path: Path) -> Iterator[Lab]:
    with running_engine(trunks.switch, tmp_path) as lab:
        for name in trunks.carriers:
            write(lambda name=name: gateways.ensure(name, 20, 100, wall_ms()))
        yield lab


@pytest.mark.parametrize(("gateway", "is_sealed"), [("tcp", False), ("tls", True), ("may", False)])
def test_a_message_arrives_whole(gateway: str, is_sealed: bool, trunks: Trunks, lab: Lab) -> None:
    number, carrier = f"98923{len(gateway)}{gateway[-1].encode().hex()}0008", trunks.carriers[gateway]
    campaign_id = lab.campaign([number], gateways=[gateway], vote_keys="1")
    lab.finish(campaign_id)
    heard = carrier.wait_for_end(number)
    assert (heard["sealed"], heard["voice_ms"]) == (is_sealed, 2040)
    assert Path(heard["audio"]).read_bytes().count(prompts.to_alaw(MESSAGE)) == 1
    assert [attempt.vote for attempt in lab.attempts(campaign_id)] == ["1"]
    if gateway == "tcp":
        assert 200 in carrier.registers


def test_a_carrier_without_srtp_is_not_spoken_to_in_the_open(trunks: Trunks, lab: Lab) -> None:
    numbers = [f"98921{place:03d}0000" for place in range(30)]
    campaign_id = lab.campaign(numbers, gateways=["must"], max_tries=1)
    wait_for(lambda: lab.reason(campaign_id) == why.GATEWAY_CODECS, "the reason", 20)
    calls = [one for one in trunks.carriers["must"].arrived if one["number"] in numbers]
    assert all(one["is_secure"] for one in calls)
    assert lab.counts(campaign_id).answered == 0


def test_a_carrier_that_nobody_vouches_for_gets_no_call(trunks: Trunks, lab: Lab) -> None:
    campaign_id = lab.campaign(["989220000000"], gateways=["stranger"], max_tries=1)
    wait_for(lambda: [one for one in lab.attempts(campaign_id) if one.ended_at], "the end of the call", 40)
    assert trunks.carriers["stranger"].arrived == []
    attempt = lab.attempts(campaign_id)[0]
    assert (attempt.spent_try, attempt.disposition) == (False, "congestion")
