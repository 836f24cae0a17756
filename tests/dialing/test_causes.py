"""What the end of a call means, and who is at fault."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.call_end import CallEnd
from engine.dialing.causes import (
    ACCOUNT_STATUSES,
    BY_CAUSE,
    BY_SIP_STATUS,
    Fault,
    Verdict,
    is_delivered,
    judge,
    judge_job,
    named,
)
from engine.states import Disposition


def end(cause: str, sip: int | None = None, rang: bool = False, **changes: object) -> CallEnd:
    closed_by = "send_cancel" if sip is None else "recv_refuse"
    values: dict = {"closed_by": closed_by, "rang_at": 1 if rang else None, "ended_at": 9, **changes}
    return CallEnd("u", cause, sip_status=sip, **values)


@pytest.mark.parametrize(
    ("cause", "sip", "rang", "disposition", "fault"),
    [
        ("USER_BUSY", 486, True, "busy", "callee"),
        ("USER_BUSY", 600, False, "busy", "callee"),
        ("CALL_REJECTED", 603, True, "rejected", "callee"),
        ("CALL_REJECTED", 608, False, "rejected", "callee"),
        ("UNWANTED", 607, False, "rejected", "number"),
        ("NO_USER_RESPONSE", 480, False, "unreachable", "callee"),
        ("UNALLOCATED_NUMBER", 404, False, "unreachable", "number"),
        ("NUMBER_CHANGED", 410, False, "unreachable", "number"),
        ("INVALID_NUMBER_FORMAT", 484, False, "unreachable", "number"),
        ("NO_ROUTE_DESTINATION", 604, False, "unreachable", "number"),
        ("NORMAL_TEMPORARY_FAILURE", 503, False, "congestion", "carrier"),
        ("NORMAL_TEMPORARY_FAILURE", 500, True, "congestion", "carrier"),
        ("BAD_IDENTITY_INFO", 429, False, "congestion", "carrier"),
        ("NORMAL_UNSPECIFIED", 599, False, "congestion", "carrier"),
        # The phone rang its time out, or nothing ever came back.
        ("NO_ANSWER", None, True, "no_answer", "callee"),
        ("NO_ANSWER", None, False, "congestion", "carrier"),
        ("PROGRESS_TIMEOUT", None, False, "congestion", "carrier"),
        ("RECOVERY_ON_TIMER_EXPIRE", 408, True, "no_answer", "callee"),
        ("RECOVERY_ON_TIMER_EXPIRE", 408, False, "congestion", "carrier"),
        ("ORIGINATOR_CANCEL", 487, True, "no_answer", "callee"),
        ("ORIGINATOR_CANCEL", 487, False, "congestion", "carrier"),
        # The account is not taken.
        ("NORMAL_UNSPECIFIED", 904, False, "failed", "account"),
        ("CALL_REJECTED", 401, False, "failed", "account"),
        ("CALL_REJECTED", 407, False, "failed", "account"),
        ("NORMAL_UNSPECIFIED", 433, False, "failed", "account"),
        ("NORMAL_UNSPECIFIED", 436, False, "failed", "account"),
        # Refusals and statuses that nobody knows are the trunk's.
        ("CALL_REJECTED", 403, False, "failed", "carrier"),
        ("INCOMPATIBLE_DESTINATION", 488, False, "failed", "carrier"),
        ("NORMAL_UNSPECIFIED", 380, False, "failed", "carrier"),
        ("NORMAL_UNSPECIFIED", 409, False, "failed", "carrier"),
        ("NORMAL_UNSPECIFIED", 491, False, "failed", "carrier"),
        ("NORMAL_UNSPECIFIED", 650, False, "failed", "carrier"),
        # A Q.850 reason is more exact than the status.
        ("UNALLOCATED_NUMBER", 503, False, "unreachable", "number"),
        ("USER_BUSY", 503, False, "busy", "callee"),
        ("NO_ANSWER", 503, False, "no_answer", "callee"),
        ("CALL_REJECTED", 503, False, "rejected", "callee"),
        ("NORMAL_CIRCUIT_CONGESTION", 480, False, "congestion", "carrier"),
        ("NETWORK_OUT_OF_ORDER", 486, False, "congestion", "carrier"),
        ("NORMAL_TEMPORARY_FAILURE", 603, False, "congestion", "carrier"),
        ("SWITCH_CONGESTION", 404, False, "congestion", "carrier"),
        # Reasons that say nothing, or that only we may say.
        ("NORMAL_CLEARING", 486, False, "busy", "callee"),
        ("NORMAL_UNSPECIFIED", 404, False, "unreachable", "number"),
        ("DESTINATION_OUT_OF_ORDER", 502, False, "congestion", "carrier"),
        ("MANAGER_REQUEST", 486, False, "busy", "callee"),
        # Redirects are not followed.
        ("REQUESTED_CHAN_UNAVAIL", 302, False, "failed", "carrier"),
        ("REQUESTED_CHAN_UNAVAIL", 300, True, "failed", "carrier"),
        # Ours.
        ("MANAGER_REQUEST", None, True, "cancelled", "ours"),
        ("SYSTEM_SHUTDOWN", None, True, "lost", "ours"),
        ("CRASH", None, False, "lost", "ours"),
        ("DESTINATION_OUT_OF_ORDER", None, False, "congestion", "ours"),
        ("GATEWAY_DOWN", None, False, "congestion", "carrier"),
        ("INVALID_GATEWAY", None, False, "failed", "carrier"),
        ("A_CAUSE_OF_NEXT_YEAR", None, False, "failed", "carrier"),
        ("A_CAUSE_OF_NEXT_YEAR", None, True, "failed", "callee"),
        ("NORMAL_CLEARING", 200, True, "failed", "callee"),
    ],
)
def test_the_end_of_an_unanswered_call(
    cause: str, sip: int | None, rang: bool, disposition: str, fault: str
) -> None:
    assert judge(end(cause, sip, rang)) == Verdict(Disposition(disposition), Fault(fault), rang)


# sofia_glue_sip_cause_to_freeswitch of FreeSWITCH 1.10.12; others become NORMAL_UNSPECIFIED.
BY_FREESWITCH = {
    **dict.fromkeys((401, 402, 403, 407, 603, 608), "CALL_REJECTED"),
    **dict.fromkeys((485, 604), "NO_ROUTE_DESTINATION"),
    **dict.fromkeys((408, 504), "RECOVERY_ON_TIMER_EXPIRE"),
    **dict.fromkeys((413, 414, 416, 420, 421, 423, 505, 513), "INTERWORKING"),
    **dict.fromkeys((400, 481, 500, 503), "NORMAL_TEMPORARY_FAILURE"),
    **dict.fromkeys((486, 600), "USER_BUSY"),
    **dict.fromkeys((488, 606), "INCOMPATIBLE_DESTINATION"),
    **dict.fromkeys((406, 415, 501), "SERVICE_NOT_IMPLEMENTED"),
    **dict.fromkeys((482, 483), "EXCHANGE_ROUTING_ERROR"),
    404: "UNALLOCATED_NUMBER", 405: "SERVICE_UNAVAILABLE", 410: "NUMBER_CHANGED", 428: "NO_IDENTITY",
    429: "BAD_IDENTITY_INFO", 437: "UNSUPPORTED_CERTIFICATE", 438: "INVALID_IDENTITY", 480: "NO_USER_RESPONSE",
    484: "INVALID_NUMBER_FORMAT", 487: "ORIGINATOR_CANCEL", 502: "NETWORK_OUT_OF_ORDER", 607: "UNWANTED",
}  # fmt: skip


@pytest.mark.parametrize("status", [*range(400, 440), *range(480, 495), *range(500, 520), *range(600, 610)])
def test_without_a_reason_the_status_decides(status: int) -> None:
    """With FreeSWITCH's own cause for it as with a cause that says nothing; 501 may be called a refusal, too."""
    plain = judge(end("NORMAL_UNSPECIFIED", status, rang=True))
    found = judge(end(BY_FREESWITCH.get(status, "NORMAL_UNSPECIFIED"), status, rang=True))
    assert found.fault is plain.fault
    if status not in (501,):
        assert found.disposition is plain.disposition


def test_what_nobody_said_did_not_ring() -> None:
    assert not Verdict(Disposition.FAILED, Fault.OURS).has_rung


def test_silence_is_told_by_our_own_cancel() -> None:
    assert (
        judge(end("NO_ANSWER", None, closed_by="")).fault is Fault.CALLEE
    )  # a record of an earlier template


@given(
    st.sampled_from(["NORMAL_CLEARING", "USER_BUSY", "MANAGER_REQUEST", "CRASH", "INCOMPATIBLE_DESTINATION"]),
    st.none() | st.integers(100, 699),
)
def test_an_answered_call_is_the_callees_whatever_ended_it(cause: str, sip: int | None) -> None:
    assert judge(end(cause, sip, answered_at=5)) == Verdict(Disposition.ANSWERED, Fault.NONE, has_rung=True)


def test_a_message_that_is_not_there_is_ours_unless_a_key_or_a_word_was_heard() -> None:
    silent = end("NORMAL_CLEARING", None, answered_at=5, fault="prompt_missing")
    assert judge(silent) == Verdict(Disposition.FAILED, Fault.OURS, has_rung=True)
    for heard in ({"heard_ms": 1}, {"vote": "1"}, {"opted_out": True}):
        said = end("NORMAL_CLEARING", None, answered_at=5, fault="prompt_missing", **heard)
        assert judge(said).fault is Fault.NONE
    assert judge(end("NORMAL_CLEARING", None, answered_at=5, fault="other")).fault is Fault.NONE


def test_an_answer_whose_media_nobody_can_speak_rang_and_is_the_trunks() -> None:
    picked_up = end("INCOMPATIBLE_DESTINATION", None, closed_by="send_bye")
    assert judge(picked_up) == Verdict(Disposition.FAILED, Fault.CARRIER, has_rung=True)


def test_on_a_doubtful_route_silent_refusals_are_the_trunks() -> None:
    assert judge(end("UNALLOCATED_NUMBER", 404), True) == Verdict(Disposition.UNREACHABLE, Fault.CARRIER)
    assert judge(end("NO_USER_RESPONSE", 480), True).fault is Fault.CARRIER
    assert judge(end("USER_BUSY", 486, rang=True), True).fault is Fault.CALLEE
    assert judge(end("MANAGER_REQUEST"), True).fault is Fault.OURS
    assert judge(end("NORMAL_UNSPECIFIED", 904), True).fault is Fault.ACCOUNT


def test_a_redirect_has_a_cause_of_its_own() -> None:
    assert named(end("REQUESTED_CHAN_UNAVAIL", 302)).cause == "REDIRECTED"
    assert named(end("REQUESTED_CHAN_UNAVAIL", 399)).cause == "REDIRECTED"
    assert named(end("NORMAL_UNSPECIFIED", 400)).cause == "NORMAL_UNSPECIFIED"
    assert named(end("NORMAL_CLEARING", None)).cause == "NORMAL_CLEARING"
    for status in (404, 480, 486, 503, 603):  # the carrier's Reason: Q.850;cause=16
        assert named(end("NORMAL_CLEARING", status)).cause == "NORMAL_UNSPECIFIED"


def test_cause_and_status_say_one_thing() -> None:
    unread = named(end("NORMAL_CLEARING", 200))
    assert (unread.cause, unread.sip_status) == ("INCOMPATIBLE_DESTINATION", None)
    refused_later = named(end("MANDATORY_IE_MISSING", 488, answered_at=1))
    assert (refused_later.cause, refused_later.sip_status) == ("MANDATORY_IE_MISSING", None)
    assert named(end("NORMAL_CLEARING", 200, answered_at=1)).sip_status == 200
    assert named(end("NORMAL_CLEARING", 302, answered_at=5)).cause == "NORMAL_CLEARING"
    assert named(end("NO_ANSWER")).cause == "NO_ANSWER"


def test_an_originate_that_only_its_job_tells_of_may_have_rung_unless_there_was_no_channel() -> None:
    assert judge_job("INVALID_GATEWAY") == Verdict(Disposition.FAILED, Fault.CARRIER, has_rung=False)
    assert judge_job("DESTINATION_OUT_OF_ORDER") == Verdict(Disposition.CONGESTION, Fault.OURS, False)
    assert judge_job("USER_BUSY") == Verdict(Disposition.BUSY, Fault.CALLEE, has_rung=True)
    assert judge_job("A_CAUSE_OF_NEXT_YEAR") == Verdict(Disposition.FAILED, Fault.CARRIER, has_rung=True)


@pytest.mark.parametrize("status", [*BY_SIP_STATUS, *ACCOUNT_STATUSES, 403, 488, 500, 503, 606])
def test_a_row_never_contradicts_itself(status: int) -> None:
    """The status with FreeSWITCH's own cause for it, and with each Q.850 cause: the word is that of one of both."""
    alone = judge(end(BY_FREESWITCH.get(status, "NORMAL_UNSPECIFIED"), status))
    for cause, of_cause in BY_CAUSE.items():
        found = judge(end(cause, status))
        assert (found.disposition, found.fault) in (
            (alone.disposition, alone.fault),
            (of_cause.disposition, of_cause.fault),
        )
        assert found.fault is not Fault.OURS


@pytest.mark.parametrize(
    ("heard", "length", "share", "finished", "key", "expected"),
    [
        (10_000, 10_000, 1.0, False, "", True),
        (9_700, 10_000, 1.0, False, "", True),  # within the tolerance
        (9_699, 10_000, 1.0, False, "", False),
        (5_000, 10_000, 0.5, False, "", True),
        (0, 10_000, 0.02, False, "", False),  # nothing was heard
        (1, 10_000, 0.02, False, "", True),
        (
            1_000,
            6_300,
            1.0,
            True,
            "",
            False,
        ),  # cut: the end of a shorter file, or a playback that was broken off
        (0, 10_000, 1.0, True, "", False),
        (2_000, 10_000, 1.0, False, "1", True),
        (10_000, 0, 1.0, False, "", False),  # of unknown length: the dialplan's word is all there is
        (0, 0, 1.0, True, "", True),
        (1, 1, 1.0, False, "", True),
    ],
)
def test_delivered_is_heard_to_the_agreed_point_or_a_key(
    heard: int, length: int, share: float, finished: bool, key: str, expected: bool
) -> None:
    found = CallEnd("u", "NORMAL_CLEARING", answered_at=1, heard_ms=heard, finished=finished, vote=key)
    assert is_delivered(found, length, share, 300) is expected


def test_opting_out_is_an_answer_to_the_message() -> None:
    assert is_delivered(CallEnd("u", answered_at=1, opted_out=True), 10_000, 1.0, 300)


def test_a_verdict_is_frozen_and_holds_nothing_else() -> None:
    found: Any = judge(end("USER_BUSY", 486))
    with pytest.raises(FrozenInstanceError):
        found.fault = Fault.OURS
    assert not hasattr(found, "__dict__")
