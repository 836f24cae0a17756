"""When quick sends were accepted, and for whom."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class QuickSend(Table):
    recipient_id = BigIntegerField(primary_key=True)
    account_id = BigIntegerField()
    number = BigIntegerField()
    created_at = BigIntegerField()

    class Meta:
        indexes = (
            (("account_id", "created_at"), False),
            (("account_id", "number", "created_at"), False),
        )


def up(migrator, db):
    with db.bind_ctx([QuickSend]):
        db.create_tables([QuickSend], safe=False)
