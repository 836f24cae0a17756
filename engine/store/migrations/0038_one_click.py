"""Verifications by one key, and who is told of them."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class OneClick(Table):
    recipient_id = BigIntegerField(primary_key=True)
    account_id = BigIntegerField()
    token_id = BigIntegerField()
    code = CharField(1)
    callback_url = TextField()
    state = CharField(10, default="calling")
    outcome = CharField(12, default="")
    pressed = CharField(4, default="")
    tries = IntegerField(default=0)
    next_at = BigIntegerField(default=0)
    error = CharField(300, default="")
    created_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)


def up(migrator, db):
    with db.bind_ctx([OneClick]):
        db.create_tables([OneClick], safe=False)
    db.execute_sql("CREATE INDEX one_click_calling ON one_click (recipient_id) WHERE state = 'calling'")
    db.execute_sql("CREATE INDEX one_click_telling ON one_click (next_at) WHERE state = 'telling'")
