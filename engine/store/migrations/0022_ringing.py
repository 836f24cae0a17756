"""When the phone rang: a call that rang was a call, whatever became of it."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE attempt ADD COLUMN rang_at BIGINT")
