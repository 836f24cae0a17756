"""The voice that arrives at the carrier is the message, in packets of the length that was asked for."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pytest

from engine.esl.originate import STAMPS
from tests.freeswitch import prompts
from tests.freeswitch.carrier_rtp import ALAW
from tests.freeswitch.dialling import End, dial, end_of
from tests.freeswitch.switch import CarrierProcess, Switch

PACKETS = (20, 40, 60)


@dataclass
class Heard:
    """One call: its end, what the carrier was offered, noted and heard, and the file that was opened."""

    end: End
    offered: dict[str, Any]
    noted: dict[str, Any]
    audio: bytes
    played: str


@pytest.fixture(scope="module")
def heard(freeswitch: Switch, carrier: CarrierProcess, fs_prompts: object) -> dict[tuple[str, int], Heard]:
    """Both messages in packets of each length, at once."""
    line = freeswitch.connect()
    line.subscribe("CHANNEL_HANGUP_COMPLETE", "PLAYBACK_START")
    calls = {}
    for place, (message, ptime_ms) in enumerate(itertools.product(("six", "wavonly"), PACKETS)):
        number = f"0913{place}000000"
        codec = f"PCMA@8000h@{ptime_ms}i"
        calls[message, ptime_ms] = (
            number,
            dial(line, number, absolute_codec_string=codec, avanak_message=message, **dict([STAMPS])),
        )
    found = {}
    for key, (number, call) in calls.items():
        played = line.wait(10, Event_Name="PLAYBACK_START", Unique_ID=call)["Playback-File-Path"]
        end = end_of(line, call)
        noted = carrier.wait_for_end(number)
        offered = next(one for one in carrier.arrived if one["number"] == number)
        found[key] = Heard(end, offered, noted, Path(noted["audio"]).read_bytes(), played)
    line.close()
    return found


@pytest.mark.parametrize("ptime_ms", PACKETS)
def test_a_message_in_the_carriers_codec_arrives_untouched(
    ptime_ms: int, heard: dict[tuple[str, int], Heard], fs_prompts: dict[str, list[int]]
) -> None:
    call = heard["six", ptime_ms]
    message = prompts.to_alaw(fs_prompts["six"])
    assert call.played.endswith("/six.PCMA")
    assert (call.offered["ptime_ms"], call.offered["codecs"]) == (ptime_ms, ["PCMA"])
    assert call.noted["packet_bytes"] == [ptime_ms * 8]
    # Byte for byte: nothing was decoded and encoded again on the way.
    assert call.audio.count(message) == 1
    assert 400 <= call.audio.find(message) / 8 <= 700  # a breath of silence before it
    assert call.end.heard_ms == 6000
    # Linear stamps keep the time, since something is sent from the answer to the end.
    assert call.noted["packets"] * ptime_ms == pytest.approx(call.noted["talked_s"] * 1000, abs=300)
    assert call.noted["late_ms"] < 300


@pytest.mark.parametrize("ptime_ms", PACKETS)
def test_a_wav_arrives_as_the_message(
    ptime_ms: int, heard: dict[tuple[str, int], Heard], fs_prompts: dict[str, list[int]]
) -> None:
    call = heard["wavonly", ptime_ms]
    assert call.played.endswith("/wavonly.wav")
    assert call.noted["packet_bytes"] == [ptime_ms * 8]
    arrived = numpy.array([ALAW[byte] for byte in call.audio], dtype=float)
    message = numpy.array(fs_prompts["wavonly"], dtype=float)
    products = numpy.correlate(arrived, message, "valid")
    best = int(products.argmax())
    part = arrived[best : best + len(message)]
    assert products[best] / (numpy.linalg.norm(part) * numpy.linalg.norm(message)) > 0.99
    assert call.end.heard_ms == 1080


def test_the_switch_complains_of_nothing(freeswitch: Switch) -> None:
    """What it logged is the prompts that the tests asked for and that are not there."""
    lines = [line for line in freeswitch.log.splitlines() if "[ERR]" in line or "[CRIT]" in line]
    assert [
        line for line in lines if "nosuch" not in line and "wavonly" not in line and "empty" not in line
    ] == []
