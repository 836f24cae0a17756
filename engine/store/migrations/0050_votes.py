"""Votes are counted as they come: a page need not count a million."""

from peewee import *


class CampaignVote(Model):
    campaign_id = BigIntegerField()
    vote = CharField(4)
    number = IntegerField()

    class Meta:
        legacy_table_names = False
        primary_key = CompositeKey("campaign_id", "vote")


def up(migrator, db):
    with db.bind_ctx([CampaignVote]):
        db.create_tables([CampaignVote], safe=False)
    db.execute_sql(
        "INSERT INTO campaign_vote (campaign_id, vote, number)"
        " SELECT campaign_id, vote, COUNT(*) FROM attempt WHERE vote <> '' GROUP BY campaign_id, vote"
    )
