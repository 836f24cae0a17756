"""Web hooks: where an account's programs are told of events, and the events on their way."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class Webhook(Table):
    id = BigAutoField()
    account_id = BigIntegerField(index=True)
    url = CharField(500)
    kinds = TextField()
    secret = CharField(80)
    old_secret = CharField(80, default="")
    old_secret_until = BigIntegerField(default=0)
    batch = IntegerField(default=1)
    is_active = BooleanField(default=True)
    created_at = BigIntegerField()
    created_by = BigIntegerField(null=True)


class WebhookEvent(Table):
    id = BigAutoField()
    webhook_id = BigIntegerField()
    kind = CharField(24)
    subject = CharField(40)
    data = TextField()
    at = BigIntegerField()
    state = CharField(8, default="pending")
    next_at = BigIntegerField()
    tries = IntegerField(default=0)
    status = IntegerField(null=True)
    answer = TextField(default="")
    ended_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("webhook_id", "id"), False),)


def up(migrator, db):
    with db.bind_ctx([Webhook, WebhookEvent]):
        db.create_tables([Webhook, WebhookEvent], safe=False)
    db.execute_sql("CREATE INDEX webhook_event_due ON webhook_event (webhook_id, subject, id) WHERE state = 'pending'")
    db.execute_sql("CREATE INDEX webhook_event_over ON webhook_event (ended_at) WHERE ended_at IS NOT NULL")
    db.execute_sql("CREATE INDEX webhook_event_pending ON webhook_event (webhook_id, id) WHERE state = 'pending'")
