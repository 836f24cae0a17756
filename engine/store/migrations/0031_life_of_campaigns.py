"""Weekdays, end and archive of campaigns; how they went minute by minute; requests for a higher cap."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class CampaignMinute(Table):
    campaign_id = BigIntegerField()
    minute = BigIntegerField()
    calls_up = IntegerField()
    attempts = IntegerField()
    answered = IntegerField()
    busy = IntegerField()
    no_answer = IntegerField()
    rejected = IntegerField()
    unreachable = IntegerField()
    delivered = IntegerField()

    class Meta:
        primary_key = CompositeKey("campaign_id", "minute")


class CapRequest(Table):
    id = BigAutoField()
    account_id = BigIntegerField()
    campaign_id = BigIntegerField(null=True)
    person_id = BigIntegerField()
    note = TextField(default="")
    asked_at = BigIntegerField()
    state = CharField(10, default="open")
    answer = TextField(default="")
    answered_by = BigIntegerField(null=True)
    answered_at = BigIntegerField(null=True)


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("campaign", "weekdays", CharField(7, default="")),
        migrator.add_column("campaign", "ends_at", BigIntegerField(null=True)),
        migrator.add_column("campaign", "archived_at", BigIntegerField(null=True)),
    )
    with db.bind_ctx([CampaignMinute, CapRequest]):
        db.create_tables([CampaignMinute, CapRequest], safe=False)
    db.execute_sql("CREATE UNIQUE INDEX cap_request_open ON cap_request (account_id) WHERE state = 'open'")
