"""`avanakctl send`: the main job, and what can come in between."""

from __future__ import annotations

import csv
import os
import signal
import sqlite3
from pathlib import Path

import pytest

from engine.embedded.process import EmbeddedProcess
from engine.sentences import sentence_of
from engine.store.tables.core import Account
from engine.store.tables.money import PriceGroup, PriceVersion
from tests.commands.ctl import Ctl, write_list, write_tone
from tests.waits import wait_for

FAST = ("--switch", "embedded", "--speed", "20")
# Suffixes of the embedded switch: 0000 hears all, 0001 busy, 0003 no such number, 0008 presses 1.
FOUR = ["09121110000", "09121110001", "09121110003", "0912 111 0008"]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        # Spreadsheets show ="0912…" as it is, with its zero.
        return [{**row, "number": row["number"].strip('="')} for row in csv.DictReader(file)]


def address(switch: EmbeddedProcess, password: str | None = None) -> str:
    return f"esl://:{password or switch.password}@{switch.address[0]}:{switch.address[1]}"


def test_a_list_is_rung_and_every_line_answered_for(ctl: Ctl, message: str) -> None:
    numbers = write_list(ctl.folder / "four.csv", [*FOUR, "junk", "+98 912 111 0000"])
    report = ctl.folder / "result.csv"
    ended = ctl.run("send", numbers, "--message", message, *FAST, "--vote", "1,2", "--report", str(report))
    assert ended.status == 0, ended.err
    assert "calls nobody" in ended.err
    assert "Campaign 1" in ended.out
    assert str(report) in ended.out
    found = {row["number"] + row["disposition"]: row for row in rows_of(report)}
    assert {key: row["state"] for key, row in found.items()} == {
        "09121110000answered": "delivered",
        "09121110001busy": "exhausted",
        "09121110003unreachable": "exhausted",
        "09121110008answered": "delivered",
        "junknot_a_number": "excluded",
        "09121110000duplicate": "excluded",
    }
    assert found["09121110008answered"]["vote"] == "1"
    assert found["09121110001busy"]["name"] == "person 2"


def test_json_is_one_document_and_the_rest_goes_elsewhere(ctl: Ctl, message: str) -> None:
    numbers = write_list(ctl.folder / "four.csv", FOUR)
    document = ctl.run("send", numbers, "--message", message, *FAST, "--json").document
    assert document["state"] == "finished"
    assert document["counts"]["delivered"] == 2
    assert Path(document["report"]).is_file()


def test_a_dry_run_calls_nobody(ctl: Ctl, message: str) -> None:
    numbers = write_list(ctl.folder / "list.csv", [*FOUR, "junk", FOUR[0]])
    words = ("send", numbers, "--message", message, *FAST, "--dry-run", "--cps", "2")
    document = ctl.run(*words, "--json").document
    assert (document["valid"], document["duplicates"], document["refused"]) == (4, 1, {"not_a_number": 1})
    assert document["ends_at"]
    assert document["binding"]
    text = ctl.run(*words)
    assert text.status == 0
    assert "what binds it" in text.out
    assert "Nobody was called" in text.out
    assert ctl.query("SELECT * FROM campaign") == []


def test_texts_that_follow_are_in_the_price_and_kept_with_the_campaign(ctl: Ctl, message: str) -> None:
    numbers = write_list(ctl.folder / "list.csv", [*FOUR, "02188776655"])
    texts = ("--text", "no_answer=" + "سلام " * 20, "--text", "busy=Hi")
    words = ("--message", message, "--switch", "embedded", *texts)
    refused = ctl.run("send", numbers, *words, "--dry-run")
    assert refused.status == 2
    assert "nobody carries text messages" in refused.err
    ctl.environment["AVANAK_SMS_URL"] = "https://user:token@127.0.0.1/x"
    assert ctl.run("send", numbers, *words[:-1], "later=Hi", "--dry-run").status == 2
    assert ctl.run("campaign", "create", numbers, *words[:4]).status == 0  # makes the house account
    group = PriceGroup(id=77, name="Texts", created_at=0)
    price = PriceVersion(
        group_id=77, landline=300, mobile=400, pulse_ms=6_000, synthesis=0, text_part=1_000, from_at=0
    )
    account = Account(
        id=77, name="Sahar", state="active", created_at=0, permissions="texts", price_group_id=77
    )
    with sqlite3.connect(ctl.data / "avanak.db") as store:
        for row in (group, price, account):
            names = [row._meta.fields[name].column_name for name in row.__data__]
            places = ", ".join("?" * len(names))
            table = row._meta.table_name
            store.execute(
                f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", list(row.__data__.values())
            )
    said = ctl.run("send", numbers, *words, "--account", "77", "--dry-run", "--json")
    assert said.status == 0, said.err + said.out
    price = said.document.get("price", said.err + said.out)
    assert price["rials_a_text"] == 2_000  # of the longest, which has two parts
    calls = 4 * price["rials_a_mobile"] + price["rials_a_landline"]
    assert price["rials_at_most"] == calls + 4 * 2_000
    assert "8,000 for text messages" in ctl.run("send", numbers, *words, "--account", "77", "--dry-run").out
    made = ctl.run("campaign", "create", numbers, *words, "--account", "77")
    assert made.status == 0, made.err
    assert ctl.query("SELECT outcome, text FROM text_rule ORDER BY outcome") == [
        ("busy", "Hi"), ("no_answer", ("سلام " * 20).strip()),
    ]  # fmt: skip


def test_ctrl_c_lets_calls_finish_and_resume_goes_on(ctl: Ctl) -> None:
    slow = write_tone(ctl.folder / "slow.wav", 20)
    numbers = write_list(ctl.folder / "many.csv", [f"0912{n:03d}0000" for n in range(200, 240)])
    process = ctl.start("send", numbers, "--message", slow, *FAST, "--cps", "15")
    wait_for(ctl.calls_are_up, "a call is up")
    process.send_signal(signal.SIGINT)
    ended = ctl.end(process)
    assert ended.status == 130, ended.err
    assert "avanakctl campaign resume 1" in ended.err
    state, reason, live, lost, done = ctl.query(
        "SELECT state, state_reason, live, lost, delivered FROM campaign JOIN campaign_counts ON campaign_id = id"
    )[0]
    assert (state, str(sentence_of(reason)), live, lost) == ("paused", "interrupted", 0, 0)
    assert 0 < done < 40
    resumed = ctl.run("campaign", "resume", "1", *FAST)
    assert resumed.status == 0, resumed.err
    assert ctl.query("SELECT delivered, attempts FROM campaign_counts") == [(40, 40)]


def test_a_second_ctrl_c_ends_the_calls(ctl: Ctl) -> None:
    long = write_tone(ctl.folder / "long.wav", 100)
    numbers = write_list(ctl.folder / "ten.csv", [f"0912{n:03d}0000" for n in range(200, 210)])
    process = ctl.start("send", numbers, "--message", long, "--switch", "embedded", "--cps", "20")
    wait_for(lambda: ctl.query("SELECT id FROM attempt WHERE state = 'answered'"), "a call is answered")
    process.send_signal(signal.SIGINT)
    wait_for(lambda: ctl.query("SELECT id FROM campaign WHERE state = 'paused'"), "the campaign is paused")
    assert process.poll() is None, "calls of 100 s are up"
    process.send_signal(signal.SIGINT)
    assert ctl.end(process).status == 130
    assert ctl.query("SELECT COUNT(*) FROM attempt WHERE state <> 'ended'") == [(0,)]


def test_an_engine_that_runs_already_makes_the_calls(ctl: Ctl, message: str) -> None:
    numbers = write_list(ctl.folder / "four.csv", FOUR)
    engine = ctl.start("serve", "--no-web", *FAST)
    wait_for(lambda: ctl.query("SELECT id FROM switch WHERE state = 'up'"), "the engine's switch is up")
    ended = ctl.run("send", numbers, "--message", message, *FAST)
    assert ended.status == 0, ended.err
    assert "An engine runs" in ended.err
    second = ctl.run("serve", "--no-web", *FAST)
    assert (second.status, "Another engine" in second.err) == (5, True)
    assert ctl.query("SELECT delivered, exhausted FROM campaign_counts") == [(2, 2)]
    engine.send_signal(signal.SIGTERM)
    assert ctl.end(engine).status == 0


def test_a_switch_that_vanishes_pauses_the_campaign(ctl: Ctl) -> None:
    slow = write_tone(ctl.folder / "slow.wav", 60)
    numbers = write_list(ctl.folder / "ten.csv", [f"0912{n:03d}0000" for n in range(200, 230)])
    process = ctl.start("send", numbers, "--message", slow, "--switch", "embedded", "--cps", "5")
    wait_for(ctl.calls_are_up, "a call is up")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    (switch,) = [pid for pid in children if b"engine.embedded" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(int(switch), signal.SIGKILL)
    ended = ctl.end(process)
    assert ended.status == 3, ended.err
    assert "no switch could be reached" in ended.err
    assert "campaign resume 1" in ended.err
    counts = ctl.query(
        "SELECT total, waiting + live + retry_wait + delivered + exhausted FROM campaign_counts"
    )
    assert counts == [(30, 30)]


@pytest.mark.parametrize("gateway", ["lab", "typo"])
def test_a_gateway_is_asked_for_before_anybody_is_called(
    ctl: Ctl, message: str, far_switch: EmbeddedProcess, gateway: str
) -> None:
    numbers = write_list(ctl.folder / "four.csv", FOUR)
    ended = ctl.run(
        "send", numbers, "--message", message, "--switch", address(far_switch), "--gateway", gateway
    )
    if gateway == "lab":
        assert ended.status == 0, ended.err
        assert "calls nobody" not in ended.err
    else:
        assert ended.status == 2
        assert "has the gateway typo" in ended.err
        assert ctl.query("SELECT COUNT(*) FROM attempt") == [(0,)]


def test_a_real_list_is_never_called_by_the_embedded_switch(
    ctl: Ctl, message: str, far_switch: EmbeddedProcess
) -> None:
    numbers = write_list(ctl.folder / "four.csv", FOUR)
    words = ("campaign", "create", numbers, "--message", message)
    made = ctl.run(*words, "--switch", address(far_switch), "--gateway", "lab")
    assert made.status == 0, made.err
    refused = ctl.run("campaign", "start", "1", *FAST)
    assert refused.status == 2
    assert "real switches" in refused.err
    taken = ctl.run(*words, "--switch", "embedded", "--gateway", "lab")
    assert taken.status == 2
    assert "belongs to real switches" in taken.err


def test_a_wrong_password_is_said_at_once(ctl: Ctl, message: str, far_switch: EmbeddedProcess) -> None:
    numbers = write_list(ctl.folder / "four.csv", FOUR)
    words = ("send", numbers, "--message", message, "--gateway", "lab", "--switch")
    ended = ctl.run(*words, address(far_switch, "not-this-one"), "--json")
    assert ended.status == 3
    assert "password" in ended.document["error"]
    assert "not-this-one" not in ended.out + ended.err
    assert ctl.query("SELECT state FROM campaign") == [("draft",)]


def test_no_switch_reachable(ctl: Ctl, message: str, far_switch: EmbeddedProcess) -> None:
    where = address(far_switch)
    far_switch.stop()
    numbers = write_list(ctl.folder / "four.csv", FOUR)
    ended = ctl.run("send", numbers, "--message", message, "--gateway", "lab", "--switch", where)
    assert ended.status == 3
    assert "No switch can be reached" in ended.err
    assert "campaign resume 1" in ended.err
