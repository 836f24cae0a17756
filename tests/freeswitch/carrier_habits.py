"""Still more callees who follow a script (carrier_scripts.py), by the last four digits of numbers in 0919 077.

Refusals:

====  ===================================================================
0301  180 twice, then 486 with the reason Q.850 34 · 0302 183 with voice, then 480 after 5 s · 0303 180, then 604
0304  answers a CANCEL with 486 · 0305 180, then 480 whose reason has a text and no cause
0306  182 alone, then 486 · 0307 100 after a second and nothing more · 0308 503 with a date as Retry-After
0309  486 whose phrase is Persian · 0310 whose phrase is empty · 0311 without a Content-Length
0312  180, then 401 · 0313 180, then 403 with the reason Q.850 21 · 0314 180, then 487 «answered elsewhere»
0315  380 · 0316 699 · 0317 500 with Q.850 127 · 0318 180, then 480 with 31 · 0319 183 with voice, then 488
0320  480 with the cause 200 · 0321 with cause=abc · 0322 486 with «q.850 ; CAUSE=1»
0323  180, then 408 with the reason Q.850 102 · 0324 404 with the reason Q.850 3 · 0325 403 with 57
====

BYEs:

====  ===================================================================
0330  40 ms after the 200 with the reason Q.850 17 · 0331 with 34 · 0332 after a second with 16 · 0333 with SIP;cause=503
====

Answers of every shape; the message is heard:

====  ===================================================================
0340  199, 180, 200 · 0341 182 alone, then 200 · 0342 180, 183 with voice, 180, 200 · 0343 180 by 100rel
0344  three forks with voice of other shapes, the last one answers · 0345 every ACK is lost
0346  an INVITE to PCMU in the message · 0347 Session-Expires of 90 s, ours to refresh · 0348 theirs
0349  UPDATE with an offer in the early media · 0350 keys in the early media · 0351 a key as tones in the message
0352  the tone of a fax that is called (CED) · 0353 of one that calls (CNG)
0354  an RTCP BYE in the message · 0355 voice of two sources at once
0356  headers of 8 kB in 180 and 200 · 0357 a Contact with maddr · 0358 a Record-Route without lr · 0359 another rport in Via
0360  «application/SDP; charset=utf-8» · 0361 no To tag in the 180 · 0362 rtcp-mux and unknown lines · 0363 two audio lines
0364  OPTIONS and an INFO of its own in the message · 0365 an empty SDP line at the end · 0366 a bandwidth of 0
0367 keys in the early media, behind a voice of three seconds
====

Answers that FreeSWITCH cannot use, so that the phone is picked up and the call is over at once:

====  ===================================================================
0370  SRTP alone · 0371 an audio line whose port is no number · 0372 no address at all · 0373 PCMU that nobody offered
====
"""

from __future__ import annotations

from tests.freeswitch.carrier_steps import ANSWERS, RINGS, Script, Step, answer, q850, sdp_of, then

_LONG = (f"X-Long: {'x' * 4000}", f"X-Longer: {'y' * 4000}")
_EXPIRES = "Session-Expires: 90;refresher="


def _busy(*edits: tuple[str, str], status: int = 486, extra: tuple[str, ...] = ()) -> Script:
    return then(RINGS, Step(300, status, extra=extra, edits=edits))


HABITS = {
    "0301": then(RINGS, Step(150, 180), Step(300, 486, extra=q850(34))),
    "0302": then(Step(50, 183, "plain"), Step(5000, 480)),
    "0303": _busy(status=604),
    "0304": then(RINGS, on_cancel="is_busy"),
    "0305": _busy(status=480, extra=('Reason: Q.850;text="subscriber absent"',)),
    "0306": then(Step(50, 182), Step(300, 486)),
    "0307": Script((Step(1000, 100),)),
    "0308": then(Step(50, 503, extra=("Retry-After: Sun, 29 Nov 2026 10:00:00 GMT",))),
    "0309": _busy(("^(SIP/2.0 486) .*(?=\r)", "SIP/2.0 486 مشغول است")),
    "0310": _busy(("^(SIP/2.0 486) .*(?=\r)", "SIP/2.0 486 ")),
    "0311": _busy(("^Content-Length: 0\r\n", "")),
    "0312": _busy(status=401, extra=('WWW-Authenticate: Digest realm="carrier", nonce="1"',)),
    "0313": _busy(status=403, extra=q850(21)),
    "0314": _busy(status=487, extra=('Reason: SIP;cause=200;text="Call completed elsewhere"',)),
    "0315": then(Step(50, 380)),
    "0316": then(Step(50, 699)),
    "0317": then(Step(50, 500, extra=q850(127))),
    "0318": _busy(status=480, extra=q850(31)),
    "0319": then(Step(50, 183, "plain"), Step(600, 488)),
    "0320": _busy(status=480, extra=q850(200)),
    "0321": _busy(status=480, extra=q850("abc")),
    "0322": then(Step(50, 486, extra=("reason: q.850 ; CAUSE=1",))),
    "0323": _busy(status=408, extra=q850(102)),
    "0324": then(Step(50, 404, extra=q850(3))),
    "0325": then(Step(50, 403, extra=q850(57))),
    "0330": then(RINGS, ANSWERS, Step(340, 0, extra=q850(17))),
    "0331": then(RINGS, ANSWERS, Step(340, 0, extra=q850(34))),
    "0332": then(RINGS, ANSWERS, Step(1300, 0, extra=q850(16))),
    "0333": then(RINGS, ANSWERS, Step(1300, 0, extra=('Reason: SIP;cause=503;text="x"',))),
    "0340": then(Step(20, 199), RINGS, ANSWERS),
    "0341": then(Step(50, 182), ANSWERS),
    "0342": then(RINGS, Step(150, 183, "plain"), Step(250, 180), Step(500, 200, "plain")),
    "0343": then(Step(50, 180, extra=("Require: 100rel", "RSeq: 4711")), Step(500, 200, "plain")),
    "0344": then(
        Step(50, 183, "plain", tag="a"),
        Step(100, 183, "sendonly", tag="b"),
        Step(150, 183, "plain", tag="c", sdp_edits=(("^a=ptime:.*(?=\r)", "a=ptime:40"),)),
        Step(500, 200, "plain", tag="d"),
    ),
    "0345": then(RINGS, ANSWERS, deaf_acks=99),
    "0346": then(
        RINGS,
        ANSWERS,
        Step(1500, 0, "plain", method="INVITE", sdp_edits=((r"\b8\b", "0"), ("PCMA", "PCMU"))),
    ),
    "0347": answer(extra=("Require: timer", _EXPIRES + "uac")),
    "0348": answer(extra=("Supported: timer", _EXPIRES + "uas")),
    "0349": then(Step(50, 183, "plain"), Step(200, 0, "plain", method="UPDATE"), Step(500, 200, "plain")),
    "0350": then(Step(50, 183, "plain"), Step(900, 200, "plain"), early="11"),
    "0367": then(Step(50, 183, "plain"), Step(3500, 200, "plain"), early="11", early_voice_ms=3300),
    "0351": then(RINGS, ANSWERS, voice="key"),
    "0352": then(RINGS, ANSWERS, voice="called_fax"),
    "0353": then(RINGS, ANSWERS, voice="calling_fax"),
    "0354": then(RINGS, ANSWERS, voice="goodbye"),
    "0355": then(RINGS, ANSWERS, voice="two"),
    "0356": then(Step(50, 180, extra=_LONG), Step(300, 200, "plain", _LONG)),
    "0357": answer(edits=(("^Contact: .*(?=\r)", "Contact: <sip:carrier@{host}:{port};maddr={host}>"),)),
    "0358": answer(extra=("Record-Route: <sip:{host}:{port}>",)),
    "0359": answer(edits=(("^(Via: .*?);rport=[0-9]+", "Via: SIP/2.0/UDP 10.0.0.1;rport=9"),)),
    "0360": answer(
        edits=(("^Content-Type: application/sdp(?=\r)", "Content-Type: application/SDP; charset=utf-8"),)
    ),
    "0361": then(Step(50, 180, edits=(("^(To: .*>).*(?=\r)", "To: <sip:nobody@{host}>"),)), ANSWERS),
    "0362": sdp_of(("^a=sendrecv\r", "a=sendrecv\r\na=rtcp-mux\r\na=silenceSupp:off - - - -\r\na=x\r")),
    "0363": sdp_of((r"\Z", "m=audio 0 RTP/AVP 8\r\n")),
    "0364": then(RINGS, ANSWERS, Step(1300, 0, method="OPTIONS"), Step(1400, 0, method="INFO")),
    "0365": sdp_of((r"\Z", "\r\n")),
    "0366": sdp_of(("^t=0 0\r", "b=AS:0\r\nb=RR:0\r\nt=0 0\r")),
    "0370": sdp_of(("^m=audio ([0-9]+) RTP/AVP", "m=audio {rtp} RTP/SAVP")),
    "0371": sdp_of(("^m=audio [0-9]+", "m=audio port")),
    "0372": sdp_of(("^c=.*\r\n", "")),
    "0373": sdp_of((r" 8 101", " 0 101"), ("rtpmap:8 PCMA", "rtpmap:0 PCMU")),
}
