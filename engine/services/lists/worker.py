"""Reads a list: the job of a worker (`engine.workers`); no other process touches the bytes of lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.services.lists.choices import Choices
from engine.services.lists.first_look import look_into
from engine.services.lists.list_reading import Reading, open_reading
from engine.services.lists.rows import ReadMode, pack
from engine.services.numbering.numbers import NumberRules
from engine.workers.job import Answer


def read(
    path: str,
    name: str,
    choices: dict[str, Any],
    accepted: dict[str, Any],
    limits: dict[str, Any],
    mode: ReadMode,
) -> Iterator[Answer]:
    """Yield the first facts of the list, then its chunks of rows (as bytes beside the value), then its final facts.

    In the mode for numbers the chunks are those of `Reading.numbers`, eight bytes a number; in the mode for facts
    there is one answer.  Raises BadInput.
    """
    chosen, rules = Choices(**choices), NumberRules(**accepted)
    with open(path, "rb") as file:
        if mode == ReadMode.FACTS:
            yield Answer(look_into(file, name, chosen, rules.area).as_dict())
            return
        with open_reading(file, name, chosen, rules, **limits) as reading:
            yield Answer(_state(reading))
            if mode == ReadMode.NUMBERS:
                for numbers in reading.numbers():
                    yield Answer(None, numbers.tobytes())
            else:
                yield from _chunks(reading)
            yield Answer(_state(reading))


def _chunks(reading: Reading) -> Iterator[Answer]:
    """The rows, with the names of the columns when there are more than before."""
    columns = reading.variable_columns
    for rows in reading:
        is_wider = reading.variable_columns is not columns
        columns = reading.variable_columns
        yield Answer([columns, reading.kept_columns] if is_wider else None, pack(rows))


def _state(reading: Reading) -> dict[str, Any]:
    return {
        "number_column": reading.number_column,
        "variable_columns": reading.variable_columns,
        "kept_columns": reading.kept_columns,
        "facts": reading.facts().as_dict(),
    }
