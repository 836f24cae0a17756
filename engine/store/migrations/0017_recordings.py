"""The longest recording that a campaign asks for, and how long each was."""

STATEMENTS = [
    "ALTER TABLE campaign ADD COLUMN record_s INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE attempt ADD COLUMN record_ms INTEGER NOT NULL DEFAULT 0",
    # The few that were recorded: a campaign's page lists them.
    "CREATE INDEX attempt_recorded ON attempt (campaign_id, id) WHERE record_ms > 0",
]


def up(migrator, db):
    for statement in STATEMENTS:
        db.execute_sql(statement)
