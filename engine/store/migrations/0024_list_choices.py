"""How a list is to be read: all that was chosen, not the column alone."""

import json

from peewee import *


def up(migrator, db):
    migrator.migrate(migrator.add_column("list_import", "choices", TextField(default="")))
    mark = "?" if isinstance(db, SqliteDatabase) else "%s"
    rows = db.execute_sql("SELECT id, number_column FROM list_import WHERE number_column <> ''").fetchall()
    for row_id, column in rows:
        kept = json.dumps({"columns": column}, ensure_ascii=False)
        db.execute_sql(f"UPDATE list_import SET choices = {mark} WHERE id = {mark}", (kept, row_id))
    migrator.migrate(migrator.drop_column("list_import", "number_column"))
