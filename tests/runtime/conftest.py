"""Engines of tests, each with a data folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.bench.kit import tone
from engine.clock import wall_ms
from engine.config import load_settings
from engine.embedded.options import EmbeddedOptions
from engine.runtime.controller import Engine
from engine.runtime.switchboard import parse_switches
from engine.services.messages import prompts
from engine.services.trunks import gateways
from engine.store.tables.core import Account
from engine.store.threads import write
from tests.runtime.lab import SPEED, Lab
from tests.waits import wait_for


@pytest.fixture
def start_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Start an engine; keyword arguments go to the embedded switch's options, `settings` to the engine's.

    Several `switches` are started as the engine does by itself, without options.
    """
    engines: list[Engine] = []

    def start(settings: dict[str, Any] | None = None, switches: str = "embedded", **options: Any) -> Lab:
        made = load_settings(data_dir=tmp_path, database_url="", **{"inbound_share": 0.0, **(settings or {})})
        engine = Engine(made)
        engines.append(engine)
        embedded = EmbeddedOptions(
            **{
                "password": "lab-password",
                "gateways": ("embedded", "second"),
                "prompts": made.prompts_dir,
                "recordings": made.recordings_folder,
                "speed": SPEED,
                "log": tmp_path / "rung.log",
                "cdr": tmp_path / "cdr.csv",
                **options,
            }
        )
        specs = parse_switches(switches)
        engine.start(specs, embedded if len(specs) == 1 else None)
        wait_for(lambda: len(engine.dialer.links) == len(specs), "the switches", 10)
        sound = tmp_path / "sound.wav"
        sound.write_bytes(tone(4))
        prompt, length = prompts.store_prompt(sound, made.prompts_dir)

        def setup() -> int:
            gateways.ensure("embedded", 200, 500, wall_ms())
            account = Account.select().first()
            return prompts.add(account.id, "test", prompt, length, wall_ms())

        return Lab(engine, tmp_path, write(setup))

    yield start
    for engine in engines:
        engine.stop(0.0)


@pytest.fixture
def lab(start_lab: Callable[..., Lab]) -> Lab:
    return start_lab()
