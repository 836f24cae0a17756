"""`avanakctl do-not-call …`: numbers that are not called, an account's own or those of all advertising."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, BinaryIO

import click

from engine.clock import wall_ms
from engine.commands import common, lists
from engine.config import Settings
from engine.errors import BadInput
from engine.services.compliance import do_not_call as suppression
from engine.services.lists.choices import AS_FOUND, Choices
from engine.services.lists.reader import ListReader, open_list
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.reports.files import csv_chunks
from engine.store import do_not_call
from engine.store.do_not_call import EVERYBODY
from engine.store.threads import read, write

_which = click.option(
    "--account",
    type=int,
    help="Account whose list it is; without it the list of all advertising.",
)


@click.group("do-not-call")
def do_not_call_group() -> None:
    """Numbers that are not called."""


@do_not_call_group.command()
@click.argument("numbers", nargs=-1, required=True)
@_which
@click.option("--remove", is_flag=True, help="Remove the numbers from the list.")
@common.json_option
def add(numbers: tuple[str, ...], account: int | None, remove: bool, as_json: bool) -> None:
    """Add numbers to the list, or remove them."""
    settings = common.settings_and_store()
    found = [_number(text, settings) for text in numbers]
    act, now = suppression.remove if remove else suppression.add, wall_ms()
    changed = write(lambda: sum(act(account or EVERYBODY, number, now) for number in found))
    word = "removed" if remove else "added"
    common.answer({word: changed}, as_json, lambda: click.echo(f"{changed} of {len(found)} numbers {word}."))


@do_not_call_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_which
@lists.list_options
@common.json_option
def import_(file: Path, account: int | None, as_json: bool, **options: Any) -> None:
    """Add all numbers of a file (text or workbook); lines without a number are reported."""
    settings = common.settings_and_store()
    with _open(file, settings, lists.choices_of_options(options)) as reader:
        done = suppression.import_list(account or EVERYBODY, reader, write, wall_ms())
    document = {**done.document(), "added": done.added, "known": done.known}

    def tell() -> None:
        lists.print_count(done)
        click.echo(f"{done.added:,} added, {done.known:,} were there, {done.refused_total:,} are no numbers.")

    common.answer(document, as_json, tell)


@do_not_call_group.command()
@_which
@click.option(
    "--output", type=click.File("wb"), default="-", help="File to write.  Default: standard output."
)
def export(account: int | None, output: BinaryIO) -> None:
    """Write the list as CSV."""
    common.settings_and_store()
    for part in csv_chunks(suppression.EXPORTED, suppression.export_rows(account or EVERYBODY, read)):
        output.write(part)
    if output is sys.stdout.buffer:
        output.flush()


@do_not_call_group.command()
@click.argument("what")
@_which
@common.json_option
def check(what: str, account: int | None, as_json: bool) -> None:
    """Show whether a number is on the list, or how many of a file's numbers are."""
    settings = common.settings_and_store()
    asked = (account or EVERYBODY,)
    if Path(what).exists():  # a pipe too
        with _open(Path(what), settings, only_numbers=True) as reader:
            free, listed = suppression.check_list(reader, asked, read)
        common.answer(
            {"listed": listed, "free": free},
            as_json,
            lambda: click.echo(f"{listed:,} numbers are on the list, {free:,} are not."),
        )
        return
    number = _number(what, settings)
    is_listed = bool(read(lambda: do_not_call.find(asked, [suppression.as_integer(number.e164)])))
    common.answer(
        {"number": number.e164, "listed": is_listed},
        as_json,
        lambda: click.echo(f"{what} is {'' if is_listed else 'not '}on the list."),
    )


def _open(
    file: Path, settings: Settings, choices: Choices = AS_FOUND, *, only_numbers: bool = False
) -> ListReader:
    accepted = suppression.number_rules(settings.default_area_code)
    return open_list(file, choices, accepted, only_numbers=only_numbers)


def _number(text: str, settings: Settings) -> NormalNumber:
    found = normalise(text, default_area=settings.default_area_code or None, allow_abroad=True)
    if not isinstance(found, NormalNumber):
        raise BadInput("«%(number)s»: %(why)s", number=text[:40], why=found.sentence)
    return found
