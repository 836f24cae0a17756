"""Copies of campaigns that go on after a crash; what a recipient has cost, to sort by it."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class CampaignCopy(Table):
    campaign_id = BigIntegerField(primary_key=True)
    source_id = BigIntegerField()
    only = TextField()
    last_id = BigIntegerField(default=0)
    seen_id = BigIntegerField(null=True)


def up(migrator, db):
    with db.bind_ctx([CampaignCopy]):
        db.create_tables([CampaignCopy], safe=False)
    db.execute_sql("ALTER TABLE recipient ADD COLUMN cost BIGINT NOT NULL DEFAULT 0")
    db.execute_sql(
        "UPDATE recipient SET cost = (SELECT SUM(price) FROM attempt WHERE attempt.recipient_id = recipient.id)"
        " WHERE id IN (SELECT recipient_id FROM attempt WHERE price > 0)"
    )
    # A row comes into it when one of its calls was charged.
    db.execute_sql(
        "CREATE INDEX recipient_cost ON recipient (campaign_id, state, disposition, cost, id)"
        " WHERE cost > 0 AND finished_at IS NOT NULL"
    )
