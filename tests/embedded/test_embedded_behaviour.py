"""The embedded switch behaves as a switch does: the shared scenarios, ten times as fast."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from behaviour.scenarios import Calls, Commands
from behaviour.switch_under_test import SwitchUnderTest

from engine.embedded.options import EmbeddedOptions
from engine.embedded.process import EmbeddedProcess

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
    pass
