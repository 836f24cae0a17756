"""Tables of text messages that follow calls.  Conventions: core.py."""

from __future__ import annotations

from peewee import BigIntegerField, BooleanField, CharField, CompositeKey, IntegerField, TextField

from engine.store.tables.core import Table


class TextRule(Table):
    """The text that a campaign's recipient gets after a call with this outcome."""

    campaign_id = BigIntegerField()
    outcome = CharField(10)  # success, answered, busy, no_answer, fail
    text = TextField()
    line = CharField(20, default="")  # the sender's number; empty: the installation's first
    may_change_line = BooleanField(default=False)  # use another line if this one refuses

    class Meta:
        primary_key = CompositeKey("campaign_id", "outcome")


class TextMessage(Table):
    """The text message to a recipient; each gets at most one."""

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
    parts = IntegerField(default=1)  # parts that carriers charge
    price = BigIntegerField(default=0)  # Rials charged and not returned
    receipt = CharField(20, default="")  # the delivery report of a sent text; empty: none yet
    receipt_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "recipient_id"), False),)


class TextPart(Table):
    """A part of a text, by the provider's id; its delivery report may come before we know to which text it belongs."""

    provider_id = CharField(100, primary_key=True)
    recipient_id = BigIntegerField(null=True, index=True)
    receipt = CharField(20, default="")
    at = BigIntegerField(index=True)
