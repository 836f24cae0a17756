"""Further tables of campaigns: their progress by minutes, votes, requests for higher caps, copies, repeats.

Conventions: engine/store/tables/core.py.
"""

from __future__ import annotations

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    IntegerField,
    TextField,
)

from engine.store.tables.core import Table


class CampaignMinute(Table):
    """A campaign's counts at the end of a minute in which it was dialled, and the most live calls in that minute.

    The difference between two rows is what happened between them.
    """

    campaign_id = BigIntegerField()
    minute = BigIntegerField()  # minutes since the epoch, UTC
    calls_up = IntegerField()  # the most live calls of the minute
    attempts = IntegerField()  # this and the following are as in `CampaignCounts`
    answered = IntegerField()
    busy = IntegerField()
    no_answer = IntegerField()
    rejected = IntegerField()
    unreachable = IntegerField()
    delivered = IntegerField()

    class Meta:
        primary_key = CompositeKey("campaign_id", "minute")


class CampaignVote(Table):
    """How many recipients of a campaign pressed a key; counted by the settles."""

    campaign_id = BigIntegerField()
    vote = CharField(4)
    number = IntegerField()

    class Meta:
        primary_key = CompositeKey("campaign_id", "vote")


class CapRequest(Table):
    """A customer's request for a higher cap of calls or cost; at most one per account is open."""

    id = BigAutoField()
    account_id = BigIntegerField()
    campaign_id = BigIntegerField(null=True)  # the campaign from which it was made
    person_id = BigIntegerField()
    note = TextField(default="")
    asked_at = BigIntegerField()
    state = CharField(10, default="open")  # open, granted, refused
    answer = TextField(default="")  # why refused
    answered_by = BigIntegerField(null=True)
    answered_at = BigIntegerField(null=True)


class CampaignCopy(Table):
    """A campaign whose numbers are being copied from another one (engine.services.campaigns.clone).

    `last_id` is written in the transaction that copies a part, so that an interrupted copy continues after it.
    """

    campaign_id = BigIntegerField(primary_key=True)  # the new one
    source_id = BigIntegerField()
    only = TextField()  # words of clone.CHOICES, blank separated
    last_id = BigIntegerField(default=0)  # the last recipient of the source that was handled
    seen_id = BigIntegerField(null=True)  # `last_id` at the last check that the copy makes progress


class CampaignRepeat(Table):
    """A campaign that is repeated with all its numbers every day, week or month."""

    id = BigAutoField()
    campaign_id = BigIntegerField(unique=True)  # the latest repetition
    account_id = BigIntegerField(index=True)
    person_id = BigIntegerField()
    every = CharField(6)  # day, week, month
    is_jalali = BooleanField(default=True)  # whether the months are Jalali
    day = IntegerField(default=0)  # of the month; not changed by shorter months
    next_at = BigIntegerField(null=True)  # when the next one starts; null: it has ended
    until_at = BigIntegerField(null=True)
    copying_id = BigIntegerField(null=True)  # the next one, while its numbers are copied
    sentence = TextField(default="")  # why it was ended
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("next_at",), False),)
