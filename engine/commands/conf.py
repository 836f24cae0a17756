"""`avanakctl conf …`: the configuration of a FreeSWITCH, checked and installed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
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
from engine.services.support_line import voice_prompts
from engine.services.trunks import gateways
from engine.store import database
from engine.store.threads import read
from engine.switch_conf import DIALPLAN, TREE, lint
from engine.switch_conf import install as installer
from engine.switch_conf.settings import GatewaySettings, InstallSettings

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

# Filled in otherwise: the password from a file, gateways from --gateway, prompts from the engine's settings.
_APART = (
    "event_socket_password",
    "gateways",
    "prompts_dir",
    "records_secret",
    "support_numbers",
    "support_days",
    "tls_certificate",
    "tls_authorities",
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
    found = lint.check(tree, plan, prompts=voice_prompts.names())
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
            is_flag=isinstance(field.default, bool),
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
    " caller_id_in_from=no, codecs=PCMA:PCMU, transport=tcp, srtp=mandatory, voice_to=source, inbound=192.0.2.0/24 (repeatable)."
    "  What is not named of packet time, codecs, transport, SRTP and where voice goes is as `gateway set` has it.",
)
@click.option(
    "--tls-authorities-file",
    type=click.File("r"),
    help="Certificates (PEM) that vouch for those of carriers that are reached by TLS.",
)
@click.option(
    "--tls-certificate-file",
    type=click.File("r"),
    help="Our certificate with its key (PEM), for carriers that ask for it, and for --agents-tls.",
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
    tls_authorities_file: Any,
    tls_certificate_file: Any,
    force: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Write the configuration to DIR, for `freeswitch -conf DIR`, with its settings filled in."""
    settings = load_settings()
    known = _kept(settings, _known_gateways, "The gateways' settings are those of the command line") or {}
    password = event_socket_password_file.read().strip() if event_socket_password_file else ""
    wanted = InstallSettings(
        event_socket_password=password,
        prompts_dir=prompts_dir or settings.prompts_dir_on_switch or str(settings.prompts_dir.absolute()),
        records_secret=records_secret_file.read().strip() if records_secret_file else "",
        gateways=tuple(_gateway(text, known) for text in gateways),
        tls_authorities=tls_authorities_file.read() if tls_authorities_file else "",
        tls_certificate=tls_certificate_file.read() if tls_certificate_file else "",
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

    kept = _kept(settings, hours, "The support hours are the agreement's own")
    if kept is not None:
        return kept
    calendar = published().in_force(now // 1000).calendar(CalendarKind.SUPPORT, ())
    return tuple((day.isoformat(), calendar.hours(day)) for day in days)


def _known_gateways() -> dict[str, dict[str, Any]]:
    """What the store has of gateways that a switch is told, by name."""
    return {
        row.name: {
            "ptime_ms": row.ptime_ms, "codecs": row.codecs, "transport": row.transport, "srtp": row.srtp,
            "voice_to": row.voice_to,
        }
        for row in gateways.all_gateways()
    }  # fmt: skip


def _kept(settings: Settings, work: Callable[[], T], otherwise: str) -> T | None:
    """What the store says; None without a store, or (noted) when it cannot be asked."""
    database_url = settings.database
    if database_url.startswith("sqlite:///") and not Path(database_url[10:]).is_file():
        return None
    try:
        database.open_database(database_url)
        return read(work)
    except (AvanakError, peewee.PeeweeException) as error:
        common.note(f"{otherwise}: the store cannot be asked ({error}).")
        return None


def _gateway(text: str, known: Mapping[str, dict[str, Any]]) -> GatewaySettings:
    """A trunk from ``NAME,proxy=HOST,…``, on top of what is `known` of it; BadInput names the word that is wrong."""
    name, *words = (word.strip() for word in text.split(","))
    values: dict[str, Any] = {"inbound": (), **known.get(name, {})}
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
