"""Commands: what is accepted is exact, and nothing hostile becomes part of one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.esl import commands
from engine.esl.checks import BadCommand
from engine.esl.originate import OriginateTemplate

UUID = "541d12b2-c25e-4960-b9e1-78daed422d5c"
HOSTILE = {
    "comma": "09120000000,execute_on_answer=system",
    "pipe": "09120000000|sofia/gateway/x/0900",
    "delimiter": "^^:a=b:c=d",
    "single quote": "0912'0000",
    "double quote": '0912"0000',
    "brace open": "{0912",
    "brace close": "0912}",
    "bracket": "[leg=1]0912",
    "angle": "<a>0912",
    "line feed": "0912\n0000",
    "trailing line feed": "09120000000\n",
    "return": "0912\r0000",
    "frame end": "0912\n\napi system id\n\n",
    "nul": "0912\0000",
    "at": "0912@10.0.0.1",
    "variable": "${system(id)}",
    "ampersand": "&park()",
    "Persian digits": "۰۹۱۲۰۰۰۰۰۰۰",
    "Arabic digits": "٠٩١٢٠٠٠٠٠٠٠",
    "full-width digits": "０９１２",
    "superscript": "²³²³",
    "10 kB": "9" * 10_240,
    "empty": "",
    "space": " ",
    "space within": "0912 0000",
    "space before": " 09120000",
    "tab": "0912\t000",
    "plus": "+989120000000",
    "colon": "a:b",
    "slash": "gw/0912",
    "backslash": "09\\n12",
    "percent": "09%0A12",
    "semicolon": "0912;fs_path=x",
    "direction mark": "\u202e0912",
    "line separator": "0912\u2028",
    "none": None,
    "int": 912,
    "bool": True,
    "bytes": b"0912",
    "list": ["0912"],
}
TEMPLATE = {
    "gateway": "lab-1",
    "message": "msg_7",
    "account_id": 3,
    "campaign_id": 7,
    "caller_id": "02191000000",
    "ptime_ms": 60,
    "vote_keys": "123",
    "repeat_key": "*",
    "opt_out": True,
    "record_s": 30,
}


def test_an_originate_with_everything():
    assert OriginateTemplate(**TEMPLATE).render(UUID, 4711, "09120000000") == (
        b"bgapi originate {origination_uuid=541d12b2-c25e-4960-b9e1-78daed422d5c,avanak_attempt=4711,"
        b"originate_timeout=30,ignore_early_media=true,outbound_redirect_fatal=true,avanak_campaign=7,avanak_account=3,"
        b"avanak_message=msg_7,avanak_max_s=600,origination_caller_id_number=02191000000,"
        b"absolute_codec_string=PCMA@8000h@60i,avanak_vote_keys=123,avanak_repeat_key=*,"
        b"avanak_optout=11,avanak_record=true,avanak_record_s=30}"
        b"sofia/gateway/lab-1/09120000000 avanak XML avanak\n"
        b"Job-UUID: 541d12b2-c25e-4960-b9e1-78daed422d5c\n\n"
    )


def test_several_codecs_are_offered_in_their_order():
    line = OriginateTemplate(**TEMPLATE | {"codecs": ("PCMU", "PCMA")}).render(UUID, 1, "0912")
    assert b",absolute_codec_string=^^:PCMU@8000h@60i:PCMA@8000h@60i," in line
    with pytest.raises(BadCommand):
        OriginateTemplate(**TEMPLATE | {"codecs": ("PCMA,x=1",)})


def test_an_originate_with_only_what_it_needs():
    line = OriginateTemplate(gateway="lab", message="m", account_id=1).render(UUID, 1, "0912")
    assert line.startswith(b"bgapi originate {origination_uuid=541d12b2-")
    for absent in (b"caller_id", b"codec", b"vote", b"repeat", b"optout", b"record"):
        assert absent not in line


@pytest.mark.parametrize(
    ("more", "is_linear"),
    [
        ({}, True),
        ({"keys_in_voice": True, "caller_id": "02191000000", "ptime_ms": 20}, True),
        ({"vote_keys": "1"}, False),
        ({"repeat_key": "*"}, False),
        ({"opt_out": True}, False),
        ({"record_s": 30}, False),
        ({"holds": True}, False),
    ],
)
def test_only_a_call_that_sends_all_the_time_has_linear_stamps(more, is_linear):
    line = OriginateTemplate(gateway="lab", message="m", account_id=1, **more).render(UUID, 1, "0912")
    assert (b",rtp_manual_rtp_bugs=SEND_LINEAR_TIMESTAMPS}" in line) is is_linear


@pytest.mark.parametrize("field", ["gateway", "message", "caller_id", "vote_keys", "repeat_key"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_makes_no_template(field, kind):
    if kind == "none" and field in ("caller_id", "vote_keys", "repeat_key"):
        return
    with pytest.raises(BadCommand) as refusal:
        OriginateTemplate(**{**TEMPLATE, field: HOSTILE[kind]})
    sentence = str(refusal.value)
    assert sentence.isprintable()
    assert len(sentence) < 200


@pytest.mark.parametrize(
    "field", ["account_id", "campaign_id", "ring_timeout_s", "max_s", "ptime_ms", "record_s"]
)
@pytest.mark.parametrize("value", [*HOSTILE.values(), -1, 2**63, 1.0, float("nan")])
def test_a_hostile_number_makes_no_template(field, value):
    if (field in ("ptime_ms", "record_s") and value is None) or (field.endswith("_id") and value == 912):
        return
    if value == 912 and type(value) is int and field in ("max_s", "record_s"):
        return
    with pytest.raises(BadCommand):
        OriginateTemplate(**{**TEMPLATE, field: value})


@pytest.mark.parametrize("value", [0, 21, 30, 61, 600])
def test_only_known_packet_times(value):
    with pytest.raises(BadCommand):
        OriginateTemplate(**{**TEMPLATE, "ptime_ms": value})


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_is_no_number_uuid_or_attempt(kind):
    template = OriginateTemplate(**TEMPLATE)
    value = HOSTILE[kind]
    if kind != "plus":  # one plus may stand before the digits of a number
        with pytest.raises(BadCommand):
            template.render(UUID, 1, value)
    with pytest.raises(BadCommand):
        template.render(value, 1, "0912")
    if kind != "int":
        with pytest.raises(BadCommand):
            template.render(UUID, value, "0912")


@pytest.mark.parametrize("value", ["+", "++98912", "98+912", "+98 912", "98912+", "+98912\n", "9" * 31])
def test_a_plus_stands_alone_and_in_front(value):
    with pytest.raises(BadCommand):
        OriginateTemplate(**TEMPLATE).render(UUID, 1, value)


@pytest.mark.parametrize(
    "uuid", [UUID.upper(), UUID[:-1], UUID + "\n", UUID.replace("-", ""), "{" + UUID + "}"]
)
def test_a_uuid_has_one_spelling(uuid):
    with pytest.raises(BadCommand):
        OriginateTemplate(**TEMPLATE).render(uuid, 1, "0912")


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (commands.auth("s3cret!"), "auth s3cret!"),
        (commands.leave(), "exit"),
        (commands.subscribe(), "event json CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB HEARTBEAT"),
        (
            commands.subscribe(["CHANNEL_PROGRESS"]),
            "event json CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB HEARTBEAT CHANNEL_PROGRESS",
        ),
        (commands.filter_events("Unique-ID", UUID), f"filter Unique-ID {UUID}"),
        (commands.hupall_campaign(7), "api hupall MANAGER_REQUEST avanak_campaign 7"),
        (commands.uuid_kill(UUID, "NORMAL_CLEARING"), f"api uuid_kill {UUID} NORMAL_CLEARING"),
        (commands.uuid_exists(UUID), f"api uuid_exists {UUID}"),
        (commands.show_channels(), "api show channels as json"),
        (commands.show_modules(), "api show modules as json"),
        (commands.module_exists("mod_sofia"), "api module_exists mod_sofia"),
        (commands.status(), "api status"),
        (commands.version(), "api version"),
        (commands.clock(), "api strepoch"),
        (commands.global_variable(), "api global_getvar core_uuid"),
        (commands.gateway_status("lab"), "api sofia status gateway lab"),
        (
            commands.host_lookup("sip.carrier.example", UUID),
            f"bgapi host_lookup sip.carrier.example\nJob-UUID: {UUID}",
        ),
        (commands.sofia_status(), "api sofia status"),
        (commands.session_rate(), "api fsctl sps"),
        (commands.last_session_rate(), "api fsctl last_sps"),
        (commands.max_sessions(), "api fsctl max_sessions"),
    ],
)
def test_each_command_is_one_frame(frame, expected):
    assert frame == expected.encode() + b"\n\n"


BUILDERS = {
    "auth": commands.auth,
    "subscribe": lambda text: commands.subscribe([text]),
    "filter header": lambda text: commands.filter_events(text, UUID),
    "filter value": lambda text: commands.filter_events("Unique-ID", text),
    "hupall campaign": commands.hupall_campaign,
    "hupall cause": lambda text: commands.hupall_campaign(1, text),
    "uuid_kill": commands.uuid_kill,
    "uuid_kill cause": lambda text: commands.uuid_kill(UUID, text),
    "uuid_exists": commands.uuid_exists,
    "global_variable": commands.global_variable,
    "module_exists": commands.module_exists,
    "gateway_status": commands.gateway_status,
    "host_lookup": lambda text: commands.host_lookup(text, UUID),
    "host_lookup job": lambda text: commands.host_lookup("sip.carrier.example", text),
}


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_makes_no_command(builder, kind):
    value = HOSTILE[kind]
    if builder.startswith("hupall") and type(value) is int:
        return
    if builder == "auth" and type(value) is str and re.fullmatch("[!-~]{1,128}", value):
        # A password is the one free text there is: visible ASCII, which ends no line.
        assert commands.auth(value).count(b"\n") == 2
        return
    with pytest.raises(BadInput) as refusal:
        BUILDERS[builder](value)
    if builder == "auth" and str(value).strip():
        assert str(value) not in str(refusal.value)


def test_a_subscription_to_everything_is_refused():
    with pytest.raises(BadCommand):
        commands.subscribe(["ALL"])


TEXTS = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"[0-9]{1,25}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_.*#-]{1,12}\n?", fullmatch=True),
)
LINE = re.compile(
    rb"bgapi originate \{[a-z_]+=[A-Za-z0-9_@*#-]+(,[a-z_]+=[A-Za-z0-9_@*#-]+)*\}"
    rb"sofia/gateway/[A-Za-z0-9_.-]+/\+?[0-9]+ avanak XML avanak\nJob-UUID: [0-9a-f-]{36}\n\n"
)


@given(
    fields=st.fixed_dictionaries(
        {"gateway": TEXTS, "message": TEXTS, "account_id": st.integers()},
        optional={
            "campaign_id": st.integers(),
            "caller_id": TEXTS,
            "vote_keys": TEXTS,
            "repeat_key": TEXTS,
            "opt_out": st.booleans(),
            "ptime_ms": st.sampled_from([20, 40, 60, 30]),
            "record_s": st.integers(-5, 100_000),
        },
    ),
    uuid=st.one_of(st.uuids().map(str), TEXTS),
    attempt_id=st.integers(),
    digits=TEXTS,
)
def test_whatever_is_accepted_is_one_clean_frame(fields, uuid, attempt_id, digits):
    try:
        frame = OriginateTemplate(**fields).render(uuid, attempt_id, digits)
    except BadCommand:
        return
    assert LINE.fullmatch(frame)
    assert frame.count(b"\n\n") == 1


@given(value=TEXTS, builder=st.sampled_from(sorted(BUILDERS)))
def test_whatever_a_builder_accepts_is_one_frame(value, builder):
    try:
        frame = BUILDERS[builder](value)
    except BadInput:
        return
    assert frame.endswith(b"\n\n")
    frame = re.sub(rb"\nJob-UUID: [0-9a-f-]{36}(?=\n\n\Z)", b"", frame)
    assert frame.count(b"\n") == 2
    if builder != "auth":
        assert re.fullmatch(rb"[A-Za-z0-9 _.-]+\n\n", frame)


KEYS = st.from_regex(r"[0-9]{2,20}", fullmatch=True)


@given(st.uuids().map(str), st.integers(1, 2**63 - 1), KEYS)
def test_every_good_call_is_accepted(uuid, attempt_id, digits):
    frame = OriginateTemplate(**TEMPLATE).render(uuid, attempt_id, digits)
    assert LINE.fullmatch(frame)
    assert frame.count(uuid.encode()) == 2
    assert f",avanak_attempt={attempt_id},".encode() in frame
    assert f"/{digits} avanak".encode() in frame
