"""The first rows of a list, for the page on which its columns are chosen."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

from engine.errors import BadInput
from engine.services.lists.choices import Choices, ListFacts
from engine.services.lists.columns import MAX_COLUMNS
from engine.services.lists.kinds import open_table
from engine.services.lists.layout import SAMPLE_ROWS, Layout


def look_into(file: BinaryIO, name: str, choices: Choices, default_area: str | None) -> ListFacts:
    """Facts about the first rows of a list, even when no column of numbers is found.  BadInput as in `open_reading`."""
    with ExitStack() as resources:
        table = open_table(file, name, choices.sheet)
        resources.callback(table.detach)
        found = ((line, list(map(str.strip, cells))[:MAX_COLUMNS]) for line, cells in table.rows())
        sample = list(islice((row for row in found if any(row[1])), SAMPLE_ROWS))
        if not sample:
            raise BadInput("%(file)s is empty.", file=name)
        layout = Layout(sample, table, replace(choices, columns=""), name, default_area)
        return ListFacts(
            form=table.form,
            encoding=table.encoding,
            delimiter=table.delimiter or "",
            header_line=layout.header_line,
            columns=[layout.columns[index] for index in layout.chosen],
            names=layout.columns,
            rows=layout.first_rows,
            candidates=layout.candidates,
            sheets=table.sheets,
            hidden_columns=layout.hidden_columns,
        )
