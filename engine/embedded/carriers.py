"""Odd behaviour of carriers, by the last four digits of numbers in 0919 077 (00xx: of any number).

The endings are those of the SIP carrier in tests/freeswitch; carrier_endings.py, carrier_scripts.py, carrier_oddities.py,
carrier_habits.py, carrier_manners.py and carrier_ways.py describe them.  The results are those that FreeSWITCH 1.10.12
gave for them: cause, status, ringing, early media, who hung up and when.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.embedded.calls import CAUSES
from engine.embedded.people import CHOSEN, REFUSALS, Fate, Refusal, refused

PREFIX = "919077"
_PHRASES = {
    404: "Not Found", 406: "Not Acceptable", 415: "Unsupported Media Type", 421: "Extension Required",
    481: "Call Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops", 485: "Ambiguous",
    505: "Version Not Supported", 513: "Message Too Large", 580: "Precondition Failure",
    407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone",
    413: "Request Entity Too Large", 420: "Bad Extension", 422: "Session Interval Too Small", 484: "Address Incomplete",
    487: "Request Terminated", 500: "Internal Server Error", 502: "Bad Gateway", 504: "Server Time-out",
    600: "Busy Everywhere", 604: "Does Not Exist Anywhere", 606: "Not Acceptable", 607: "Unwanted", 608: "Rejected",
}  # fmt: skip


def _fails(status: int, cause: str, *, rings_ms: int = 0, voice: bool = False, closed_by: str = "") -> Fate:
    """A refused call, after `rings_ms` of ringing (or of early media with `voice`)."""
    phrase = _PHRASES.get(status) or (REFUSALS[status].phrase if status in REFUSALS else "OK")
    made = Refusal(status, phrase, cause, CAUSES.get(cause, 16), bool(rings_ms), closed_by or "recv_refuse")
    fate = refused(made)
    return Fate(rings_ms or fate.ring_ms, False, made, early_media=voice)


def _leaves(after_ms: int, cause: str = "NORMAL_CLEARING") -> Fate:
    return Fate(250, leaves_ms=after_ms, leaves_with=cause)


_RINGS_ON = CHOSEN["0002"]
_AFTER_VOICE = Fate(450, early_media=True)
_NO_MEDIA = _fails(200, "INCOMPATIBLE_DESTINATION", rings_ms=250, closed_by="send_bye")
_NO_SDP = _fails(500, "NORMAL_TEMPORARY_FAILURE", rings_ms=250)
_ANSWERED = (
    "0103 0104 0105 0113 0116 0119 0120 0121 0123 0127 0130 0131 0132 0230 0231 0232 0233 0234 0235 0236 0237 0238 0239 "
    "0240 0241 0242 0243 0244 0245 0246 0247 0248 0249 0250 0251 0252 0253 0254 0255 0256 0257 0258 0259 0264 0265 0266 "
    "0421 0422 0423 0426 0427 0428 0429 0430 0431 0432 0433 0441 0442 0443 "
    "0446 0447 0448 0450 0451 0452 0456 0457 0458 0480 0487 "
    "0340 0341 0343 0345 0346 0347 0348 0351 0352 0353 0354 0355 0356 0357 0358 0359 0360 0361 0362 0363 0364 0365 0366 0370"
)

SCRIPTED: Mapping[str, Fate] = {
    **dict.fromkeys(_ANSWERED.split(), Fate(250)),
    **dict.fromkeys(("0111", "0128", "0260", "0261", "0342", "0344", "0349", "0350"), _AFTER_VOICE),
    "0101": _leaves(0),
    "0102": _leaves(60),
    "0106": _fails(904, "NORMAL_UNSPECIFIED", rings_ms=400),
    "0107": CHOSEN["0004"],
    "0108": CHOSEN["0005"],
    "0109": _fails(600, "USER_BUSY"),
    "0110": _fails(500, "NORMAL_TEMPORARY_FAILURE"),
    "0112": _NO_SDP,
    "0114": _NO_MEDIA,
    "0115": _NO_MEDIA,
    "0117": _fails(404, "UNALLOCATED_NUMBER", rings_ms=850, voice=True),
    "0122": CHOSEN["0033"],
    "0124": _RINGS_ON,
    "0125": _RINGS_ON,
    "0126": _leaves(1000, "NORMAL_CIRCUIT_CONGESTION"),
    "0129": _fails(486, "USER_BUSY", rings_ms=650),
    "0201": _fails(480, "SUBSCRIBER_ABSENT", rings_ms=850, voice=True),
    "0202": _fails(503, "UNALLOCATED_NUMBER", rings_ms=850, voice=True),
    "0203": _fails(404, "DESTINATION_OUT_OF_ORDER", rings_ms=850, voice=True),
    "0204": _fails(486, "USER_BUSY", rings_ms=250),
    "0205": _fails(487, "ORIGINATOR_CANCEL", rings_ms=550),
    "0206": _fails(487, "ORIGINATOR_CANCEL"),
    "0207": _fails(408, "RECOVERY_ON_TIMER_EXPIRE", rings_ms=550),
    "0208": _fails(408, "RECOVERY_ON_TIMER_EXPIRE"),
    "0209": _fails(604, "NO_ROUTE_DESTINATION"),
    "0210": _fails(606, "INCOMPATIBLE_DESTINATION"),
    "0211": _fails(608, "CALL_REJECTED", rings_ms=250),
    "0212": _fails(607, "UNWANTED", rings_ms=250),
    "0213": _fails(500, "NORMAL_TEMPORARY_FAILURE", rings_ms=2950),
    "0214": _fails(603, "CALL_REJECTED"),
    "0215": _fails(502, "NETWORK_OUT_OF_ORDER"),
    "0216": _fails(504, "RECOVERY_ON_TIMER_EXPIRE"),
    "0217": _leaves(1000, "NORMAL_UNSPECIFIED"),
    "0218": _leaves(1000, "INTERWORKING"),
    "0219": _leaves(1000),
    "0220": _leaves(1000),
    "0221": _fails(200, "NORMAL_CLEARING", rings_ms=450, closed_by="recv_bye"),
    "0222": CHOSEN["0004"],
    "0223": _fails(488, "INCOMPATIBLE_DESTINATION"),
    "0224": _fails(486, "USER_BUSY", rings_ms=750),
    "0225": _fails(486, "USER_BUSY", rings_ms=250),
    "0226": _fails(480, "NO_USER_RESPONSE", rings_ms=250),
    "0227": _fails(404, "UNALLOCATED_NUMBER", rings_ms=550),
    "0270": _RINGS_ON,
    "0271": _NO_MEDIA,
    "0272": _fails(200, "NORMAL_CLEARING", rings_ms=250, closed_by="send_bye"),
    "0273": _NO_SDP,
    "0274": _NO_SDP,
    "0275": Fate(250, leaves_ms=1220, leaves_with="MANDATORY_IE_MISSING", is_cut=True),
    "0301": _fails(486, "NORMAL_CIRCUIT_CONGESTION", rings_ms=250),
    "0302": _fails(480, "NO_USER_RESPONSE", rings_ms=4950, voice=True),
    "0303": _fails(604, "NO_ROUTE_DESTINATION", rings_ms=250),
    "0304": _RINGS_ON,
    "0305": _fails(480, "NO_USER_RESPONSE", rings_ms=250),
    "0307": CHOSEN["0033"],
    "0308": CHOSEN["0004"],
    **dict.fromkeys(("0306", "0309", "0310", "0311"), _fails(486, "USER_BUSY", rings_ms=250)),
    "0312": _fails(904, "NORMAL_UNSPECIFIED", rings_ms=250),
    "0313": _fails(403, "CALL_REJECTED", rings_ms=250),
    "0314": _fails(487, "ORIGINATOR_CANCEL", rings_ms=250),
    "0315": _fails(380, "REQUESTED_CHAN_UNAVAIL"),
    "0316": _fails(699, "NORMAL_UNSPECIFIED"),
    "0317": _fails(500, "INTERWORKING"),
    "0318": _fails(480, "NORMAL_UNSPECIFIED", rings_ms=250),
    "0319": _fails(488, "INCOMPATIBLE_DESTINATION", rings_ms=550, voice=True),
    "0320": _fails(480, "UNKNOWN", rings_ms=250),
    "0321": _fails(480, "NO_USER_RESPONSE", rings_ms=250),
    "0322": _fails(486, "UNALLOCATED_NUMBER"),
    "0323": _fails(408, "RECOVERY_ON_TIMER_EXPIRE", rings_ms=250),
    "0324": _fails(404, "NO_ROUTE_DESTINATION"),
    "0325": _fails(403, "BEARERCAPABILITY_NOTAUTH"),
    "0367": Fate(3450, early_media=True),
    "0330": _leaves(40, "USER_BUSY"),
    "0331": _leaves(40, "NORMAL_CIRCUIT_CONGESTION"),
    "0332": _leaves(1000),
    "0333": _leaves(1000),
    **dict.fromkeys(("0371", "0372", "0373"), _NO_MEDIA),
    **dict.fromkeys(("0401", "0402", "0409", "0410"), Fate(19_950, early_media=True)),
    "0403": _fails(486, "USER_BUSY", rings_ms=19_950, voice=True),
    "0404": _fails(480, "NO_ANSWER", rings_ms=19_950, voice=True),
    "0405": _fails(200, "NORMAL_CLEARING", rings_ms=19_950, voice=True, closed_by="recv_bye"),
    **dict.fromkeys(("0406", "0407"), Fate(answers=False, early_media=True)),
    "0408": _fails(503, "NORMAL_TEMPORARY_FAILURE", rings_ms=19_950, voice=True),
    "0411": Fate(54_950, early_media=True),
    "0412": _fails(486, "USER_BUSY", rings_ms=54_950, voice=True),
    "0413": _fails(200, "NORMAL_CLEARING", rings_ms=54_950, voice=True, closed_by="recv_bye"),
    **dict.fromkeys(("0424", "0485", "0486"), _NO_MEDIA),
    "0440": _AFTER_VOICE,
    **dict.fromkeys(("0444", "0445", "0481"), _NO_SDP),
    "0453": Fate(250, hold_ms=60_000),
    "0454": Fate(250, hold_ms=60_000),
    "0455": Fate(250, sendable_ms=1200),
    "0460": _fails(302, "REQUESTED_CHAN_UNAVAIL", rings_ms=350),
    "0461": _fails(302, "REQUESTED_CHAN_UNAVAIL", rings_ms=850, voice=True),
    "0462": _fails(486, "USER_BUSY", rings_ms=250),
    **dict.fromkeys(("0463", "0464", "0482", "0483", "0484"), _RINGS_ON),
    "0465": _fails(406, "SERVICE_NOT_IMPLEMENTED"),
    "0466": _fails(415, "SERVICE_NOT_IMPLEMENTED"),
    "0467": _fails(481, "NORMAL_TEMPORARY_FAILURE"),
    "0468": _fails(482, "EXCHANGE_ROUTING_ERROR"),
    "0469": _fails(483, "EXCHANGE_ROUTING_ERROR"),
    "0470": _fails(485, "NO_ROUTE_DESTINATION"),
    "0471": _fails(505, "INTERWORKING"),
    "0472": _fails(513, "INTERWORKING"),
    "0473": _fails(580, "NORMAL_UNSPECIFIED"),
    "0474": _fails(421, "INTERWORKING"),
    "0475": _fails(603, "USER_BUSY"),
    "0476": _fails(486, "USER_BUSY", rings_ms=250),
    "0477": _fails(404, "UNALLOCATED_NUMBER"),
    "0478": _fails(403, "CALL_REJECTED", rings_ms=250),
    "0479": _fails(480, "NORMAL_TEMPORARY_FAILURE", rings_ms=250),
    "0488": Fate(250, sendable_ms=20),
}
_ANSWERED_WAYS = (
    "0501 0502 0508 0509 0512 0513 0514 0515 0570 0571 0572 0573 0574 0575 0580 0581 0582 0583 0584 0585 0586 0588 "
    "0589 0590 0591 0592 0601 0602 0603 0604 0605 0606 0607 0609 0610 0611 0612 0613 0617 0618 0619 0620 0621 0622 "
    "0623 0624 0630 0631 0632 0633 0634 0635 0636 0640 0642"
)
_MOVED = "0503 0504 0505 0510 0511 0516 0517 0518 0519 0650 0651"
# Numbers 0501 and up.
WAYS: Mapping[str, Fate] = {
    **dict.fromkeys(_ANSWERED_WAYS.split(), Fate(250)),
    **dict.fromkeys(_MOVED.split(), Fate(550, early_media=True)),
    **dict.fromkeys(("0506", "0507", "0614", "0615", "0616"), _NO_MEDIA),
    **dict.fromkeys(("0520", "0521", "0539", "0540", "0541", "0542"), _fails(486, "USER_BUSY", rings_ms=250)),
    "0522": CHOSEN["0033"],
    "0523": _fails(480, "NORMAL_CLEARING"),
    "0524": _fails(486, "NORMAL_CLEARING"),
    "0525": _fails(503, "NORMAL_CLEARING"),
    "0526": _fails(404, "NORMAL_CLEARING"),
    "0527": _fails(603, "NORMAL_CLEARING", rings_ms=250),
    "0528": _fails(480, "NO_USER_RESPONSE", rings_ms=250),
    **dict.fromkeys(("0529", "0530"), _fails(480, "UNKNOWN", rings_ms=250)),
    "0531": _fails(480, "NORMAL_CIRCUIT_CONGESTION", rings_ms=250),
    "0532": _fails(408, "NO_USER_RESPONSE"),
    "0533": _fails(487, "USER_BUSY"),
    "0534": _fails(503, "NORMAL_UNSPECIFIED"),
    "0535": _fails(503, "INVALID_MSG_UNSPECIFIED"),
    **dict.fromkeys(("0536", "0537", "0538"), CHOSEN["0004"]),
    "0543": _fails(410, "NUMBER_CHANGED", rings_ms=250),
    "0544": _fails(484, "INVALID_NUMBER_FORMAT", rings_ms=250),
    "0545": _fails(606, "INCOMPATIBLE_DESTINATION", rings_ms=250),
    "0546": _fails(404, "UNALLOCATED_NUMBER", rings_ms=2950, voice=True),
    "0550": _fails(400, "NORMAL_TEMPORARY_FAILURE"),
    "0551": _fails(402, "CALL_REJECTED"),
    "0552": _fails(405, "SERVICE_UNAVAILABLE"),
    "0553": _fails(414, "INTERWORKING"),
    "0554": _fails(416, "INTERWORKING"),
    "0555": _fails(423, "INTERWORKING"),
    "0556": _fails(429, "BAD_IDENTITY_INFO"),
    **{
        ending: _fails(status, "NORMAL_UNSPECIFIED")
        for ending, status in zip(
            ("0557", "0558", "0559", "0560", "0561", "0563", "0564", "0565"),
            (430, 440, 470, 491, 493, 555, 609, 666),
            strict=True,
        )
    },
    "0562": _fails(501, "SERVICE_NOT_IMPLEMENTED"),
    "0567": _fails(491, "NORMAL_UNSPECIFIED", rings_ms=250),
    "0568": _fails(501, "SERVICE_NOT_IMPLEMENTED", rings_ms=250),
    "0569": _fails(400, "NORMAL_TEMPORARY_FAILURE", rings_ms=250),
    "0608": _RINGS_ON,
    **dict.fromkeys(("0641", "0643"), _NO_SDP),
    **dict.fromkeys(
        ("0652", "0653"),
        Fate(550, early_media=True, leaves_ms=30, leaves_with="NORMAL_TEMPORARY_FAILURE", is_cut=True),
    ),
    "0654": Fate(550, early_media=True, leaves_ms=30, leaves_with="RECOVERY_ON_TIMER_EXPIRE", is_cut=True),
}
# Endings of any number.
ANSWERS: Mapping[str, Fate] = {
    "0061": _fails(404, "UNALLOCATED_NUMBER", rings_ms=300),
    "0062": _fails(486, "USER_BUSY", rings_ms=600, voice=True),
    "0063": _fails(603, "CALL_REJECTED", rings_ms=600, voice=True),
    "0064": _fails(500, "NORMAL_TEMPORARY_FAILURE", rings_ms=600, voice=True),
    "0065": _fails(410, "NUMBER_CHANGED"),
    "0066": _fails(484, "INVALID_NUMBER_FORMAT"),
    "0067": _fails(413, "INTERWORKING"),
    "0068": _fails(420, "INTERWORKING"),
    "0069": _fails(422, "NORMAL_UNSPECIFIED"),
    "0070": _fails(486, "NORMAL_CIRCUIT_CONGESTION"),
    "0071": CHOSEN["0004"],
    "0072": _fails(480, "UNALLOCATED_NUMBER"),
    "0073": _fails(486, "USER_BUSY", rings_ms=300),
    "0074": Fate(),
    "0075": _fails(486, "USER_BUSY", rings_ms=300),
    "0076": _fails(503, "NORMAL_TEMPORARY_FAILURE"),
}


def fate_of(number: str) -> Fate | None:
    """The fate of a call to a number with an odd carrier; None for other numbers."""
    ending = number[-4:]
    found = ANSWERS.get(ending)
    return found or (SCRIPTED.get(ending) or WAYS.get(ending) if number[-10:-4] == PREFIX else None)
