"""Where an answer says that the voice goes, against where the switch sends it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.esl import commands, protocol
from engine.esl.checks import BadCommand
from engine.esl.events import Event
from engine.esl.media_moved import has_moved
from engine.esl.protocol import Frame

PLAIN = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 101\r\na=sendrecv\r\n"
MOVED = {
    "another address": PLAIN.replace("c=IN IP4 10.0.0.1", "c=IN IP4 10.0.0.2"),
    "another port": PLAIN.replace("audio 4000", "audio 4002"),
    "another codec": PLAIN.replace("AVP 8", "AVP 0"),
    "the address in the media": PLAIN.replace("101\r\n", "101\r\nc=IN IP4 10.0.0.2\r\n"),
    "IPv6": PLAIN.replace("c=IN IP4 10.0.0.1", "c=IN IP6 fd00::1"),
    "a count of ports": PLAIN.replace("audio 4000", "audio 4002/2"),
    "line feeds alone": PLAIN.replace("audio 4000", "audio 4002").replace("\r\n", "\n"),
    "video before it": PLAIN.replace("m=audio 4000", "m=video 4000 RTP/AVP 99\r\nm=audio 4002"),
}
STAYS = {
    "the same": PLAIN,
    "another order of codecs": PLAIN.replace("AVP 8", "AVP 0 8"),
    "the media's address before the session's": PLAIN.replace(
        "c=IN IP4 10.0.0.1", "c=IN IP4 10.0.0.9"
    ).replace("101\r\n", "101\r\nc=IN IP4 10.0.0.1\r\n"),
    "a second line's address": PLAIN + "m=video 0 RTP/AVP 99\r\nc=IN IP4 10.0.0.9\r\n",
    "a lifetime": PLAIN.replace("c=IN IP4 10.0.0.1", "c=IN IP4 10.0.0.1/127"),
    "on hold": PLAIN.replace("c=IN IP4 10.0.0.1", "c=IN IP4 0.0.0.0"),
    "refused": PLAIN.replace("audio 4000", "audio 0"),
    "no audio": PLAIN.replace("m=audio", "m=image"),
    "no address": PLAIN.replace("c=IN IP4 10.0.0.1\r\n", ""),
    "nothing": "",
    "rubbish": "m=audio x RTP/AVP 8\r\nc=\r\n",
}


def answered(sdp: str, **changed: str) -> Event:
    headers = {
        "Event-Name": "CHANNEL_ANSWER", "Caller-Channel-Progress-Media-Time": "1796016260223062",
        "variable_remote_media_ip": "10.0.0.1", "variable_remote_media_port": "4000", "variable_rtp_use_pt": "8",
        "variable_switch_r_sdp": sdp, **changed,
    }  # fmt: skip
    return Event(Frame(protocol.EVENT_JSON, {}, json.dumps(headers, separators=(",", ":")).encode()))


@pytest.mark.parametrize("what", MOVED)
def test_an_answer_that_names_another_place_than_the_early_media(what: str) -> None:
    assert has_moved(answered(MOVED[what]))
    assert not has_moved(answered(MOVED[what], **{"Caller-Channel-Progress-Media-Time": "0"}))


@pytest.mark.parametrize("what", STAYS)
def test_an_answer_that_does_not(what: str) -> None:
    assert not has_moved(answered(STAYS[what]))


def test_what_the_switch_does_not_tell_has_not_moved() -> None:
    for name in ("variable_remote_media_ip", "variable_remote_media_port", "variable_rtp_use_pt"):
        assert not has_moved(answered(MOVED["another port"], **{name: ""}))


@given(st.text(max_size=200), st.text(max_size=20))
def test_nothing_that_a_carrier_sends_raises(sdp: str, address: str) -> None:
    has_moved(answered(sdp, variable_remote_media_ip=address))
    has_moved(answered(f"c=IN IP4 {address}\r\nm=audio 1 RTP/AVP 8\r\n{sdp}"))


def test_the_command_takes_a_uuid_and_nothing_else() -> None:
    call = "0f0e0d0c-0000-4000-8000-000000000001"
    assert commands.renegotiate(call) == f"api uuid_media_reneg {call}\n\n".encode()
    with pytest.raises(BadCommand):
        commands.renegotiate("x\n\napi shutdown")
