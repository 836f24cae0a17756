"""Whatever is wrong: one clear sentence, a sensible exit status, no traceback, nothing half done."""

from __future__ import annotations

import socket
from pathlib import Path

import click
import pytest

from engine import cli, logs
from tests.commands.ctl import Ctl, write_list

GOOD = ["09121110000"]


def one_sentence(text: str) -> str:
    """The last line of standard error, which is what the person sees."""
    return text.strip().splitlines()[-1]


SEND = [
    ("{good} --message {missing}", "No such file"),
    ("{missing} --message {tone}", "No such file"),
    ("{good} --message {good}", "not a sound in a known format"),
    ("{junk} --message {tone}", "line 2"),
    ("{empty} --message {tone}", "is empty"),
    ("{tone} --message {tone}", "sound file"),
    ("{good} --message {tone} --number-column nix", "no column"),
    ("{good} --message {tone} --window soon", "09:30-14:00"),
    ("{good} --message {tone} --cps 0", "Calls a second"),
    ("{good} --message {tone} --cps many", "--cps"),
    ("{good} --message {tone} --retry-after soon", "30s, 10m or 2h"),
    ("{good} --message {tone} --vote a", "1,2,3"),
    ("{good} --message {tone} --caller-id x", "caller id"),
    ("{good} --message {tone} --kind advertising", "begins with 0942"),
    ("{good} --message {tone} --kind advertising --caller-id 02191000000", "02191000000 is not confirmed"),
    ("{good} --message {tone} --kind urgent", "'service', 'advertising', 'emergency'"),
    ("{good} --message {tone} --unknown guess", "'leave', 'call_again'"),
    ("{good} --message {tone} --account 7", "no account 7"),
    ("{good} --message {tone} --report result.doc", ".csv or .xlsx"),
    ("{good} --message {tone} --report {missing}/result.csv", "no folder"),
    ("{good} --message {tone} --switch esl://nowhere", "password"),
    ("{good} --message {tone} --switch embedded --switch esl://:x@h", "calls nobody"),
    ("{good} --message {tone} --gateway a,b", "gateway"),
    ("{good} --message {tone} --speed 0", "--speed"),
    ("{good} --message {tone} --switch esl://:x@h", "--gateway NAME"),
    ("{good} --massage {tone}", "--massage"),
    ("{good}", "--message"),
]
OTHERS = [
    ("campaign show 7", "no campaign 7"),
    ("campaign start 7", "no campaign 7"),
    ("campaign report 7", "no campaign 7"),
    ("campaign clone 7", "no campaign 7"),
    ("campaign show seven", "ID"),
    ("campaign list --state over", "'running'"),
    ("account show 7", "no account 7"),
    ("do-not-call import {good} --account 7", "no account 7"),
    ("gateway set nix --cps 3", "no gateway 'nix'"),
    ("gateway add a,b", "letters, digits"),
    ("gateway add a --cps -3", "Calls a second"),
    ("conf check {missing}", "freeswitch.xml"),
    ("conf install {missing} --gateway t1", "proxy="),
    ("conf install {missing} --gateway t1,proxy=h,ping=3", "'ping'"),
    ("person password nobody", "no person"),
    ("serve --no-web --web-only", "nothing to run"),
    ("switch status --switch nonsense", "esl://"),
    ("nosuch", "nosuch"),
]


def test_one_sentence_and_status_2(ctl: Ctl, message: str) -> None:
    empty = ctl.folder / "empty.csv"
    empty.touch()
    paths = {
        "good": write_list(ctl.folder / "good.csv", GOOD),
        "junk": write_list(ctl.folder / "junk.csv", ["what", "is", "this"]),
        "empty": str(empty),
        "missing": str(ctl.folder / "missing"),
        "tone": message,
    }
    cases = [(f"send {line}", said) for line, said in SEND] + OTHERS
    ends = ctl.run_each([[word.format(**paths) for word in line.split()] for line, _ in cases])
    wrong = {
        line: (ended.status, ended.err)
        for (line, said), ended in zip(cases, ends, strict=True)
        if ended.status != 2 or said not in one_sentence(ended.err) or "Traceback" in ended.err
    }
    assert wrong == {}
    assert ctl.query("SELECT COUNT(*) FROM attempt") == [(0,)]
    assert ctl.query("SELECT id FROM campaign WHERE state <> 'stopped'") == []


def test_errors_are_json_where_json_was_asked_for(ctl: Ctl) -> None:
    ended = ctl.run("campaign", "show", "7", "--json")
    assert ended.status == 2
    assert ended.document == {"error": "There is no campaign 7.", "status": 2}


def test_a_wrong_setting_is_named(ctl: Ctl) -> None:
    ended = ctl.run("check-config", AVANAK_WEB_PORT="http")
    assert ended.status == 2
    assert "AVANAK_WEB_PORT" in ended.err


def test_a_data_folder_that_cannot_be_made(ctl: Ctl) -> None:
    ctl.data.write_text("a file")
    ended = ctl.run("campaign", "list")
    assert ended.status == 4
    assert str(ctl.data) in one_sentence(ended.err)


def test_a_database_that_is_none(ctl: Ctl) -> None:
    ctl.data.mkdir()
    (ctl.data / "avanak.db").write_bytes(b"this is no database, only text" * 100)
    ended = ctl.run("campaign", "list")
    assert ended.status == 4
    assert "database" in one_sentence(ended.err)


def test_a_full_disk(ctl: Ctl, message: str) -> None:
    numbers = write_list(ctl.folder / "many.csv", [f"0912{n:07d}" for n in range(1_000_000, 1_030_000)])
    assert ctl.run("db", "upgrade").status == 0
    # A limit on the size of files stands for a disk that fills up in the middle of the import.
    full = ("sh", "-c", 'ulimit -f 1200; exec "$@"', "full")
    ended = ctl.run("send", numbers, "--message", message, "--switch", "embedded", wrapper=full)
    assert ended.status == 4, ended.err
    assert "database" in one_sentence(ended.err)
    assert ctl.query("SELECT COUNT(*) FROM attempt") == [(0,)]
    assert ctl.run("campaign", "list").status == 0


def test_a_port_in_use(ctl: Ctl) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = ctl.run("serve", "--switch", "embedded", AVANAK_WEB_PORT=port)
    assert ended.status == 5
    assert port in one_sentence(ended.err)


@click.command()
def breaks() -> None:
    raise ZeroDivisionError("a mistake of ours")


def test_what_nobody_expected_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AVANAK_DATA_DIR", str(tmp_path))
    monkeypatch.setitem(
        cli.COMMANDS, "campaign", cli.COMMANDS["campaign"]._replace(module=__name__, attribute="breaks")
    )
    assert cli.main(["campaign"]) == 1
    said = capsys.readouterr().err
    assert "a mistake of ours" in said
    assert "Traceback" not in said
    assert "Traceback" in logs.log_file(tmp_path).read_text()
