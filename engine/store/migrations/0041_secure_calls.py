"""Calls that join two people."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class SecureCall(Table):
    first_id = BigIntegerField(primary_key=True)
    second_id = BigIntegerField(null=True, unique=True)
    account_id = BigIntegerField()
    second_number = TextField()
    second_kind = CharField(10)
    prompt = TextField()
    reserve_ms = BigIntegerField()
    state = CharField(8, default="first")
    created_at = BigIntegerField()
    joined_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("campaign", "holds_calls", BooleanField(default=False)),
        migrator.add_column("campaign", "switch_name", CharField(64, default="")),
    )
    with db.bind_ctx([SecureCall]):
        db.create_tables([SecureCall], safe=False)
    db.execute_sql("CREATE INDEX secure_call_open ON secure_call (first_id) WHERE state <> 'over'")
