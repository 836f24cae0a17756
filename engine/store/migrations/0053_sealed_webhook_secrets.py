"""Room for sealed secrets of web hooks; the web process seals those that are there when it starts.

Answers that were kept with such a secret in them are dropped: they were good for a day.
"""

from peewee import SqliteDatabase


def up(migrator, db):
    if not isinstance(db, SqliteDatabase):  # SQLite holds no text to the length of its column
        db.execute_sql("ALTER TABLE webhook ALTER COLUMN secret TYPE VARCHAR(300)")
        db.execute_sql("ALTER TABLE webhook ALTER COLUMN old_secret TYPE VARCHAR(300)")
    for name in ("add_webhook", "rotate_webhook_secret"):
        db.execute_sql(f"DELETE FROM kept_answer WHERE key LIKE '{name}/%%'")
