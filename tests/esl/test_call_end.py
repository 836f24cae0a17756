"""The end of a call, read from an event's variables or a line of the call record by one rule."""

from __future__ import annotations

import pytest

from engine.call_end import (
    ALL_OF_IT_MS,
    CDR_COLUMNS,
    CallEnd,
    end_of,
    last_record,
    read_end,
    read_record,
    to_int,
)

UUID = "0199c1d4-0000-7000-8000-000000000001"
US = 1_795_435_894_000_000
ANSWERED = {
    "answer_uepoch": str(US + 2_000_000),
    "end_uepoch": str(US + 9_000_000),
    "hangup_cause": "NORMAL_CLEARING",
}
# Six seconds heard, then five in which a key was waited for.
WAITED = {"avanak_heard_ms": "6000", "avanak_finished": "true", "billmsec": "14640", "avanak_plays": "x"}


def sent(packets: int, ptime_ms: int) -> dict[str, str]:
    """What FreeSWITCH tells of the packets that it sent."""
    return {
        "rtp_audio_out_media_bytes": str(packets * (12 + 8 * ptime_ms)),
        "rtp_audio_out_media_packet_count": str(packets),
        "rtp_use_codec_name": "PCMA",
    }


def end(**values: str) -> CallEnd:
    return read_end(UUID, values.get)


@pytest.mark.parametrize(
    ("values", "heard"),
    [
        ({"avanak_heard_ms": "6000", "billmsec": "6620"}, 6000),
        (
            {"avanak_heard_ms": "6000", "billmsec": "6620", "hold_accum_ms": "3000"},
            3120,
        ),  # three seconds on hold
        (
            {"avanak_heard_ms": "6300", "billmsec": "1600"},
            1100,
        ),  # uuid_break after a second: read ahead, not sent
        ({"avanak_heard_ms": "6300", "billmsec": "400"}, 0),
        ({"avanak_heard_ms": "6300", "billmsec": "1000", "hold_accum_ms": "900"}, 0),
        (
            {
                "avanak_heard_ms": "6000",
                "avanak_finished": "true",
                "billmsec": "6640",
                "hold_accum_ms": "3000",
            },
            3020,
        ),  # the last words' moment was no message
        ({"playback_last_offset_pos": "16000", "billmsec": "2100"}, 2000),  # a key ended the breath early
        ({"playback_last_offset_pos": "24000", "billmsec": "2100"}, 2100),
        (
            {"playback_last_offset_pos": "16000", "billmsec": "2500", "hold_accum_ms": "900"},
            1100,
        ),
        *(
            ({**WAITED, "hold_accum_ms": "3000", "hold_events": held}, heard)
            for held, heard in (
                ("", 6000),
                (f"{{{{{US + 4_000_000},{US + 7_000_000}}}}}", 3000),
                (f"{{{{{US + 4_000_000};{US + 7_000_000}}}}}", 3000),  # as a record has it
                (f"{{{{{US + 8_000_000},{US + 11_000_000}}}}}", 5500),  # from the last half second of it
                (f"{{{{{US + 1_000_000},{US + 4_000_000}}}}}", 4500),  # until 1.5 s of it
                (f"{{{{{US + 9_000_000},{US + 12_000_000}}}}}", 6000),  # after it
                (f"{{{{{US + 6_000_000},{US + 7_000_000}}},{{{US + 3_000_000},{US + 5_000_000}}}}}", 3000),
                (f"{{{{{US + 4_000_000},0}}}}", 6000),
                ("{{,}}", 6000),
                ("x", 6000),
            )
        ),
        (
            {
                **WAITED,
                "hold_accum_ms": "3000",
                "hold_events": f"{{{{{US + 4_000_000},{US + 7_000_000}}}}}",
                "avanak_plays": "xx",
            },
            6000,
        ),  # played again: which hearing was held is not known
        *(
            ({"avanak_heard_ms": "6000", "billmsec": "6620", **sent(packets, ptime_ms), **more}, heard)
            for packets, ptime_ms, more, heard in (
                (331, 20, {}, 6000),
                (60, 20, {}, 700),  # a later INVITE took the port away
                (20, 60, {}, 700),
                (
                    0,
                    20,
                    {"hold_events": f"{{{{{US + 2_000_000},{US + 2_250_000}}}}}"},
                    0,
                ),  # held as it was answered
                (2, 20, {}, 0),
                (60, 20, {"rtp_use_codec_name": "G729"}, 6000),  # its packets do not tell their length
                (60, 20, {"rtp_audio_out_media_bytes": ""}, 6000),
                (60, 20, {"avanak_heard_ms": str(ALL_OF_IT_MS)}, 6120),  # it is joined to another call
            )
        ),
        ({"playback_last_offset_pos": "16000", "billmsec": "2100", **sent(30, 20)}, 600),
        ({"avanak_heard_ms": "6300"}, 6300),  # nobody said how long the call was
        ({"playback_ms": "2040", "playback_last_offset_pos": "8080"}, 1010),
        ({"avanak_heard_ms": "500", "playback_last_offset_pos": "8080"}, 1010),
        ({"avanak_heard_ms": "2000", "playback_last_offset_pos": "8080"}, 2000),
        ({"playback_ms": "2040"}, 2040),
        ({"playback_last_offset_pos": "0", "playback_ms": "2040"}, 0),
        ({}, 0),
    ],
)
def test_nobody_heard_more_than_was_sent(values: dict[str, str], heard: int) -> None:
    assert end(**ANSWERED, **values).heard_ms == heard
    assert end(**values).heard_ms == 0  # not answered


def test_whether_it_rang() -> None:
    assert not end().has_rung
    assert end(progress_uepoch=str(US)).rang_at == US // 1000
    both = end(progress_uepoch=str(US + 5_000), progress_media_uepoch=str(US))
    assert (both.rang_at, both.has_rung, both.was_picked_up) == (US // 1000, True, False)
    assert end(progress_uepoch="0", progress_media_uepoch="0").rang_at is None
    assert end(**ANSWERED).has_rung
    assert end(sip_hangup_disposition="send_bye").was_picked_up  # a 200 whose media nobody could agree to
    assert not end(sip_hangup_disposition="send_cancel").has_rung


def test_who_hangs_up_before_our_ack_has_answered_and_heard_nothing() -> None:
    found = end(end_uepoch=str(US), sip_hangup_disposition="recv_bye", hangup_cause="NORMAL_CLEARING")
    assert (found.answered_at, found.ended_at, found.heard_ms) == (US // 1000, US // 1000, 0)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"sip_term_status": "486"}, 486),
        ({"proto_specific_hangup_cause": "sip:302"}, 302),
        ({"proto_specific_hangup_cause": "sip:503", "sip_term_status": "200"}, 503),
        ({"proto_specific_hangup_cause": "q850:16", "sip_term_status": "404"}, 404),
        ({"sip_invite_failure_status": "487"}, None),
    ],
)
def test_the_final_answer_is_the_carriers(values: dict[str, str], status: int | None) -> None:
    assert end(**values).sip_status == status


def test_a_line_of_an_earlier_template_is_read() -> None:
    line = f"{UUID},7,USER_BUSY,486,{US},0,{US + 9_000_000},0,,"
    found = read_record(line.encode())
    assert found == CallEnd(UUID, "USER_BUSY", US // 1000 + 9000, 7, 486, US // 1000)
    assert read_record(line.rsplit(",", 1)[0].encode()) is None


def test_event_and_record_say_the_same() -> None:
    values = {
        **ANSWERED, "uuid": UUID, "avanak_attempt": "7", "avanak_vote": "1", "avanak_heard_ms": "4000", "billmsec": "5000",
        "avanak_finished": "true", "avanak_opted_out": "true", "avanak_fault": "prompt_missing", "record_ms": "12",
        "progress_uepoch": str(US), "sip_hangup_disposition": "recv_bye", "start_uepoch": str(US),
        "hold_accum_ms": "600", "hold_events": f"{{{{{US + 5_000_000},{US + 5_500_000}}},{{{US + 3_000_000},{US + 3_100_000}}}}}",
    }  # fmt: skip
    assert read_end(UUID, values.get).heard_ms == 3400
    line = ",".join(values.get(name, "") for name in CDR_COLUMNS)
    assert read_record(line.encode() + b"\n") == end_of(values) == read_end(UUID, values.get)
    assert end_of({**values, "uuid": "x"}) is None
    assert end_of({**values, "hangup_cause": ""}) is None
    assert end_of({**values, "end_uepoch": "0"}) is None


def test_the_last_record_of_a_torn_line() -> None:
    assert last_record(f"{UUID},7,USER{UUID},8,X".encode()) == f"{UUID},8,X".encode()
    assert last_record(b"nothing") == b""


def test_whole_numbers() -> None:
    assert [to_int(text) for text in ("0", "12", "", None, "-1", "1.5", "٤", "9" * 19)] == [
        0,
        12,
        *[None] * 6,
    ]


def test_a_recording_that_could_not_be_begun_is_a_cut_one() -> None:
    values = {"hangup_cause": "DESTINATION_OUT_OF_ORDER", "answer_uepoch": "5000000", "end_uepoch": "9000000"}
    assert read_end("u", values.get).fault == "record_cut"
    assert read_end("u", {**values, "answer_uepoch": "0"}.get).fault == ""
    assert read_end("u", {**values, "hangup_cause": "NORMAL_CLEARING"}.get).fault == ""
