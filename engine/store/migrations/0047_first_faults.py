"""When a recipient's uncounted tries began: ten minutes at most are given to them, restarts or not."""


def up(migrator, db):
    db.execute_sql("ALTER TABLE recipient ADD COLUMN first_fault_at BIGINT")
