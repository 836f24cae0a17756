"""`avanakctl ledger …` and `avanakctl account …`, as an admin types them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from engine.commands.ledger import account_group, ledger_group
from engine.store.threads import close_readers


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("AVANAK_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("AVANAK_DATABASE_URL", "")
    yield tmp_path
    close_readers()


def run(group: click.Group, *words: str) -> Any:
    done = CliRunner().invoke(group, [*words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    start = min(at for at in (done.stdout.find("{"), done.stdout.find("[")) if at >= 0)
    return json.loads(done.stdout[start:])


def test_open_pay_and_prove(data_dir: Path) -> None:
    account = run(account_group, "open", "Sahar Co", "--days", "30")["account"]
    assert (
        run(ledger_group, "adjust", str(account), "5000", "--note", "welcome", "--key", "w1")["balance"]
        == 5_000
    )
    again = run(ledger_group, "adjust", str(account), "5000", "--note", "welcome", "--key", "w1")
    assert (again["booking"], again["balance"]) == (None, 5_000)
    assert run(account_group, "suspend", str(account), "--reason", "papers")["state"] == "suspended"
    assert run(account_group, "unsuspend", str(account))["state"] == "active"
    run(account_group, "grant", str(account), "advertising")
    listed = run(account_group, "list", "--state", "active")
    assert [(row["name"], row["permissions"]) for row in listed] == [
        ("Sahar Co", "advertising"),
        ("Avanak", ""),
    ]
    shown = run(ledger_group, "statement", str(account))
    assert (shown["balance"], shown["bookings"][0]["kind"]) == (5_000, "adjustment")
    proof = run(ledger_group, "check")
    assert (proof["ok"], proof["sum"], proof["open_reservations"]) == (True, 0, 0)
    assert {row["name"]: row["balance"] for row in proof["accounts"]} == {"Avanak": 0, "Sahar Co": 5_000}
    text = CliRunner().invoke(ledger_group, ["check"]).stdout
    assert "The books agree." in text
