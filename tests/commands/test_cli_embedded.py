"""The switch inside `serve` is one that `line ring` can talk to."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.commands import trunks
from engine.config import load_settings
from engine.embedded.options import PASSWORD_ENV
from engine.runtime.opening import open_store
from engine.runtime.switchboard import parse_switches


def test_the_embedded_switch_has_the_password_and_the_line_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(data_dir=tmp_path, database_url="", support_numbers="02191001234")
    open_store(settings)
    monkeypatch.setenv(PASSWORD_ENV, "said-by-the-operator")
    made = trunks.embedded_options(settings, parse_switches("embedded"), [], 1.0)
    assert made is not None
    assert (made.password, made.support_numbers) == ("said-by-the-operator", "02191001234")
