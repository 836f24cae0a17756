"""A database of before, with rows in it, is upgraded: nothing of it is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine.store import database
from engine.store.database import MIGRATIONS, db
from tests.postgres.fixtures import the_server

NOW = 1_750_000_000_000


def upgrade_to(last: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring the open database to what it was when `last` was the newest migration."""
    known = sorted(path for path in MIGRATIONS.glob("[0-9]*.py") if path.stem <= last)
    assert known[-1].stem == last
    for path in known:
        shutil.copy(path, folder)
    with monkeypatch.context() as patched:
        patched.setattr(database, "MIGRATIONS", folder)
        database.upgrade()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_saved_lists_become_contact_lists(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}" if kind == "sqlite" else the_server().create()
    database.open_database(url)
    (tmp_path / "migrations").mkdir()
    upgrade_to("0047_first_faults", tmp_path / "migrations", monkeypatch)
    mark = "?" if kind == "sqlite" else "%s"
    with db.connection_context():
        for row in (
            (7, "يلدا", "یلدا", "tok-1", "list.xlsx", '{"sheet": "a"}', 3, 11, NOW),
            (8, "Autumn", "autumn", "tok-2", "b.csv", "", 0, 12, NOW + 1),
        ):
            db.execute_sql(
                "INSERT INTO saved_list (account_id, name, search, token, source_name, choices, numbers, created_by,"
                f" created_at) VALUES ({', '.join([mark] * 9)})",
                row,
            )
        db.execute_sql(
            f"INSERT INTO contact_list (account_id, name, created_at) VALUES (7, 'مشتركان', {NOW})"
        )
        variables = [{"نام": "سارا", "City": "Rey"}, {}, {"نام": "علی", "تراز": "-5"}]
        for n, values in enumerate(variables):
            db.execute_sql(
                "INSERT INTO listed_contact (list_id, number, reference, variables)"
                f" VALUES (1, {mark}, '', {mark})",
                (f"+98912000000{n}", json.dumps(values, ensure_ascii=False)),
            )
    assert "0048_one_kind_of_lists" in database.upgrade()
    with db.connection_context():
        found = db.execute_sql(
            "SELECT name, search, account_id, numbers, columns, source_name, token, choices, is_removed, created_by,"
            " created_at FROM contact_list ORDER BY id"
        ).fetchall()
        tables = db.get_tables()
        contacts = db.execute_sql("SELECT COUNT(*) FROM listed_contact").fetchone()[0]
    of_program, yalda, autumn = found
    assert of_program[:4] == ("مشتركان", "مشترکان", 7, 3)
    assert json.loads(of_program[4]) == ["نام", "City", "تراز"]
    assert tuple(yalda[:3]) == ("يلدا", "یلدا", 7)
    # Its numbers are read from its file by the part that brings lists in: `token` says which it is.
    assert tuple(yalda[3:8]) == (0, "[]", "list.xlsx", "tok-1", '{"sheet": "a"}')
    assert tuple(yalda[9:]) == (11, NOW)
    assert (autumn[0], autumn[6], bool(autumn[8])) == ("Autumn", "tok-2", False)
    assert contacts == 3
    assert "saved_list" not in tables
    assert database.upgrade() == []
    db.close()
