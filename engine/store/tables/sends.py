"""Tables of quick sends and of what belongs to them."""

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
    """A verification by one key: the digit that the person sees and has to press, and the token that gets the result."""

    recipient_id = BigIntegerField(primary_key=True)  # of the quick send
    account_id = BigIntegerField()
    token_id = BigIntegerField()  # whose hash signs what is told
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
    """Two people who are called one after the other and joined; each call is a quick send of its own."""

    first_id = BigIntegerField(primary_key=True)  # recipient
    second_id = BigIntegerField(null=True, unique=True)  # recipient; null until the first has answered
    account_id = BigIntegerField()
    second_number = TextField()  # E.164
    second_kind = CharField(10)  # mobile, landline, …
    prompt = TextField()  # what both hear until they are joined
    reserve_ms = BigIntegerField()  # the longest call, for which each leg is set aside
    state = CharField(8, default="first")  # whom it waits for: first, second; joined, over
    created_at = BigIntegerField()
    joined_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
