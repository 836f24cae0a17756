"""Callees who follow a script: answers of carriers in odd orders and odd shapes, by the last four digits of numbers in 0919 077.

====  ===================================================================
0101  200 and a BYE in the same moment · 0102 a BYE 60 ms after the 200
0103  answers with sendonly · 0104 with inactive · 0105 with the address 0.0.0.0
0106  180, then 407 · 0107 503 · 0108 480 · 0109 600 · 0110 500, each with Retry-After
0111  183 with voice, then 180, then 200
0112  200 without SDP · 0113 with a refused video line · 0114 with video alone · 0115 with T.38 alone
0116  answers with another payload number for keys
0117  183 with voice (an announcement), then 404
0119  headers of 3 kB in the 200 · 0120 rubbish, then 200 · 0121 486 to a branch that we never had, then 200
0122  100 and nothing more
0123  two 200 with different tags
0124  answers a CANCEL with 200 to the INVITE · 0125 with 481 and nothing more
0126  a BYE with the reason Q.850 34 after a second
0127  180 and 200 with tel: addresses in P-Asserted-Identity
0128  183 with voice three times, another tag each, then 200
0129  180 fifty times, then 486 · 0130 a status that there is not (299), then 486
0131  200 without a Contact · 0132 200 with an empty session name and lines that nobody knows
====
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.freeswitch import carrier_sip
from tests.freeswitch.carrier_sip import Message, Offer


@dataclass(frozen=True, slots=True)
class Step:
    """One answer, or with status 0 a BYE, `at_ms` after the INVITE.

    `sdp`: empty for none, else how it is written (`body`).  `tag` is added to the tag of the call.
    """

    at_ms: int
    status: int
    sdp: str = ""
    extra: tuple[str, ...] = ()
    tag: str = ""
    branch: str = ""  # instead of the INVITE's
    raw: bytes = b""  # instead of all
    contact: bool = True


@dataclass(frozen=True, slots=True)
class Script:
    """All that one callee does; `on_cancel` instead of 200 and 487: ``answers`` or ``refuses``."""

    steps: tuple[Step, ...] = field(default=())
    on_cancel: str = ""


def _then(*steps: Step, on_cancel: str = "") -> Script:
    return Script((Step(0, 100), *steps), on_cancel)


_RINGS = Step(50, 180)
_LATER = ("Retry-After: 3600 (maintenance);duration=60",)
SCRIPTS = {
    "0101": _then(_RINGS, Step(300, 200, "plain"), Step(300, 0)),
    "0102": _then(_RINGS, Step(300, 200, "plain"), Step(360, 0)),
    "0103": _then(_RINGS, Step(300, 200, "sendonly")),
    "0104": _then(_RINGS, Step(300, 200, "inactive")),
    "0105": _then(_RINGS, Step(300, 200, "zero")),
    "0106": _then(_RINGS, Step(400, 407, extra=('Proxy-Authenticate: Digest realm="carrier", nonce="1"',))),
    "0107": _then(Step(50, 503, extra=_LATER)),
    "0108": _then(Step(50, 480, extra=_LATER)),
    "0109": _then(Step(50, 600, extra=_LATER)),
    "0110": _then(Step(50, 500, extra=_LATER)),
    "0111": _then(Step(50, 183, "plain"), Step(400, 180), Step(800, 200, "plain")),
    "0112": _then(_RINGS, Step(300, 200)),
    "0113": _then(_RINGS, Step(300, 200, "with_video")),
    "0114": _then(_RINGS, Step(300, 200, "video")),
    "0115": _then(_RINGS, Step(300, 200, "fax")),
    "0116": _then(_RINGS, Step(300, 200, "other_payload")),
    "0117": _then(Step(50, 183, "plain"), Step(900, 404)),
    "0119": _then(_RINGS, Step(300, 200, "plain", (f"X-Long: {'x' * 3000}", f"Subject: {'y' * 400}"))),
    "0120": _then(Step(50, 180, raw=b"SIP/2.0 \xff\xfe\r\n:::\r\n\r\n"), _RINGS, Step(300, 200, "plain")),
    "0121": _then(_RINGS, Step(200, 486, branch="z9hG4bK-stranger"), Step(400, 200, "plain")),
    "0122": _then(),
    "0123": _then(_RINGS, Step(300, 200, "plain"), Step(320, 200, "plain", tag="b")),
    "0124": _then(_RINGS, on_cancel="answers"),
    "0125": _then(_RINGS, on_cancel="refuses"),
    "0126": _then(_RINGS, Step(300, 200, "plain"), Step(1300, 0, extra=('Reason: Q.850;cause=34;text="x"',))),
    "0127": _then(
        Step(50, 180, extra=("P-Asserted-Identity: <tel:+982188776655;phone-context=+98>",)),
        Step(300, 200, "plain", ("P-Asserted-Identity: <tel:+982188776655>", "Remote-Party-ID: tel:1234")),
    ),
    "0128": _then(
        Step(50, 183, "plain", tag="a"),
        Step(150, 183, "plain", tag="b"),
        Step(250, 183, "plain", tag="c"),
        Step(500, 200, "plain", tag="b"),
    ),
    "0129": _then(*(Step(50 + 10 * place, 180) for place in range(50)), Step(700, 486)),
    "0130": _then(Step(50, 180), Step(200, 299, "plain"), Step(400, 486)),
    "0131": _then(_RINGS, Step(300, 200, "plain", contact=False)),
    "0132": _then(_RINGS, Step(300, 200, "odd_lines")),
}


def script_of(number: str) -> Script | None:
    """The script of a callee; numbers of other lists may end alike."""
    return SCRIPTS.get(number[-4:]) if number[-10:-4] == "919077" else None


def message(
    step: Step, invite: Message, tag: str, offer: Offer, here: tuple[str, int], rtp_port: int
) -> bytes:
    """The bytes of an answer; `here` is the carrier's address."""
    if step.raw:
        return step.raw
    if step.branch:
        headers = [
            (name, f"{value.partition(';branch=')[0]};branch={step.branch}" if name == "via" else value)
            for name, value in invite.headers
        ]
        invite = Message(invite.start, headers, invite.body)
    contact = (f"Contact: <sip:carrier@{here[0]}:{here[1]}>",) if step.status > 100 and step.contact else ()
    sdp = body(step.sdp, offer, here[0], rtp_port) if step.sdp else ""
    return carrier_sip.answer(invite, step.status, tag + step.tag, (*contact, *step.extra), sdp)


def body(kind: str, offer: Offer, host: str, port: int) -> str:
    """An SDP as some carrier writes it."""
    plain = carrier_sip.write_answer(offer, host, port)
    head, mark, audio = plain.partition("m=audio")
    video = "m=video {} RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n"
    return {
        "plain": plain,
        "sendonly": plain.replace("a=sendrecv", "a=sendonly"),
        "inactive": plain.replace("a=sendrecv", "a=inactive"),
        "zero": plain.replace(f"c=IN IP4 {host}", "c=IN IP4 0.0.0.0"),
        "with_video": plain + video.format(0),
        "video": head + mark + audio.replace(f" {port} ", " 0 ", 1) + video.format(port),
        "fax": head + f"m=image {port} udptl t38\r\na=T38FaxVersion:0\r\n",
        "other_payload": plain.replace(f" {offer.key_payload}\r\n", " 96\r\n").replace(
            f":{offer.key_payload} ", ":96 "
        ),
        "odd_lines": plain.replace("s=-", "s= ").replace(
            "t=0 0", "b=AS:64\r\nt=0 0\r\na=x-odd:\r\na=candidate:1 1 x"
        ),
    }[kind]
