"""Tables of web hooks.  Conventions: core.py."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, BooleanField, CharField, IntegerField, TextField

from engine.store.tables.core import Table


class Webhook(Table):
    """An address to which an account's events are sent."""

    id = BigAutoField()
    account_id = BigIntegerField(index=True)
    url = CharField(500)
    kinds = TextField()  # words of store.webhook_events.KINDS, blank separated
    secret = CharField(300)  # whsec_…, sealed rather than hashed, as it is needed for signing
    old_secret = CharField(300, default="")  # also used for signing until `old_secret_until`
    old_secret_until = BigIntegerField(default=0)
    batch = IntegerField(default=1)  # the most events in one request
    is_active = BooleanField(default=True)
    created_at = BigIntegerField()
    created_by = BigIntegerField(null=True)


class WebhookCall(Table):
    """A call that ended, until the sender has created its event for each hook that wants one."""

    attempt_id = BigIntegerField(primary_key=True)  # the attempt has the outcome
    account_id = BigIntegerField()
    state = CharField(12)  # the recipient's state after the call
    at = BigIntegerField()


class WebhookEvent(Table):
    """One event for one hook, until it is sent or given up; its id, sent as ``evt_<id>``, is the same in every try."""

    id = BigAutoField()
    webhook_id = BigIntegerField()
    kind = CharField(24)
    subject = CharField(40)  # what it is about; events of one subject are sent in order
    data = TextField()  # JSON
    at = BigIntegerField()
    state = CharField(8, default="pending")  # pending, sent, parked
    next_at = BigIntegerField()  # of the next try; while sending, of the try after a crash
    tries = IntegerField(default=0)
    status = IntegerField(null=True)  # of the last answer
    answer = TextField(default="")  # the beginning of the last answer, or why there was none
    ended_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("webhook_id", "id"), False),)
