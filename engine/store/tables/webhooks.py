"""Tables of web hooks.  Conventions: core.py."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, BooleanField, CharField, IntegerField, TextField

from engine.store.tables.core import Table


class Webhook(Table):
    """Where an account's programs are told of events."""

    id = BigAutoField()
    account_id = BigIntegerField(index=True)
    url = CharField(500)
    kinds = TextField()  # words of store.webhook_events.KINDS, blank separated
    secret = CharField(300)  # whsec_…, sealed; what signs must be readable
    old_secret = CharField(300, default="")  # signs too until `old_secret_until`
    old_secret_until = BigIntegerField(default=0)
    batch = IntegerField(default=1)  # events of one request at most
    is_active = BooleanField(default=True)
    created_at = BigIntegerField()
    created_by = BigIntegerField(null=True)


class WebhookCall(Table):
    """A call that ended, until the sender has made an event of it for each hook that wants one."""

    attempt_id = BigIntegerField(primary_key=True)  # the attempt says what happened
    account_id = BigIntegerField()
    state = CharField(12)  # what the call made of its recipient
    at = BigIntegerField()


class WebhookEvent(Table):
    """One event for one hook, until it is over; its id, told as ``evt_<id>``, is the same in every try."""

    id = BigAutoField()
    webhook_id = BigIntegerField()
    kind = CharField(24)
    subject = CharField(40)  # what it is about: events of one subject leave in their order
    data = TextField()  # JSON
    at = BigIntegerField()
    state = CharField(8, default="pending")  # pending, sent, parked
    next_at = BigIntegerField()  # while it is being sent: when another try may begin
    tries = IntegerField(default=0)
    status = IntegerField(null=True)  # of the last answer
    answer = TextField(default="")  # its beginning, or why there was none
    ended_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("webhook_id", "id"), False),)
