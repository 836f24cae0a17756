"""The embedded switch behaves as a switch does: the shared scenarios, ten times as fast."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.embedded.options import EmbeddedOptions
from engine.embedded.process import EmbeddedProcess
from tests.behaviour.scenarios import Calls, Commands
from tests.behaviour.switch_under_test import Client, SwitchUnderTest

MESSAGE_MS = 2000


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchUnderTest]:
    prompts: Path = tmp_path_factory.mktemp("prompts")
    with wave.open(str(prompts / "m1.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16 * MESSAGE_MS))
    options = EmbeddedOptions(prompts=prompts, speed=10.0, password="a secret")
    process = EmbeddedProcess.start(options)
    yield SwitchUnderTest(*process.address, process.password, "lab", "m1", MESSAGE_MS)
    process.stop()


class TestEmbedded(Calls, Commands):
    def test_the_connection_ends_after_a_command_before_the_password(self, switch: SwitchUnderTest) -> None:
        client = Client(switch.host, switch.port, switch.deadline_s)
        client.reply()
        client.command("api status")
        client.wait_closed()

    def test_session_limits_admit_one_less_than_they_say(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            client.api("fsctl max_sessions 3")
            calls = [switch.originate(client, "0014") for _ in range(4)]
            refused = [client.event("BACKGROUND_JOB", call)["_body"] for call in calls[2:]]
            client.api("fsctl max_sessions 20000")
            assert refused == ["-ERR DESTINATION_OUT_OF_ORDER\n"] * 2
            for call in calls[:2]:
                assert client.api(f"uuid_kill {call}") == "+OK\n"
