"""Callees whose carriers part early and late media, refuse with rare statuses, end calls badly: numbers in 0919 077.

Ringing of every kind; the message is heard:

====  ===================================================================
0501  180 with a text as its body · 0502 with an ISUP body of bytes
0503  early media from another address than the answer · 0516 with another origin, too · 0517 from another port
0518  of two others, one after the other · 0519 the callee speaks · 0504 sendonly · 0505 inactive
0508  180, 181, 182, 183 without media, 180, then 200 · 0509 180 that requires what nobody knows
0510  183 with media, 200 of another fork without · 0511 two reliable 183 of one RSeq · 0512 180 by 100rel without RSeq
0513  lines without a colon in 180 · 0514 1xx that there are not, then 200 · 0515 CRLF, NUL and STUN while it rings
====

Refusals:

====  ===================================================================
0520  150 alone, then 486 · 0521 199 alone, then 486 · 0522 150 and nothing more
0523  480 with the reason Q.850 16 · 0524 486 · 0525 503 · 0526 404 · 0527 180, then 603
0528  480 with Q.850 0 · 0529 with 128 · 0530 with a number of thirty digits · 0531 with two causes in one reason
0532  408 with Q.850 18 · 0533 487 with Q.850 17 · 0534 503 with Q.850 31 · 0535 with 95
0536  503 with a Retry-After of 0 · 0537 of twenty digits · 0538 below zero · 0539 486 with one of 0
0540  486 whose phrase has percent signs, quotes and a variable · 0541 of 3 kB · 0542 with commas
0543  180, then 410 · 0544 180, then 484 · 0545 180, then 606 · 0546 183 with voice, then 404 after 3 s
0550  400 · 0551 402 · 0552 405 · 0553 414 · 0554 416 · 0555 423 · 0556 429 with Retry-After · 0557 430
0558  440 · 0559 470 · 0560 491 · 0561 493 · 0562 501 · 0563 555 · 0564 609 · 0565 666
0567  180, then 491 · 0568 180, then 501 · 0569 180, then 400
====

Ends of calls; the message is heard:

====  ===================================================================
0570  answers our BYE with 481 · 0571 with 407 · 0572 not at all · 0573 with 500
0574  200, then 486 · 0575 a CANCEL in the message
====

Changes in the message, which is heard:

====  ===================================================================
0580  an INVITE to another address and port · 0581 five INVITEs at once · 0582 with no codec that we have · 0583 with SRTP
0584  with video · 0585 with 40 ms packets · 0586 with an SDP that ends in the middle
0588  an UPDATE without an offer · 0589 with one · 0590 PUBLISH, SUBSCRIBE and a method that there is not
0591  INVITE with Replaces · 0592 REFER with Replaces
====

Answers of every shape, which are heard:

====  ===================================================================
0601  header names in capitals · 0602 in small letters with blanks · 0603 two Via · 0604 Require of what nobody knows
0605  a Contact at a name that there is not · 0606 Record-Route likewise · 0607 Session-Expires of 0
0609  names of identities in Persian · 0610 with broken quotes · 0611 with variables of FreeSWITCH
0612  a Content-Disposition · 0613 SDP with bare line feeds
0617  a port with a count · 0618 an address with a lifetime · 0619 capitals in the attributes
0620  events of 16,000 Hz · 0621 comfort noise among the payloads · 0622 every payload there is
0623  a Content-Length that is too small by the last line
0624  Date, Server and 40 lines of X- · 0640 an SDP without a Content-Type
====

Voice:

====  ===================================================================
0630  another source in the middle · 0631 sequence and time that jump · 0632 padding, extension and sources
0633  STUN · 0634 DTLS · 0635 a flood of 500 packets a second · 0636 packets of one sample
====

Answers that FreeSWITCH cannot use:

====  ===================================================================
0506  early media on port 0 · 0507 as G.729 · 0608 Session-Expires of letters: nobody reads the 200
0614  a blank behind each line of the SDP · 0615 no o=, s= and t= · 0616 v=1 · 0641 compressed, as it says · 0643 empty
0652  as 0503, and answers our INVITE that asks for the voice again with 500 · 0653 481 · 0654 408: the call is cut
====

Answers after which nobody hears the message, and FreeSWITCH cannot know:

====  ===================================================================
0642  a multicast address · 0650 as 0503, and answers our later INVITE with 488 · 0651 491
====
"""

from __future__ import annotations

from tests.freeswitch.carrier_steps import (
    ANSWERS,
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
_ELSEWHERE = ("^c=.*(?=\r)", "c=IN IP4 127.0.0.9")
_VARIABLES = '"${avanak_vote}%s%n$${domain}" <sip:${uuid}@{host}>'


def _early(sdp: str, *edits: tuple[str, str], **how: object) -> Script:
    """Early media in one shape, and a plain answer."""
    return then(Step(50, 183, sdp, sdp_edits=edits), Step(600, 200, "plain"), **how)


def _refuses(status: int, *extra: str) -> Script:
    return then(Step(50, status, extra=extra))


def _rung(status: int, *extra: str) -> Script:
    return then(RINGS, Step(300, status, extra=extra))


def _phrase(text: str) -> Script:
    return then(RINGS, Step(300, 486, edits=(("^(SIP/2.0 486) .*(?=\r)", f"SIP/2.0 486 {text}"),)))


def _invites(*edits: tuple[str, str], at_ms: int = 1300, extra: tuple[str, ...] = ()) -> Step:
    return Step(at_ms, 0, "plain", extra, method="INVITE", sdp_edits=edits)


def _asks(method: str, at_ms: int = 1300, sdp: str = "", extra: tuple[str, ...] = ()) -> Step:
    return Step(at_ms, 0, sdp, extra, method=method)


def _talks(*steps: Step, **how: object) -> Script:
    """Answers, and says more in the message."""
    return then(RINGS, ANSWERS, *steps, **how)  # type: ignore[arg-type]


WAYS = {
    "0501": then(
        Step(
            50,
            180,
            edits=(
                ("^Content-Length: 0\r\n\r\n", "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nring"),
            ),
        ),
        ANSWERS,
    ),
    "0502": then(
        Step(
            50,
            180,
            edits=(
                (
                    "^Content-Length: 0\r\n\r\n",
                    "Content-Type: application/isup;version=itu-t92+\r\nContent-Length: 4\r\n\r\n\x01\x02\x00\x06",
                ),
            ),
        ),
        ANSWERS,
    ),
    "0503": _early("plain", _ELSEWHERE),
    "0516": _early("plain", _ELSEWHERE, ("^o=.*(?=\r)", "o=media 77 1 IN IP4 127.0.0.9")),
    "0517": _early("plain", ("^m=audio [0-9]+", "m=audio 9990")),
    "0518": then(
        Step(50, 183, "plain", tag="a", sdp_edits=(_ELSEWHERE,)),
        Step(200, 183, "plain", tag="b", sdp_edits=(("^m=audio [0-9]+", "m=audio 9990"),)),
        Step(600, 200, "plain", tag="c"),
    ),
    "0519": _early("plain", _ELSEWHERE, voice="here"),
    "0504": _early("sendonly"),
    "0505": _early("inactive"),
    "0506": _early("plain", ("^m=audio [0-9]+", "m=audio 0")),
    "0507": _early("plain", (r" 8 101", " 18 101"), ("rtpmap:8 PCMA", "rtpmap:18 G729")),
    "0508": then(
        RINGS, Step(100, 181), Step(150, 182), Step(200, 183), Step(250, 180), Step(500, 200, "plain")
    ),
    "0509": then(Step(50, 180, extra=("Require: precondition, x-none",)), ANSWERS),
    "0510": then(Step(50, 183, "plain", tag="a"), Step(500, 200, tag="b")),
    "0511": then(
        Step(50, 183, "plain", ("Require: 100rel", "RSeq: 7")),
        Step(70, 183, "plain", ("Require: 100rel", "RSeq: 7")),
        Step(500, 200, "plain"),
    ),
    "0512": then(Step(50, 180, extra=("Require: 100rel",)), Step(500, 200, "plain")),
    "0513": then(Step(50, 180, extra=("This is no header", ": nor this", "=")), ANSWERS),
    "0514": then(*(Step(50 + place, status) for place, status in enumerate((101, 150, 189))), ANSWERS),
    "0515": then(
        RINGS,
        Step(100, 180, raw=b"\r\n\r\n"),
        Step(120, 180, raw=b"\0\0\0\0"),
        Step(140, 180, raw=b"\0\x01\0\0\x21\x12\xa4\x42" + b"avanaktests!"),
        ANSWERS,
    ),
    "0520": then(Step(50, 150), Step(300, 486)),
    "0521": then(Step(50, 199), Step(300, 486)),
    "0522": then(Step(50, 150)),
    "0523": _refuses(480, *q850(16)),
    "0524": _refuses(486, *q850(16)),
    "0525": _refuses(503, *q850(16)),
    "0526": _refuses(404, *q850(16)),
    "0527": _rung(603, *q850(16)),
    "0528": _rung(480, *q850(0)),
    "0529": _rung(480, *q850(128)),
    "0530": _rung(480, *q850("9" * 30)),
    "0531": _rung(480, "Reason: Q.850;cause=17;cause=34"),
    "0532": _refuses(408, *q850(18)),
    "0533": _refuses(487, *q850(17)),
    "0534": _refuses(503, *q850(31)),
    "0535": _refuses(503, *q850(95)),
    "0536": _refuses(503, "Retry-After: 0"),
    "0537": _refuses(503, f"Retry-After: {'9' * 20}"),
    "0538": _refuses(503, "Retry-After: -5"),
    "0539": _refuses(486, "Retry-After: 0"),
    "0540": _phrase("Busy %s%n \"x\" 'y' ${avanak_vote} \\ <b>&amp;"),
    "0541": _phrase("x" * 3000),
    "0542": _phrase("Busy, 200, OK, {1,2}"),
    "0543": _rung(410),
    "0544": _rung(484),
    "0545": _rung(606),
    "0546": then(_SPEAKS, Step(3000, 404)),
    **{
        f"05{50 + place}": _refuses(status)
        for place, status in enumerate(
            (400, 402, 405, 414, 416, 423, 429, 430, 440, 470, 491, 493, 501, 555, 609, 666)
        )
    },
    "0556": _refuses(429, "Retry-After: 5"),
    "0567": _rung(491),
    "0568": _rung(501),
    "0569": _rung(400),
    "0570": _talks(on_bye="refuses"),
    "0571": _talks(on_bye="challenges"),
    "0572": _talks(on_bye="is_silent"),
    "0573": _talks(on_bye="fails"),
    "0574": _talks(Step(330, 486)),
    "0575": _talks(_asks("CANCEL")),
    "0580": _talks(_invites(("^m=audio [0-9]+", "m=audio 9990"), ("^c=.*(?=\r)", "c=IN IP4 127.0.0.9"))),
    "0581": _talks(*(_invites(at_ms=1300 + place) for place in range(5))),
    "0582": _talks(_invites((r" 8 101", " 4"), ("rtpmap:8 PCMA", "rtpmap:4 G723"))),
    "0583": _talks(_invites(("RTP/AVP", "RTP/SAVP"))),
    "0584": _talks(_invites((r"\Z", "m=video 9992 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n"))),
    "0585": _talks(_invites(("^a=ptime:.*(?=\r)", "a=ptime:40"))),
    "0586": _talks(_invites((r"^m=audio[\s\S]*", "m=audio"))),
    "0588": _talks(_asks("UPDATE", extra=("Contact: <sip:carrier@{host}:{port}>",))),
    "0589": _talks(_asks("UPDATE", sdp="plain", extra=("Contact: <sip:carrier@{host}:{port}>",))),
    "0590": _talks(
        _asks("PUBLISH", extra=("Event: presence",)),
        _asks("SUBSCRIBE", 1320, extra=("Event: x",)),
        _asks("FROB", 1340),
    ),
    "0591": _talks(_invites(extra=("Replaces: a@b;to-tag=1;from-tag=2",))),
    "0592": _talks(
        _asks("REFER", extra=("Refer-To: <sip:0900124@{host}:{port}?Replaces=a%40b%3Bto-tag%3D1>",))
    ),
    "0601": answer(
        edits=tuple(
            (f"^{name}:", f"{name.upper()} :") for name in ("From", "To", "Call-ID", "CSeq", "Contact")
        )
    ),
    "0602": answer(
        edits=tuple(
            (f"^{name}: ", f"{name.lower()}\t:\t ") for name in ("From", "To", "Call-ID", "CSeq", "Via")
        )
    ),
    "0603": answer(edits=(("^From: ", "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK-other\r\nFrom: "),)),
    "0604": answer(extra=("Require: x-none", "Unsupported: y")),
    "0605": contact_of("<sip:carrier@no-such-carrier.invalid:5060>"),
    "0606": answer(extra=("Record-Route: <sip:no-such-proxy.invalid;lr>",)),
    "0607": answer(extra=("Session-Expires: 0",)),
    "0608": answer(extra=("Session-Expires: x;refresher=both", "Min-SE: -1")),
    "0609": answer(extra=('P-Asserted-Identity: "مخابرات ایران" <sip:+982188776655@{host}>',)),
    "0610": answer(extra=('P-Asserted-Identity: "a "b" <sip:1@{host}', "Remote-Party-ID: <<>>;party=")),
    "0611": answer(extra=(f"P-Asserted-Identity: {_VARIABLES}", f"Remote-Party-ID: {_VARIABLES}")),
    "0612": answer(extra=("Content-Disposition: session;handling=optional",)),
    "0613": sdp_of(("\r\n", "\n")),
    "0614": sdp_of(("\r\n", " \r\n")),
    "0615": sdp_of((r"^[ost]=.*\r\n", "")),
    "0616": sdp_of(("^v=0", "v=1")),
    "0617": sdp_of(("^m=audio ([0-9]+)", "m=audio {rtp}/2")),
    "0618": sdp_of(("^c=.*(?=\r)", "c=IN IP4 {host}/127")),
    "0619": sdp_of(("^a=rtpmap:8 PCMA", "a=rtpmap:8 pcma"), ("^a=sendrecv", "a=SENDRECV")),
    "0620": sdp_of(("telephone-event/8000", "telephone-event/16000")),
    "0621": sdp_of((r" 8 101", " 8 13 101")),
    "0622": sdp_of((r" 8 101", " 8 101 " + " ".join(map(str, range(96, 128))))),
    "0623": answer(edits=((r"(?<=a=sendrecv\r\n)\Z", "a=more:1\r\n"),)),
    "0624": answer(extra=("Date: x", "Server: %s%n", *(f"X-{place}: {place}" for place in range(40)))),
    **{
        f"06{50 + place}": _early("plain", _ELSEWHERE, on_invite=status)
        for place, status in enumerate((488, 491, 500, 481, 408))
    },
    **{
        f"06{30 + place}": _talks(voice=voice)
        for place, voice in enumerate(("sources", "jumps", "padded", "stun", "dtls", "flood", "samples"))
    },
    "0640": answer(edits=(("^Content-Type: .*\r\n", ""),)),
    "0641": answer(extra=("Content-Encoding: gzip",)),
    "0642": sdp_of(("^c=.*(?=\r)", "c=IN IP4 224.0.0.77/1")),
    "0643": answer(edits=((r"^Content-Length: \d+\r\n\r\n[\s\S]*", "Content-Length: 0\r\n\r\n"),)),
}
