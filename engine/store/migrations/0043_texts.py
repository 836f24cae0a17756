"""Text messages after calls."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class TextRule(Table):
    campaign_id = BigIntegerField()
    outcome = CharField(10)
    text = TextField()
    line = CharField(20, default="")
    may_change_line = BooleanField(default=False)

    class Meta:
        primary_key = CompositeKey("campaign_id", "outcome")


class TextMessage(Table):
    recipient_id = BigIntegerField(primary_key=True)
    campaign_id = BigIntegerField(index=True)
    number = TextField()
    text = TextField()
    line = CharField(20, default="")
    may_change_line = BooleanField(default=False)
    state = CharField(8, default="waiting")
    next_at = BigIntegerField()
    tries = IntegerField(default=0)
    provider_id = CharField(100, default="")
    error = CharField(300, default="")
    created_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)


def up(migrator, db):
    with db.bind_ctx([TextRule, TextMessage]):
        db.create_tables([TextRule, TextMessage], safe=False)
    db.execute_sql("CREATE INDEX text_message_due ON text_message (next_at) WHERE state IN ('waiting', 'sending')")
