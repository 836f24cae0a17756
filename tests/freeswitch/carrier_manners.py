"""Callees with long announcements, odd media and late messages, by the last four digits of numbers in 0919 077.

Announcements: 183 with voice, in which the telephone has not been answered:

====  ===================================================================
0401  for 20 s, then 200 · 0402 with 183 repeated every two seconds · 0403 then 486 · 0404 then 480 with the reason Q.850 19
0405  then a BYE · 0406 for 3 s and then nothing at all · 0407 repeated until we give up · 0408 503 after 20 s
0409  for 10 s, then 180, then 200 · 0410 with 180 between every two
0411  for 55 s, repeated every five seconds, then 200 · 0412 then 486 · 0413 then a BYE
====

Answers in other media; the message is heard:

====  ===================================================================
0421  RTP/SAVPF with a fingerprint (WebRTC) · 0422 RTP/AVPF · 0423 a line of payloads with one that nobody offered first
0426  speaks from another address · 0427 packets that are no RTP
0428  payloads that nobody agreed on · 0429 speaks in packets of 60 ms · 0430 begins to speak late
0431  takes payload 96 for keys and presses 1 by it · 0432 by 101, which we asked for · 0433 takes 101 and presses by 96
====

Messages in other orders, repeated, late or by other ways; the message is heard:

====  ===================================================================
0440  183 by 100rel · 0441 an INVITE right behind the 200 · 0442 200 at 300 ms, 1.3 s and 2.3 s
0443  no tag in the To of the 200 · 0446 a Contact with odd letters · 0447 two of them
0448  Record-Route sixty times · 0450 a Reason, Warning and Retry-After in the 200
0451  100 twenty times · 0452 180 and 183 after the 200 · 0456 INFO of no known kind · 0457 no phrase in the 200
0458  answers by TCP what was asked by UDP
====

Refusals:

====  ===================================================================
0460  180, then 302 · 0461 183 with voice, then 302 · 0462 486 at 300 ms, 1.3 s and 2.3 s
0463  answers a CANCEL with 487 and then with a 200 of another tag · 0464 with 200 for itself and nothing to the INVITE
0465  406 · 0466 415 · 0467 481 · 0468 482 · 0469 483 · 0470 485 · 0471 505 · 0472 513 · 0473 580 · 0474 421
0475  603 with Q.850 17 · 0476 180, then 486 by TCP · 0477 404 with headers of 30 kB
0478  180, then 403 by a carrier that names no cause · 0479 180, then 480 with Q.850 41
====

Voice that ends while FreeSWITCH plays on, which is not heard:

====  ===================================================================
0453  an INVITE with the line inactive in the message, and at once another that is refused
0454  an INVITE that holds the line for ever, in the message · 0455 an INVITE with port 0 in the message
0488  an INVITE that holds the line 20 ms after the 200
====

Answers that FreeSWITCH cannot use:

====  ===================================================================
0444  a Contact of * · 0445 of tel: · 0480 an address of IPv6, at which nobody hears it · 0481 SDP called text/plain
0482  SIP/3.0 · 0483 another CSeq · 0484 a negative Content-Length · 0485 no payload at all
0486  PCMA under another number · 0424 payload 8 named PCMU · 0487 headers of 60 kB, which it takes
====
"""

from __future__ import annotations

from tests.freeswitch.carrier_steps import (
    ANSWERS,
    LATER,
    RINGS,
    Script,
    Step,
    answer,
    contact_of,
    q850,
    sdp_of,
    then,
)

_SPEAKS = Step(50, 183, "plain")
_TARGET = ("Contact: <sip:0900126@127.0.0.9>",)


def _announced(*steps: Step, ms: int = 20_000) -> Script:
    """An announcement of so long, then what follows."""
    return then(_SPEAKS, *steps, early_voice_ms=ms)


def _repeated(until_ms: int, gap_ms: int, status: int = 183) -> tuple[Step, ...]:
    sdp = "plain" if status == 183 else ""
    return tuple(Step(at_ms, status, sdp) for at_ms in range(gap_ms, until_ms, gap_ms))


def _says(voice: str) -> Script:
    return then(RINGS, ANSWERS, voice=voice)


def _invites(at_ms: int, sdp: str, *edits: tuple[str, str]) -> Step:
    return Step(at_ms, 0, sdp, method="INVITE", sdp_edits=edits)


def _refuses(status: int, *extra: str) -> Script:
    return then(Step(50, status, extra=extra))


ANNOUNCEMENTS = {
    "0401": _announced(Step(20_000, 200, "plain")),
    "0402": _announced(*_repeated(20_000, 2_000), Step(20_000, 200, "plain")),
    "0403": _announced(Step(20_000, 486)),
    "0404": _announced(Step(20_000, 480, extra=q850(19))),
    "0405": _announced(Step(20_000, 0)),
    "0406": _announced(ms=3_000),
    "0407": _announced(*_repeated(90_000, 5_000), ms=60_000),
    "0408": _announced(Step(20_000, 503)),
    "0409": _announced(Step(10_000, 180), Step(20_000, 200, "plain"), ms=10_000),
    "0410": _announced(*_repeated(20_000, 4_000), *_repeated(18_000, 3_000, 180), Step(20_000, 200, "plain")),
    "0411": _announced(*_repeated(55_000, 5_000), Step(55_000, 200, "plain"), ms=55_000),
    "0412": _announced(*_repeated(55_000, 5_000), Step(55_000, 486), ms=55_000),
    "0413": _announced(*_repeated(55_000, 5_000), Step(55_000, 0), ms=55_000),
}
MANNERS = {
    "0421": sdp_of(
        ("RTP/AVP", "UDP/TLS/RTP/SAVPF"),
        (
            "^a=sendrecv\r",
            "a=sendrecv\r\na=setup:active\r\na=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r",
        ),
    ),
    "0422": sdp_of(("RTP/AVP", "RTP/AVPF")),
    "0423": sdp_of((r"RTP/AVP 8", "RTP/AVP 0 8"), ("^a=rtpmap:8", "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8")),
    "0424": sdp_of(("rtpmap:8 PCMA", "rtpmap:8 PCMU")),
    "0426": _says("stranger"),
    "0427": _says("rubbish"),
    "0428": _says("unknown"),
    "0429": _says("long"),
    "0430": _says("late"),
    "0431": then(RINGS, Step(300, 200, "other_payload"), voice="event96"),
    "0432": then(RINGS, Step(300, 200, "other_payload"), voice="event101"),
    "0433": _says("event96"),
    "0440": then(Step(50, 183, "plain", ("Require: 100rel", "RSeq: 4711")), Step(500, 200, "plain")),
    "0441": then(RINGS, ANSWERS, _invites(301, "plain")),
    "0442": then(RINGS, ANSWERS, Step(1300, 200, "plain"), Step(2300, 200, "plain")),
    "0443": answer(edits=(("^(To: .*>).*(?=\r)", "To: <sip:nobody@{host}>"),)),
    "0444": contact_of("*"),
    "0445": contact_of("<tel:+982188776655>"),
    "0446": contact_of("<sip:%C3%A9;a=b@{host}:{port};x=%00;lr?X-Y=z>;expires=60"),
    "0447": contact_of("<sip:one@{host}:{port}>, <sip:two@127.0.0.9:5999>"),
    "0448": answer(extra=("Record-Route: " + ", ".join(["<sip:{host}:{port};lr>"] * 60),)),
    "0450": answer(extra=(*q850(17), 'Warning: 399 carrier "x"', *LATER)),
    "0451": then(*(Step(10 * place, 100) for place in range(1, 20)), Step(250, 180), ANSWERS),
    "0452": then(RINGS, ANSWERS, Step(320, 180), Step(400, 183, "plain")),
    "0453": then(RINGS, ANSWERS, _invites(1200, "inactive"), _invites(1201, "plain")),
    "0454": then(RINGS, ANSWERS, _invites(1500, "sendonly")),
    "0455": then(RINGS, ANSWERS, _invites(1500, "plain", ("^m=audio [0-9]+", "m=audio 0"))),
    "0456": then(RINGS, ANSWERS, Step(1300, 0, method="INFO", extra=("X-Odd: 1", "Info-Package: x"))),
    "0457": answer(edits=(("^(SIP/2.0 200) .*(?=\r)", "SIP/2.0 200"),)),
    "0458": then(RINGS, Step(300, 200, "plain", by_tcp=True), Step(800, 200, "plain")),
    "0460": then(RINGS, Step(400, 302, extra=_TARGET, contact=False)),
    "0461": then(_SPEAKS, Step(900, 302, extra=_TARGET, contact=False)),
    "0462": then(RINGS, Step(300, 486), Step(1300, 486), Step(2300, 486)),
    "0463": then(RINGS, on_cancel="is_late"),
    "0464": then(RINGS, on_cancel="is_silent"),
    **{
        f"04{65 + place}": _refuses(status)
        for place, status in enumerate((406, 415, 481, 482, 483, 485, 505, 513, 580))
    },
    "0474": _refuses(421, "Require: x-none"),
    "0475": _refuses(603, *q850(17)),
    "0476": then(RINGS, Step(300, 486, by_tcp=True), Step(800, 486)),
    "0477": _refuses(404, *(f"X-Long-{place}: {'x' * 3000}" for place in range(10))),
    "0478": then(RINGS, Step(300, 403)),
    "0479": then(RINGS, Step(300, 480, extra=q850(41))),
    "0480": sdp_of(("IN IP4 (?=127)", "IN IP6 "), ("^(c=IN IP6) .*(?=\r)", "c=IN IP6 ::1")),
    "0481": answer(edits=(("^Content-Type: application/sdp(?=\r)", "Content-Type: text/plain"),)),
    "0482": answer(edits=(("^SIP/2.0 200", "SIP/3.0 200"),)),
    "0483": answer(edits=(("^CSeq: .*(?=\r)", "CSeq: 1 INVITE"),)),
    "0484": answer(edits=((r"^Content-Length: \d+", "Content-Length: -5"),)),
    "0485": sdp_of((r" RTP/AVP [0-9 ]+", " RTP/AVP")),
    "0486": sdp_of((r"RTP/AVP 8", "RTP/AVP 97"), ("rtpmap:8 ", "rtpmap:97 ")),
    "0487": answer(extra=tuple(f"X-Long-{place}: {'x' * 3000}" for place in range(20))),
    "0488": then(RINGS, ANSWERS, _invites(320, "sendonly")),
}
