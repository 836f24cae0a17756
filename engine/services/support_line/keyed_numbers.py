"""A number at which a caller wants to be called back."""

from __future__ import annotations

from enum import StrEnum

from engine.services.numbering import numbers
from engine.services.numbering.reasons import Reason
from engine.store.tables.core import Gateway
from engine.store.tables.support_line import SupportAgent


class KeyedRefusal(StrEnum):
    """Why not; each has a prompt of its name."""

    INVALID = "invalid"
    ABROAD = "abroad"
    PREMIUM = "premium"
    OUR_OWN = "our_own"


def check(digits: str, area: str | None = None, own_numbers: tuple[str, ...] = ()) -> str | KeyedRefusal:
    """The E.164 of what was keyed, or why it is refused.

    Refused are numbers outside Iran's mobile and geographic networks, numbers that cost more, and our own:
    the numbers of the support line and of gateways, and agents' outside numbers (a call-back to one would ring us).
    """
    if not (digits.isascii() and digits.isdigit() and 3 <= len(digits) <= 15):
        return KeyedRefusal.INVALID
    found = numbers.normalise(digits, default_area=area)
    if found in (Reason.PREMIUM, Reason.SHORT_NUMBER, Reason.ADVERTISING_RANGE):
        return KeyedRefusal.PREMIUM
    if found is Reason.ABROAD:
        return KeyedRefusal.ABROAD
    if isinstance(found, Reason) or found.kind is numbers.LineKind.OTHER:
        return KeyedRefusal.INVALID
    ours = set(own_numbers)
    ours |= {row.caller_id for row in Gateway.select(Gateway.caller_id)}
    ours |= {row.outside_number for row in SupportAgent.select(SupportAgent.outside_number)}
    e164s = {each.e164 for each in map(numbers.normalise, filter(None, ours)) if not isinstance(each, Reason)}
    return KeyedRefusal.OUR_OWN if found.e164 in e164s else found.e164
