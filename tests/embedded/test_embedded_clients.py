"""The embedded switch answers what standard clients send: greenswitch's and Genesis's own examples, and a console.

Genesis cannot be installed beside this product (it needs an older `rich`), so its example is sent byte by byte.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import greenswitch
import pytest
from gevent.event import Event

from engine.embedded.process import EmbeddedProcess
from tests.behaviour.switch_under_test import Client
from tests.embedded.conftest import Start

CONSOLE = {
    "hostname": r"\S+",
    "switchname": r"\S+",
    "uptime": r"\d+\n?",
    "echo hello world": "hello world",
    "expr 2+3*4": "14",
    "expr 1/3": "0.3333333333",
    "expr (1+2)*2^3": "24",
    "expr 1/0": "!err!",
    "expr 9^9^9^9": "!err!",
    "expr __import__('os')": "!err!",
    "show registrations": "\n0 total.\n",
    "show registrations as json": '{"row_count":0}',
    "version short": "1.10.12-release\n",
    "module_exists mod_sofia": "true",
    "module_exists mod_nope": "false",
    "sofia status profile nope": "Invalid Profile!\n",
    "uptime fortnights": r"-USAGE: \[us\|.*\n",
}


@pytest.fixture
def client(start: Start) -> Client:
    process = start(password="secret")
    made = Client(*process.address, 10.0)
    made.reply()
    assert made.command("auth secret")["Reply-Text"] == "+OK accepted"
    return made


@pytest.mark.parametrize("words", CONSOLE)
def test_a_console_is_answered(client: Client, words: str) -> None:
    assert re.fullmatch(CONSOLE[words], client.api(words)) or client.api(words) == CONSOLE[words]


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("EVENTS PLAIN ALL", "+OK event listener enabled plain"),
        ("events plain HEARTBEAT", "+OK event listener enabled plain"),
        ("Events json CHANNEL_ANSWER", "+OK event listener enabled json"),
        ("event", "-ERR no keywords supplied"),
        ("myevents", "-ERR command not found"),
        ("log 7", "+OK log level 7 [7]"),
        ("log INFO", "+OK log level INFO [6]"),
        ("nolog", "+OK no longer logging"),
        ("sendmsg", "-ERR invalid session id []"),
        ("uptime", "-ERR command not found"),
    ],
)
def test_words_are_taken_by_their_beginning(client: Client, line: str, reply: str) -> None:
    assert client.command(line)["Reply-Text"] == reply


def test_a_profile_tells_what_went_by_it(client: Client) -> None:
    told = client.api("sofia status profile external")
    assert "CODECS OUT       \tPCMA,PCMU\n" in told
    assert "Total items returned: 0" in client.api("sofia status profile external reg")


def test_the_example_of_greenswitch_hears_all_events(start: Start) -> None:
    process = start(password="ClueCon")
    host, port = process.address
    heard = Event()
    esl = greenswitch.InboundESL(host=host, port=port, password="ClueCon")
    esl.connect()
    esl.register_handle("CHANNEL_CREATE", lambda _event: heard.set())
    esl.send("EVENTS PLAIN ALL")
    answer = esl.send(
        "bgapi originate {origination_uuid=01a22446-63cb-765f-9ed0-7b8557d7cf98}sofia/gateway/lab/09120000001 &park"
    )
    assert answer.headers["Reply-Text"].startswith("+OK Job-UUID")
    assert heard.wait(20)
    esl.stop()


def test_the_example_of_genesis_is_answered_as_by_a_switch(start: Start) -> None:
    process = start(password="ClueCon")
    client = Client(*process.address, 10.0)
    client.reply()
    assert client.command("auth ClueCon")["Reply-Text"] == "+OK accepted"
    assert (
        client.command("uptime")["Reply-Text"] == "-ERR command not found"
    )  # its first example, on a real one too
    assert client.command("events plain ALL")["Reply-Text"].startswith("+OK")
    assert client.command("filter Event-Name HEARTBEAT")["Reply-Text"].startswith("+OK")
    client.api("avanak_simulate idle 50")  # a heartbeat at once
    assert client.event("HEARTBEAT")["Event-Name"] == "HEARTBEAT"


@pytest.mark.freeswitch
def test_the_console_of_freeswitch_works_on_it(start: Start) -> None:
    console = Path(os.environ.get("AVANAK_FREESWITCH", "/nonexistent/freeswitch")).with_name("fs_cli")
    if not shutil.which(console):
        pytest.skip("no fs_cli beside the FreeSWITCH that AVANAK_FREESWITCH names")
    process: EmbeddedProcess = start(password="ClueCon")
    ask = [console, "-P", str(process.address[1]), "-p", "ClueCon"]
    for words, answer in (
        ("status", "session(s) since startup"),
        ("bgapi status", "+OK Job-UUID: "),
        ("hostname", ""),
    ):
        run = subprocess.run([*ask, "-x", words], capture_output=True, text=True, timeout=30, check=True)
        assert answer in run.stdout
