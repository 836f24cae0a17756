"""Room for sealed secrets of second factors; the web process seals those that are there when it starts."""

from peewee import SqliteDatabase


def up(migrator, db):
    if not isinstance(db, SqliteDatabase):  # SQLite holds no text to the length of its column
        db.execute_sql("ALTER TABLE person ALTER COLUMN totp_secret TYPE VARCHAR(300)")
