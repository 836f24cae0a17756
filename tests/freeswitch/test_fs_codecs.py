"""The voice of a trunk: codecs offered in order, played as kept, changed in the call, none in common; where it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.clock import wall_ms
from engine.dialing.health import Breaker
from engine.services.campaigns import why
from engine.services.messages.g711 import to_ulaw
from engine.services.trunks import gateways
from engine.store.threads import write
from engine.switch_conf.settings import GatewaySettings
from tests.behaviour.outcomes import number_of
from tests.freeswitch import prompts
from tests.freeswitch.engine_lab import running_engine
from tests.freeswitch.switch import CarrierProcess, Switch, running_carrier, running_switch
from tests.runtime.lab import Lab
from tests.waits import wait_for

G729_PACKETS = 100  # of 20 ms in 20 bytes each: the message of two seconds
CODECS = {
    "both": "PCMA,PCMU",
    "ulaw": "PCMA,PCMU",
    "passed": "G729,PCMA",
    "foreign": "PCMA,PCMU",
    "lab": "PCMA",
    "nat": "PCMA",
}


@dataclass
class Trunks:
    """A switch and its carriers: ``ulaw`` takes PCMU alone, ``passed`` G729 and PCMA, ``foreign`` nothing of ours."""

    switch: Switch
    carriers: dict[str, CarrierProcess]


@pytest.fixture(scope="module")
def trunks(freeswitch_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trunks]:
    folder = tmp_path_factory.mktemp("codecs")
    with (
        running_carrier(folder / "both") as both,
        running_carrier(folder / "ulaw", "--codecs", "PCMU") as ulaw,
        running_carrier(folder / "passed", "--codecs", "G729,PCMA") as passed,
        running_carrier(folder / "foreign", "--codecs", "G722") as foreign,
    ):
        carriers = {
            "both": both,
            "ulaw": ulaw,
            "passed": passed,
            "foreign": foreign,
            "lab": both,
            "nat": both,
        }
        wanted = tuple(
            GatewaySettings(
                name,
                f"127.0.0.1:{carrier.port}",
                codecs=CODECS[name],
                voice_to="source" if name == "nat" else "sdp",
            )
            for name, carrier in carriers.items()
        )
        with running_switch(freeswitch_binary, folder / "switch", wanted) as switch:
            yield Trunks(switch, carriers)


@pytest.fixture
def lab(trunks: Trunks, tmp_path: Path) -> Iterator[Lab]:
    samples = prompts.sweep(2.04)
    prompts.write_message(trunks.switch.prompts, "two", samples)
    (trunks.switch.prompts / "two.PCMU").write_bytes(to_ulaw(np.array(samples, np.int16)))
    (trunks.switch.prompts / "two.G729").unlink(missing_ok=True)
    with running_engine(trunks.switch, tmp_path) as lab:
        for name, codecs in CODECS.items():
            write(lambda name=name: gateways.ensure(name, 20, 100, wall_ms()))
            write(lambda name=name, codecs=codecs: gateways.change(name, None, wall_ms(), codecs=codecs))
        yield lab


def test_codecs_are_offered_in_their_order_and_played_as_kept(trunks: Trunks, lab: Lab) -> None:
    for name, number, payload in (("both", "989211000000", 8), ("ulaw", "989212000000", 0)):
        lab.finish(lab.campaign([number], gateways=[name]))
        carrier = trunks.carriers[name]
        offered = next(one for one in carrier.arrived if one["number"] == number)
        assert offered["codecs"] == ["PCMA", "PCMU"]
        heard = carrier.wait_for_end(number)
        assert heard["voice_ms"] == 2040
        kept = trunks.switch.prompts / ("two.PCMA" if payload == 8 else "two.PCMU")
        # Byte for byte: nothing was decoded and encoded again on the way.
        assert Path(heard["audio"]).read_bytes().count(kept.read_bytes()) == 1
        assert set(heard["payloads"]) == {str(payload)}


def test_another_invite_changes_to_an_agreed_codec(trunks: Trunks, lab: Lab) -> None:
    number = "989213000052"
    campaign_id = lab.campaign([number], gateways=["both"])
    assert lab.finish(campaign_id).delivered == 1
    heard = trunks.carriers["both"].wait_for_end(number)
    assert heard["reinvited"] == 200
    assert abs(heard["voice_ms"] - 2040) <= 60
    assert set(heard["payloads"]) <= {"0", "8"}
    assert heard["codec"] in ("PCMA", "PCMU")


def test_a_codec_is_passed_through_where_the_message_is_kept_in_it(trunks: Trunks, lab: Lab) -> None:
    carrier = trunks.carriers["passed"]
    lab.finish(lab.campaign(["989214000000"], gateways=["passed"]))
    frames = bytes(range(20)) * G729_PACKETS
    (trunks.switch.prompts / "two.G729").write_bytes(frames)
    write(
        lambda: gateways.change("passed", None, wall_ms(), ptime_ms=40)
    )  # what was made for it is made anew
    write(lambda: gateways.change("passed", None, wall_ms(), ptime_ms=20))
    lab.finish(lab.campaign(["989215000000"], gateways=["passed"]))
    lab.finish(lab.campaign(["989216000008"], gateways=["passed"], vote_keys="1"))
    offers = {one["number"]: one["codecs"] for one in carrier.arrived}
    assert offers == {
        "989214000000": ["PCMA"], "989215000000": ["G729", "PCMA"], "989216000008": ["PCMA"],
    }  # fmt: skip
    heard = carrier.wait_for_end("989215000000")
    assert set(heard["payloads"]) == {"18"}
    assert Path(heard["audio"]).read_bytes().count(frames) == 1


def test_no_codec_in_common_is_told_and_the_trunk_left_alone(trunks: Trunks, lab: Lab) -> None:
    """By a 488, and by a 200 in a codec that nobody offered: those phones ring, and spend their tries."""
    for name, ending in (("foreign", "0000"), ("lab", "0037")):
        numbers = [f"98922{place:03d}{ending}" for place in range(30)]
        before = len(trunks.carriers[name].arrived)
        campaign_id = lab.campaign(numbers, gateways=[name], max_tries=1)
        wait_for(
            lambda campaign_id=campaign_id: lab.reason(campaign_id) == why.GATEWAY_CODECS, "the reason", 20
        )
        (lane,) = (one for one in lab.engine.dialer.lanes.gateways.values() if one.name == name)
        assert lane.health.state is Breaker.NO_CODEC
        assert len(trunks.carriers[name].arrived) - before <= 12
        assert lab.counts(campaign_id).answered == 0


def test_a_carrier_behind_nat_hears_the_message_where_its_voice_comes_from(trunks: Trunks, lab: Lab) -> None:
    """Its SDP names an address at which nobody listens: unless told otherwise, the voice goes there."""
    carrier = trunks.carriers["nat"]
    ends = {}
    for gateway in ("lab", "nat"):
        number, before = number_of("0266"), len(carrier.ended)
        assert lab.finish(lab.campaign([number], gateways=[gateway])).delivered == 1
        wait_for(lambda before=before: len(carrier.ended) > before, "the end of the call", 10)
        ends[gateway] = carrier.ended[before]["voice_ms"]
    assert ends["lab"] == 0
    assert ends["nat"] >= 1700  # FreeSWITCH follows after the first packets
