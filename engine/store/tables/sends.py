"""Tables of quick sends and of what belongs to them."""

from __future__ import annotations

from peewee import BigIntegerField

from engine.store.tables.core import Table


class QuickSend(Table):
    """When a quick send was accepted, and for whom; how it went stands with its recipient."""

    recipient_id = BigIntegerField(primary_key=True)
    account_id = BigIntegerField()
    number = BigIntegerField()  # E.164 without its plus
    created_at = BigIntegerField()

    class Meta:
        indexes = (
            (("account_id", "created_at"), False),
            (("account_id", "number", "created_at"), False),
        )
