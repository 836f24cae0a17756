"""Fixtures of the command line's tests."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.embedded.options import EmbeddedOptions
from engine.embedded.process import EmbeddedProcess
from tests.commands.ctl import Ctl, write_tone


@pytest.fixture
def ctl(tmp_path: Path) -> Iterator[Ctl]:
    made = Ctl(tmp_path)
    yield made
    made.close()


@pytest.fixture
def message(tmp_path: Path) -> str:
    return write_tone(tmp_path / "message.wav")


@pytest.fixture
def far_switch() -> Iterator[EmbeddedProcess]:
    """A switch that runs somewhere, with the gateway `lab`; to the command line it is as good as a real one."""
    process = EmbeddedProcess.start(
        EmbeddedOptions(password=secrets.token_hex(8), gateways=("lab",), message_seconds=1.5, speed=20)
    )
    yield process
    process.stop()
