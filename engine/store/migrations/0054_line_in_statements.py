"""Statements that state the support line's figures of their month, which are frozen like them."""

from peewee import SqliteDatabase

REFUSED = "this table is only ever inserted into: a correction is another row"


def up(migrator, db):
    db.execute_sql("ALTER TABLE statement ADD COLUMN has_line INTEGER NOT NULL DEFAULT 0")
    if isinstance(db, SqliteDatabase):
        for verb in ("UPDATE", "DELETE"):
            db.execute_sql(
                f"CREATE TRIGGER support_month_no_{verb.lower()} BEFORE {verb} ON support_month"
                f" BEGIN SELECT RAISE(ABORT, 'support_month: {REFUSED}'); END"
            )
    else:
        db.execute_sql(
            "CREATE TRIGGER support_month_frozen BEFORE UPDATE OR DELETE ON support_month"
            " FOR EACH ROW EXECUTE FUNCTION avanak_refuse_change()"
        )

