"""Campaigns that are put together, lists that are kept, campaigns that wait for approval, and repeated ones."""

from peewee import *


class Table(Model):
    class Meta:
        legacy_table_names = False


class CampaignDraft(Table):
    token = CharField(80, primary_key=True)
    account_id = BigIntegerField(index=True)
    person_id = BigIntegerField()
    name = CharField(200, default="")
    list_name = CharField(255, default="")
    created_at = BigIntegerField()
    changed_at = BigIntegerField(index=True)


class SavedList(Table):
    id = BigAutoField()
    account_id = BigIntegerField(index=True)
    name = CharField(200)
    search = TextField(default="")
    token = CharField(80, unique=True)
    source_name = CharField(255)
    choices = TextField(default="")
    numbers = IntegerField(default=0)
    created_by = BigIntegerField()
    created_at = BigIntegerField()


class CampaignRepeat(Table):
    id = BigAutoField()
    campaign_id = BigIntegerField(unique=True)
    account_id = BigIntegerField(index=True)
    person_id = BigIntegerField()
    every = CharField(6)
    is_jalali = BooleanField(default=True)
    day = IntegerField(default=0)
    next_at = BigIntegerField(null=True)
    until_at = BigIntegerField(null=True)
    copying_id = BigIntegerField(null=True)
    sentence = TextField(default="")
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("next_at",), False),)


def up(migrator, db):
    migrator.migrate(
        migrator.add_column("campaign", "awaits_approval", BooleanField(default=False)),
        migrator.add_column("list_import", "awaits_approval", BooleanField(default=False)),
    )
    with db.bind_ctx([CampaignDraft, SavedList, CampaignRepeat]):
        db.create_tables([CampaignDraft, SavedList, CampaignRepeat], safe=False)
    db.execute_sql("CREATE INDEX campaign_awaiting ON campaign (message_id) WHERE awaits_approval")
