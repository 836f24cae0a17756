"""The embedded switch as a process: how it starts and ends, what it writes down, what can be done to it."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.call_end import CDR_COLUMNS
from engine.embedded.process import EmbeddedProcess
from engine.embedded.records import read_rung
from engine.errors import SwitchUnavailable
from tests.behaviour.switch_under_test import Client, SwitchUnderTest
from tests.waits import wait_for

DEADLINE_S = 20.0


def under_test(process: EmbeddedProcess) -> SwitchUnderTest:
    return SwitchUnderTest(*process.address, process.password, "lab", "m1", 10_000)


def records(path: Path) -> list[dict[str, str]]:
    with path.open() as lines:
        return list(csv.DictReader(lines, CDR_COLUMNS))


def test_a_core_uuid_of_its_own_at_each_start(start) -> None:
    first = start()
    first.stop()
    assert not first.is_alive
    assert start().core_uuid != first.core_uuid


def test_what_rang_is_on_record_before_anybody_hears_of_it(start, tmp_path: Path) -> None:
    process = start()
    switch = under_test(process)
    with switch.connect("CHANNEL_PROGRESS CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB") as client:
        calls = [switch.originate(client, "0014", avanak_attempt=str(number)) for number in range(50)]
        client.event("CHANNEL_PROGRESS", calls[-1])
        process.kill()
    rung = list(read_rung(tmp_path / "rung.log"))
    assert [one.uuid for one in rung] == calls
    assert [one.attempt for one in rung] == [str(number) for number in range(50)]
    assert {(one.campaign, one.number, one.gateway, one.core_uuid) for one in rung} == {
        ("7", switch.number("0014"), "lab", process.core_uuid)
    }
    assert records(tmp_path / "cdr.csv") == []


def test_only_phones_that_rang_are_in_the_far_end_log(start, tmp_path: Path) -> None:
    switch = under_test(start())
    with switch.connect() as client:
        for ending in ("0001", "0003", "0004", "0005"):
            client.event("CHANNEL_HANGUP_COMPLETE", switch.originate(client, ending))
    assert [one.number[-4:] for one in read_rung(tmp_path / "rung.log")] == ["0001"]


def test_the_call_record(start, tmp_path: Path) -> None:
    switch = under_test(start(message_seconds=3.0))
    with switch.connect() as client:
        calls = [
            switch.originate(client, ending, avanak_vote_keys="12") for ending in ("0008", "0001", "0007")
        ]
        ends = [client.event("CHANNEL_HANGUP_COMPLETE", call) for call in calls]
        by_uuid = {one["uuid"]: one for one in records(tmp_path / "cdr.csv")}
    voted, busy, hung_up = (by_uuid[call] for call in calls)
    assert (voted["avanak_vote"], voted["avanak_finished"], voted["avanak_heard_ms"]) == ("1", "true", "3000")
    assert voted["hangup_cause"] == "NORMAL_CLEARING"
    assert (busy["hangup_cause"], busy["sip_term_status"], busy["answer_uepoch"]) == ("USER_BUSY", "486", "0")
    assert (hung_up["playback_ms"], hung_up["avanak_finished"]) == ("1500", "")
    for end, one in zip(ends, (voted, busy, hung_up), strict=True):
        assert one["end_uepoch"] == end["variable_end_uepoch"]
        assert one["billmsec"] == end["variable_billmsec"]
        assert one["avanak_attempt"] == "4711"


@pytest.mark.parametrize("how", ["command", "signal"])
def test_the_call_record_is_rotated(start, tmp_path: Path, how: str) -> None:
    process = start()
    switch = under_test(process)
    with switch.connect() as client:
        first = switch.originate(client, "0001")
        client.event("CHANNEL_HANGUP_COMPLETE", first)
        if how == "command":
            assert client.api("cdr_csv rotate") == "+OK\n"
        else:
            os.kill(process.pid, signal.SIGHUP)
        wait_for(lambda: list(tmp_path.glob("cdr.csv.*")))
        wait_for((tmp_path / "cdr.csv").exists)
        second = switch.originate(client, "0001")
        client.event("CHANNEL_HANGUP_COMPLETE", second)
    (aside,) = tmp_path.glob("cdr.csv.*")
    assert [one["uuid"] for one in records(aside)] == [first]
    assert [one["uuid"] for one in records(tmp_path / "cdr.csv")] == [second]


def test_calls_are_gone_after_a_kill(start) -> None:
    process = start()
    switch = under_test(process)
    with switch.connect() as client:
        call = switch.originate(client, "0014")
        client.event("CHANNEL_PROGRESS", call)
        process.kill()
        client.wait_closed()
    again = start(port=process.address[1])
    with under_test(again).connect() as client:
        assert client.api(f"uuid_exists {call}") == "false"
        assert client.api("show channels as json") == '{"row_count":0}'


def test_a_suspended_switch_catches_up(start) -> None:
    process = start(message_seconds=5.0)
    switch = under_test(process)
    with switch.connect() as client:
        call = switch.originate(client, "0000")
        client.event("CHANNEL_ANSWER", call)
        process.suspend()
        client.pump(0.8)
        assert client.names(call) == ["CHANNEL_CREATE", "CHANNEL_PROGRESS", "BACKGROUND_JOB"]
        process.resume()
        end = client.event("CHANNEL_HANGUP_COMPLETE", call)
    assert (end["variable_avanak_heard_ms"], end["variable_avanak_finished"]) == ("5000", "true")


def test_stopping_hangs_up_and_says_goodbye(start, tmp_path: Path) -> None:
    process = start()
    switch = under_test(process)
    with switch.connect() as client:
        call = switch.originate(client, "0014")
        client.event("CHANNEL_PROGRESS", call)
        process.stop()
        assert client.event("CHANNEL_HANGUP_COMPLETE", call)["Hangup-Cause"] == "SYSTEM_SHUTDOWN"
        assert client.reply()["Content-Type"] == "text/disconnect-notice"
        client.wait_closed()
    assert [one["hangup_cause"] for one in records(tmp_path / "cdr.csv")] == ["SYSTEM_SHUTDOWN"]


@pytest.mark.parametrize("detached", [False, True])
def test_it_dies_with_its_parent_unless_detached(detached: bool) -> None:
    program = (
        "import os, signal\n"
        "from engine.embedded.options import EmbeddedOptions\n"
        "from engine.embedded.process import EmbeddedProcess\n"
        f"one = EmbeddedProcess.start(EmbeddedOptions(), detached={detached})\n"
        "print(one.pid, one.address[1], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    words = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what it starts inherits this, and outlives it
        text=True,
        timeout=DEADLINE_S,
    ).stdout
    pid, port = map(int, words.split())
    if detached:
        client = Client("127.0.0.1", port, DEADLINE_S)
        assert client.reply()["Content-Type"] == "auth/request"
        os.kill(pid, signal.SIGTERM)
        client.wait_closed()

    def is_gone() -> bool:
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"

    wait_for(is_gone)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "192.0.2.77"}, "did not|ended"),
        ({"people": "answer=2"}, "ended"),
        ({"gateways": ("a:b",)}, "ended"),
    ],
)
def test_a_start_that_fails_says_so(start, options: dict, words: str) -> None:
    with pytest.raises(SwitchUnavailable, match=words):
        start(**options)


def test_bad_input_is_one_sentence(tmp_path: Path) -> None:
    for arguments, environment in (
        (["--speed", "0"], {"AVANAK_EMBEDDED_PASSWORD": "x"}),
        (["--prompts", str(tmp_path / "nowhere")], {"AVANAK_EMBEDDED_PASSWORD": "x"}),
        ([], {}),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "engine.embedded", *arguments], capture_output=True, text=True, timeout=DEADLINE_S,
            env={**{name: value for name, value in os.environ.items() if not name.startswith("AVANAK_")}, **environment},
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1


def test_a_listener_that_reads_too_slowly_is_dropped(start) -> None:
    process = start(listener_queue=500, speed=100.0)
    switch = under_test(process)
    with switch.connect("ALL") as slow, switch.connect("BACKGROUND_JOB") as client:
        for _ in range(20):
            jobs = [switch.originate(client, "0000") for _ in range(50)]
            for job in jobs:
                client.event("BACKGROUND_JOB", job)
        slow.pump(DEADLINE_S)
        assert slow.is_closed
        assert client.api("status").startswith("UP ")


def test_a_gateway_that_is_down_congested_full_or_slow(start) -> None:
    switch = under_test(start(gateways=("lab", "small:1")))
    with switch.connect() as client:
        assert client.api("avanak_simulate gateway lab down") == "+OK gateway lab down\n"
        call = switch.originate(client, "0000")
        assert client.event("BACKGROUND_JOB", call)["_body"] == "-ERR GATEWAY_DOWN\n"
        assert "Status  \tDOWN" in client.api("sofia status gateway lab")
        client.api("avanak_simulate gateway lab up")
        client.api("avanak_simulate gateway lab congestion 1")
        call = switch.originate(client, "0000")
        assert client.event("BACKGROUND_JOB", call)["_body"] == "-ERR NORMAL_TEMPORARY_FAILURE\n"
        client.api("avanak_simulate gateway lab normal")
        client.api("avanak_simulate gateway lab slow 20000")
        call = switch.originate(client, "0000", originate_timeout="1")
        assert client.event("BACKGROUND_JOB", call)["_body"] == "-ERR NO_ANSWER\n"
        first = switch.originate(client, "0014", gateway="small")
        client.event("CHANNEL_PROGRESS", first)
        second = switch.originate(client, "0000", gateway="small")
        assert client.event("CHANNEL_HANGUP_COMPLETE", second)["variable_sip_term_status"] == "503"
        assert client.api("avanak_simulate gateway lab congestion 2").startswith("-ERR ")
        assert client.api("avanak_simulate gateway nosuch up").startswith("-ERR ")


def test_a_job_may_overtake_its_reply(start) -> None:
    switch = under_test(start(jobs_first=True))
    with switch.connect("") as client:
        client.command("event plain BACKGROUND_JOB")
        job = switch.originate(client, "0000", gateway="nosuch")
        assert client.event("BACKGROUND_JOB", job)["_body"] == "-ERR INVALID_GATEWAY\n"
        assert client.job() == job


def test_api_originate_blocks_its_connection(start) -> None:
    switch = under_test(start())
    with switch.connect("CHANNEL_ANSWER") as client:
        client.send(
            "api originate {ignore_early_media=true}sofia/gateway/lab/09120000000 &park()\n\napi version\n\n"
        )
        call = client.reply()["_body"].removeprefix("+OK ").strip()
        assert client.reply()["_body"].startswith("FreeSWITCH Version")
        assert client.event("CHANNEL_ANSWER", call)


def test_filters_let_through_what_matches(start) -> None:
    switch = under_test(start())
    with switch.connect("CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB") as client, switch.connect("") as other:
        other.command("event plain CHANNEL_HANGUP_COMPLETE")
        other.command("filter Hangup-Cause USER_BUSY")
        calls = [switch.originate(client, ending) for ending in ("0005", "0001")]
        for call in calls:
            client.event("CHANNEL_HANGUP_COMPLETE", call)
        assert other.event("CHANNEL_HANGUP_COMPLETE")["Unique-ID"] == calls[1]
        assert other.events == []


def test_hostile_values_stay_values(start) -> None:
    switch = under_test(start())
    nasty = 'Bob%0AHangup-Cause%3A\\\\ "x" ناشناس'
    with switch.connect("") as client, switch.connect("CHANNEL_HANGUP_COMPLETE") as other:
        client.command("event plain CHANNEL_HANGUP_COMPLETE")
        call = switch.originate(client, "0005", avanak_note=f"'{nasty}'")
        for one in (
            client.event("CHANNEL_HANGUP_COMPLETE", call),
            other.event("CHANNEL_HANGUP_COMPLETE", call),
        ):
            assert one["variable_avanak_note"] == nasty.replace("\\\\", "\\")
            assert one["Hangup-Cause"] == "NO_USER_RESPONSE"


def test_the_same_seed_gives_the_same_day(start) -> None:
    def day(seed: int) -> list[str]:
        process = start(seed=seed, speed=200.0, message_seconds=5.0)
        switch = under_test(process)
        with switch.connect("CHANNEL_HANGUP_COMPLETE") as client:
            calls = [
                switch.originate(client, f"{5000 + number}", avanak_vote_keys="12") for number in range(40)
            ]
            ends = [client.event("CHANNEL_HANGUP_COMPLETE", call) for call in calls]
        process.stop()
        return [
            one["Hangup-Cause"]
            + one.get("variable_avanak_heard_ms", "-")
            + one.get("variable_avanak_vote", "-")
            for one in ends
        ]

    assert day(3) == day(3) != day(4)


@pytest.mark.parametrize(
    ("action", "cause", "status", "disposition"),
    [
        ("silent", "NO_ANSWER", None, "send_cancel"),
        ("refuse 403", "CALL_REJECTED", "403", "recv_refuse"),
        ("refuse 488", "INCOMPATIBLE_DESTINATION", "488", "recv_refuse"),
        ("lose 91", "UNALLOCATED_NUMBER", "404", "recv_refuse"),
        ("no-codec", "INCOMPATIBLE_DESTINATION", "200", "send_bye"),
        ("unresolved", "NORMAL_TEMPORARY_FAILURE", "503", "recv_refuse"),
    ],
)
def test_a_carrier_in_trouble(start, action: str, cause: str, status: str | None, disposition: str) -> None:
    switch = under_test(start())
    with switch.connect() as client:
        assert client.api(f"avanak_simulate gateway lab {action}") == f"+OK gateway lab {action}\n"
        call = switch.originate(client, "0000", originate_timeout="1")
        end = client.event("CHANNEL_HANGUP_COMPLETE", call)
        assert end["Hangup-Cause"] == cause
        assert end.get("variable_sip_term_status") == status
        assert end["variable_sip_hangup_disposition"] == disposition
        if action == "unresolved":
            assert end["variable_sip_invite_failure_phrase"] == "DNS Error"
        client.api("avanak_simulate gateway lab normal")
        assert client.event("BACKGROUND_JOB", switch.originate(client, "0000"))["_body"].startswith("+OK")


def test_a_lost_route_is_of_some_numbers_and_bad_words_are_refused(start) -> None:
    switch = under_test(start())
    with switch.connect() as client:
        client.api("avanak_simulate gateway lab lose 93")
        assert client.event("BACKGROUND_JOB", switch.originate(client, "0000"))["_body"].startswith("+OK")
        for bad in ("refuse 299", "refuse", "lose x"):
            assert client.api(f"avanak_simulate gateway lab {bad}").startswith("-ERR ")
