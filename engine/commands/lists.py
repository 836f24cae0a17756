"""How a list is to be read, as options; and what was found in it, told at a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from engine.commands.common import words
from engine.fold import visible
from engine.services.lists.choices import Choices, HiddenRows, Several
from engine.services.lists.counting import ListCount
from engine.text import one_line

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--number-column", "list_columns", default="", metavar="NAME|N[,…]",
        help="Column of the numbers; detected if not given.  Of several, the first with a number in each row.",
    ),
    click.option(
        "--sheet", "list_sheet", default="", metavar="NAME|N", help="Sheet of a workbook; without it, the first with numbers."
    ),
    click.option(
        "--hidden-rows", "list_hidden_rows", type=words(HiddenRows), default=HiddenRows.SKIP.value, show_default=True,
        help="Rows that are hidden, filtered out or crossed out in a workbook.",
    ),
    click.option(
        "--several", "list_several", type=words(Several), default=Several.NONE.value, show_default=True,
        help="Which numbers are taken of a cell with more than one, or with words beside it.",
    ),
)  # fmt: skip


def list_options(command: F) -> F:
    """Give a command the options of how its list is read."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def choices_of_options(options: dict[str, Any]) -> Choices:
    """What the options of `list_options` choose; takes them out of `options`."""
    names = ("columns", "sheet", "hidden_rows", "several")
    return Choices(**{name: options.pop(f"list_{name}") for name in names})


def print_count(found: ListCount) -> None:
    """Print what was found in a list: the choice and its candidates, every line's result, what was left out."""
    facts = found.facts
    columns = ", then ".join(f"«{visible(name)}»" for name in facts.columns)
    click.echo(f"{found.filename}: {found.total:,} lines, numbers in column {columns}.")
    for one in facts.candidates:
        mark = "*" if one.is_chosen else " "
        sample = ", ".join(visible(one_line(cell)) for cell in one.sample)
        click.echo(f"  {mark} column {one.place} «{visible(one.column)}»: {one.mobiles:,} mobiles, {one.others:,} other numbers"
                   f" in the first {one.filled:,} cells: {sample}")  # fmt: skip
    for sheet in facts.sheets if len(facts.sheets) > 1 else ():
        mark = "*" if sheet.is_read else " "
        sample = " | ".join(visible(one_line(cell)) for cell in sheet.sample)
        hidden = ", hidden" if sheet.is_hidden else ""
        click.echo(f"  {mark} sheet «{visible(sheet.name)}»{hidden}: {sheet.rows:,} rows: {sample}")
    for note in facts.notes:
        click.echo(f"  {note}")
    others = found.valid - found.mobiles
    click.echo(f"  valid       {found.valid:>9,}  ({found.mobiles:,} mobiles, {others:,} others)")
    click.echo(f"  duplicates  {found.duplicates:>9,}")
    for reason, number in found.refused.most_common():
        click.echo(f"  refused     {number:>9,}  {reason.value}: {reason.sentence}")
    left_out = ", ".join(f"{word} {number:,}" for word, number in facts.left_out.items())
    more = f", {facts.more:,} numbers more than lines" if facts.more else ""
    click.echo(f"  lines in the file {facts.lines:,}; of these without a result: {left_out or 'none'}{more}")
    print_lines(found)


def print_lines(found: ListCount) -> None:
    """Print the lines that are kept of those without a number to call."""
    for one in found.examples:
        first = f" (stood first in line {one.first_line})" if one.first_line else ""
        click.echo(f"    line {one.line}: «{visible(one_line(one.raw))}» {one.reason.value}{first}")
