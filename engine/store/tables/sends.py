"""Tables of quick sends, one-key verifications and secure calls."""

from __future__ import annotations

from peewee import BigIntegerField, CharField, IntegerField, TextField

from engine.store.tables.core import Table


class QuickSend(Table):
    """When a quick send was accepted, and for whom; its outcome is in its recipient."""

    recipient_id = BigIntegerField(primary_key=True)
    account_id = BigIntegerField()
    number = BigIntegerField()  # E.164 without its plus
    created_at = BigIntegerField()

    class Meta:
        indexes = (
            (("account_id", "created_at"), False),
            (("account_id", "number", "created_at"), False),
        )


class OneClick(Table):
    """A verification by one key: the digit that the person sees and must press, and the token that gets the result."""

    recipient_id = BigIntegerField(primary_key=True)  # of the quick send
    account_id = BigIntegerField()
    token_id = BigIntegerField()  # its hash signs the result
    code = CharField(1)
    callback_url = TextField()
    state = CharField(10, default="calling")  # calling, telling, told, failed
    outcome = CharField(12, default="")
    pressed = CharField(4, default="")
    tries = IntegerField(default=0)
    next_at = BigIntegerField(default=0)
    error = CharField(300, default="")
    created_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)  # of the call


class SecureCall(Table):
    """Two people who are called one after the other and joined; each call is a quick send."""

    first_id = BigIntegerField(primary_key=True)  # recipient
    second_id = BigIntegerField(null=True, unique=True)  # recipient; null until the first has answered
    account_id = BigIntegerField()
    second_number = TextField()  # E.164
    second_kind = CharField(10)  # mobile, landline, …
    prompt = TextField()  # both hear it until they are joined
    reserve_ms = BigIntegerField()  # the longest call, whose price is set aside for each leg
    state = CharField(8, default="first")  # first, second (the person it waits for), joined, over
    created_at = BigIntegerField()
    joined_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
