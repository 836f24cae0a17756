"""Names as they are compared when somebody looks for one."""

from peewee import *

from engine.fold import fold


def up(migrator, db):
    mark = "?" if isinstance(db, SqliteDatabase) else "%s"
    for table in ("account", "campaign"):
        migrator.migrate(migrator.add_column(table, "search", TextField(default="")))
        for row_id, name in db.execute_sql(f"SELECT id, name FROM {table}").fetchall():
            db.execute_sql(f"UPDATE {table} SET search = {mark} WHERE id = {mark}", (fold(name), row_id))
