"""More callees who follow a script (carrier_scripts.py), by the last four digits of numbers in 0919 077.

Endings of every kind:

====  ===================================================================
0201  183 with voice, then 480 with the reason Q.850 20 · 0202 503 with 1 · 0203 404 with 27
0204  180, then 486 with Retry-After
0205  180, then 487 that nobody asked for · 0206 487 without ringing · 0207 180, then 408 · 0208 408 without ringing
0209  604 · 0210 606 · 0211 180, then 608 · 0212 180, then 607
0213  180, then 500 after 3 s · 0214 603 without ringing · 0215 502 · 0216 504 without ringing
0217  BYE after a second with the reason Q.850 31 · 0218 127 · 0219 with SIP;cause=200 · 0220 without a reason
0221  a BYE while it rings · 0222 503 with a Retry-After that is none · 0223 488 with a Warning
0224  a CANCEL of its own while it rings, then 486 · 0225 486, and 200 right behind it
0226  180, then 480 with two Reason lines · 0227 183 without media, then 404
====

Answers of every shape; the message is heard:

====  ===================================================================
0230  180, 182 twice, then 200 · 0231 183 with P-Early-Media and no SDP
0232  180 and 200 with other tags · 0233 180 twice, 200 five times
0234  no 100, first word after 700 ms · 0235 the first 200 is lost · 0236 the first ACK is lost
0237  an INVITE to T.38 right after the answer · 0238 an INVITE without an offer · 0239 REFER to a stranger
0240  UPDATE, OPTIONS and INFO while it rings · 0241 MESSAGE and NOTIFY in the message
0242  says comfort noise only · 0243 a busy tone · 0244 the three tones of special information · 0245 speaks from another port
0246  a payload of keys of 127 · 0247 of 97 · 0248 none at all
0249  ptime 60 · 0250 ptime 90 · 0251 maxptime 40
0252  ICE and BUNDLE · 0253 a Contact of IPv6 · 0254 with port 0 · 0255 without a user · 0256 another host that is dead
0257  three Record-Route · 0258 short header names · 0259 folded headers
0260  SDP in 180, none in 200 · 0261 SDP in 183, none in 200
0264  the address in the media only · 0265 a name for an address
0266  behind NAT: an address at which nobody listens, and speaks from its own
====

Answers that FreeSWITCH cannot use, so that the phone is picked up and the call is over at once:

====  ===================================================================
0270  a Content-Length that is too large: nobody reads it, and the phone rings on · 0274 Content-Length 0 with a body
0271  port 0 for the voice · 0272 an SDP that ends in the middle · 0273 a body of several parts
0275  an INVITE without an offer in the message, and an ACK without an answer: the call is cut
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


def _bye(*reason: str) -> Script:
    return then(RINGS, ANSWERS, Step(1300, 0, extra=reason))


ODDITIES = {
    "0201": then(Step(50, 183, "plain"), Step(900, 480, extra=q850(20))),
    "0202": then(Step(50, 183, "plain"), Step(900, 503, extra=q850(1))),
    "0203": then(Step(50, 183, "plain"), Step(900, 404, extra=q850(27))),
    "0204": then(RINGS, Step(300, 486, extra=LATER)),
    "0205": then(RINGS, Step(600, 487)),
    "0206": then(Step(100, 487)),
    "0207": then(RINGS, Step(600, 408)),
    "0208": then(Step(100, 408)),
    "0209": then(Step(50, 604)),
    "0210": then(Step(50, 606, extra=('Warning: 305 carrier "Incompatible media format"',))),
    "0211": then(RINGS, Step(300, 608, extra=("Call-Info: <https://example.com/jcard>;purpose=jwscard",))),
    "0212": then(RINGS, Step(300, 607)),
    "0213": then(RINGS, Step(3000, 500)),
    "0214": then(Step(50, 603)),
    "0215": then(Step(50, 502)),
    "0216": then(Step(50, 504)),
    "0217": _bye(*q850(31)),
    "0218": _bye(*q850(127)),
    "0219": _bye('Reason: SIP;cause=200;text="Call completed elsewhere"'),
    "0220": _bye("X-None: 1"),
    "0221": then(RINGS, Step(500, 0)),
    "0222": then(Step(50, 503, extra=("Retry-After: soon",))),
    "0223": then(Step(50, 488, extra=('Warning: 304 carrier "Media type not available"',))),
    "0224": then(RINGS, Step(300, 0, method="CANCEL"), Step(800, 486)),
    "0225": then(RINGS, Step(300, 486), Step(310, 200, "plain")),
    "0226": then(RINGS, Step(300, 480, extra=("Reason: SIP;cause=480", *q850(18)))),
    "0227": then(Step(50, 183), Step(600, 404)),
    "0230": then(RINGS, Step(150, 182), Step(250, 182), Step(500, 200, "plain")),
    "0231": then(Step(50, 183, extra=("P-Early-Media: sendrecv",)), Step(400, 200, "plain")),
    "0232": then(Step(50, 180, tag="a"), Step(300, 200, "plain", tag="b")),
    "0233": then(RINGS, Step(60, 180), *(Step(300 + 20 * place, 200, "plain") for place in range(5))),
    "0234": Script((Step(700, 180), Step(900, 200, "plain"))),
    "0235": answer(is_lost=True),
    "0236": then(RINGS, ANSWERS, deaf_acks=1),
    "0237": then(RINGS, ANSWERS, Step(500, 0, "fax", method="INVITE")),
    "0238": then(RINGS, ANSWERS, Step(1500, 0, method="INVITE")),
    "0275": then(RINGS, ANSWERS, Step(1500, 0, method="INVITE"), has_no_answer=True),
    "0239": then(
        RINGS, ANSWERS, Step(1500, 0, method="REFER", extra=("Refer-To: <sip:0900124@{host}:{port}>",))
    ),
    "0240": then(
        RINGS,
        Step(150, 0, method="UPDATE"),
        Step(200, 0, method="OPTIONS"),
        Step(250, 0, method="INFO"),
        Step(500, 200, "plain"),
    ),
    "0241": then(
        RINGS,
        ANSWERS,
        Step(1300, 0, method="MESSAGE"),
        Step(1400, 0, method="NOTIFY", extra=("Event: refer", "Subscription-State: active")),
    ),
    "0242": then(RINGS, ANSWERS, voice="noise"),
    "0243": then(RINGS, ANSWERS, voice="busy"),
    "0244": then(RINGS, ANSWERS, voice="special"),
    "0245": then(RINGS, ANSWERS, voice="elsewhere"),
    "0246": sdp_of((r"\b101\b", "127")),
    "0247": sdp_of((r"\b101\b", "97")),
    "0248": sdp_of((r" 101\r$", "\r"), (r"^a=(rtpmap|fmtp):101.*\n", "")),
    "0249": sdp_of(("^a=ptime:.*(?=\r)", "a=ptime:60")),
    "0250": sdp_of(("^a=ptime:.*(?=\r)", "a=ptime:90")),
    "0251": sdp_of(("^a=ptime:.*(?=\r)", "a=maxptime:40")),
    "0252": sdp_of(
        ("^s=-\r", "s=-\r\na=group:BUNDLE 0\r\na=ice-lite\r"),
        (
            "^a=sendrecv\r",
            "a=sendrecv\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
            "a=candidate:1 1 udp 2130706431 {host} {rtp} typ host\r",
        ),
    ),
    "0253": contact_of("<sip:carrier@[::1]:{port}>"),
    "0254": contact_of("<sip:carrier@{host}:0>"),
    "0255": contact_of("<sip:{host}:{port}>"),
    "0256": contact_of("<sip:carrier@127.0.0.9:5999>"),
    "0257": answer(
        extra=(
            "Record-Route: <sip:127.0.0.8:5999;lr>, <sip:127.0.0.9:5999;lr>",
            "Record-Route: <sip:{host}:{port};lr>",
        )
    ),
    "0258": answer(
        edits=(
            ("^Via:", "v:"),
            ("^From:", "f:"),
            ("^To:", "t:"),
            ("^Call-ID:", "i:"),
            ("^Contact:", "m:"),
            ("^Content-Length:", "l:"),
            ("^Content-Type:", "c:"),
        )
    ),
    "0259": answer(edits=(("^Contact: ", "Contact:\r\n  "), ("^Content-Type: ", "Content-Type:\r\n\t"))),
    "0260": then(Step(50, 180, "plain"), Step(500, 200)),
    "0261": then(Step(50, 183, "plain"), Step(500, 200)),
    "0273": answer(
        sdp_edits=(
            (r"\Av=0", "--edge\r\nContent-Type: application/sdp\r\n\r\nv=0"),
            (
                r"\Z",
                "--edge\r\nContent-Type: application/isup;version=itu-t92+\r\n\r\n\x01\x11\r\n--edge--\r\n",
            ),
        ),
        edits=(
            (
                "^Content-Type: application/sdp(?=\r\nContent-L)",
                'Content-Type: multipart/mixed;boundary="edge"',
            ),
        ),
    ),
    "0264": sdp_of(
        (r"^c=.*\n(t=0 0\r\nm=audio.*\n)", "t=0 0\r\nm=audio {rtp} RTP/AVP 8 101\r\nc=IN IP4 {host}\r\n")
    ),
    "0265": sdp_of(("^c=.*(?=\r)", "c=IN IP4 localhost")),
    "0266": then(
        RINGS,
        Step(300, 200, "plain", sdp_edits=(("^c=.*(?=\r)", "c=IN IP4 127.0.0.9"),)),
        voice="here",
    ),
    "0274": answer(edits=((r"^Content-Length: \d+", "Content-Length: 0"),)),
    "0270": answer(edits=((r"^Content-Length: \d+", "Content-Length: 9999"),)),
    "0271": sdp_of(("^m=audio [0-9]+", "m=audio 0")),
    "0272": answer(sdp_edits=((r"^m=audio[\s\S]*", "m=audio"),)),
}
