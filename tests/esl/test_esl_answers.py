"""What ``api`` said on a real switch, read into values; and answers that must not be guessed at."""

from __future__ import annotations

import pytest

from engine.errors import BadInput
from engine.esl.address import SwitchAddress, parse_address
from engine.esl.answers import (
    BadAnswer,
    Channel,
    GatewayStatus,
    read_channels,
    read_exists,
    read_gateway,
    read_host,
    read_limit,
    read_session_count,
    read_version,
)
from engine.esl.protocol import API_RESPONSE, FrameParser
from tests.esl.esl_transcripts import received_frames


@pytest.fixture(scope="module")
def said():
    """Every answer of the recorded session, found by a word in it."""
    frames = FrameParser().feed(b"".join(received_frames("api-replies")))
    texts = [frame.body.decode() for frame in frames if frame.content_type == API_RESPONSE]

    def find(word: str) -> str:
        return next(text for text in texts if word in text)

    return find


def test_limits(said):
    assert read_limit(said("sessions per second:")) == 1000
    assert read_limit(said("max sessions:")) == 5000
    for text in ("-ERR no", "", "+OK sessions per second: many", "+OK", said("log level")):
        assert read_limit(text) is None


def test_version_and_status(said):
    assert read_version(said("FreeSWITCH Version 1.10.12-release~64bit (")) == "1.10.12-release~64bit"
    assert read_session_count(said("is ready")) == 2
    assert read_version("busybox") is None
    assert read_session_count("") is None


def test_exists_is_true_or_false_and_no_guess(said):
    assert read_exists("true") is True
    assert read_exists("false\n") is False
    with pytest.raises(BadAnswer):
        read_exists("-ERR no reply")


def test_channels(said):
    assert read_channels(said('"row_count":2')) == [
        Channel("a0a1c30d-fecc-4ac2-9d0c-ae593915f0fb", 1795435146000, "ACTIVE", "outbound"),
        Channel("541d12b2-c25e-4960-b9e1-78daed422d5c", 1795435181000, "ACTIVE", "outbound"),
    ]
    assert read_channels('{"row_count":0}') == []


@pytest.mark.parametrize(
    "text",
    ["", "-ERR", "[]", "7", '{"row_count":1}', '{"row_count":2,"rows":[{"uuid":"a"}]}', '{"rows":[]}',
     '{"row_count":1,"rows":[{}]}', '{"row_count":1,"rows":[7]}', '{"row_count":1,"rows":7}'],
)  # fmt: skip
def test_a_list_of_channels_that_is_not_whole_is_refused(text):
    with pytest.raises(BadAnswer):
        read_channels(text)


def test_gateways(said):
    assert read_gateway(said("Name    \tlab")) == GatewayStatus("lab", "NOREG", True, 12)
    assert read_gateway(said("Invalid Gateway!")) is None


def test_an_address():
    address = parse_address("esl://:s3cret@switch.example:8022")
    assert address == SwitchAddress("switch.example", 8022, "s3cret")
    assert "s3cret" not in repr(address) + str(address)
    assert parse_address("esl://:a%40b@10.0.0.1") == SwitchAddress("10.0.0.1", 8021, "a@b")
    assert str(parse_address("esl://:x@[::1]:9")) == "[::1]:9"


@pytest.mark.parametrize(
    "text",
    ["", "esl://", "esl://:hunter2@", "http://:hunter2@h", "esl://h", "esl://:@h", "esl://:hunter2@h:99999",
     "esl://:hunter2@h:x", "esl://u:hunter2@h", "esl://:hunter2@h/path", "esl://:hunter2%0Aapi@h",
     "esl://:hunter2@h:0", "esl://:hunter2@[h", "hunter2@h", "esl://:hunter2@h?x=1"],
)  # fmt: skip
def test_a_bad_address_is_one_sentence_without_the_password(text):
    with pytest.raises(BadInput) as refusal:
        parse_address(text)
    assert "\n" not in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("proxy", "host"),
    [
        ("sip:sip.Carrier.example:5060", "sip.carrier.example"),
        ("sip:sip.carrier.example;transport=tcp", "sip.carrier.example"),
        ("sips:me@sip.carrier.example", "sip.carrier.example"),
        ("sip:127.0.0.1:5090", ""),
        ("sip:[2001:db8::1]:5060", ""),
        ("sip:a b", "a"),
        ("sip:a,b", ""),
        ("sip:x\n\nexit", "x"),
        ("sip:" + "a" * 254, ""),
        ("sip:-x", ""),
        ("", ""),
    ],
)
def test_the_name_of_a_carrier(proxy: str, host: str) -> None:
    assert read_host(proxy) == host
