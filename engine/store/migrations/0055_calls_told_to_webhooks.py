"""Calls that web hooks are to hear of: one short row in the settle, whatever the number of hooks."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class WebhookCall(Table):
    attempt_id = BigIntegerField(primary_key=True)
    account_id = BigIntegerField()
    state = CharField(12)
    at = BigIntegerField()


def up(migrator, db):
    with db.bind_ctx([WebhookCall]):
        db.create_tables([WebhookCall], safe=False)
