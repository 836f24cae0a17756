"""The order of the index of a campaign's numbers: by the last bits, then by the number.

Unlike the first digits, the last bits are spread evenly over operators and towns, so a piece of this order
(`engine.services.campaigns.list_parts`) has some of each.
"""

from __future__ import annotations

from peewee import Expression

from engine.store.tables.core import Recipient

LAST_BITS = 1023  # as in the index `recipient_once` (migration 0020)


def is_number_of(campaign_id: int, e164: str) -> Expression:
    """Condition on Recipient, in the words of the index: called in the campaign at this number."""
    number = int(e164)
    as_integer = Recipient.number.cast("BIGINT")
    condition: Expression = (
        (Recipient.campaign_id == campaign_id)
        & (as_integer.bin_and(LAST_BITS) == number & LAST_BITS)
        & (as_integer == number)
        & (Recipient.reason == "")
        & (Recipient.line > 0)
    )
    return condition
