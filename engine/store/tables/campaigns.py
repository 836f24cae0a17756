"""Tables beside the campaign's own: how it went minute by minute, and who asked for a higher cap.

Conventions: engine/store/tables/core.py.
"""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, CharField, CompositeKey, IntegerField, TextField

from engine.store.tables.core import Table


class CampaignMinute(Table):
    """How a campaign stood at the end of a minute in which it was dialled: its counts so far, and the most calls up.

    The difference of two is what happened between them.
    """

    campaign_id = BigIntegerField()
    minute = BigIntegerField()  # minutes since the epoch, UTC
    calls_up = IntegerField()  # the most of the minute
    attempts = IntegerField()  # as `CampaignCounts` has them, and these too
    answered = IntegerField()
    busy = IntegerField()
    no_answer = IntegerField()
    rejected = IntegerField()
    unreachable = IntegerField()
    delivered = IntegerField()

    class Meta:
        primary_key = CompositeKey("campaign_id", "minute")


class CapRequest(Table):
    """A customer asks for a higher cap of calls or cost; one is open for an account at most."""

    id = BigAutoField()
    account_id = BigIntegerField()
    campaign_id = BigIntegerField(null=True)  # where it was asked
    person_id = BigIntegerField()
    note = TextField(default="")
    asked_at = BigIntegerField()
    state = CharField(10, default="open")  # open, granted, refused
    answer = TextField(default="")  # why refused
    answered_by = BigIntegerField(null=True)
    answered_at = BigIntegerField(null=True)
