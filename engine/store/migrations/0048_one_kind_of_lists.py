"""Lists that people keep are contact lists, as those of programs are."""

import json

from peewee import *

from engine.fold import fold

COLUMNS = (
    "search TEXT NOT NULL DEFAULT ''",
    "numbers INTEGER NOT NULL DEFAULT 0",
    "columns TEXT NOT NULL DEFAULT '[]'",
    "has_name BOOLEAN NOT NULL DEFAULT FALSE",
    "source_name VARCHAR(255) NOT NULL DEFAULT ''",
    "token VARCHAR(80) NOT NULL DEFAULT ''",
    "choices TEXT NOT NULL DEFAULT ''",
    "sentence TEXT NOT NULL DEFAULT ''",
    "is_removed BOOLEAN NOT NULL DEFAULT FALSE",
    "created_by BIGINT",
)
PART = 10_000


def columns_of(db, mark, list_id):
    """The names of the variables of a list's contacts."""
    names, last = {}, 0
    while rows := db.execute_sql(
        f"SELECT id, variables FROM listed_contact WHERE list_id = {mark} AND id > {mark} ORDER BY id LIMIT {PART}",
        (list_id, last),
    ).fetchall():
        for _, variables in rows:
            for name in json.loads(variables) if variables != "{}" else ():
                names.setdefault(fold(name), name)
        last = rows[-1][0]
    return list(names.values())


def up(migrator, db):
    mark = "?" if isinstance(db, SqliteDatabase) else "%s"
    for column in COLUMNS:
        db.execute_sql(f"ALTER TABLE contact_list ADD COLUMN {column}")
    for list_id, name in db.execute_sql("SELECT id, name FROM contact_list").fetchall():
        columns = json.dumps(columns_of(db, mark, list_id), ensure_ascii=False)
        db.execute_sql(
            f"UPDATE contact_list SET search = {mark}, columns = {mark}, numbers ="
            f" (SELECT COUNT(*) FROM listed_contact c WHERE c.list_id = contact_list.id) WHERE id = {mark}",
            (fold(name), columns, list_id),
        )
    # Their files are read where they lie, by the part that brings lists in.
    db.execute_sql(
        "INSERT INTO contact_list (account_id, name, search, source_name, token, choices, created_by, created_at)"
        " SELECT account_id, name, search, source_name, token, choices, created_by, created_at FROM saved_list"
    )
    db.execute_sql("DROP TABLE saved_list")
    db.execute_sql("CREATE INDEX contact_list_coming ON contact_list (id) WHERE token <> ''")
    db.execute_sql("CREATE INDEX contact_list_removed ON contact_list (id) WHERE is_removed")
