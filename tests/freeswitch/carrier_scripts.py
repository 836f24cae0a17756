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

Numbers 0201 and up are in carrier_oddities.py, 0301 and up in carrier_habits.py, 0401 and up in carrier_manners.py,
0501 and up in carrier_ways.py.
"""

from __future__ import annotations

from tests.freeswitch.carrier_habits import HABITS
from tests.freeswitch.carrier_manners import ANNOUNCEMENTS, MANNERS
from tests.freeswitch.carrier_oddities import ODDITIES
from tests.freeswitch.carrier_steps import LATER, RINGS, Script, Step, then
from tests.freeswitch.carrier_ways import WAYS

SCRIPTS: dict[str, Script] = {
    "0101": then(RINGS, Step(300, 200, "plain"), Step(300, 0)),
    "0102": then(RINGS, Step(300, 200, "plain"), Step(360, 0)),
    "0103": then(RINGS, Step(300, 200, "sendonly")),
    "0104": then(RINGS, Step(300, 200, "inactive")),
    "0105": then(RINGS, Step(300, 200, "zero")),
    "0106": then(RINGS, Step(400, 407, extra=('Proxy-Authenticate: Digest realm="carrier", nonce="1"',))),
    "0107": then(Step(50, 503, extra=LATER)),
    "0108": then(Step(50, 480, extra=LATER)),
    "0109": then(Step(50, 600, extra=LATER)),
    "0110": then(Step(50, 500, extra=LATER)),
    "0111": then(Step(50, 183, "plain"), Step(400, 180), Step(800, 200, "plain")),
    "0112": then(RINGS, Step(300, 200)),
    "0113": then(RINGS, Step(300, 200, "with_video")),
    "0114": then(RINGS, Step(300, 200, "video")),
    "0115": then(RINGS, Step(300, 200, "fax")),
    "0116": then(RINGS, Step(300, 200, "other_payload")),
    "0117": then(Step(50, 183, "plain"), Step(900, 404)),
    "0119": then(RINGS, Step(300, 200, "plain", (f"X-Long: {'x' * 3000}", f"Subject: {'y' * 400}"))),
    "0120": then(Step(50, 180, raw=b"SIP/2.0 \xff\xfe\r\n:::\r\n\r\n"), RINGS, Step(300, 200, "plain")),
    "0121": then(RINGS, Step(200, 486, branch="z9hG4bK-stranger"), Step(400, 200, "plain")),
    "0122": then(),
    "0123": then(RINGS, Step(300, 200, "plain"), Step(320, 200, "plain", tag="b")),
    "0124": then(RINGS, on_cancel="answers"),
    "0125": then(RINGS, on_cancel="refuses"),
    "0126": then(RINGS, Step(300, 200, "plain"), Step(1300, 0, extra=('Reason: Q.850;cause=34;text="x"',))),
    "0127": then(
        Step(50, 180, extra=("P-Asserted-Identity: <tel:+982188776655;phone-context=+98>",)),
        Step(300, 200, "plain", ("P-Asserted-Identity: <tel:+982188776655>", "Remote-Party-ID: tel:1234")),
    ),
    "0128": then(
        Step(50, 183, "plain", tag="a"),
        Step(150, 183, "plain", tag="b"),
        Step(250, 183, "plain", tag="c"),
        Step(500, 200, "plain", tag="b"),
    ),
    "0129": then(*(Step(50 + 10 * place, 180) for place in range(50)), Step(700, 486)),
    "0130": then(Step(50, 180), Step(200, 299, "plain"), Step(400, 486)),
    "0131": then(RINGS, Step(300, 200, "plain", contact=False)),
    "0132": then(RINGS, Step(300, 200, "odd_lines")),
    **ODDITIES,
    **HABITS,
    **ANNOUNCEMENTS,
    **MANNERS,
    **WAYS,
}


def script_of(number: str) -> Script | None:
    """The script of a callee; numbers of other lists may end alike."""
    return SCRIPTS.get(number[-4:]) if number[-10:-4] == "919077" else None
