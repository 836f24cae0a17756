"""Why a campaign is not dialled right now, as its owner needs to know it: without names of trunks, switches and carriers."""

from __future__ import annotations

from typing import Any

from engine.sentences import Sentence
from engine.services.campaigns import why

_FAULT = Sentence("There is a fault on our side; nobody is called in vain, and it goes on by itself.")
_TURN = Sentence("All lines are busy; your calls go out as lines become free.")
_SLOWER = Sentence("The carrier takes fewer calls at the moment; it goes on more slowly.")
_ACCOUNT = Sentence("Your account has all the calls at once that it may have; the next go out as these end.")

SENTENCES: dict[str, Sentence] = {
    **dict.fromkeys(
        (
            *(why.DATABASE, why.SWITCH_DOWN, why.NO_GATEWAY, why.DRAINING, why.SWITCH_DRAINING),
            *(
                why.GATEWAY_REFUSED,
                why.GATEWAY_CODECS,
                why.GATEWAY_DNS,
                why.GATEWAY_FAULT,
                why.ROUTE_LOST,
                why.ENGINE_OFF,
            ),
            *(why.PROMPT_MISSING, why.RECORDINGS_CUT, why.SWITCH_PAUSED, why.SWITCH_RECORDS),
        ),
        _FAULT,
    ),
    **dict.fromkeys(
        (
            *(why.GATEWAY_RATE, why.GATEWAY_CHANNELS),
            *(why.SWITCH_BUSY, why.SWITCH_RATE, why.SWITCH_SESSIONS, why.SWITCH_REFUSES),
        ),
        _TURN,
    ),
    **dict.fromkeys((why.GATEWAY_FAILING, why.GATEWAY_DETOUR, why.GATEWAY_SLOWED), _SLOWER),
    why.ACCOUNT_CHANNELS: _ACCOUNT,
    why.NO_KEYS: Sentence(
        "The lines that it may use do not carry pressed keys; nobody is called. Ask support."
    ),
    why.CALLER_RANGE: Sentence(
        "There is no number at the moment from which advertising may be called. Ask support."
    ),
    why.UNSERVED: Sentence("No line that it may use reaches the numbers that are left. Ask support."),
}


def sentence(reason: str, details: dict[str, Any]) -> Sentence:
    """The reason in words for the campaign's owner."""
    return SENTENCES.get(reason) or why.sentence(reason, details)
