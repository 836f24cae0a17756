"""A real FreeSWITCH for the tests of this folder: the one that --freeswitch or AVANAK_FREESWITCH names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch import prompts
from tests.freeswitch.eventsocket import EventSocket
from tests.freeswitch.switch import CarrierProcess, Switch, running_carrier, running_switch


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--freeswitch", help="path of a FreeSWITCH 1.10 binary; AVANAK_FREESWITCH does the same")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.freeswitch)


@pytest.fixture(scope="session")
def freeswitch_binary(pytestconfig: pytest.Config) -> str:
    """Path of the binary; without one the test is skipped and says why."""
    try:
        named = pytestconfig.getoption("--freeswitch")
    except ValueError:  # the option exists only when this folder is named on the command line
        named = None
    named = named or os.environ.get("AVANAK_FREESWITCH", "")
    if not named:
        pytest.skip("no FreeSWITCH: name a 1.10 binary with AVANAK_FREESWITCH=/path/to/freeswitch")
    binary = shutil.which(named)
    if binary is None:
        pytest.skip(f"AVANAK_FREESWITCH names '{named}', which cannot be run")
    return binary


@pytest.fixture(scope="session")
def carrier(tmp_path_factory: pytest.TempPathFactory, freeswitch_binary: str) -> Iterator[CarrierProcess]:
    """The carrier on loopback; ``carrier.arrived`` and ``carrier.ended`` are its records."""
    with running_carrier(tmp_path_factory.mktemp("carrier")) as process:
        yield process


@pytest.fixture(scope="session")
def freeswitch(
    tmp_path_factory: pytest.TempPathFactory, freeswitch_binary: str, carrier: CarrierProcess
) -> Iterator[Switch]:
    """FreeSWITCH with this repository's tree and the gateway ``lab`` to the carrier."""
    # 127.0.0.2 may call us, and nobody else on this machine.
    gateways = (GatewaySettings("lab", f"127.0.0.1:{carrier.port}", ptime_ms=20, inbound=("127.0.0.2/32",)),)
    with running_switch(freeswitch_binary, tmp_path_factory.mktemp("freeswitch"), gateways) as switch:
        yield switch


@pytest.fixture(scope="session")
def fs_prompts(freeswitch: Switch) -> dict[str, list[int]]:
    """The messages that the switch can play, by id, as samples of 8 kHz."""
    made = {"two": prompts.sweep(2.04), "six": prompts.sweep(6.0), "wavonly": prompts.sweep(1.08)}
    for name, samples in made.items():
        prompts.write_message(freeswitch.prompts, name, samples, native=name != "wavonly")
    (freeswitch.prompts / "empty.PCMA").write_bytes(b"")
    return made


@pytest.fixture
def line(freeswitch: Switch) -> Iterator[EventSocket]:
    """An event socket that hears of ends and jobs."""
    socket = freeswitch.connect()
    socket.subscribe("CHANNEL_ANSWER", "CHANNEL_HANGUP_COMPLETE", "BACKGROUND_JOB", "CHANNEL_PROGRESS_MEDIA")
    yield socket
    socket.close()
