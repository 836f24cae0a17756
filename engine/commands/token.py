"""`avanakctl token …`: tokens with which programs ask."""

from __future__ import annotations

from typing import Any

import click

from engine.clock import wall_ms
from engine.commands import common
from engine.config import Settings
from engine.services.accounts import access_tokens, accounts
from engine.services.accounts.access_tokens import MadeToken, NewToken
from engine.services.accounts.token_scopes import ALL, Scope, parse_addresses, parse_methods, parse_scopes
from engine.store.tables.customers import AccessToken
from engine.store.threads import read, write

_SCOPES = f"all, or of: {' '.join(Scope)}; a name such as campaigns means its read and write.  Repeatable."


@click.group("token")
def token_group() -> None:
    """Access tokens of programs."""


@token_group.command()
@click.argument("account", type=common.ROW_ID)
@click.option("--name", required=True, help="What the token is for.")
@click.option("--scope", "scopes", multiple=True, required=True, help=_SCOPES)
@click.option(
    "--method", "methods", multiple=True, help="Allow only this method, such as QuickSend; repeatable."
)
@click.option("--ip", "addresses", multiple=True, help="Allow only this address or network; repeatable.")
@click.option("--expires", "lives_s", type=common.Duration(), metavar="TIME", help="Lifetime, such as 90d.")
@common.json_option
def add(
    account: int,
    name: str,
    scopes: tuple[str, ...],
    methods: tuple[str, ...],
    addresses: tuple[str, ...],
    lives_s: int | None,
    as_json: bool,
) -> None:
    """Create a token for ACCOUNT and allow it the web service.  The token is shown only once."""
    common.first_account(common.settings_and_store())
    now = wall_ms()
    wanted = NewToken(
        name=name,
        scopes=parse_scopes(scopes),
        methods=parse_methods(methods),
        addresses=parse_addresses(addresses),
        expires_at=None if lives_s is None else now + lives_s * 1000,
    )
    _tell(write(lambda: access_tokens.make_for_account(account, wanted, now)), as_json)


@token_group.command("list")
@click.argument("account", type=common.ROW_ID)
@common.json_option
def list_(account: int, as_json: bool) -> None:
    """List the active tokens of ACCOUNT, without their secrets."""
    settings = common.settings_and_store()

    def look() -> list[AccessToken]:
        accounts.get(account)
        return access_tokens.of_account(account)

    rows = read(look)
    common.answer(
        [_values(row) for row in rows],
        as_json,
        lambda: common.table(
            ("id", "name", "begins", "scopes", "ends", "last used"),
            [_cells(row, settings) for row in rows],
            "There is no token.",
        ),
    )


@token_group.command()
@click.argument("token", type=common.ROW_ID)
@click.option(
    "--overlap", "overlap_s", type=common.Duration(), default="24h", show_default=True,
    help="How long the old secret stays valid.",
)  # fmt: skip
@common.json_option
def rotate(token: int, overlap_s: int, as_json: bool) -> None:
    """Give TOKEN (its id) a new secret, shown only once."""
    common.settings_and_store()
    _tell(write(lambda: access_tokens.rotate(None, token, wall_ms(), overlap_s * 1000)), as_json)


@token_group.command()
@click.argument("token", type=common.ROW_ID)
@common.json_option
def revoke(token: int, as_json: bool) -> None:
    """Revoke TOKEN (its id) at once."""
    common.settings_and_store()
    write(lambda: access_tokens.revoke(None, token, wall_ms()))
    common.answer({"id": token, "revoked": True}, as_json, lambda: click.echo(f"Token {token} was revoked."))


def _tell(made: MadeToken, as_json: bool) -> None:
    common.answer({"token": made.secret, "id": made.token_id}, as_json, lambda: click.echo(made.secret))


def _values(row: AccessToken) -> dict[str, Any]:
    """A token for programs: what it is limited to as lists."""
    limits = {name: getattr(row, name).split() for name in ("scopes", "methods", "addresses")}
    return {**common.row_values(row, ("sha256",)), **limits}


def _cells(row: AccessToken, settings: Settings) -> tuple[Any, ...]:
    return (
        row.id,
        row.name,
        row.start + "…",
        ALL if set(row.scopes.split()) == set(Scope) else row.scopes,
        common.local(row.expires_at, settings),
        common.local(row.last_used_at, settings),
    )
