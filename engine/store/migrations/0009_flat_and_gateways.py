"""Indexes whose upkeep does not grow with the list; the gateways that an account may use."""

STATEMENTS = [
    # Its condition names what does not change while a list is dialled: with `state` in it, each change
    # of a state took the number out and put it in again, somewhere in an index of the whole list.
    "DROP INDEX recipient_once",
    "CREATE UNIQUE INDEX recipient_once ON recipient (campaign_id, number) WHERE reason = '' AND line > 0",
    # The few that are being called: the auditor looks at them every few seconds.
    "CREATE INDEX recipient_live ON recipient (campaign_id) WHERE state IN ('claimed', 'in_call')",
    # Names, blank separated; empty: all.
    "ALTER TABLE account ADD COLUMN gateways TEXT NOT NULL DEFAULT ''",
]


def up(migrator, db):
    for statement in STATEMENTS:
        db.execute_sql(statement)
