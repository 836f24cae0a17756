"""What pages of results read: recipients that have ended, by outcome; the attempts of a recipient; who voted what."""

STATEMENTS = [
    # Rows come into these when a recipient has its end, once.
    "CREATE INDEX recipient_outcome ON recipient (campaign_id, state, disposition, tries, id)"
    " WHERE finished_at IS NOT NULL",
    "CREATE INDEX recipient_finished ON recipient (campaign_id, state, disposition, finished_at, id)"
    " WHERE finished_at IS NOT NULL",
    "CREATE INDEX attempt_recipient ON attempt (recipient_id)",
    "DROP INDEX attempt_vote",
    "CREATE INDEX attempt_vote ON attempt (campaign_id, vote, recipient_id) WHERE vote <> ''",
]


def up(migrator, db):
    for statement in STATEMENTS:
        db.execute_sql(statement)
