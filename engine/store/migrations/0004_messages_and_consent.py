"""Approval of messages, texts with variables, do-not-call, destinations and caps against toll fraud."""

COLUMNS = [
    # Messages that were there before were put there by staff.
    ("message", "state VARCHAR(10) NOT NULL DEFAULT 'approved'"),
    ("message", "reason TEXT NOT NULL DEFAULT ''"),
    ("message", "origin VARCHAR(10) NOT NULL DEFAULT 'upload'"),
    ("message", "text TEXT NOT NULL DEFAULT ''"),
    ("message", "voice VARCHAR(40) NOT NULL DEFAULT ''"),
    ("message", "decided_by BIGINT"),
    ("message", "decided_at BIGINT"),
    ("message", "in_gallery BOOLEAN NOT NULL DEFAULT TRUE"),
    ("campaign", "text TEXT NOT NULL DEFAULT ''"),
    ("campaign", "voice VARCHAR(40) NOT NULL DEFAULT ''"),
]
# A million numbers are looked up by their key and nothing else: SQLite keeps them in the key's own tree.
TABLES = [
    (
        "CREATE TABLE do_not_call (account_id BIGINT NOT NULL, number BIGINT NOT NULL,"
        " source VARCHAR(10) NOT NULL, campaign_id BIGINT NOT NULL DEFAULT 0, added_at BIGINT NOT NULL,"
        " PRIMARY KEY (account_id, number))",
        " WITHOUT ROWID",
    ),
    (
        "CREATE TABLE message_call (recipient_id BIGINT NOT NULL PRIMARY KEY, message_id BIGINT NOT NULL,"
        " person_id BIGINT, placed_at BIGINT NOT NULL)",
        "",
    ),
    (
        "CREATE TABLE destination (prefix VARCHAR(15) NOT NULL PRIMARY KEY, is_open BOOLEAN NOT NULL,"
        " note TEXT NOT NULL DEFAULT '')",
        "",
    ),
    (
        "CREATE TABLE call_cap (account_id BIGINT NOT NULL PRIMARY KEY, calls_an_hour INTEGER,"
        " rials_a_day BIGINT, set_by BIGINT, set_at BIGINT NOT NULL)",
        "",
    ),
    (
        "CREATE TABLE call_traffic (account_id BIGINT NOT NULL, hour BIGINT NOT NULL, calls INTEGER NOT NULL,"
        " revenue BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (account_id, hour))",
        " WITHOUT ROWID",
    ),
]
# The longest prefix that fits decides; what fits none is closed.
DESTINATIONS = [
    ("98", True, "Iran"),
    ("98909", False, "audiotex, charged at a premium"),
    ("98942", False, "numbers that place advertising calls"),
]
INDEXES = [
    # «Which messages wait for staff?»
    "CREATE INDEX message_waiting ON message (created_at) WHERE state <> 'approved'",
]


def up(migrator, db):
    is_sqlite = db.param == "?"
    for table, column in COLUMNS:
        db.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column}")
    for statement, only_sqlite in TABLES:
        db.execute_sql(statement + (only_sqlite if is_sqlite else ""))
    for statement in INDEXES:
        db.execute_sql(statement)
    mark = db.param
    for row in DESTINATIONS:
        db.execute_sql(
            f"INSERT INTO destination (prefix, is_open, note) VALUES ({mark}, {mark}, {mark})", row
        )
