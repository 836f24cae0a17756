"""Who is called at the carrier, and what each does.

The endings are those of engine/embedded/people.py, by the last four digits:

====  ===================================================================
0000  rings 0.3 s, answers, hears all
0001  180, then 486 · 0006 180, then 603 · 0003 404 · 0004 503 · 0005 480
0002  rings and nobody answers
0007  answers, hangs up after ``--listen-ms`` of the message
0008  answers, hears all, presses 1
0009  183 with early media, answers after 1 s, hears all
0011  answers, presses 11 while the message plays
0012  hears all, presses ``*``, hears all again, presses 1
0013  answers, hears all, presses 9
0014  rings 8 s, answers, hears all
0015  486 the first time, then as 0000 · 0016 503 the first time
0021  presses 1 while the message plays
0022  presses 5 while the message plays, and hears all
0023  keeps on asking for it again with ``*``
0024  answers, hears all, and speaks for a second and a half
0031  rings 1 s, then 503
0032  302 to 0900123@127.0.0.9
0033  nothing at all comes back
0034  407, a challenge that nobody here can answer
0035  503 with the reason Q.850 17 · 0036 486 with the reason Q.850 34
0037  answers in a codec that nobody offered
0038  403
0040  hears all, presses 2, which comes as a tone in the voice
0041  answers, presses 1 at once · 0042 answers, presses 11 at once
0043  answers, hears all, then presses 11
0045  as 0021, and the end of the event comes again after 250 ms
0047  presses 1 while the message plays; two of the event's three end packets are lost
0048  presses 1 while the message plays, by telephone-event and by INFO at once
0051  holds the line for 1.5 s in the message
0052  offers PCMU, PCMA again in the message
0053  answers, presses 1 most of a second later
0061  180, then 404 · 0065 410 · 0066 484 · 0067 413 · 0068 420 · 0069 422
0062  183 with early media, then 486 · 0063 then 603 · 0064 then 500
0070  486 with a reason in small letters, Q.850 34 · 0071 503 with two reasons, SIP 503 and Q.850 17
0072  480 with the reason Q.850 1, written with blanks
0073  182, then 486 · 0074 181, then answers · 0075 183 without media, then 486 · 0076 199, then 503
====  ===================================================================
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ending:
    """What one callee does.  ``during`` is pressed while the message plays, ``after`` one by one when it is over."""

    ring_ms: int = 300
    status: int = 200
    rings: bool = True
    progress: int = 180  # how ringing is said
    early_media: bool = False
    answers: bool = True
    hangs_up: bool = False
    speaks: bool = False
    during: str = ""
    after: str = ""
    in_voice: bool = False  # its keys are tones in the voice
    together: bool = False  # all of `after` at once
    at_once: str = ""  # pressed as soon as it is answered
    first_s: float = 0.1  # between the answer and the first key of `at_once`
    header: str = ""  # of the final answer, whole
    is_silent: bool = False
    repeats_end: bool = False  # the end packets of each event come again after 250 ms
    is_cut: bool = False  # two of the three end packets of events are lost
    informs: bool = False  # says each key by INFO, too
    hold_ms: int = 0  # holds the line for so long, after 400 ms of the message
    reoffers: str = ""  # codecs of another INVITE, after 400 ms of the message
    is_mute: bool = False  # answers with a codec that was not offered


ENDINGS = {
    "0000": Ending(),
    "0001": Ending(100, 486),
    "0002": Ending(answers=False),
    "0003": Ending(0, 404, rings=False),
    "0004": Ending(0, 503, rings=False),
    "0005": Ending(0, 480, rings=False),
    "0006": Ending(100, 603),
    "0007": Ending(hangs_up=True),
    "0008": Ending(after="1"),
    "0009": Ending(1000, rings=False, early_media=True),
    "0011": Ending(during="11"),
    "0012": Ending(after="*1"),
    "0013": Ending(after="9"),
    "0014": Ending(8000),
    "0015": Ending(),
    "0016": Ending(),
    "0021": Ending(during="1"),
    "0022": Ending(during="5"),
    "0023": Ending(after="*" * 9),
    "0024": Ending(speaks=True),
    "0031": Ending(1000, 503),
    "0032": Ending(0, 302, rings=False, header="Contact: <sip:0900123@127.0.0.9>"),
    "0033": Ending(rings=False, answers=False, is_silent=True),
    "0034": Ending(0, 407, rings=False, header='Proxy-Authenticate: Digest realm="carrier", nonce="1"'),
    "0035": Ending(0, 503, rings=False, header='Reason: Q.850;cause=17;text="busy"'),
    "0036": Ending(0, 486, rings=False, header='Reason: Q.850;cause=34;text="congestion"'),
    "0037": Ending(is_mute=True),
    "0038": Ending(0, 403, rings=False),
    "0040": Ending(after="2", in_voice=True),
    "0041": Ending(at_once="1"),
    "0042": Ending(at_once="11"),
    "0043": Ending(after="11", together=True),
    "0045": Ending(during="1", repeats_end=True),
    "0047": Ending(during="1", is_cut=True),
    "0048": Ending(during="1", informs=True),
    "0051": Ending(hold_ms=1500),
    "0052": Ending(reoffers="PCMU,PCMA"),
    "0053": Ending(at_once="1", first_s=0.8),
    "0061": Ending(300, 404),
    "0062": Ending(600, 486, rings=False, early_media=True),
    "0063": Ending(600, 603, rings=False, early_media=True),
    "0064": Ending(600, 500, rings=False, early_media=True),
    "0065": Ending(0, 410, rings=False),
    "0066": Ending(0, 484, rings=False),
    "0067": Ending(0, 413, rings=False),
    "0068": Ending(0, 420, rings=False, header="Unsupported: timer"),
    "0069": Ending(0, 422, rings=False, header="Min-SE: 3600"),
    "0070": Ending(0, 486, rings=False, header="Reason: q.850;cause=34"),
    "0071": Ending(0, 503, rings=False, header='Reason: SIP;cause=503, Q.850;cause=17;text="User busy"'),
    "0072": Ending(0, 480, rings=False, header="Reason: Q.850 ; cause=1"),
    "0073": Ending(300, 486, progress=182),
    "0074": Ending(300, progress=181),
    "0075": Ending(300, 486, progress=183),
    "0076": Ending(300, 503, progress=199),
}
FIRST_TIME = {"0015": ENDINGS["0001"], "0016": ENDINGS["0004"]}
