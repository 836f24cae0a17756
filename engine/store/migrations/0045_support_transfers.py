"""Calls to the support line that are handed to another agent."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class SupportTransfer(Table):
    id = BigAutoField()
    call_id = BigIntegerField()
    agent_id = BigIntegerField()
    asked_by = BigIntegerField()
    asked_at = BigIntegerField()
    begun_at = BigIntegerField(null=True)


def up(migrator, db):
    with db.bind_ctx([SupportTransfer]):
        db.create_tables([SupportTransfer], safe=False)
    db.execute_sql("CREATE UNIQUE INDEX support_transfer_open ON support_transfer (call_id) WHERE begun_at IS NULL")
