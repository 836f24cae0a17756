"""`avanakctl conf …`: the configuration of a FreeSWITCH, checked and installed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
import peewee

from engine.agreement.calendars import CalendarKind
from engine.agreement.dates import local_day
from engine.agreement.terms import published
from engine.clock import wall_ms
from engine.commands import common
from engine.config import Settings, load_settings
from engine.errors import AvanakError, BadInput
from engine.services.sla import working_calendar
from engine.store import database
from engine.store.threads import read
from engine.switch_conf import DIALPLAN, TREE, lint
from engine.switch_conf import install as installer
from engine.switch_conf.settings import GatewaySettings, InstallSettings

F = TypeVar("F", bound=Callable[..., Any])

# Filled in otherwise: the password from a file, gateways from --gateway, prompts from the engine's settings.
_APART = (
    "event_socket_password",
    "gateways",
    "prompts_dir",
    "records_secret",
    "support_numbers",
    "support_days",
)
DAYS_AHEAD = 400
_FIELDS = [field for field in dataclasses.fields(InstallSettings) if field.name not in _APART]
_GATEWAY_FIELDS = {field.name: field for field in dataclasses.fields(GatewaySettings)}


@click.group()
def conf() -> None:
    """The switch's configuration tree and the dialplan."""


@conf.command()
@click.argument("directory", metavar="[DIR]", required=False)
@click.option("--dialplan", metavar="DIR", help="Folder of the dialplan.  Default: DIR/dialplan.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@common.json_option
def check(directory: str | None, dialplan: str | None, strict: bool, as_json: bool) -> int:
    """Check DIR (this repository's tree without it): well-formed, nothing missing, no default password.

    Findings come with file and line; exit status 2 when there is an error among them.
    """
    tree = Path(directory) if directory else TREE
    plan = Path(dialplan) if dialplan else (tree / "dialplan" if directory else DIALPLAN)
    if not (tree / "freeswitch.xml").is_file():
        raise BadInput("%(tree)s is no configuration of FreeSWITCH: it has no freeswitch.xml.", tree=tree)
    found = lint.check(tree, plan)
    errors = sum(1 for one in found if one.severity == "error" or strict)
    document = {
        "tree": str(tree),
        "errors": errors,
        "findings": [
            {"file": str(one.file), "line": one.line, "severity": one.severity, "sentence": one.sentence}
            for one in found
        ],
    }

    def text() -> None:
        for one in found:
            click.echo(str(one))
        click.echo(
            f"{errors} errors, {len(found) - errors} warnings."
            if found
            else f"{tree}: nothing to complain of."
        )

    common.answer(document, as_json, text)
    return 2 if errors else 0


def _install_options(command: F) -> F:
    for field in reversed(_FIELDS):
        option = click.option(
            "--" + field.name.replace("_", "-"),
            field.name,
            type=type(field.default),
            default=field.default,
            show_default=bool(field.default),
        )
        command = option(command)
    return command


@conf.command("install")
@click.argument("directory", metavar="DIR")
@click.option(
    "--gateway",
    "gateways",
    multiple=True,
    metavar="NAME,proxy=HOST[:PORT],…",
    help="A trunk; further words: username=, password_file=, register=yes, ptime_ms=40, ping_s=30,"
    " caller_id_in_from=no, inbound=192.0.2.0/24 (repeatable).",
)
@click.option(
    "--event-socket-password-file",
    type=click.File("r"),
    help="File with the event socket's password; without it the switch reads AVANAK_ESL_PASSWORD.",
)
@click.option(
    "--prompts-dir", help="Where the switch finds the messages.  Default: where the engine keeps them."
)
@click.option(
    "--records-secret-file",
    type=click.File("r"),
    help="File with AVANAK_RECORDS_SECRET, for --records-url: the web part that call records are posted to.",
)
@click.option(
    "--support-numbers",
    help="The support line's numbers, blank separated; without it AVANAK_SUPPORT_NUMBERS.",
)
@_install_options
@click.option("--force", is_flag=True, help="Overwrite files that were changed by hand.")
@common.json_option
def install_(
    directory: str,
    gateways: tuple[str, ...],
    event_socket_password_file: Any,
    prompts_dir: str | None,
    records_secret_file: Any,
    support_numbers: str | None,
    force: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Write the configuration to DIR, for `freeswitch -conf DIR`, with its settings filled in."""
    settings = load_settings()
    password = event_socket_password_file.read().strip() if event_socket_password_file else ""
    wanted = InstallSettings(
        event_socket_password=password,
        prompts_dir=prompts_dir or settings.prompts_dir_on_switch or str(settings.prompts_dir.absolute()),
        records_secret=records_secret_file.read().strip() if records_secret_file else "",
        gateways=tuple(_gateway(text) for text in gateways),
        support_numbers=settings.support_numbers if support_numbers is None else support_numbers,
        support_days=_support_days(settings),
        **values,
    )
    written = installer.install(Path(directory), wanted, force=force)
    sentence = f"{len(written)} files written to {directory}.  Start: freeswitch -conf {directory}"
    common.answer(
        {"directory": directory, "files": [str(path) for path in written]},
        as_json,
        lambda: click.echo(sentence),
    )


def _support_days(settings: Settings) -> tuple[tuple[str, tuple[tuple[int, int], ...]], ...]:
    """The support hours of the year ahead: by the store's calendar with its edits, else by the agreement's own."""
    now = wall_ms()
    first = local_day(now // 1000)
    days = [first + timedelta(days=count) for count in range(DAYS_AHEAD)]

    def hours() -> tuple[tuple[str, tuple[tuple[int, int], ...]], ...]:
        calendar = working_calendar.current(CalendarKind.SUPPORT, now)
        return tuple((day.isoformat(), calendar.hours(day)) for day in days)

    database_url = settings.database
    is_there = not database_url.startswith("sqlite:///") or Path(database_url[10:]).is_file()
    try:
        if is_there:
            database.open_database(database_url)
            return read(hours)
    except (AvanakError, peewee.PeeweeException) as error:
        common.note(f"The support hours are the agreement's own: the store cannot be asked ({error}).")
    calendar = published().in_force(now // 1000).calendar(CalendarKind.SUPPORT, ())
    return tuple((day.isoformat(), calendar.hours(day)) for day in days)


def _gateway(text: str) -> GatewaySettings:
    """A trunk from ``NAME,proxy=HOST,…``; BadInput names the word that is wrong."""
    name, *words = (word.strip() for word in text.split(","))
    values: dict[str, Any] = {"inbound": ()}
    for word in words:
        key, equals, value = word.partition("=")
        if key == "password_file":
            try:
                values["password"] = Path(value).read_text("utf-8").strip()
            except OSError as error:
                raise BadInput(
                    "--gateway %(name)s: %(value)s cannot be read: %(why)s.",
                    name=name,
                    value=value,
                    why=error.strerror,
                ) from error
        elif key == "inbound":
            values["inbound"] += (value,)
        elif not equals or key not in _GATEWAY_FIELDS or key in ("name", "password"):
            raise BadInput(
                "--gateway %(name)s: '%(key)s' is none of proxy=, username=, password_file=, register=, …",
                name=name,
                key=key,
            )
        else:
            values[key] = _value(name, key, value)
    if not values.get("proxy"):
        raise BadInput("--gateway %(name)s: proxy=HOST[:PORT] is missing.", name=name)
    return GatewaySettings(name=name, **values)


def _value(name: str, key: str, text: str) -> Any:
    default = _GATEWAY_FIELDS[key].default
    if isinstance(default, bool):
        if text.lower() not in ("yes", "no", "true", "false"):
            raise BadInput(
                "--gateway %(name)s: %(key)s is yes or no, not '%(text)s'.", name=name, key=key, text=text
            )
        return text.lower() in ("yes", "true")
    if isinstance(default, int):
        if not text.isdecimal():
            raise BadInput(
                "--gateway %(name)s: %(key)s is a whole number, not '%(text)s'.",
                name=name,
                key=key,
                text=text,
            )
        return int(text)
    return text
