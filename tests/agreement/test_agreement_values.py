"""The values of the agreement never change: what was calculated yesterday is the same object tomorrow."""

from dataclasses import fields, is_dataclass
from types import ModuleType

import pytest

from engine.agreement import (
    calculation,
    calendars,
    months,
    records,
    statement,
    terms,
    verdicts,
    working_time,
)

MODULES = (calendars, months, calculation, records, statement, terms, verdicts, working_time)
# It keeps what was calculated once, so it has room for more than its fields.
WITH_MEMORY = calculation.Calculation


def values_of(module: ModuleType) -> list[type]:
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and is_dataclass(each) and each.__module__ == module.__name__
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_values_cannot_be_changed_and_hold_nothing_but_their_fields(module: ModuleType) -> None:
    for each in values_of(module):
        made = object.__new__(each)
        with pytest.raises(AttributeError):
            setattr(made, fields(each)[0].name, None)
        assert hasattr(made, "__dict__") is (each is WITH_MEMORY), each
