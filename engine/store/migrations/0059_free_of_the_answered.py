"""Answered calls that cost nothing are few where calls are paid for: found at once among a million that were."""


def up(migrator, db):
    db.execute_sql(
        "CREATE INDEX recipient_answered_free ON recipient (campaign_id, state, id)"
        " WHERE disposition = 'answered' AND cost = 0 AND finished_at IS NOT NULL"
    )
