"""Every header that a real switch's event has, ours has too, in the same order."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator

import pytest

from engine.embedded.listener import ALL_EVENTS
from engine.embedded.options import EmbeddedOptions
from engine.embedded.process import EmbeddedProcess
from tests.behaviour.switch_under_test import SwitchUnderTest
from tests.embedded.recordings import FOLDER, recorded_events

PLAY = "&playback(/var/lib/avanak/prompts/msg1.wav)"
DIGITS = "&play_and_get_digits('1 1 1 {} # /var/lib/avanak/prompts/msg1.wav silence_stream://10 avanak_vote [0-9]')"
# recording → number's ending, what to do after the answer
CALLS = {
    "answered-played": ("0000", PLAY),
    "busy-486": ("0001", PLAY),
    "no-answer-timeout": ("0002", PLAY),
    "carrier-503": ("0004", PLAY),
    "early-media-183-then-answer": ("0009", PLAY),
    "vote-dtmf-1": ("0008", DIGITS.format(5000)),
    "vote-timeout-no-digit": ("0000", DIGITS.format(1500)),
    "json-answered-played": ("0000", PLAY),
    "json-busy-486": ("0001", PLAY),
    "gateway-unknown": ("000x", PLAY),
}


@pytest.fixture(scope="module")
def switch() -> Iterator[SwitchUnderTest]:
    process = EmbeddedProcess.start(EmbeddedOptions(speed=20.0, message_seconds=1.0, heartbeat_s=0.2))
    yield SwitchUnderTest(*process.address, process.password, "lab", "m1", 1000)
    process.stop()


@pytest.mark.parametrize("name", CALLS)
def test_headers_of_events(switch: SwitchUnderTest, name: str) -> None:
    recorded = recorded_events(name)
    ending, application = CALLS[name]
    gateway = "nosuch" if name == "gateway-unknown" else "lab"
    with switch.connect("") as client:
        client.command(f"event {'json' if name.startswith('json') else 'plain'} {' '.join(recorded)}")
        call = str(uuid.uuid4())
        client.send(
            f"bgapi originate {{origination_uuid={call},ignore_early_media=true,originate_timeout=4,avanak_attempt=4711}}"
            f"sofia/gateway/{gateway}/0912000{ending} {application}\nJob-UUID: {call}\n\n"
        )
        finals = [
            client.event(one, call)
            for one in ("BACKGROUND_JOB", "CHANNEL_HANGUP_COMPLETE")
            if one in recorded
        ]
        client.events += finals
        for event_name, headers in recorded.items():
            ours = client.event(event_name, call)
            while event_name in client.names(call):  # recordings keep the last of each kind
                ours = client.event(event_name, call)
            # A dictionary keeps a repeated header (Hangup-Cause) at its first place, for both.
            assert list(ours) == list(dict([*headers, *([("_body", "")] if "_body" in ours else [])])), (
                event_name
            )
            for header, value in headers:
                if header in _SAME or header.startswith(_SAME_BEGINNINGS):
                    assert ours[header] == value, f"{event_name} {header}"


_SAME = {
    "Event-Calling-File", "Event-Calling-Function", "Event-Calling-Line-Number", "Hangup-Cause", "Channel-State",
    "Channel-Call-State", "Channel-State-Number", "Channel-HIT-Dialplan", "Answer-State", "Job-Command", "DTMF-Digit",
    "variable_hangup_cause", "variable_hangup_cause_q850", "variable_avanak_vote", "variable_read_result",
    "variable_endpoint_disposition", "variable_playback_ms", "variable_digits_dialed", "Application",
    "Application-Response", "Playback-Status", "Caller-Destination-Number", "variable_current_application",
}  # fmt: skip
_SAME_BEGINNINGS = (
    "variable_sip_invite",
    "variable_sip_term",
    "variable_sip_hangup",
    "Channel-Read",
    "Channel-Write",
)


def test_hangup_complete_is_as_large_as_a_real_one(switch: SwitchUnderTest) -> None:
    with switch.connect() as client:
        end = client.event("CHANNEL_HANGUP_COMPLETE", switch.originate(client, "0000"))
    recorded = dict(recorded_events("json-answered-played")["CHANNEL_HANGUP_COMPLETE"])
    assert len(json.dumps(end)) > 0.95 * len(json.dumps(recorded))


def test_heartbeat(switch: SwitchUnderTest) -> None:
    with switch.connect("HEARTBEAT") as client:
        ours = client.event("HEARTBEAT")
    recorded = recorded_events("heartbeat")["HEARTBEAT"]
    assert list(ours) == [name for name, _ in recorded]
    assert re.fullmatch(
        r"0 years, 0 days, 0 hours, 0 minutes, \d+ seconds?, \d+ milliseconds?, \d+ microseconds?",
        ours["Up-Time"],
    )


def test_all_events_can_be_asked_for(switch: SwitchUnderTest) -> None:
    with switch.connect("ALL") as client:
        call = switch.originate(client, "0008", avanak_vote_keys="1")
        client.event("CHANNEL_HANGUP_COMPLETE", call)
        assert set(client.names(call)) <= set(ALL_EVENTS)
        assert {"DTMF", "PLAYBACK_START", "PLAYBACK_STOP", "CHANNEL_EXECUTE_COMPLETE"} <= set(
            client.names(call)
        )


def _recorded_answers() -> dict[str, str]:
    """Command → body, of api-replies."""
    answers: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in (FOLDER / "api-replies.esl").read_text(encoding="utf-8").split("\n"):
        if line.startswith("> api "):
            current = answers.setdefault(line[6:], [])
        elif line.startswith("> ") and line != "> ":
            current = None
        elif (
            line.startswith("< ") and current is not None and not line.startswith(("< Content-", "< Reply-"))
        ):
            current.append(line[2:])
    return {command: "\n".join(lines[1:]) for command, lines in answers.items()}


RECORDED = _recorded_answers()


@pytest.mark.parametrize(
    "command",
    [
        "status", "version", "sofia status", "sofia status gateway lab", "sofia status gateway nosuch", "reloadxml",
        "uuid_exists 00000000-0000-0000-0000-000000000000", "uuid_kill 00000000-0000-0000-0000-000000000000",
        "nosuchcommand", "fsctl sps", "fsctl max_sessions", "fsctl loglevel",
    ],
)  # fmt: skip
def test_answers_are_worded_as_recorded(switch: SwitchUnderTest, command: str) -> None:
    with switch.connect("") as client:
        ours = client.api(command)

    def shape(text: str) -> str:
        return (
            re.sub(r"\d+(\.\d+)?", "N", text.rstrip("\n"))
            .replace("years,", "year,")
            .replace("seconds", "second")
        )

    assert shape(ours) == shape(RECORDED[command])


def test_rows_of_show_channels_and_uuid_dump(switch: SwitchUnderTest) -> None:
    with switch.connect() as client:
        call = str(uuid.uuid4())
        client.send(f"bgapi originate {{origination_uuid={call}}}sofia/gateway/lab/09120000000 &park()\n\n")
        client.event("CHANNEL_ANSWER", call)
        rows = json.loads(client.api("show channels as json"))["rows"]
        dump = json.loads(client.api(f"uuid_dump {call} json"))
        client.api(f"uuid_kill {call}")
    recorded = json.loads(RECORDED["show channels as json"])["rows"]
    assert list(rows[0]) == list(recorded[0])
    real = json.loads(RECORDED["uuid_dump 541d12b2-c25e-4960-b9e1-78daed422d5c json"])
    missing = set(real) - set(dump) - {"variable_ignore_early_media", "variable_current_application_data"}
    assert not missing
