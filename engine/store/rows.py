"""Reads and inserts of single rows on hot paths: each statement is built once and not for every row.

The query builder takes four times as long to build ``SELECT … WHERE id = ?`` as the database to answer it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from peewee import BooleanField, Field, Model

from engine.store.sql import execute

M = TypeVar("M", bound=Model)


def row_of(model: type[M], **equals: Any) -> M | None:
    """The row whose fields have these values, as from `get_or_none`; names are the model's fields."""
    statement, fields = _select(model, tuple(equals))
    found = execute(statement, list(equals.values()))
    if not found:
        return None
    row: Any = model(__no_default__=1)
    row.__data__ = {
        name: bool(value) if is_flag and value is not None else value
        for (name, is_flag), value in zip(fields, found[0], strict=True)
    }
    row._dirty.clear()
    return row  # type: ignore[no-any-return]


def put(model: type[Model], **values: Any) -> Any:
    """Insert a row with the model's defaults, as `create` does; return its key."""
    statement, others = _insert(model, tuple(values))
    return execute(statement, [*values.values(), *others])[0][0]


@lru_cache(maxsize=200)
def _select(model: type[Model], names: tuple[str, ...]) -> tuple[str, tuple[tuple[str, bool], ...]]:
    meta: Any = model._meta  # type: ignore[attr-defined]
    columns = ", ".join(f'"{field.column_name}"' for field in meta.sorted_fields)
    where = " AND ".join(f'"{meta.fields[name].column_name}" = ?' for name in names)
    return (
        f'SELECT {columns} FROM "{meta.table_name}" WHERE {where} LIMIT 1',
        tuple((field.name, isinstance(field, BooleanField)) for field in meta.sorted_fields),
    )


@lru_cache(maxsize=200)
def _insert(model: type[Model], names: tuple[str, ...]) -> tuple[str, tuple[Any, ...]]:
    meta: Any = model._meta  # type: ignore[attr-defined]
    given: list[Field] = [meta.fields[name] for name in names]
    others = [f for f in meta.sorted_fields if f.default is not None and f.name not in names]
    columns = ", ".join(f'"{field.column_name}"' for field in [*given, *others])
    marks = ", ".join("?" * (len(given) + len(others)))
    return (
        f'INSERT INTO "{meta.table_name}" ({columns}) VALUES ({marks})'
        f' RETURNING "{meta.primary_key.column_name}"',
        tuple(field.db_value(field.default) for field in others),
    )
