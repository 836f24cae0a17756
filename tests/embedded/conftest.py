"""Starts embedded switches for these tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.embedded.options import EmbeddedOptions
from engine.embedded.process import EmbeddedProcess

Start = Callable[..., EmbeddedProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a switch with some options; all that were started end with the test."""
    running: list[EmbeddedProcess] = []

    def starts(*, detached: bool = False, **options: Any) -> EmbeddedProcess:
        settings = {"log": tmp_path / "rung.log", "cdr": tmp_path / "cdr.csv", "speed": 10.0, **options}
        running.append(EmbeddedProcess.start(EmbeddedOptions(**settings), detached=detached))
        return running[-1]

    yield starts
    for one in running:
        one.kill()
