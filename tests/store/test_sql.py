"""Statements over many rows: every row is reached, in few statements."""

from __future__ import annotations

import pytest

from engine.store import sql
from engine.store.threads import write


@pytest.mark.parametrize("count", [*range(35), 47, 48, 63, 64, 65, 100, 127, 128, 255, 256, 257, 300, 600])
def test_all_rows_are_reached_in_few_statements(
    store: object, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    made: list[str] = []
    real = sql.execute
    monkeypatch.setattr(sql, "execute", lambda text, values: made.append(text) or real(text, values))
    rows = [(number, f"name {number}") for number in range(count)]
    found = write(
        lambda: list(
            sql.over_values(("id", "name"), rows, "SELECT CAST(v.id AS BIGINT), CAST(v.name AS TEXT) FROM v")
        )
    )
    assert sorted((int(number), name) for number, name in found) == rows
    assert len(made) <= (1 if count <= 16 else 2 if count < 40 else 4 + count // 128)
