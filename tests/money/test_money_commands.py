"""`avanakctl ledger …` and `avanakctl account …`, as an admin types them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from engine.commands.account import account_group
from engine.commands.ledger import ledger_group
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


def test_what_staff_set_on_an_account_is_shown_and_what_cannot_be_is_refused(data_dir: Path) -> None:
    account = run(account_group, "open", "Sahar Co", "--days", "30")["account"]
    run(
        account_group,
        "set",
        str(account),
        "--caller-id",
        "0942123",
        "--debt-ceiling",
        "5000",
        "--max-cps",
        "2.5",
    )
    shown = run(account_group, "show", str(account))
    assert (shown["caller_id"], shown["debt_ceiling"], shown["max_cps"]) == ("0942123", 5000, 2.5)
    assert (shown["may_send"], shown["why_not"]) == (True, "")
    reseller = run(account_group, "open", "Above Co", "--days", "30")["account"]
    assert run(account_group, "set", str(account), "--reseller", str(reseller))["parent_id"] == reseller
    freed = run(account_group, "set", str(account), "--reseller", "0", "--max-cps", "0")
    assert (freed["parent_id"], freed["max_cps"]) == (None, None)
    run(account_group, "suspend", str(account), "--reason", "papers")
    shown = run(account_group, "show", str(account))
    assert (shown["may_send"], shown["why_not"]) == (False, "The account is suspended: papers")
    assert "0942123" in CliRunner().invoke(account_group, ["show", str(account)]).stdout
    refused = CliRunner().invoke(account_group, ["set", str(account), "--caller-id", "0942;x"])
    assert refused.exit_code != 0
    assert run(account_group, "show", str(account))["caller_id"] == "0942123"


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (account_group, ["show", str(10**23)]),
        (account_group, ["set", str(2**63), "--weight", "2"]),
        (account_group, ["set", "1", "--price-group", str(2**63)]),
        (account_group, ["list", "--state", "sleeping"]),
        (ledger_group, ["statement", str(2**63)]),
        (ledger_group, ["adjust", str(2**63), "5", "--note", "x"]),
    ],
)
def test_what_no_row_can_be_is_bad_input(data_dir: Path, group: click.Group, words: list[str]) -> None:
    answer = CliRunner().invoke(group, words)
    assert (answer.exit_code, isinstance(answer.exception, SystemExit)) == (2, True)
