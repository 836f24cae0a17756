"""`avanakctl person …`: people who log in to the web UI."""

from __future__ import annotations

from typing import TextIO

import click

from engine.clock import wall_ms
from engine.commands import common
from engine.errors import NotFound
from engine.services.accounts import people, second_factor
from engine.store.tables.core import User
from engine.store.threads import read, write

_password = click.option(
    "--password-file",
    type=click.File("r"),
    help="File with the password (- reads standard input); asked for without it.",
)


@click.group()
def person() -> None:
    """People who log in to the web UI."""


@person.command()
@click.argument("username")
@click.option("--role", type=click.Choice(list(people.ROLES)), default="operator", show_default=True)
@click.option("--account", type=common.ROW_ID, help="Account of an owner or member.")
@_password
@common.json_option
def add(username: str, role: str, account: int | None, password_file: TextIO | None, as_json: bool) -> None:
    """Add a person."""
    settings = common.settings_and_store()
    common.first_account(settings)
    password = _read_password(password_file)
    password_hash = people.hash_of(password)
    made = write(lambda: people.add_hashed(username, password_hash, role, wall_ms(), account))
    common.answer(
        {"person": made, "username": username.lower()},
        as_json,
        lambda: click.echo(f"Added {username} ({role})."),
    )


@person.command()
@click.argument("username")
@_password
@common.json_option
def password(username: str, password_file: TextIO | None, as_json: bool) -> None:
    """Give a person a new password."""
    common.settings_and_store()
    found = read(lambda: people.find(username))
    if found is None:
        raise NotFound("There is no person '%(username)s'.", username=username)
    password_hash = people.hash_of(_read_password(password_file))
    write(lambda: people.set_password(found.id, password_hash, None, wall_ms()))
    common.answer({"person": found.id}, as_json, lambda: click.echo(f"{username} has a new password."))


@person.command("second-factor-off")
@click.argument("username")
@common.json_option
def second_factor_off(username: str, as_json: bool) -> None:
    """Turn off the second factor of somebody who lost the app and the recovery codes."""
    common.settings_and_store()
    found = read(lambda: people.find(username))
    if found is None:
        raise NotFound("There is no person '%(username)s'.", username=username)
    write(lambda: second_factor.switch_off(found.id, None, wall_ms()))
    common.answer({"person": found.id}, as_json, lambda: click.echo(f"{username} logs in by password alone."))


@person.command("list")
@common.json_option
def list_(as_json: bool) -> None:
    """All people."""
    settings = common.settings_and_store()
    rows = read(lambda: list(User.select().order_by(User.id)))
    columns = ("user name", "role", "account", "active", "last log-in")
    common.answer(
        [common.row_values(row, ("password_hash", "totp_secret", "totp_step")) for row in rows],
        as_json,
        lambda: common.table(
            columns,
            [
                (
                    r.username,
                    r.role,
                    r.account_id,
                    "yes" if r.is_active else "no",
                    common.local(r.last_login_at, settings),
                )
                for r in rows
            ],
            "There is nobody yet; `avanakctl serve` makes `admin`.",
        ),
    )


def _read_password(source: TextIO | None) -> str:
    if source is not None:
        text: str = source.read()
        return text.strip("\r\n")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked
