"""`serve`: two processes that are kept running, each without the other noticing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.commands.ctl import Ctl, write_list, write_tone
from tests.waits import wait_for

EMBEDDED = ("--switch", "embedded", "--speed", "20", "--log-file")


def parts(supervisor: int) -> dict[str, int]:
    """The pids of the supervisor's processes, by their part."""
    found = {}
    for pid in Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        for part, word in (("engine", b"--no-web"), ("web", b"--web-only")):
            if word in words:
                found[part] = int(pid)
    return found


def is_running(pid: int) -> bool:
    """Whether there is such a process that is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def port() -> int:
    return free_port()


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def dials(ctl: Ctl) -> bool:
    return bool(ctl.query("SELECT id FROM switch WHERE state = 'up'"))


@pytest.fixture
def served(ctl: Ctl, port: int) -> Iterator[subprocess.Popen[str]]:
    """`serve`, when it serves and a switch is up."""
    process = ctl.start("serve", *EMBEDDED, AVANAK_WEB_PORT=str(port), AVANAK_DRAIN_S="40")
    wait_for(lambda: answers(port) and dials(ctl), "both parts work")
    yield process
    for pid in parts(process.pid).values() if process.poll() is None else ():
        os.kill(pid, signal.SIGKILL)


def test_each_part_is_started_again_and_the_other_goes_on(ctl: Ctl, served, port: int) -> None:
    before = parts(served.pid)
    assert set(before) == {"engine", "web"}
    os.kill(before["web"], signal.SIGKILL)
    wait_for(lambda: parts(served.pid).get("web", before["web"]) != before["web"], "another web process")
    wait_for(lambda: answers(port), "the web UI answers again")
    assert parts(served.pid)["engine"] == before["engine"]
    web = parts(served.pid)["web"]
    os.kill(before["engine"], signal.SIGKILL)
    wait_for(lambda: parts(served.pid).get("engine", before["engine"]) != before["engine"], "another engine")
    assert answers(port)
    log = ctl.data / "log" / "avanak.log"
    wait_for(lambda: log.read_text().count("action=engine_started") == 2, "the engine dials again")
    assert parts(served.pid)["web"] == web
    assert "action=part_died part=web" in log.read_text()
    assert "action=part_died part=engine" in log.read_text()
    served.terminate()
    assert ctl.end(served).status == 0


def test_nothing_is_left_when_the_supervisor_is_killed(ctl: Ctl, served, port: int) -> None:
    left = parts(served.pid)
    served.kill()
    served.wait()
    wait_for(lambda: not any(map(is_running, left.values())), "both parts have ended", 20)
    again = ctl.start("serve", *EMBEDDED, AVANAK_WEB_PORT=str(port))
    wait_for(lambda: answers(port), "it serves again")
    again.terminate()
    assert ctl.end(again).status == 0


def test_a_second_one_on_the_same_data_is_refused(ctl: Ctl, served, port: int) -> None:
    other = ctl.run("serve", *EMBEDDED, AVANAK_WEB_PORT=str(free_port()))
    assert (other.status, "Another engine is running" in other.err) == (5, True)
    assert answers(port)
    assert set(parts(served.pid)) == {"engine", "web"}


def test_a_stop_lets_calls_finish_and_a_second_one_ends_them(ctl: Ctl, served) -> None:
    slow = write_tone(ctl.folder / "slow.wav", 590)
    numbers = write_list(ctl.folder / "four.csv", [f"0912111000{n}" for n in range(4)])
    sending = ctl.start("send", numbers, "--message", slow, "--switch", "embedded")
    wait_for(lambda: ctl.query("SELECT id FROM attempt WHERE state = 'answered'"), "a call is answered")
    served.terminate()
    sending.send_signal(signal.SIGINT)
    engine = parts(served.pid)["engine"]
    wait_for(lambda: "web" not in parts(served.pid), "the web part has ended")
    assert is_running(engine), "calls of 30 s are up"
    assert served.poll() is None
    served.terminate()
    assert ctl.end(served).status == 0
    assert not is_running(engine)
    assert ctl.query("SELECT COUNT(*) FROM attempt WHERE state <> 'ended'") == [(0,)]


def test_the_web_process_knows_no_switch(ctl: Ctl, served) -> None:
    """Neither their passwords nor a way to them: it opens no event socket."""
    pids = parts(served.pid)
    told = Path(f"/proc/{pids['web']}/environ").read_bytes()
    assert b"AVANAK_SWITCHES=" not in told
    assert b"AVANAK_SWITCHES=embedded" in Path(f"/proc/{pids['engine']}/environ").read_bytes()
    for pid in (served.pid, *pids.values()):
        assert b"esl://" not in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_one_call_by_a_gateway_tells_what_its_carrier_answered(ctl: Ctl, served) -> None:
    tone = write_tone(ctl.folder / "short.wav", 1)
    assert ctl.run("gateway", "set", "embedded", "--numbers-as", "+98").status == 0

    def ring(number: str) -> tuple[int, dict[str, Any]]:
        done = ctl.run("gateway", "test", "embedded", number, "--ring", "--message", tone, "--json")
        return done.status, done.document["call"]

    status, call = ring("09121110000")
    assert (status, call["disposition"], call["heard_ms"] > 0) == (0, "answered", True)
    assert call["said"].startswith("Answered after")
    status, call = ring("09121110003")
    assert (status, call["sip_status"], call["rang_at"]) == (1, 404, None)
    assert "wants another form" in call["said"]
    rung = (ctl.data / "log" / "embedded-rung.log").read_text()
    assert "+989121110000," in rung
    assert ctl.query("SELECT COUNT(*) FROM attempt") == [(2,)]
