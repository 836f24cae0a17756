"""`avanakctl sla …` as people and programs use it."""

import json

import pytest
from click.testing import CliRunner

from engine.cli import main
from engine.commands.agreement import sla
from engine.services.sla import exclusions, incidents
from engine.store import database, threads
from engine.store.tables.sla import OutageRecord
from engine.store.threads import read, write
from tests.sla.cast import AFTER, DAY, MINUTE, START, firm, outage, person, watched


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """An installation with a firm, an outage of 200 minutes in Aban 1405 and an exclusion of 10 of them."""
    monkeypatch.setenv("AVANAK_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("engine.commands.sla.wall_ms", lambda: AFTER)
    database.open_database(f"sqlite:///{tmp_path / 'avanak.db'}")
    database.upgrade()
    sahar, staff = firm("Sahar"), person()
    watched()
    outage_id = outage(200, staff)
    write(
        lambda: exclusions.add(
            staff, "outside_control", START + DAY, START + DAY + 10 * MINUTE, "the cable of the city", AFTER
        )
    )
    write(
        lambda: exclusions.add(
            staff, "planned_maintenance", START + DAY, START + 2 * DAY, "works", AFTER, announced_at=START
        )
    )
    yield sahar, staff, outage_id
    threads.close_readers()


def run(*arguments, status=0):
    result = CliRunner().invoke(sla, arguments, catch_exceptions=False, standalone_mode=False)
    assert (result.return_value or 0) == status, result.output
    return result.output


def run_json(*arguments, status=0):
    return json.loads(run(*arguments, "--json", status=status))


def test_close_explain_and_verify(installed):
    sahar, staff, outage_id = installed
    before = run_json("month", "1405-08")
    assert (before["counted_downtime_s"], before["discount"], before["statements"]) == (190 * 60, 10, 0)
    closed = run_json("close")
    assert closed["months"][-1] == {
        "month": "1405-08",
        "statements": 1,
        "adjustments": 0,
        "credits": 0,
        "waits": "",
    }
    assert "1405-08" in run("close")
    after = run_json("month", "1405-08")
    assert (after["statements"], after["statements_by_discount"], after["credits"]) == (1, {"10": 1}, 0)
    told = run_json("explain", "Sahar", "1405-08")
    assert told == run_json("explain", str(sahar), "1405-08")
    assert told["reasons"][f"outage {outage_id}.1"][0]["by"] == staff
    assert [each["accepted"] for each in told["exclusions"]] == [True, False]
    assert told["statements"][0]["number"] == f"1405-08-{sahar}"
    text = run("explain", "Sahar", "1405-08")
    assert "11400 s count, 600 s do not; the trunk was cut" in text
    assert "not accepted: announced 24 h before it began, 48 h were needed" in text
    assert run_json("verify")["faults"] == []
    assert run_json("verify", "1405-08")["statements"] == 1


def test_a_statement_as_files(installed, tmp_path):
    sahar = installed[0]
    run("close")
    pdf, csv = tmp_path / "s.pdf", tmp_path / "s.csv"
    answer = run_json("statement", f"1405-08-{sahar}", "--pdf", str(pdf), "--csv", str(csv))
    assert pdf.read_bytes().startswith(b"%PDF")
    assert answer["sha256"] in csv.read_text("utf-8-sig")


def test_status(installed):
    sahar, staff, _ = installed
    write(lambda: incidents.enter(staff, AFTER - 10 * MINUTE, None, "still down", AFTER))
    answer = run_json("status", "--account", str(sahar))
    assert answer["month"]["month"] == "1405-09"
    assert answer["month"]["counted_downtime_s"] == 600
    assert "availability" in run("status")
    assert read(lambda: OutageRecord.select().count()) == 2


def test_wrong_words_are_one_sentence(installed, capsys):
    assert main(["sla", "explain", "Nobody", "1405-08"]) == 2
    assert "There is no account «Nobody»" in capsys.readouterr().err
    assert main(["sla", "close", "1405-09", "--json"]) == 2
    assert "is not over" in json.loads(capsys.readouterr().out)["error"]
    assert main(["sla", "statement", "1405-08-77"]) == 2
