"""Each way a call can end, on a real FreeSWITCH with this repository's tree and dialplan."""

from __future__ import annotations

from typing import Any

import pytest

from tests.freeswitch.dialling import End, dial, end_of
from tests.freeswitch.eventsocket import EventSocket
from tests.freeswitch.switch import CarrierProcess, Switch
from tests.waits import wait_for

VOTE = {"avanak_vote_keys": "123"}
OPTOUT = {"avanak_optout": "11"}
# name: number, variables, cause, SIP status, heard (ms, None for none), other results
SCENARIOS: dict[str, tuple[str, dict[str, Any], str, str | None, int | None, dict[str, str]]] = {
    "played": ("09121000000", {}, "NORMAL_CLEARING", None, 2040, {"finished": "true"}),
    "busy": ("09121000001", {}, "USER_BUSY", "486", None, {}),
    "rings out": ("09121000002", {}, "NO_ANSWER", None, None, {}),
    "no such number": ("09121000003", {}, "UNALLOCATED_NUMBER", "404", None, {}),
    "congested": ("09121000004", {}, "NORMAL_TEMPORARY_FAILURE", "503", None, {}),
    "unavailable": ("09121000005", {}, "NO_USER_RESPONSE", "480", None, {}),
    "declined": ("09121000006", {}, "CALL_REJECTED", "603", None, {}),
    # playback_ms would say that all of it was heard: the switch reads far ahead.
    "hangs up early": ("09121000007", {"avanak_message": "six"}, "NORMAL_CLEARING", "200", 1000, {}),
    "hangs up early, vote": ("09122000007", {"avanak_message": "six", **VOTE}, "NORMAL_CLEARING", "200", 1000, {}),
    "hangs up early, WAV": ("09123000007", {"avanak_message": "wavonly"}, "NORMAL_CLEARING", "200", 1000, {}),
    "votes when heard": ("09121000008", VOTE, "NORMAL_CLEARING", None, 2040, {"vote": "1", "finished": "true"}),
    "votes with opt-out": (
        "09122000008", VOTE | OPTOUT, "NORMAL_CLEARING", None, 2040, {"vote": "1", "finished": "true"}),
    "votes while playing": ("09121000021", VOTE, "NORMAL_CLEARING", None, 500, {"vote": "1"}),
    "votes while playing, opt-out on": ("09122000021", VOTE | OPTOUT, "NORMAL_CLEARING", None, 500, {"vote": "1"}),
    "half an opt-out plays again": ("09123000021", OPTOUT, "NORMAL_CLEARING", None, 2040, {"finished": "true"}),
    "votes in the voice": (
        "09121000040", VOTE | {"avanak_keys": "voice"}, "NORMAL_CLEARING", None, 2040, {"vote": "2", "finished": "true"}),
    "a key of no meaning": ("09121000022", VOTE, "NORMAL_CLEARING", None, 2040, {"finished": "true"}),
    "a wrong key when asked": ("09121000013", VOTE, "NORMAL_CLEARING", None, 2040, {"finished": "true"}),
    "keys without a question": ("09122000022", {}, "NORMAL_CLEARING", None, 2040, {"finished": "true"}),
    "opts out": ("09121000011", OPTOUT, "NORMAL_CLEARING", None, 500, {"opted_out": "true"}),
    "opts out of a vote": ("09122000011", VOTE | OPTOUT, "NORMAL_CLEARING", None, 500, {"opted_out": "true"}),
    "repeat, then vote": (
        "09121000012", {**VOTE, "avanak_repeat_key": "*"}, "NORMAL_CLEARING", None, 2040,
        {"vote": "1", "finished": "true"}),
    "early media": ("09121000009", {}, "NORMAL_CLEARING", None, 2040, {"finished": "true"}),
    "early media not ignored": (
        "09122000009", {"ignore_early_media": None}, "NORMAL_CLEARING", None, 2040, {"finished": "true"}),
    "WAV alone": ("09122000000", {"avanak_message": "wavonly"}, "NORMAL_CLEARING", None, 1080, {"finished": "true"}),
    "prompt missing": (
        "09124000000", {"avanak_message": "nosuch"}, "NORMAL_CLEARING", None, 0, {"fault": "prompt_missing"}),
    "prompt empty": (
        "09125000000", {"avanak_message": "empty"}, "NORMAL_CLEARING", None, 0, {"fault": "prompt_missing"}),
    "no prompt named": ("09126000000", {"avanak_message": None}, "NORMAL_CLEARING", None, 0, {"fault": "prompt_missing"}),
    "climbing prompt": (
        "09127000000", {"avanak_message": "../two"}, "NORMAL_CLEARING", None, 0, {"fault": "prompt_missing"}),
}  # fmt: skip
RESULTS = ("vote", "finished", "opted_out", "fault")


@pytest.fixture(scope="module")
def ends(freeswitch: Switch, carrier: CarrierProcess, fs_prompts: object) -> dict[str, End]:
    """All scenarios at once, as in real life; their ends by name."""
    line = freeswitch.connect()
    line.subscribe("CHANNEL_HANGUP_COMPLETE")
    calls = {name: dial(line, scenario[0], **scenario[1]) for name, scenario in SCENARIOS.items()}
    found = {name: end_of(line, call) for name, call in calls.items()}
    line.close()
    return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_end_of_a_call_tells_what_happened(name: str, ends: dict[str, End]) -> None:
    _, _, cause, status, heard, results = SCENARIOS[name]
    end = ends[name]
    assert (end.cause, end.sip_status) == (cause, status)
    assert {key: end.variable(f"avanak_{key}") for key in RESULTS} == {
        key: results.get(key) for key in RESULTS
    }
    assert end.answered == (heard is not None)
    # A reaction of the callee takes some packets to arrive.
    assert abs(end.heard_ms - (heard or 0)) <= 150
    if heard and end.variable("avanak_finished"):
        assert end.heard_ms == heard


@pytest.mark.parametrize("name", ["played", "early media", "early media not ignored", "repeat, then vote"])
def test_the_callee_heard_it_whole(name: str, ends: dict[str, End], carrier: CarrierProcess) -> None:
    number = SCENARIOS[name][0]
    record = carrier.wait_for_end(number)
    times = 2 if name.startswith("repeat") else 1
    assert record["voice_ms"] == 2040 * times
    assert record["how"] == "bye"


def test_the_longest_call_is_cut(line: EventSocket, fs_prompts: object) -> None:
    end = end_of(line, dial(line, "09123000000", avanak_message="six", avanak_max_s=2))
    assert end.cause == "ALLOTTED_TIMEOUT"
    # The switch's clock for this ticks once a second: up to one second less.
    assert 400 <= end.heard_ms <= 1600
    assert end.variable("avanak_finished") is None


def test_a_repeat_key_held_down_ends_after_four_hearings(line: EventSocket, carrier: CarrierProcess) -> None:
    end = end_of(line, dial(line, "09121000023", avanak_message="wavonly", avanak_repeat_key="*"))
    assert (end.cause, end.heard_ms) == ("NORMAL_CLEARING", 1080)
    assert carrier.wait_for_end("09121000023")["voice_ms"] == 4 * 1080


def test_the_callee_is_recorded(line: EventSocket, freeswitch: Switch) -> None:
    end = end_of(
        line, dial(line, "09121000024", avanak_message="wavonly", avanak_record="true", avanak_record_s=9)
    )
    path = freeswitch.folder / "recordings" / f"{end.event['Unique-ID']}.wav"
    assert end.variable("avanak_record_path") == str(path)
    assert end.heard_ms == 1080
    assert 1200 <= int(end.variable("record_ms") or 0) <= 1600
    assert path.stat().st_size > 8000


def test_every_call_is_in_the_record(ends: dict[str, End], freeswitch: Switch) -> None:
    from engine.call_end import CDR_COLUMNS

    def rows() -> dict[str, dict[str, str]] | None:
        lines = [line.split(",") for line in freeswitch.cdr.read_text().splitlines() if line]
        found = {columns[0]: dict(zip(CDR_COLUMNS, columns, strict=True)) for columns in lines}
        return found if all(end.event["Unique-ID"] in found for end in ends.values()) else None

    found = wait_for(rows, "the record of every call", 5)
    for name, end in ends.items():
        row = found[end.event["Unique-ID"]]
        heard = max(int(row["avanak_heard_ms"] or 0), int(row["playback_last_offset_pos"] or 0) // 8)
        assert row["hangup_cause"] == end.cause, name
        assert row["avanak_attempt"] == end.variable("avanak_attempt"), name
        assert row["sip_term_status"] == (end.sip_status or ""), name
        assert heard == end.heard_ms, name
        assert (row["answer_uepoch"] != "0") == end.answered, name
        assert row["avanak_vote"] == (end.variable("avanak_vote") or ""), name
        assert row["avanak_fault"] == (end.variable("avanak_fault") or ""), name


def test_the_far_end_counted_each_call_once(ends: dict[str, End], carrier: CarrierProcess) -> None:
    numbers = [scenario[0] for scenario in SCENARIOS.values()]
    arrived = [one["number"] for one in carrier.arrived]
    assert [arrived.count(number) for number in numbers] == [1] * len(numbers)
    assert all("02191000000" in one["caller"] for one in carrier.arrived if one["number"] in numbers)


def test_an_unknown_gateway_places_no_call(line: EventSocket) -> None:
    line.command(
        "bgapi originate {avanak_attempt=1}sofia/gateway/nosuch/09121000000 avanak XML avanak\nJob-UUID: j1"
    )
    assert line.wait(5, Event_Name="BACKGROUND_JOB", Job_UUID="j1")["_body"].strip() == "-ERR INVALID_GATEWAY"


def test_one_campaign_can_be_hung_up_alone(line: EventSocket, fs_prompts: object) -> None:
    mine = dial(line, "09128000000", avanak_campaign=77, avanak_message="six")
    other = dial(line, "09129000000", avanak_campaign=78, avanak_message="two")
    for call in (mine, other):
        line.wait(5, Event_Name="CHANNEL_ANSWER", Unique_ID=call)
    line.api("hupall MANAGER_REQUEST avanak_campaign 77")
    assert end_of(line, mine).cause == "MANAGER_REQUEST"
    assert end_of(line, other).variable("avanak_finished") == "true"


def test_a_probe_answers_without_a_carrier(line: EventSocket) -> None:
    assert line.api("originate {originate_timeout=3}loopback/avanak_probe/avanak &hangup").startswith("+OK")
