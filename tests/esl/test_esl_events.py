"""Typed readings of recorded events, and of events whose fields are not what they should be."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.call_end import CallEnd
from engine.esl import protocol
from engine.esl.events import (
    Answered,
    BackgroundJob,
    Event,
    Heartbeat,
    Progress,
    read_event,
)
from engine.esl.protocol import Frame, FrameParser
from tests.esl.esl_transcripts import NAMES, received_frames


def events_of(name: str) -> list[Event]:
    frames = FrameParser().feed(b"".join(received_frames(name)))
    return [Event(f) for f in frames if f.content_type.startswith("text/event")]


def readings_of(name: str) -> list:
    return [reading for event in events_of(name) if (reading := read_event(event)) is not None]


def one(name: str, kind: type):
    (found,) = (reading for reading in readings_of(name) if isinstance(reading, kind))
    return found


def json_event(**headers) -> Event:
    headers = {key.replace("__", "-"): value for key, value in headers.items()}
    return Event(Frame(protocol.EVENT_JSON, {}, orjson.dumps(headers)))


def test_a_message_heard_to_its_end():
    # The recording begins with the end of an earlier call, which had no attempt.
    (hangup,) = (r for r in readings_of("json-answered-played") if getattr(r, "attempt_id", None))
    assert hangup == CallEnd(
        uuid="dfd9b061-b532-413a-b704-e02d1812cf50",
        cause="NORMAL_CLEARING",
        ended_at=1795435895771,
        attempt_id=4711,
        started_at=1795435894471,
        rang_at=1795435894471,
        answered_at=1795435894771,
        closed_by="send_bye",
        heard_ms=1000,  # as its samples tell
    )


def test_answer_and_progress_carry_their_instants():
    assert one("json-answered-played", Answered) == Answered(
        "dfd9b061-b532-413a-b704-e02d1812cf50", 1795435894771
    )
    assert one("json-busy-486", Progress) == Progress("91893ee1-965e-4a40-b3b3-64aa602709f9", 1795435898791)


@pytest.mark.parametrize(
    ("name", "cause", "sip_status", "rang"),
    [
        ("json-busy-486", "USER_BUSY", 486, True),
        ("busy-486", "USER_BUSY", 486, True),
        ("declined-603", "CALL_REJECTED", 603, True),
        ("unavailable-480", "NO_USER_RESPONSE", 480, False),
        ("unallocated-404", "UNALLOCATED_NUMBER", 404, False),
        ("carrier-503", "NORMAL_TEMPORARY_FAILURE", 503, False),
        ("no-answer-timeout", "NO_ANSWER", None, True),
    ],
)
def test_a_call_that_failed_tells_why(name, cause, sip_status, rang):
    hangup = one(name, CallEnd)
    job = one(name, BackgroundJob)
    assert (hangup.cause, hangup.sip_status, hangup.has_rung) == (cause, sip_status, rang)
    assert (hangup.answered_at, hangup.heard_ms) == (None, 0)
    assert hangup.attempt_id == 4711
    assert (job.ok, job.cause) == (False, cause)


@pytest.mark.parametrize("name", ["gateway-unknown", "max-sessions-reached", "sessions-per-second-exceeded"])
def test_a_refusal_without_a_channel_is_only_a_job(name):
    causes = [r.cause for r in readings_of(name) if isinstance(r, BackgroundJob) and not r.ok]
    expected = "INVALID_GATEWAY" if name == "gateway-unknown" else "DESTINATION_OUT_OF_ORDER"
    assert causes
    assert set(causes) == {expected}


def test_a_vote_is_read_and_its_absence_too():
    assert one("vote-dtmf-1", CallEnd).vote == "1"
    assert one("vote-timeout-no-digit", CallEnd).vote == ""


def test_early_media_is_progress_and_not_an_answer():
    readings = readings_of("early-media-183-then-answer")
    kinds = [type(r) for r in readings]
    assert kinds.index(Progress) < kinds.index(Answered)


def test_what_was_heard_before_the_callee_hung_up():
    hangup = one("callee-hangs-up-mid-message", CallEnd)
    assert hangup.answered_at is not None
    assert hangup.heard_ms > 0


def test_a_heartbeat():
    assert one("heartbeat", Heartbeat) == Heartbeat(
        core_uuid="6cc006b0-8216-4ac2-9c69-5a4402bef99d",
        session_count=1,
        max_sessions=5000,
        sps=1000,
        idle_cpu=98.7,
    )


@pytest.mark.parametrize("name", NAMES)
def test_no_recorded_event_of_ours_reads_as_nothing(name):
    ours = {"CHANNEL_ANSWER", "CHANNEL_HANGUP_COMPLETE", "BACKGROUND_JOB", "HEARTBEAT", "CHANNEL_PROGRESS"}
    for event in events_of(name):
        if event.name in ours:
            assert read_event(event) is not None


def test_our_own_variables_are_read():
    event = json_event(
        Event__Name="CHANNEL_HANGUP_COMPLETE",
        Unique__ID="u",
        variable_answer_uepoch="1795435894771147",
        variable_avanak_heard_ms="7300",
        variable_playback_ms="99999",
        variable_avanak_finished="true",
        variable_avanak_opted_out="true",
        variable_avanak_vote="3",
        variable_avanak_fault="prompt_missing",
        variable_record_ms="2340",
    )
    hangup = read_event(event)
    assert isinstance(hangup, CallEnd)
    assert (hangup.heard_ms, hangup.finished, hangup.opted_out, hangup.vote) == (7300, True, True, "3")
    assert (hangup.fault, hangup.record_ms) == ("prompt_missing", 2340)


@pytest.mark.parametrize(
    ("text", "is_answered", "ms"),
    [("2340", True, 2340), ("2340", False, 0), ("-1", True, 0), ("", True, 0), ("9" * 18, True, 86_400_000)],
)
def test_the_length_of_a_recording_is_a_length(text: str, is_answered: bool, ms: int) -> None:
    answered = {"variable_answer_uepoch": "1795435894771147"} if is_answered else {}
    event = json_event(
        Event__Name="CHANNEL_HANGUP_COMPLETE", Unique__ID="u", variable_record_ms=text, **answered
    )
    assert read_event(event).record_ms == ms


def test_nothing_is_heard_before_an_answer_whatever_was_played():
    event = json_event(Event__Name="CHANNEL_HANGUP_COMPLETE", Unique__ID="u", variable_playback_ms="4000")
    assert read_event(event).heard_ms == 0


@pytest.mark.parametrize(
    "value", ["", "-1", "1.5", "٤٧", "1e3", "0x1", " 7", "7\n", "9" * 40, None, 7, ["7"], {}]
)
def test_a_malformed_number_is_none(value):
    event = json_event(
        Event__Name="CHANNEL_HANGUP_COMPLETE",
        Unique__ID="u",
        variable_avanak_attempt=value,
        variable_sip_term_status=value,
        variable_avanak_vote=["1"],
    )
    hangup = read_event(event)
    assert (hangup.attempt_id, hangup.sip_status, hangup.vote) == (None, None, "")


@pytest.mark.parametrize("vote", ["1;drop", "1\n", "۱", "a", "1" * 50])
def test_a_vote_is_keys_and_nothing_else(vote):
    event = json_event(Event__Name="CHANNEL_HANGUP_COMPLETE", Unique__ID="u", variable_avanak_vote=vote)
    assert read_event(event).vote == ""


def test_our_own_cancel_is_no_answer_of_the_carrier():
    event = json_event(
        Event__Name="CHANNEL_HANGUP_COMPLETE", Unique__ID="u", variable_sip_invite_failure_status="487"
    )
    assert read_event(event).sip_status is None


def test_a_redirect_is_told_with_its_target_and_nothing_that_could_break_a_log():
    headers = {
        "variable_proto_specific_hangup_cause": "sip:302",
        "variable_sip_redirect_contact_user_0": "0900123",
        "variable_sip_redirect_contact_host_0": "203.0.113.9",
    }
    end = read_event(json_event(Event__Name="CHANNEL_HANGUP_COMPLETE", Unique__ID="u", **headers))
    assert (end.sip_status, end.redirected_to) == (302, "0900123@203.0.113.9")
    headers["variable_sip_redirect_contact_user_0"] = "a\nb c"
    end = read_event(json_event(Event__Name="CHANNEL_HANGUP_COMPLETE", Unique__ID="u", **headers))
    assert end.redirected_to == "203.0.113.9"


@pytest.mark.parametrize(
    ("body", "ok", "cause"),
    [
        ("+OK 91893ee1-965e-4a40-b3b3-64aa602709f9\n", True, None),
        ("-ERR USER_BUSY\n", False, "USER_BUSY"),
        ("-ERR no such thing\n", False, None),
        ("", False, None),
        (None, False, None),
    ],
)
def test_a_job_ends_well_only_when_it_says_so(body, ok, cause):
    headers = {"Event__Name": "BACKGROUND_JOB", "Job__UUID": "j"}
    job = read_event(json_event(**headers, **({} if body is None else {"_body": body})))
    assert (job.ok, job.cause) == (ok, cause)


VALUES = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=30), st.lists(st.text(max_size=5)))
HEADERS = [
    "Unique-ID", "Job-UUID", "Core-UUID", "Hangup-Cause", "Idle-CPU", "Session-Count", "Uptime-msec", "_body",
    "Caller-Channel-Answered-Time", "Caller-Channel-Hangup-Time", "variable_avanak_attempt",
    "variable_avanak_heard_ms", "variable_playback_ms", "variable_avanak_finished", "variable_sip_term_status",
]  # fmt: skip


@given(
    name=st.sampled_from(
        ["CHANNEL_ANSWER", "CHANNEL_PROGRESS", "CHANNEL_HANGUP_COMPLETE", "BACKGROUND_JOB", "HEARTBEAT", "X"]
    ),
    headers=st.dictionaries(st.sampled_from(HEADERS), VALUES),
)
def test_no_field_whatever_its_type_raises(name, headers):
    read_event(Event(Frame(protocol.EVENT_JSON, {}, json.dumps({"Event-Name": name, **headers}).encode())))


@given(st.binary(max_size=200), st.sampled_from([protocol.EVENT_JSON, protocol.EVENT_PLAIN]))
def test_no_body_raises(body, kind):
    found = read_event(Event(Frame(kind, {}, body)))
    # A torn sign of life is still one.
    assert found is None or (
        isinstance(found, Heartbeat) and found == Heartbeat(None, None, None, None, None)
    )


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"Event-Name":"X","Unique-ID":"abc","b":"c"}', "abc"),
        (b'{"Unique-ID":"","b":"c"}', ""),
        (b'{"Other-Leg-Unique-ID":"no","Unique-ID":"abc"}', "abc"),
        # Words of the far end that look like a header, in a value and in a key.
        (b'{"variable_a":"\\"Unique-ID\\":\\"no\\"","Unique-ID":"abc"}', "abc"),
        (b'{"variable_\\"Unique-ID":"no","Unique-ID":"abc"}', "abc"),
        (b'{"variable_,\\"Unique-ID":"no"}', None),
        (b'{"Unique-ID":"a\\u0041\\"b"}', 'aA"b'),
        (b'{"Unique-ID":"ends\\n","b":"c"}', "ends\n"),
        (b'{"Unique-ID":"\\\\","b":"c"}', "\\"),
        (b'{"Unique-ID":"\\\\\\"","b":"c"}', '\\"'),
        (b'{"Unique-ID":"a\\q","b":"c"}', None),
        (b'{"Unique-ID":"a\\"', None),
        (b'{"Unique-ID":"a\\n\xff","b":"c"}', "a\n\ufffd"),
        (b'{"Unique-ID" : "abc"}', "abc"),
        (b'{"Unique-ID":["a","b"]}', None),
        (b'{"Unique-ID":"a\xff"}', "a\ufffd"),
        (b'{"Unique-ID":"abc', None),
        (b'"Unique-ID":"abc"', None),
    ],
)
def test_a_header_is_the_same_found_in_the_text_and_decoded(body: bytes, value: str | None) -> None:
    event = Event(Frame(protocol.EVENT_JSON, {}, body))
    assert event.uuid == value
    assert event.headers.get("Unique-ID") in (value, ["a", "b"])
    assert event.uuid == value


def test_only_the_end_of_a_call_is_decoded_whole() -> None:
    """A job's answer ends with a line feed, which JSON escapes: that is no reason to decode its other headers."""
    job = Event(
        Frame(
            protocol.EVENT_JSON,
            {},
            b'{"Event-Name":"BACKGROUND_JOB","Core-UUID":"c","Job-UUID":"j","_body":"+OK j\\n"}',
        )
    )
    assert read_event(job) == BackgroundJob("j", "c", True, None, "+OK j")
    assert job._headers is None
