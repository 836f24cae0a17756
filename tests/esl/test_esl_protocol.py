"""Frames: every recorded word of a real switch, cut everywhere, and what no switch says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.esl import protocol
from engine.esl.protocol import Frame, FrameError, FrameParser, decode_json, decode_plain
from tests.esl.esl_transcripts import NAMES, received_frames

LARGE = 20_000


def whole(data: bytes) -> list[Frame]:
    parser = FrameParser()
    frames = parser.feed(data)
    assert parser.error is None
    return frames


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_is_as_many_frames_as_were_recorded(name):
    pieces = received_frames(name)
    frames = whole(b"".join(pieces))
    assert len(frames) == len(pieces)
    assert frames[0].content_type == protocol.AUTH_REQUEST
    for piece, frame in zip(pieces, frames, strict=True):
        assert piece.endswith(b"\n\n" + frame.body)


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_byte_by_byte_gives_the_same_frames(name):
    data = b"".join(received_frames(name))
    parser = FrameParser()
    frames = [frame for i in range(len(data)) for frame in parser.feed(data[i : i + 1])]
    assert frames == whole(data)


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_cut_in_two_at_every_byte_gives_the_same_frames(name):
    pieces = received_frames(name)
    stream = b"".join(pieces)
    expected = whole(stream)
    if len(stream) <= LARGE:
        for cut in range(len(stream) + 1):
            parser = FrameParser()
            assert parser.feed(stream[:cut]) + parser.feed(stream[cut:]) == expected
        return
    # A parser between two frames is as new; so for a long recording each cut is tried with
    # the frame that it cuts and the frame after that.
    pieces.append(b"Content-Type: auth/request\n\n")
    expected.extend(whole(pieces[-1]))
    for i in range(len(pieces) - 1):
        data = pieces[i] + pieces[i + 1]
        wanted = expected[i : i + 2]
        for cut in range(len(pieces[i])):
            parser = FrameParser()
            assert parser.feed(data[:cut]) == []
            assert parser.feed(data[cut:]) == wanted


@given(st.data())
def test_any_cut_in_many_pieces_gives_the_same_frames(data):
    stream = b"".join(received_frames("json-busy-486"))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=40)))
    parser = FrameParser()
    frames = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        frames += parser.feed(stream[begin:end])
    assert frames == whole(stream)


@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_event_can_be_read(name):
    for frame in whole(b"".join(received_frames(name))):
        if frame.content_type == protocol.EVENT_JSON:
            headers = decode_json(frame.body)
        elif frame.content_type == protocol.EVENT_PLAIN:
            headers = decode_plain(frame.body)
        else:
            continue
        assert headers["Event-Name"].isascii()
        assert len(headers["Core-UUID"]) == 36
        if headers["Event-Name"] == "BACKGROUND_JOB":
            assert headers["_body"].startswith(("+OK ", "-ERR "))
            assert int(headers["Content-Length"]) == len(headers["_body"])


def test_a_percent_encoded_line_break_forges_no_header():
    body = (
        b"Event-Name: CHANNEL_HANGUP_COMPLETE\nHangup-Cause: NORMAL_CLEARING\n"
        b"Caller-Caller-ID-Name: Bob%0AHangup-Cause%3A USER_BUSY%0A%0A\nUnique-ID: 1\n\n"
    )
    headers = decode_plain(body)
    assert headers["Hangup-Cause"] == "NORMAL_CLEARING"
    assert headers["Caller-Caller-ID-Name"] == "Bob\nHangup-Cause: USER_BUSY\n\n"
    assert set(headers) == {"Event-Name", "Hangup-Cause", "Caller-Caller-ID-Name", "Unique-ID"}


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_only_a_line_feed_ends_a_line(separator):
    body = f"Caller-Caller-ID-Name: Bob{separator}Hangup-Cause: USER_BUSY\nA: b\n\n".encode()
    assert set(decode_plain(body)) == {"Caller-Caller-ID-Name", "A"}


def test_bytes_that_are_no_utf8_cost_one_character_and_not_the_event():
    headers = decode_json(b'{"Event-Name":"CHANNEL_ANSWER","Caller-Caller-ID-Name":"\xd3\xe1"}')
    assert headers["Event-Name"] == "CHANNEL_ANSWER"
    assert decode_plain(b"A: \xd3\nB: %D3\n\n") == {"A": "\ufffd", "B": "\ufffd"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b'{"a":1} x'])
def test_a_body_that_is_no_json_object_reads_as_empty(body):
    assert decode_json(body) == {}


@pytest.mark.parametrize(
    "length", [b"-1", b"1e3", b"99999999999999999999", b"0x10", b"", b"70000000", "۱۲".encode()]
)
def test_an_absurd_length_is_an_error_and_not_memory(length):
    parser = FrameParser()
    assert parser.feed(b"Content-Type: api/response\nContent-Length: " + length + b"\n\n") == []
    assert isinstance(parser.error, FrameError)
    with pytest.raises(FrameError):
        parser.feed(b"more")


def test_two_lengths_that_differ_are_an_error():
    parser = FrameParser()
    parser.feed(b"Content-Length: 3\nContent-Length: 5\n\nabcde")
    assert "two different" in str(parser.error)


def test_a_head_without_end_is_an_error():
    parser = FrameParser()
    for _ in range(70):
        parser.feed(b"x" * 1000) if parser.error is None else None
    assert "no event socket" in str(parser.error)


def test_a_web_server_is_no_event_socket():
    parser = FrameParser()
    parser.feed(b"HTTP/1.1 400 Bad Request\n\n<html>")
    assert "no event socket" in str(parser.error)


def test_frames_before_the_broken_one_are_kept():
    parser = FrameParser()
    frames = parser.feed(b"Content-Type: auth/request\n\nContent-Length: no\n\n")
    assert [frame.content_type for frame in frames] == [protocol.AUTH_REQUEST]
    assert parser.error is not None


def test_a_huge_body_in_small_pieces_comes_whole():
    body = b"x" * 8_000_000
    data = b"Content-Type: api/response\nContent-Length: %d\n\n" % len(body) + body
    parser = FrameParser()
    frames = []
    for at in range(0, len(data), 1500):
        frames += parser.feed(data[at : at + 1500])
    assert [frame.body for frame in frames] == [body]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_rubbish_never_raises_anything_else(chunks):
    parser = FrameParser()
    frames = []
    try:
        for chunk in chunks:
            frames += parser.feed(chunk)
    except FrameError:
        pass
    assert sum(len(frame.body) for frame in frames) <= sum(map(len, chunks)), "nothing is made up"
