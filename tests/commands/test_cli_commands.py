"""The other commands, each for what it is there for."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click import BadParameter

from engine.cli import COMMANDS
from engine.commands.common import Duration, Keys
from engine.commands.progress import span_text
from engine.embedded.process import EmbeddedProcess
from tests.commands.ctl import ROOT, Ctl, write_list
from tests.waits import wait_for


def test_help_imports_no_database() -> None:
    code = (
        "import engine.patch, sys; from engine.cli import main; main(['--help']);"
        "sys.exit(any(name in sys.modules for name in ('peewee', 'flask', 'rich', 'numpy')))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    assert "check-config" in ended.stdout


def test_every_command_is_there(ctl: Ctl) -> None:
    ends = ctl.run_each([[name, "--help"] for name in COMMANDS])
    assert {name: ended.status for name, ended in zip(COMMANDS, ends, strict=True) if ended.status} == {}


def test_a_campaign_from_draft_to_clone(ctl: Ctl, message: str) -> None:
    numbers = write_list(
        ctl.folder / "list.csv", ["09121110000", "09121110001", "09121110006", "09121110000"]
    )
    report = ctl.folder / "result.xlsx"
    created, why, pause, start, show, text, clone, nobody, stop, listed, written = ctl.run_each(
        [
            ["campaign", "create", numbers, "--message", message, "--name", "first", "--kind", "service",
             "--unknown", "call_again", "--weight", "3", "--json"],
            ["campaign", "why", "1"],
            ["campaign", "pause", "1"],
            ["campaign", "start", "1", "--speed", "20", "--json"],
            ["campaign", "show", "1", "--json"],
            ["campaign", "show", "1"],
            ["campaign", "clone", "1", "--only", "not-delivered", "--name", "again", "--json"],
            ["campaign", "clone", "1", "--only", "unknown"],
            ["campaign", "stop", "2"],
            ["campaign", "list", "--state", "finished", "--state", "stopped", "--json"],
            ["campaign", "report", "1", str(report)],
        ]
    )  # fmt: skip
    made = created.document
    assert (made["campaign"], made["added"], made["set_aside"]) == (1, 3, {"duplicate": 1})
    assert why.out.strip() == "It has not been started."
    assert pause.status == 2
    assert "draft" in pause.err
    assert start.document["state"] == "finished"
    rules = show.document["rules"]
    assert (rules["kind"], rules["unknown_policy"], rules["weight"]) == ("service", "call_again", 3)
    shown = show.document["counts"]
    assert (shown["delivered"], shown["exhausted"], shown["excluded"]) == (1, 2, 1)
    assert "set aside: duplicate" in text.out
    copy = clone.document
    assert (copy["campaign"], copy["state"], copy["to_call"]) == (2, "draft", 2)
    assert nobody.status == 2
    assert stop.status == 0
    assert [(one["name"], one["state"]) for one in listed.document] == [
        ("again", "stopped"),
        ("first", "finished"),
    ]
    assert written.status == 0
    assert report.read_bytes().startswith(b"PK")


def test_why_tells_until_when_too(ctl: Ctl, message: str) -> None:
    numbers = write_list(ctl.folder / "list.csv", [f"0912111{number:04d}" for number in range(2000, 2300)])
    ctl.start("send", numbers, "--message", message, "--switch", "embedded", "--cps", "2", "--json")

    def ends_at() -> list[tuple[int | None]]:
        return [row for row in ctl.query("SELECT ends_at FROM campaign_pulse") if row[0]]

    wait_for(ends_at, "an expected end")
    text, document = ctl.run_each([["campaign", "why", "1"], ["campaign", "why", "1", "--json"]])
    assert "Expected end: 20" in text.out
    assert document.document["ends_at"].startswith("20")


def test_gateways(ctl: Ctl) -> None:
    none, _, _, drained, listed, undone = ctl.run_each(
        [
            ["gateway", "list"],
            ["gateway", "add", "mci", "--cps", "12", "--channels", "90", "--prefixes", "9891 9899"],
            ["gateway", "set", "mci", "--cps", "20"],
            ["gateway", "drain", "mci"],
            ["gateway", "list", "--json"],
            ["gateway", "drain", "mci", "--undo", "--json"],
        ]
    )
    assert none.out.startswith("There is no gateway")
    assert "draining" in drained.out
    (row,) = listed.document
    shown = (row["name"], row["cps"], row["channels"], row["prefixes"], row["is_draining"])
    assert shown == ("mci", 20, 90, "9891 9899", True)
    assert undone.document["is_draining"] is False


def test_how_a_number_is_dialled_on_a_gateway(ctl: Ctl) -> None:
    _, _, told, _, plus, both, wrong, unserved, shown = ctl.run_each(
        [
            ["gateway", "add", "mci", "--caller-id", "02191001234"],
            ["gateway", "set", "mci", "--numbers-as", "0098", "--dial-prefix", "77"],
            ["gateway", "test", "mci", "0912 123 4567", "--json"],
            ["gateway", "set", "mci", "--numbers-as", "+98", "--dial-prefix", "", "--prefixes", "98935"],
            ["gateway", "test", "mci", "02188776655", "--json"],
            ["gateway", "set", "mci", "--dial-prefix", "9"],
            ["gateway", "test", "mci", "12"],
            ["gateway", "test", "mci", "02188776655", "--ring"],
            ["gateway", "show", "mci", "--json"],
        ]
    )
    assert (told.document["dialled"], told.document["is_served"]) == ("7700989121234567", True)
    assert told.document["endpoint"] == "sofia/gateway/mci/7700989121234567"
    assert "origination_caller_id_number=02191001234" in told.document["variables"]
    assert "absolute_codec_string=PCMA@8000h@20i" in told.document["variables"]
    assert (plus.document["dialled"], plus.document["is_served"]) == ("+982188776655", False)
    assert (both.status, wrong.status) == (2, 2)
    assert "begins with +" in both.err
    assert (unserved.status, "No engine is running" in unserved.err) == (3, True)
    assert "its prefixes do not serve it" in unserved.out
    assert (shown.document["number_format"], shown.document["dial_prefix"]) == ("+98", "")


def test_the_status_of_a_switch(ctl: Ctl, far_switch: EmbeddedProcess) -> None:
    assert ctl.run("gateway", "add", "lab").status == 0
    host, port = far_switch.address
    good = f"good=esl://:{far_switch.password}@{host}:{port}"
    bad = f"bad=esl://:not-this-one@{host}:{port}"
    both = ctl.run("switch", "status", "--switch", good, "--switch", bad, "--json")
    up, down = both.document
    assert (both.status, up["state"], up["gateways"], down["state"]) == (0, "up", {"lab": "up"}, "down")
    assert "password" in down["reason"]
    text = ctl.run("switch", "status", "--switch", bad)
    assert text.status == 3
    assert "down" in text.out


def test_an_embedded_switch_in_the_foreground(ctl: Ctl) -> None:
    process = ctl.start("switch", "simulate", "--speed", "10")
    assert process.stdout is not None
    assert '"port"' in process.stdout.readline()
    process.terminate()
    ended = ctl.end(process)
    assert ended.status == 0
    assert "calls nobody" in ended.err


def test_settings_are_shown_and_secrets_are_not(ctl: Ctl) -> None:
    secret = {"AVANAK_ADMIN_PASSWORD": "hunter2hunter2", "AVANAK_WEB_PORT": "9090"}
    document = ctl.run("check-config", "--json", **secret)
    by_name = {one["name"]: one for one in document.document}
    assert (by_name["AVANAK_WEB_PORT"]["value"], by_name["AVANAK_WEB_PORT"]["default"]) == (9090, 8080)
    assert all(one["meaning"] for one in by_name.values())
    assert "hunter2" not in document.out + ctl.run("check-config", **secret).out


def test_the_configuration_is_installed_and_checked(ctl: Ctl) -> None:
    target = ctl.folder / "conf"
    password = ctl.folder / "password"
    password.write_text("a-long-password-1\n")
    words = ("conf", "install", str(target), "--event-socket-password-file", str(password))
    ended = ctl.run(
        *words, "--prompts-dir", "/srv/prompts", "--gateway", "mci,proxy=192.0.2.1,ptime_ms=40", "--json"
    )
    assert ended.status == 0, ended.err
    assert any(name.endswith("carrier/mci.xml") for name in ended.document["files"])
    assert "a-long-password-1" not in ended.out
    codecs = ("--codecs", "pcmu pcma", "--transport", "tcp", "--srtp", "optional", "--voice-to", "source")
    added = ctl.run("gateway", "add", "mci", *codecs, "--json")
    assert (added.status, added.document["codecs"]) == (0, "PCMU,PCMA")
    assert "tls keeps them secret" in added.err
    ended = ctl.run(
        *words, "--prompts-dir", "/srv/prompts", "--gateway", "mci,proxy=192.0.2.1,ptime_ms=40", "--json"
    )
    trunk = (target / "sip_profiles/carrier/mci.xml").read_text()
    assert "PCMU@8000h@40i,PCMA@8000h@40i" in trunk
    assert "192.0.2.1;transport=tcp" in trunk
    assert 'value="optional:AES' in trunk
    assert 'name="disable_rtp_auto_adjust" value="false"' in trunk
    told = ctl.run("gateway", "set", "mci", "--voice-to", "sdp")
    assert "voice goes where the SDP says" in told.out
    checked = ctl.run("conf", "check", str(target), "--json")
    assert checked.document["errors"] == 0, checked.out
    (target / "vars.xml").write_text("<include>")
    broken = ctl.run("conf", "check", str(target))
    assert broken.status == 2
    assert "vars.xml:" in broken.out


def test_people(ctl: Ctl) -> None:
    password = ctl.folder / "password"
    password.write_text("correct horse battery\n")
    words = ["person", "add", "sara", "--role", "operator", "--password-file", str(password)]
    added, again, changed, listed = ctl.run_each(
        [
            words,
            words,
            ["person", "password", "sara", "--password-file", str(password)],
            ["person", "list", "--json"],
        ]
    )
    assert (added.status, again.status, changed.status) == (0, 2, 0)
    assert {row["username"] for row in listed.document} == {"admin", "sara"}
    assert "hash" not in listed.out


def test_the_web_ui_is_served_and_ends_in_order(ctl: Ctl) -> None:
    from urllib.request import urlopen

    process = ctl.start("serve", "--switch", "embedded", "--log-file", AVANAK_WEB_PORT="0")
    assert process.stderr is not None
    lines: list[str] = []

    def is_listening() -> bool:
        assert process.stderr is not None
        lines.append(process.stderr.readline())
        return "Web UI:" in lines[-1]

    wait_for(is_listening, "the web UI listens")
    url = lines[-1].split()[-1]
    with urlopen(f"{url}/healthz", timeout=10) as answer:
        assert answer.status == 200
    process.terminate()
    assert ctl.end(process).status == 0
    assert "Log-in of the web UI" in "".join(lines)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86_400), ("1.5m", 90)]
)
def test_durations(text: str, seconds: int) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5", "10 weeks", "1e9"])
def test_no_durations(text: str) -> None:
    with pytest.raises(BadParameter):
        Duration().convert(text, None, None)


def test_keys() -> None:
    assert Keys().convert("1, 2,3", None, None) == "123"
    with pytest.raises(BadParameter):
        Keys().convert("1,x", None, None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (200, "3 min 20 s"), (18_600, "5 h 10 min")],
)
def test_spans(seconds: float, text: str) -> None:
    assert span_text(seconds) == text


def test_a_list_is_compared_with_the_do_not_call_list_through_a_pipe(ctl: Ctl) -> None:
    assert ctl.run("do-not-call", "add", "09121110000").status == 0
    pipe = ("bash", "-c", """printf '09121110000\\n09121110001\\n' | exec "$@" """, "-")
    checked = ctl.run("do-not-call", "check", "/dev/stdin", "--json", wrapper=pipe)
    assert checked.document == {"listed": 1, "free": 1}


def test_data_stays_where_it_belongs(ctl: Ctl) -> None:
    assert ctl.run("db", "upgrade").status == 0
    assert {path.name for path in ctl.data.iterdir()} >= {"avanak.db", "prompts", "reports", "log"}
    assert (ctl.data / "avanak.db").stat().st_mode & 0o077 == 0
