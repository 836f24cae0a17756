"""What the commands share: opening the store, their options, and how they answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

import click

from engine import logs, private_files
from engine.clock import from_ms, wall_ms
from engine.config import Settings, load_settings, zone_of
from engine.errors import BadInput, NotFound
from engine.runtime.opening import open_store
from engine.sentences import is_kept, sentence_of
from engine.services.accounts import accounts
from engine.services.onboarding import first_start
from engine.store.tables.core import Account
from engine.store.threads import read, write
from engine.text import one_line

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
trim_option = click.option(
    "--trim", "trims", is_flag=True, help="Take off the silence at both ends of AUDIO."
)
switch_option = click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="embedded|esl://:PASSWORD@HOST:8021",
    help="A switch to call through; repeatable.  Default: AVANAK_SWITCHES.",
)
_DURATION = re.compile(r"(\d{1,7}(?:\.\d+)?)\s*(ms|s|m|h|d)?")
_UNIT_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}


ROW_ID = click.IntRange(1, 2**63 - 1)  # what a column of the database holds
ROW_ID_OR_NONE = click.IntRange(0, 2**63 - 1)  # 0: none


class Duration(click.ParamType):
    """A span of time as people write it, ``90``, ``90s``, ``10m``, ``2h``, ``1d``; whole seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = _DURATION.fullmatch(str(value).strip().lower())
        if not found:
            self.fail(f"{value!r} is not a time such as 30s, 10m or 2h", param, ctx)
        return round(float(found[1]) * _UNIT_S[found[2] or "s"])


class Keys(click.ParamType):
    """Keys of a telephone, ``1,2,3`` or ``123``; the digits without commas."""

    name = "keys"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        keys = re.sub(r"[\s,]", "", str(value))
        if not re.fullmatch(r"[0-9]{1,10}", keys):
            self.fail(f"{value!r} is not digits such as 1,2,3", param, ctx)
        return keys


def words(kind: type[StrEnum]) -> click.Choice[str]:
    """An option's choice of an enum's words, as they are written everywhere else."""
    return click.Choice([item.value for item in kind])


def settings_and_store(log_to_file: bool = True, **overrides: Any) -> Settings:
    """Load the settings, open the database, log to the file (or to standard error)."""
    settings = load_settings(**overrides)
    private_files.use_umask(settings.switch_group)
    if log_to_file:
        logs.to_file(settings.data_dir, settings.log_level)
    else:
        logs.to_stderr(settings.log_level)
    open_store(settings)
    return settings


account_option = click.option(
    "--account",
    "account_id",
    type=int,
    metavar="ID",
    help="The customer it is for; without it, the operator's own account.",
)


def account_for(settings: Settings, account_id: int | None) -> int:
    """The account that `account_option` names; NotFound when there is none."""
    own = first_account(settings)
    return own if account_id is None else int(read(lambda: accounts.get(account_id)).id)


def first_account(settings: Settings) -> int:
    """The id of the account that the command line works for; made, with `admin`, in an empty database."""
    password = settings.admin_password.get_secret_value()
    made = write(lambda: first_start.ensure_first(wall_ms(), password))
    tell_password(made)
    return read(_first_account_id)


def tell_password(made: str | None) -> None:
    """Tell the password that was made up for `admin`; it is shown this once."""
    if made:
        note(f"Log-in of the web UI, shown once: {first_start.FIRST_ADMIN} / {made}")


def _first_account_id() -> int:
    row = Account.select().order_by(Account.id).first()
    if row is None:
        raise NotFound("There is no account.")
    return int(row.id)


def note(sentence: str) -> None:
    """Print a remark to standard error, apart from the answer."""
    click.echo(sentence, err=True)


def answer(document: Any, as_json: bool, text: Callable[[], None]) -> None:
    """Print the answer: the JSON document, or what `text` prints."""
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        text()


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], empty: str) -> None:
    """Print rows under their headings, or the sentence for none; numbers stand to the right.

    What people typed is printed without the characters that a terminal obeys.
    """
    if not rows:
        click.echo(empty)
        return
    cells = [["" if cell is None else one_line(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    right = [all(isinstance(row[i], int | float) for row in rows) for i in range(len(columns))]
    for line in (list(columns), *cells):
        parts = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(line, widths, right, strict=True)]
        click.echo("  ".join(parts).rstrip())


def iso(at_ms: int | None) -> str | None:
    """An instant for a program: ISO 8601 in UTC."""
    return from_ms(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at_ms else None


def local(at_ms: int | None, settings: Settings) -> str:
    """An instant for a person: the installation's zone, no zone's name."""
    return f"{from_ms(at_ms).astimezone(zone_of(settings.timezone)):%Y-%m-%d %H:%M:%S}" if at_ms else "—"


def plain(value: Any) -> Any:
    """A value of the store; a sentence that was kept is said in English."""
    return str(sentence_of(value)) if isinstance(value, str) and is_kept(value) else value


def row_values(row: Any, hide: Sequence[str] = ()) -> dict[str, Any]:
    """A row of the store as a document; instants (`*_at`) become ISO 8601."""
    return {
        name: iso(value) if name.endswith("_at") else plain(value)
        for name, value in row.__data__.items()
        if name not in hide
    }


def switch_words(settings: Settings, switches: Sequence[str]) -> str:
    """The switches to use, as AVANAK_SWITCHES has them: those of the command line, or the settings'."""
    for word in switches:
        if not word.strip() or len(word.split()) != 1:
            raise BadInput("--switch takes one switch each time, not %(len)s words.", len=len(word.split()))
    return " ".join(switches) or settings.switches.get_secret_value()
