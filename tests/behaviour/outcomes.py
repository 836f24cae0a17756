"""What becomes of numbers whose carriers answer in their own ways: one table, held on a real FreeSWITCH and on the embedded one.

The endings are those of tests/freeswitch (carrier_endings.py, carrier_scripts.py, carrier_oddities.py,
carrier_habits.py, carrier_manners.py, carrier_ways.py) and of
engine/embedded/carriers.py.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.store.sql import execute
from engine.store.threads import read
from tests.runtime.lab import Lab

TRIES = 2


ALL = -1
SOME = -2


class Outcome(NamedTuple):
    """A recipient after its campaign: state, disposition, tries that were spent, whether there were uncounted ones.

    Of each attempt its cause and status, and at most how much was heard of it; ALL is all, SOME is less than all.
    """

    state: str
    disposition: str
    tries: int
    is_uncounted: bool
    cause: str
    status: int | None
    heard_ms: int = 0


def _rang(disposition: str, cause: str, status: int | None) -> Outcome:
    return Outcome("exhausted", disposition, 2, False, cause, status)


def _final(disposition: str, cause: str, status: int) -> Outcome:
    return Outcome("exhausted", disposition, 1, False, cause, status)


def _trunk(disposition: str, cause: str, status: int | None) -> Outcome:
    return Outcome("exhausted", disposition, 0, True, cause, status)


def _cut(cause: str, status: int | None, heard_ms: int) -> Outcome:
    return Outcome("exhausted", "answered", 2, False, cause, status, heard_ms)


HEARD = Outcome("delivered", "answered", 1, False, "NORMAL_CLEARING", None, ALL)
_TEMPORARY = "NORMAL_TEMPORARY_FAILURE"
_NO_CODEC = "INCOMPATIBLE_DESTINATION"

ANSWERS = {
    "0061": _final("unreachable", "UNALLOCATED_NUMBER", 404),
    "0062": _rang("busy", "USER_BUSY", 486),
    "0063": _rang("rejected", "CALL_REJECTED", 603),
    "0064": _rang("congestion", _TEMPORARY, 500),
    "0065": _final("unreachable", "NUMBER_CHANGED", 410),
    "0066": _final("unreachable", "INVALID_NUMBER_FORMAT", 484),
    "0067": _trunk("failed", "INTERWORKING", 413),
    "0068": _trunk("failed", "INTERWORKING", 420),
    "0069": _trunk("failed", "NORMAL_UNSPECIFIED", 422),
    "0070": _trunk("congestion", "NORMAL_CIRCUIT_CONGESTION", 486),
    # FreeSWITCH 1.10.12 reads the first of two reasons only, and shows neither: the 503 decides.
    "0071": _trunk("congestion", _TEMPORARY, 503),
    "0072": _final("unreachable", "UNALLOCATED_NUMBER", 480),
    "0073": _rang("busy", "USER_BUSY", 486),
    "0074": HEARD,
    "0075": _rang("busy", "USER_BUSY", 486),
    "0076": _trunk("congestion", _TEMPORARY, 503),
}
SCRIPTS = {
    "0101": _cut("NORMAL_CLEARING", 200, 0),
    "0102": _cut("NORMAL_CLEARING", 200, 0),
    # FreeSWITCH sends the message whatever the answer says of holding; only a later INVITE holds the line.
    **dict.fromkeys(("0103", "0104", "0105"), HEARD),
    "0106": _rang("failed", "NORMAL_UNSPECIFIED", 904),
    "0107": _trunk("congestion", _TEMPORARY, 503),
    "0108": _rang("unreachable", "NO_USER_RESPONSE", 480),
    "0109": _rang("busy", "USER_BUSY", 600),
    "0110": _trunk("congestion", _TEMPORARY, 500),
    "0111": HEARD,
    "0112": _rang("congestion", _TEMPORARY, 500),
    "0113": HEARD,
    "0114": _rang("failed", _NO_CODEC, None),
    "0115": _rang("failed", _NO_CODEC, None),
    "0116": HEARD,
    "0117": _final("unreachable", "UNALLOCATED_NUMBER", 404),
    **dict.fromkeys(("0119", "0120", "0121", "0123", "0127", "0128"), HEARD),
    "0122": _trunk("congestion", "NO_ANSWER", None),
    "0124": _rang("no_answer", "NO_ANSWER", None),
    "0125": _rang("no_answer", "NO_ANSWER", None),
    "0126": _cut("NORMAL_CIRCUIT_CONGESTION", 200, SOME),
    "0129": _rang("busy", "USER_BUSY", 486),
    # Every 2xx is an answer for FreeSWITCH: what such a carrier says afterwards comes too late.
    **dict.fromkeys(("0130", "0131", "0132"), HEARD),
}
ODDITIES = {
    "0201": _rang("unreachable", "SUBSCRIBER_ABSENT", 480),
    "0202": _final("unreachable", "UNALLOCATED_NUMBER", 503),
    "0203": _final("unreachable", "DESTINATION_OUT_OF_ORDER", 404),
    "0204": _rang("busy", "USER_BUSY", 486),
    "0205": _rang("no_answer", "ORIGINATOR_CANCEL", 487),
    "0206": _trunk("congestion", "ORIGINATOR_CANCEL", 487),
    "0207": _rang("no_answer", "RECOVERY_ON_TIMER_EXPIRE", 408),
    "0208": _trunk("congestion", "RECOVERY_ON_TIMER_EXPIRE", 408),
    "0209": _final("unreachable", "NO_ROUTE_DESTINATION", 604),
    "0210": _trunk("failed", _NO_CODEC, 606),
    "0211": _rang("rejected", "CALL_REJECTED", 608),
    "0212": _final("rejected", "UNWANTED", 607),
    "0213": _rang("congestion", _TEMPORARY, 500),
    "0214": _rang("rejected", "CALL_REJECTED", 603),
    "0215": _trunk("congestion", "NETWORK_OUT_OF_ORDER", 502),
    "0216": _trunk("congestion", "RECOVERY_ON_TIMER_EXPIRE", 504),
    "0217": _cut("NORMAL_UNSPECIFIED", 200, SOME),
    "0218": _cut("INTERWORKING", 200, SOME),
    "0219": _cut("NORMAL_CLEARING", 200, SOME),
    "0220": _cut("NORMAL_CLEARING", 200, SOME),
    # A BYE before any 200 cannot be told from one that overtook it.
    "0221": _cut("NORMAL_CLEARING", 200, 0),
    "0222": _trunk("congestion", _TEMPORARY, 503),
    "0223": _trunk("failed", _NO_CODEC, 488),
    "0224": _rang("busy", "USER_BUSY", 486),
    "0225": _rang("busy", "USER_BUSY", 486),
    "0226": _rang("unreachable", "NO_USER_RESPONSE", 480),
    "0227": _final("unreachable", "UNALLOCATED_NUMBER", 404),
    **{f"02{number}": HEARD for number in (*range(30, 62), 64, 65, 66)},
    "0270": _rang("no_answer", "NO_ANSWER", None),
    "0271": _rang("failed", _NO_CODEC, None),
    "0272": _rang("failed", _NO_CODEC, None),
    "0273": _rang("congestion", _TEMPORARY, 500),
    "0274": _rang("congestion", _TEMPORARY, 500),
    "0275": _cut("MANDATORY_IE_MISSING", None, SOME),
}
HABITS = {
    "0301": _rang("congestion", "NORMAL_CIRCUIT_CONGESTION", 486),
    "0302": _rang("unreachable", "NO_USER_RESPONSE", 480),
    "0303": _final("unreachable", "NO_ROUTE_DESTINATION", 604),
    "0304": _rang("no_answer", "NO_ANSWER", None),
    "0305": _rang("unreachable", "NO_USER_RESPONSE", 480),
    "0306": _rang("busy", "USER_BUSY", 486),
    "0307": _trunk("congestion", "NO_ANSWER", None),
    "0308": _trunk("congestion", _TEMPORARY, 503),
    **dict.fromkeys(("0309", "0310", "0311"), _rang("busy", "USER_BUSY", 486)),
    "0312": _rang("failed", "NORMAL_UNSPECIFIED", 904),
    "0313": _rang("rejected", "CALL_REJECTED", 403),
    "0314": _rang("no_answer", "ORIGINATOR_CANCEL", 487),
    "0315": _trunk("failed", "REDIRECTED", 380),
    "0316": _trunk("failed", "NORMAL_UNSPECIFIED", 699),
    "0317": _trunk("congestion", "INTERWORKING", 500),
    "0318": _rang("unreachable", "NORMAL_UNSPECIFIED", 480),
    "0319": _rang("failed", _NO_CODEC, 488),
    "0320": _rang("unreachable", "UNKNOWN", 480),
    "0321": _rang("unreachable", "NO_USER_RESPONSE", 480),
    "0322": _final("unreachable", "UNALLOCATED_NUMBER", 486),
    "0323": _rang("no_answer", "RECOVERY_ON_TIMER_EXPIRE", 408),
    "0324": _final("unreachable", "NO_ROUTE_DESTINATION", 404),
    "0325": _trunk("failed", "BEARERCAPABILITY_NOTAUTH", 403),
    "0330": _cut("USER_BUSY", 200, 0),
    "0331": _cut("NORMAL_CIRCUIT_CONGESTION", 200, 0),
    "0332": _cut("NORMAL_CLEARING", 200, SOME),
    "0333": _cut("NORMAL_CLEARING", 200, SOME),
    **{f"03{number}": HEARD for number in range(40, 68)},
    # FreeSWITCH takes an answer of SRTP to an offer without for one in the open, and is heard as such.
    "0370": HEARD,
    **dict.fromkeys(("0371", "0372", "0373"), _rang("failed", _NO_CODEC, None)),
}
ANNOUNCEMENTS = {
    **dict.fromkeys(("0401", "0402", "0409", "0410", "0411"), HEARD),
    "0403": _rang("busy", "USER_BUSY", 486),
    "0404": _rang("no_answer", "NO_ANSWER", 480),
    "0405": _cut("NORMAL_CLEARING", 200, 0),
    "0406": _rang("no_answer", "NO_ANSWER", None),
    "0407": _rang("no_answer", "NO_ANSWER", None),
    "0408": _rang("congestion", _TEMPORARY, 503),
    "0412": _rang("busy", "USER_BUSY", 486),
    "0413": _cut("NORMAL_CLEARING", 200, 0),
}
MANNERS = {
    **{f"04{number}": HEARD for number in (21, 22, 23, *range(26, 34), *range(40, 44), *range(46, 49))},
    **{f"04{number}": HEARD for number in (50, 51, 52, 56, 57, 58, 80, 87)},
    **dict.fromkeys(("0424", "0485", "0486"), _rang("failed", _NO_CODEC, None)),
    **dict.fromkeys(("0444", "0445", "0481"), _rang("congestion", _TEMPORARY, 500)),
    **dict.fromkeys(("0453", "0454", "0455"), _cut("NORMAL_CLEARING", None, SOME)),
    "0460": _rang("failed", "REDIRECTED", 302),
    "0461": _rang("failed", "REDIRECTED", 302),
    "0462": _rang("busy", "USER_BUSY", 486),
    "0463": _rang("no_answer", "NO_ANSWER", None),
    "0464": _rang("no_answer", "NO_ANSWER", None),
    "0465": _trunk("failed", "SERVICE_NOT_IMPLEMENTED", 406),
    "0466": _trunk("failed", "SERVICE_NOT_IMPLEMENTED", 415),
    "0467": _trunk("failed", _TEMPORARY, 481),
    "0468": _trunk("failed", "EXCHANGE_ROUTING_ERROR", 482),
    "0469": _trunk("failed", "EXCHANGE_ROUTING_ERROR", 483),
    "0470": _trunk("failed", "NO_ROUTE_DESTINATION", 485),
    "0471": _trunk("congestion", "INTERWORKING", 505),
    "0472": _trunk("congestion", "INTERWORKING", 513),
    "0473": _trunk("congestion", "NORMAL_UNSPECIFIED", 580),
    "0474": _trunk("failed", "INTERWORKING", 421),
    "0475": _rang("busy", "USER_BUSY", 603),
    "0476": _rang("busy", "USER_BUSY", 486),
    "0477": _final("unreachable", "UNALLOCATED_NUMBER", 404),
    "0478": _rang("rejected", "CALL_REJECTED", 403),
    "0479": _rang("congestion", _TEMPORARY, 480),
    **dict.fromkeys(("0482", "0483", "0484"), _rang("no_answer", "NO_ANSWER", None)),
    "0488": _cut("NORMAL_CLEARING", None, 0),
}
_UNSPECIFIED = "NORMAL_UNSPECIFIED"
WAYS = {
    **{
        f"05{number:02}": HEARD
        for number in (*range(1, 6), *range(8, 20), *range(70, 76), *range(80, 87), *range(88, 93))
    },
    **{
        f"06{number:02}": HEARD
        for number in (*range(1, 8), *range(9, 14), *range(17, 25), *range(30, 37), 40, 42, 50, 51)
    },
    **dict.fromkeys(("0506", "0507", "0614", "0615", "0616"), _rang("failed", _NO_CODEC, None)),
    **dict.fromkeys(("0520", "0521", "0539", "0540", "0541", "0542"), _rang("busy", "USER_BUSY", 486)),
    "0522": _trunk("congestion", "NO_ANSWER", None),
    # Q.850 16 says nothing of a call that was refused.
    "0523": _rang("unreachable", _UNSPECIFIED, 480),
    "0524": _rang("busy", _UNSPECIFIED, 486),
    "0525": _trunk("congestion", _UNSPECIFIED, 503),
    "0526": _final("unreachable", _UNSPECIFIED, 404),
    "0527": _rang("rejected", _UNSPECIFIED, 603),
    "0528": _rang("unreachable", "NO_USER_RESPONSE", 480),
    "0529": _rang("unreachable", "UNKNOWN", 480),
    "0530": _rang("unreachable", "UNKNOWN", 480),
    "0531": _rang("congestion", "NORMAL_CIRCUIT_CONGESTION", 480),
    "0532": _rang("no_answer", "NO_USER_RESPONSE", 408),
    "0533": _rang("busy", "USER_BUSY", 487),
    "0534": _trunk("congestion", _UNSPECIFIED, 503),
    "0535": _trunk("congestion", "INVALID_MSG_UNSPECIFIED", 503),
    **dict.fromkeys(("0536", "0537", "0538"), _trunk("congestion", _TEMPORARY, 503)),
    "0543": _final("unreachable", "NUMBER_CHANGED", 410),
    "0544": _final("unreachable", "INVALID_NUMBER_FORMAT", 484),
    "0545": _rang("failed", _NO_CODEC, 606),
    "0546": _final("unreachable", "UNALLOCATED_NUMBER", 404),
    "0550": _trunk("failed", _TEMPORARY, 400),
    "0551": _trunk("failed", "CALL_REJECTED", 402),
    "0552": _trunk("failed", "SERVICE_UNAVAILABLE", 405),
    **{
        f"05{place}": _trunk("failed", "INTERWORKING", status)
        for place, status in ((53, 414), (54, 416), (55, 423))
    },
    "0556": _trunk("congestion", "BAD_IDENTITY_INFO", 429),
    **{
        f"05{place}": _trunk("failed", _UNSPECIFIED, status)
        for place, status in ((57, 430), (58, 440), (59, 470), (60, 491), (61, 493), (64, 609), (65, 666))
    },
    "0562": _trunk("failed", "SERVICE_NOT_IMPLEMENTED", 501),
    "0563": _trunk("congestion", _UNSPECIFIED, 555),
    "0567": _rang("failed", _UNSPECIFIED, 491),
    "0568": _rang("failed", "SERVICE_NOT_IMPLEMENTED", 501),
    "0569": _rang("failed", _TEMPORARY, 400),
    "0608": _rang("no_answer", "NO_ANSWER", None),
    **dict.fromkeys(("0641", "0643"), _rang("congestion", _TEMPORARY, 500)),
    **dict.fromkeys(("0652", "0653"), _cut(_TEMPORARY, None, 0)),
    "0654": _cut("RECOVERY_ON_TIMER_EXPIRE", None, 0),
}
TABLES = {
    "answers": ANSWERS, "scripts": SCRIPTS, "oddities": ODDITIES, "habits": HABITS, "announcements": ANNOUNCEMENTS,
    "manners": MANNERS, "ways": WAYS,
}  # fmt: skip
RING_TIMEOUT_S = 8
LONG_RING_TIMEOUT_S = 60  # where an announcement goes on for nearly a minute


def number_of(ending: str) -> str:
    return f"0919077{ending}"


def campaign_of(lab: Lab, endings: list[str], gateway: str, **rules: int) -> int:
    """A campaign of these endings; numbers that go well beside them, for the trunk serves others."""
    well = [f"0916{place:03d}0000" for place in range(60)]
    numbers = [*map(number_of, endings), *well]
    is_long = any(ending in ANNOUNCEMENTS for ending in endings)
    timeout_s = LONG_RING_TIMEOUT_S if is_long else RING_TIMEOUT_S
    return lab.campaign(numbers, gateways=[gateway], max_tries=TRIES, ring_timeout_s=timeout_s, **rules)


def check(lab: Lab, campaign_id: int, table: dict[str, Outcome], message_ms: int) -> dict[str, int]:
    """Holds a finished campaign against its table; how many calls there were to each ending."""
    calls = {}
    for ending, expected in table.items():
        row = lab.recipient(campaign_id, "+98" + number_of(ending)[1:])
        attempts = _attempts(row.id)
        found = {
            Outcome(
                row.state,
                row.disposition,
                row.tries,
                row.uncounted_tries > 0,
                cause,
                status,
                expected.heard_ms,
            )
            for cause, status, *_ in attempts
        }
        assert found == {expected}, ending
        assert len(attempts) == row.tries + row.uncounted_tries, ending
        for _, _, disposition, heard_ms, is_answered, spent_try in attempts:
            assert (disposition, bool(is_answered)) == (row.disposition, disposition == "answered"), ending
            assert bool(spent_try) is not expected.is_uncounted, ending
            least, most = {
                ALL: (message_ms - 100, message_ms + 100),
                SOME: (0, message_ms - 100),
            }.get(expected.heard_ms, (0, expected.heard_ms))
            assert least <= heard_ms <= most, (ending, heard_ms)
        calls[ending] = len(attempts)
    return calls


def _attempts(recipient_id: int) -> list[tuple[str, int | None, str, int, int, int]]:
    return read(
        lambda: execute(
            "SELECT hangup_cause, sip_status, disposition, heard_ms, answered_at IS NOT NULL, spent_try FROM attempt "
            "WHERE recipient_id = ?",
            [recipient_id],
        )
    )
