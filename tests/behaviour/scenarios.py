"""The scenarios.  A test module gives a fixture ``switch`` (a ``SwitchUnderTest``) and inherits::

    class TestEmbedded(Calls, Commands):
        pass

Every value asserted here was seen on a real FreeSWITCH 1.10.12 or is what dialplan/README.md promises.
"""

from __future__ import annotations

import json
import time
import uuid

import pytest

from engine.call_end import CallEnd, read_end
from engine.dialing import causes
from tests.behaviour.switch_under_test import Client, SwitchUnderTest

REFUSED = [
    ("0001", "USER_BUSY", "486", "17", True),
    ("0003", "UNALLOCATED_NUMBER", "404", "1", False),
    ("0004", "NORMAL_TEMPORARY_FAILURE", "503", "41", False),
    ("0005", "NO_USER_RESPONSE", "480", "18", False),
    ("0006", "CALL_REJECTED", "603", "21", True),
]


class Calls:
    """What becomes of message calls."""

    def test_a_message_heard_to_its_end(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0000")
            end = client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert client.event("BACKGROUND_JOB", call)["_body"] == f"+OK {call}\n"
            assert client.names(call) == ["CHANNEL_CREATE", "CHANNEL_PROGRESS", "CHANNEL_ANSWER"]
            assert end["variable_hangup_cause"] == "NORMAL_CLEARING"
            assert end["variable_avanak_finished"] == "true"
            assert int(end["variable_avanak_heard_ms"]) == pytest.approx(switch.message_ms, abs=100)
            assert int(end["variable_billmsec"]) >= switch.message_ms
            assert int(end["variable_answer_uepoch"]) <= int(end["variable_end_uepoch"])
            assert end["variable_avanak_attempt"] == "4711"

    @pytest.mark.parametrize(("ending", "cause", "status", "q850", "rings"), REFUSED)
    def test_a_call_that_is_refused(
        self, switch: SwitchUnderTest, ending: str, cause: str, status: str, q850: str, rings: bool
    ) -> None:
        with switch.connect() as client:
            call = switch.originate(client, ending)
            assert client.event("BACKGROUND_JOB", call)["_body"] == f"-ERR {cause}\n"
            end = client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert end["Hangup-Cause"] == end["variable_hangup_cause"] == cause
            assert end["variable_sip_term_status"] == status
            assert end["variable_hangup_cause_q850"] == q850
            assert end["variable_answer_uepoch"] == "0"
            assert end["variable_billmsec"] == "0"
            assert client.names(call) == ["CHANNEL_CREATE", "CHANNEL_PROGRESS"][: 2 if rings else 1]

    def test_nobody_answers(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0002", originate_timeout="2")
            assert client.event("BACKGROUND_JOB", call)["_body"] == "-ERR NO_ANSWER\n"
            end = client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert end["variable_hangup_cause"] == "NO_ANSWER"
            assert end["variable_sip_hangup_disposition"] == "send_cancel"
            assert "variable_sip_term_status" not in end

    def test_nothing_comes_back(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0033", originate_timeout="2")
            end = end_value(client, call)
            assert (end.cause, end.closed_by, end.sip_status, end.has_rung) == (
                "NO_ANSWER",
                "send_cancel",
                None,
                False,
            )

    @pytest.mark.parametrize(
        ("ending", "cause", "status", "rings", "fault"),
        [
            ("0031", "NORMAL_TEMPORARY_FAILURE", 503, True, "carrier"),
            ("0032", "REDIRECTED", 302, False, "carrier"),
            ("0034", "NORMAL_UNSPECIFIED", 904, False, "account"),
            ("0035", "USER_BUSY", 503, False, "callee"),
            ("0036", "NORMAL_CIRCUIT_CONGESTION", 486, False, "carrier"),
            ("0038", "CALL_REJECTED", 403, False, "carrier"),
        ],
    )
    def test_whose_fault_it_is(
        self, switch: SwitchUnderTest, ending: str, cause: str, status: int, rings: bool, fault: str
    ) -> None:
        with switch.connect() as client:
            call = switch.originate(client, ending, outbound_redirect_fatal="true")
            end = causes.named(end_value(client, call))
            assert (end.cause, end.sip_status, end.has_rung) == (cause, status, rings)
            assert causes.judge(end).fault == fault

    def test_a_paused_switch_says_so_until_it_is_resumed(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            try:
                assert client.api("fsctl pause outbound").startswith("+OK")
                assert client.api("fsctl pause_check outbound").strip() == "true"
                assert client.api("fsctl pause_check").strip() == "false"
                assert client.event("BACKGROUND_JOB", switch.originate(client, "0000"))["_body"].startswith(
                    "-ERR"
                )
            finally:
                assert client.api("fsctl resume").startswith("+OK")
                client.api("fsctl resume outbound")
            assert client.api("fsctl pause_check outbound").strip() == "false"

    def test_a_key_before_the_message_is_a_vote_and_no_missing_file(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            end = end_value(client, switch.originate(client, "0041", avanak_vote_keys="123"))
            assert (end.vote, end.fault, end.heard_ms) == ("1", "", 0)

    def test_opting_out_before_the_message(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0042", avanak_vote_keys="123", avanak_optout="11")
            end = end_value(client, call)
            assert (end.opted_out, end.vote, end.fault) == (True, "", "")

    def test_opting_out_when_the_message_said_how(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            end = end_value(client, switch.originate(client, "0043", avanak_optout="11"))
            assert (end.opted_out, end.finished) == (True, True)

    def test_the_callee_hangs_up_in_the_message(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0007")
            end = client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert end["variable_hangup_cause"] == "NORMAL_CLEARING"
            assert 0 < int(end["variable_playback_ms"]) < switch.message_ms
            assert "variable_avanak_finished" not in end
            assert end["variable_sip_hangup_disposition"] == "recv_bye"

    def test_a_vote(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0008", avanak_vote_keys="123")
            end = client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert end["variable_avanak_vote"] == "1"
            assert end["variable_avanak_finished"] == "true"

    def test_a_key_that_is_none_of_ours_is_no_vote(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0013", avanak_vote_keys="12")
            end = client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert "variable_avanak_vote" not in end
            assert end["variable_avanak_finished"] == "true"

    def test_eleven_opts_out(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0011", avanak_optout="11")
            end = client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert end["variable_avanak_opted_out"] == "true"
            assert "variable_avanak_finished" not in end
            assert 0 < int(end["variable_avanak_heard_ms"]) < switch.message_ms

    def test_the_message_again_and_then_a_vote(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0012", avanak_vote_keys="12", avanak_repeat_key="*")
            end = client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert end["variable_avanak_vote"] == "1"
            assert int(end["variable_avanak_heard_ms"]) == pytest.approx(switch.message_ms, abs=100)
            assert int(end["variable_billmsec"]) >= 2 * switch.message_ms

    def test_early_media_is_not_an_answer(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0009")
            end = client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert client.names(call) == [
                "CHANNEL_CREATE",
                "CHANNEL_PROGRESS_MEDIA",
                "CHANNEL_ANSWER",
                "BACKGROUND_JOB",
            ]
            assert end["variable_avanak_finished"] == "true"

    def test_the_longest_call(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0000", avanak_max_s="1")
            end = client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert end["variable_hangup_cause"] == "ALLOTTED_TIMEOUT"
            assert "variable_avanak_finished" not in end

    def test_a_message_that_is_not_there(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0000", avanak_message="nosuch")
            end = client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert end["variable_avanak_fault"] == "prompt_missing"
            assert "variable_avanak_finished" not in end

    def test_an_unknown_gateway_has_no_channel(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0000", gateway="nosuch")
            assert client.event("BACKGROUND_JOB", call)["_body"] == "-ERR INVALID_GATEWAY\n"
            client.pump(0.2)
            assert client.names(call) == []

    def test_a_uuid_that_is_alive_is_not_called_again(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0014")
            client.event("CHANNEL_CREATE", call)
            switch.originate(client, "0000", uuid=call)
            assert client.event("BACKGROUND_JOB", call)["_body"] == "-ERR DESTINATION_OUT_OF_ORDER\n"
            assert client.api(f"uuid_kill {call}") == "+OK\n"
            client.event("CHANNEL_HANGUP_COMPLETE", call)

    def test_more_sessions_a_second_than_allowed(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            before = limit(client, "sps")
            assert client.api("fsctl sps 3") == "+OK sessions per second: 3\n"
            client.pump(1.2)  # it holds from the switch's next second on
            calls = [switch.originate(client, "0005") for _ in range(6)]
            bodies = [client.event("BACKGROUND_JOB", call)["_body"] for call in calls]
            client.api(f"fsctl sps {before}")
            client.pump(1.2)
        # N admits N - 1; a second may have turned between the six.
        assert 2 <= bodies.count("-ERR NO_USER_RESPONSE\n") <= 4
        assert set(bodies) == {"-ERR NO_USER_RESPONSE\n", "-ERR DESTINATION_OUT_OF_ORDER\n"}

    def test_more_sessions_than_allowed(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            before = limit(client, "max_sessions")
            client.api("fsctl max_sessions 2")
            calls = [switch.originate(client, "0014") for _ in range(3)]
            # The recordings show N - 1 admitted; a FreeSWITCH of its own was seen to admit N.
            refused = client.event("BACKGROUND_JOB")
            client.api(f"fsctl max_sessions {before}")
            assert refused["_body"] == "-ERR DESTINATION_OUT_OF_ORDER\n"
            assert refused["Job-UUID"] in calls[1:]
            assert client.api(f"uuid_exists {calls[0]}") == "true"
            for call in calls:
                client.api(f"uuid_kill {call}")

    def test_hanging_up_one_campaign_leaves_the_other(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            seven = [switch.originate(client, "0014", avanak_campaign="970007") for _ in range(2)]
            eight = switch.originate(client, "0014", avanak_campaign="970008")
            for call in [*seven, eight]:
                client.event("CHANNEL_PROGRESS", call)
            answer = client.api("hupall MANAGER_REQUEST avanak_campaign 970007")
            assert (
                answer
                == "+OK hangup all channels matching [avanak_campaign]=[970007] with cause: MANAGER_REQUEST\n"
            )
            for call in seven:
                assert client.event("CHANNEL_HANGUP_COMPLETE", call)["Hangup-Cause"] == "MANAGER_REQUEST"
            assert client.api(f"uuid_exists {eight}") == "true"
            client.api("hupall MANAGER_REQUEST avanak_campaign 970008")
            client.event("CHANNEL_HANGUP_COMPLETE", eight)


class Commands:
    """The event socket itself."""

    def test_a_wrong_password(self, switch: SwitchUnderTest) -> None:
        client = Client(switch.host, switch.port, switch.deadline_s)
        assert client.reply() == {"Content-Type": "auth/request", "_body": ""}
        assert client.command("auth wrong")["Reply-Text"] == "-ERR invalid"
        assert client.reply()["Content-Type"] == "text/disconnect-notice"
        client.wait_closed()

    def test_a_command_before_the_password(self, switch: SwitchUnderTest) -> None:
        client = Client(switch.host, switch.port, switch.deadline_s)
        client.reply()
        assert client.command("api status")["Reply-Text"] == "-ERR command not found"

    @pytest.mark.parametrize(
        ("command", "reply"),
        [
            ("nosuch", "-ERR command not found"),
            ("filter Event-Name CHANNEL_ANSWER", "+OK filter added. [Event-Name]=[CHANNEL_ANSWER]"),
            ("filter delete Event-Name", "+OK filter deleted. [Event-Name][]"),
            ("nixevent CHANNEL_CREATE", "+OK events nixed"),
            ("noevents", "+OK no longer listening for events"),
            ("event plain HEARTBEAT", "+OK event listener enabled plain"),
            ("event json CHANNEL_ANSWER", "+OK event listener enabled json"),
            ("linger", "-ERR not controlling a session"),
            ("divert_events on", "-ERR not controlling a session."),
        ],
    )
    def test_replies(self, switch: SwitchUnderTest, command: str, reply: str) -> None:
        with switch.connect() as client:
            assert client.command(command)["Reply-Text"] == reply

    def test_goodbye(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            assert client.command("exit")["Reply-Text"] == "+OK bye"
            notice = client.reply()
            assert notice["Content-Type"] == "text/disconnect-notice"
            assert notice["_body"] == "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
            client.wait_closed()

    def test_the_core_uuid_is_that_of_every_event(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            core = client.api("global_getvar core_uuid")
            assert str(uuid.UUID(core)) == core
            call = switch.originate(client, "0005")
            assert client.event("CHANNEL_HANGUP_COMPLETE", call)["Core-UUID"] == core

    def test_what_is_known_of_a_live_call(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0014", origination_caller_id_number="02191001234")
            client.event("CHANNEL_PROGRESS", call)
            row = shown_channel(client, call)
            assert row["direction"] == "outbound"
            assert row["dest"] == switch.number("0014")
            dump = json.loads(client.api(f"uuid_dump {call} json"))
            assert dump["Unique-ID"] == call
            assert dump["variable_avanak_campaign"] == "7"
            assert client.api(f"uuid_exists {call}") == "true"
            assert client.api(f"uuid_kill {call} NORMAL_CLEARING") == "+OK\n"
            client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert client.api(f"uuid_exists {call}") == "false"
            assert client.api(f"uuid_kill {call}") == "-ERR No such channel!\n"

    def test_an_answered_call_invites_again_and_goes_on(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            call = switch.originate(client, "0000")
            client.event("CHANNEL_ANSWER", call)
            assert client.api(f"uuid_media_reneg {call}") == "+OK Success\n"
            end = client.event("CHANNEL_HANGUP_COMPLETE", call)
            assert end["Hangup-Cause"] == "NORMAL_CLEARING"
            assert int(end["variable_avanak_heard_ms"]) == pytest.approx(switch.message_ms, abs=100)
            assert client.api(f"uuid_media_reneg {call}") == "-ERR Operation Failed\n"

    def test_an_unknown_api_command(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            assert client.api("nosuchcommand") == "-ERR nosuchcommand Command not found!\n"

    def test_the_state_of_a_gateway(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            assert client.api("sofia status gateway nosuch") == "Invalid Gateway!\n"
            status = client.api(f"sofia status gateway {switch.gateway}")
            fields = dict(line.split("\t", 1) for line in status.split("\n") if "\t" in line)
            assert fields["Name    "] == switch.gateway
            assert fields["Status  "].startswith("UP")

    def test_bgapi_makes_a_job_uuid_when_none_is_given(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client:
            client.send("bgapi status\n\n")
            job = client.job()
            assert client.event("BACKGROUND_JOB", job)["_body"].startswith("UP ")

    def test_plain_events_say_the_same_as_json(self, switch: SwitchUnderTest) -> None:
        with switch.connect() as client, switch.connect("") as plain:
            plain.command("event plain CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB")
            call = switch.originate(client, "0001")
            for name in ("CHANNEL_HANGUP_COMPLETE", "BACKGROUND_JOB"):
                one, other = client.event(name, call), plain.event(name, call)
                # FreeSWITCH counts a JSON event and its plain twin as one.
                assert one == other


def end_value(client: Client, call: str) -> CallEnd:
    """The end of a call as the engine reads it."""
    event = client.event("CHANNEL_HANGUP_COMPLETE", call)
    return read_end(call, lambda name: event.get(f"variable_{name}"))


def limit(client: Client, name: str) -> int:
    """The present value of ``fsctl sps`` or ``max_sessions``."""
    return int(client.api(f"fsctl {name}").rpartition(": ")[2])


def shown_channel(client: Client, call: str) -> dict[str, str]:
    """The row of a call in ``show channels``: a real switch writes it there a moment after its events."""
    deadline = time.monotonic() + client.deadline_s
    while time.monotonic() < deadline:
        for row in json.loads(client.api("show channels as json")).get("rows", []):
            if row["uuid"] == call:
                return row
        client.pump(0.1)
    raise AssertionError("the channel was never shown")
