"""Tables of text messages that follow calls.  Conventions: core.py."""

from __future__ import annotations

from peewee import BigIntegerField, BooleanField, CharField, CompositeKey, IntegerField, TextField

from engine.store.tables.core import Table


class TextRule(Table):
    """What a campaign's recipient is sent after a call with this outcome."""

    campaign_id = BigIntegerField()
    outcome = CharField(10)  # success, answered, busy, no_answer, fail
    text = TextField()
    line = CharField(20, default="")  # whom it comes from; empty: the installation's first
    may_change_line = BooleanField(default=False)  # by another line, if this one refuses

    class Meta:
        primary_key = CompositeKey("campaign_id", "outcome")


class TextMessage(Table):
    """One text message to one recipient: at most one, whatever happens."""

    recipient_id = BigIntegerField(primary_key=True)
    campaign_id = BigIntegerField(index=True)
    account_id = BigIntegerField(default=0)
    number = TextField()  # E.164
    text = TextField()
    line = CharField(20, default="")
    may_change_line = BooleanField(default=False)
    state = CharField(8, default="waiting")  # waiting, sending, sent, failed, unknown
    next_at = BigIntegerField()
    tries = IntegerField(default=0)
    provider_id = CharField(100, default="")
    error = CharField(300, default="")
    created_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)
    parts = IntegerField(default=1)  # what carriers count
    price = BigIntegerField(default=0)  # Rials that were charged and not given back
    receipt = CharField(20, default="")  # what became of one that was taken; empty: nobody has said yet
    receipt_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "recipient_id"), False),)


class TextPart(Table):
    """A part of a text as the provider knows it: its receipt may come before we have noted whose it is."""

    provider_id = CharField(100, primary_key=True)
    recipient_id = BigIntegerField(null=True, index=True)
    receipt = CharField(20, default="")
    at = BigIntegerField(index=True)
