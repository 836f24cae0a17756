"""Amounts of money: whole Rials within bounds, checked by each service that takes one from outside."""

from __future__ import annotations

from engine.errors import BadInput
from engine.sentences import Amount, Sentence

# Rials; more is a typing error, and sums of such amounts fit the database's columns.
MAX_AMOUNT = 10**13
AN_AMOUNT = Sentence("An amount is from %(least)s to %(most)s whole Rials.")


def rials(value: object, sentence: Sentence = AN_AMOUNT, *, least: int = 1, most: int = MAX_AMOUNT) -> int:
    """`value` as whole Rials from `least` to `most`.

    Raises BadInput with `sentence` (it names ``least`` and ``most``) for a number outside these bounds and for anything
    that is not a whole number (such as ``True`` and ``5.0``).
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadInput(sentence, least=Amount(least), most=Amount(most))
    return value
