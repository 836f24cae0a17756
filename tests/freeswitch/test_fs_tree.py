"""The tree as it stands: loaded unchanged by FreeSWITCH, and closed to everybody who has no business there."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from engine.switch_conf import DIALPLAN, TREE
from tests.freeswitch import carrier_sip
from tests.freeswitch.eventsocket import EventSocket
from tests.freeswitch.switch import Switch, free_port
from tests.waits import wait_for


def _ask(switch: Switch, method: str, here: str, *extra: str, body: str = "") -> int:
    """Sends one SIP request from ``here`` and returns the status of the first final answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((here, 0))
        sender.settimeout(5)
        port = sender.getsockname()[1]
        lines = [
            f"{method} sip:1000@127.0.0.1:{switch.sip_port} SIP/2.0",
            f"Via: SIP/2.0/UDP {here}:{port};rport;branch=z9hG4bK-{method}-{port}",
            "Max-Forwards: 70", f"From: <sip:stranger@{here}>;tag={port}", "To: <sip:1000@127.0.0.1>",
            f"Call-ID: {method}-{port}", f"CSeq: 1 {method}", f"Contact: <sip:stranger@{here}:{port}>",
            *extra, f"Content-Length: {len(body)}",
        ]  # fmt: skip
        sender.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), ("127.0.0.1", switch.sip_port))
        while True:
            message = carrier_sip.parse(sender.recv(65535))
            assert message is not None
            if message.status >= 200:
                return message.status


SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
)


def test_a_stranger_places_no_call(freeswitch: Switch) -> None:
    assert _ask(freeswitch, "INVITE", "127.0.0.1", "Content-Type: application/sdp", body=SDP) in (
        401,
        403,
        407,
    )


def test_a_known_carrier_is_declined_politely(freeswitch: Switch) -> None:
    assert _ask(freeswitch, "INVITE", "127.0.0.2", "Content-Type: application/sdp", body=SDP) == 603


@pytest.mark.parametrize("method", ["REGISTER", "SUBSCRIBE", "PUBLISH", "REFER"])
def test_a_stranger_gets_nothing_else(method: str, freeswitch: Switch) -> None:
    extra = ("Event: presence", "Expires: 60", "Refer-To: <sip:x@127.0.0.1>", "Content-Type: text/plain")
    assert _ask(freeswitch, method, "127.0.0.1", *extra, body="api status") >= 400


def test_a_text_message_is_dropped(freeswitch: Switch, line: EventSocket) -> None:
    """The SIP library says 202 to it by itself; what matters is that nobody gets to see it."""
    line.subscribe("MESSAGE", "MESSAGE_QUERY", "CUSTOM")
    assert _ask(freeswitch, "MESSAGE", "127.0.0.1", "Content-Type: text/plain", body="api status") == 202
    line.api("status")
    assert [event["Event-Name"] for event in line.events if "MESSAGE" in event["Event-Name"]] == []


def test_the_trunk_says_that_it_is_alive(freeswitch: Switch) -> None:
    assert _ask(freeswitch, "OPTIONS", "127.0.0.1") == 200


def test_the_settings_arrived(freeswitch: Switch, line: EventSocket) -> None:
    assert line.api("fsctl sps") == "+OK sessions per second: 200"
    assert line.api("fsctl max_sessions") == "+OK max sessions: 3000"
    assert line.api("global_getvar avanak_prompts_dir") == str(freeswitch.prompts)
    assert re.search(r"carrier::lab\s+gateway\s+\S+\s+NOREG", line.api("sofia status"))
    modules = set(re.findall(r'module="(\w+)"', (TREE / "autoload_configs/modules.conf.xml").read_text()))
    missing = [name for name in sorted(modules) if line.api(f"module_exists {name}") != "true"]
    assert missing == []


def test_a_wrong_password_is_refused(freeswitch: Switch) -> None:
    for password in ("ClueCon", "", "x"):
        with pytest.raises((PermissionError, ConnectionError)):
            EventSocket(freeswitch.esl_port, password)


def test_the_repositorys_own_tree_is_loaded_unchanged_and_has_no_known_password(
    freeswitch_binary: str, tmp_path: Path
) -> None:
    """Without any password in the environment nobody gets in, not even with FreeSWITCH's own."""
    shutil.copytree(TREE, tmp_path / "freeswitch-conf")
    shutil.copytree(DIALPLAN, tmp_path / "dialplan")
    esl_port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AVANAK_")}
    environment |= {
        "AVANAK_ESL_PORT": str(esl_port),
        "AVANAK_SIP_PORT": str(free_port(socket.SOCK_DGRAM)),
        "AVANAK_CDR_DIR_ON_SWITCH": str(tmp_path),
    }
    command = [freeswitch_binary, "-nonat", "-c", "-nf", "-conf", str(tmp_path / "freeswitch-conf")]
    for name in ("log", "db", "run", "temp"):
        (tmp_path / name).mkdir()
        command += [f"-{name}", str(tmp_path / name)]
    with (tmp_path / "console.txt").open("wb") as console:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, env=environment
        )

    def refused() -> bool:
        assert process.poll() is None, (tmp_path / "console.txt").read_text()[-2000:]
        try:
            EventSocket(esl_port, "ClueCon")
        except PermissionError:
            return True
        except OSError:
            return False
        raise AssertionError("FreeSWITCH's own password opened the switch")

    try:
        wait_for(refused, "the event socket of the unchanged tree", 30)
    finally:
        process.terminate()
        process.wait(20)
    log = (tmp_path / "log" / "freeswitch.log").read_text(errors="replace")
    assert "[ERR]" not in log
    assert "[CRIT]" not in log
