"""Votes of a campaign, counted without reading the others' calls."""


def up(migrator, db):
    db.execute_sql("CREATE INDEX attempt_vote ON attempt (campaign_id, vote) WHERE vote <> ''")
