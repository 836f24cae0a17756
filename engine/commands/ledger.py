"""`avanakctl ledger …`: what customers paid, owe and spent, and the proof of it."""

from __future__ import annotations

import sys
from typing import Any

import click
from uuid_utils import uuid7

from engine.clock import wall_ms
from engine.commands import common
from engine.services import accounts, ledger, ledger_check
from engine.store.threads import read, write

CHECK_FAILED = 1


@click.group()
def ledger_group() -> None:
    """The ledger of customers' credit: whole Rials, double entry, append-only."""


@ledger_group.command()
@common.json_option
def check(as_json: bool) -> None:
    """Prove it: add everything up again.  Ends with status 1 when something does not agree."""
    common.settings_and_store()
    found = read(ledger_check.check)

    def tell() -> None:
        click.echo(
            f"{found.transactions:,} bookings, {found.entries:,} entries, sum {found.sum:,};"
            f" {found.open_reservations:,} open reservations hold {found.reserved:,} Rials;"
            f" {found.charged_calls:,} calls were charged."
        )
        common.table(
            ("account", "name", "state", "balance", "reserved", "spent"),
            [
                (row["account"], row["name"], row["state"], row["balance"], row["reserved"], row["revenue"])
                for row in found.accounts
            ],
            "There is no account.",
        )
        for item in found.findings:
            click.echo(f"{item.kind}: {item.subject}: {item.sentence}")
        click.echo(
            "The books agree." if found.is_clean else f"{sum(found.found.values())} things do not agree."
        )

    common.answer(found.as_dict(), as_json, tell)
    if not found.is_clean:
        sys.exit(CHECK_FAILED)


@ledger_group.command()
@click.argument("account", type=int)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@common.json_option
def statement(account: int, limit: int, as_json: bool) -> None:
    """The last bookings of ACCOUNT, and how its money stands."""
    settings = common.settings_and_store()
    money = read(lambda: ledger.money_of(account))
    lines = read(lambda: ledger.statement(account, limit=limit))

    def tell() -> None:
        common.table(
            ("booking", "at", "kind", "balance", "reserved", "campaign", "note"),
            [
                (
                    line.txn_id,
                    common.local(line.at, settings),
                    line.kind,
                    line.balance,
                    line.reserved,
                    line.campaign_id,
                    line.note,
                )
                for line in lines
            ],
            "Nothing has been booked.",
        )
        click.echo(
            f"Balance {money.balance:,} Rials, reserved {money.reserved:,}, available {money.available:,}."
        )

    document = {
        "account": account,
        "balance": money.balance,
        "reserved": money.reserved,
        "available": money.available,
        "bookings": [
            {
                "booking": line.txn_id,
                "at": common.iso(line.at),
                "kind": line.kind,
                "balance": line.balance,
                "reserved": line.reserved,
                "campaign": line.campaign_id,
                "payment": line.payment_id,
                "note": line.note,
            }
            for line in lines
        ],
    }
    common.answer(document, as_json, tell)


@ledger_group.command()
@click.argument("account", type=int)
@click.argument("rials", type=int)
@click.option("--note", required=True, help="Why; the customer sees it.")
@click.option("--key", help="A word of your own: a booking with the same key is made once.")
@common.json_option
def adjust(account: int, rials: int, note: str, key: str | None, as_json: bool) -> None:
    """Give ACCOUNT credit of so many RIALS, or take it (write: adjust ACCOUNT -- -5000)."""
    common.settings_and_store()
    name = f"adjustment/cli/{key or uuid7()}"[:100]
    made = write(lambda: ledger.adjust(account, rials, note, name, None, wall_ms()))
    money = read(lambda: ledger.money_of(account))
    common.answer(
        {"account": account, "booking": made, "balance": money.balance},
        as_json,
        lambda: click.echo(
            f"{'Booked' if made else 'That was booked before'}; the balance is {money.balance:,} Rials."
        ),
    )


@click.group("account")
def account_group() -> None:
    """Customers' accounts."""


@account_group.command("open")
@click.argument("name")
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3660), help="Of subscription.")
@click.option("--person", "is_person", is_flag=True, help="A person, not a firm.")
@common.json_option
def open_(name: str, days: int, is_person: bool, as_json: bool) -> None:
    """Open an account on papers that you hold: active at once."""
    settings = common.settings_and_store()
    common.first_account(settings)
    now = wall_ms()
    kind = "person" if is_person else "firm"
    made = write(lambda: accounts.open_by_staff(name, now + days * 86_400_000, None, now, kind))
    common.answer({"account": made}, as_json, lambda: click.echo(f"Opened account {made}."))


@account_group.command("list")
@click.option("--state", "states", multiple=True, help="Only accounts in this state; repeatable.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@common.json_option
def list_(states: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Accounts, newest first."""
    settings = common.settings_and_store()
    rows = read(lambda: accounts.list_accounts(states=states, limit=limit))
    common.answer(
        [common.row_values(row) for row in rows],
        as_json,
        lambda: common.table(
            ("id", "name", "state", "until", "permissions"),
            [
                (row.id, row.name, row.state, common.local(row.expires_at, settings), row.permissions)
                for row in rows
            ],
            "There is no account.",
        ),
    )


@account_group.command()
@click.argument("account", type=int)
@click.option("--reason", required=True, help="The customer sees it.")
@common.json_option
def suspend(account: int, reason: str, as_json: bool) -> None:
    """Stop ACCOUNT: nothing more is sent for it."""
    common.settings_and_store()
    write(lambda: accounts.suspend(account, reason, None, wall_ms()))
    common.answer({"account": account, "state": "suspended"}, as_json, lambda: click.echo("Suspended."))


@account_group.command()
@click.argument("account", type=int)
@common.json_option
def unsuspend(account: int, as_json: bool) -> None:
    """Let a suspended ACCOUNT go on."""
    common.settings_and_store()
    write(lambda: accounts.unsuspend(account, None, wall_ms()))
    state = read(lambda: accounts.get(account).state)
    common.answer({"account": account, "state": state}, as_json, lambda: click.echo(f"It is {state} again."))


@account_group.command()
@click.argument("account", type=int)
@click.argument("grants", nargs=-1)
@common.json_option
def grant(account: int, grants: tuple[str, ...], as_json: bool) -> None:
    """Set all permissions of ACCOUNT: web_service recording advertising emergency own_voice any_hour."""
    common.settings_and_store()
    write(lambda: accounts.grant(account, grants, None, wall_ms()))
    common.answer({"account": account, "permissions": list(grants)}, as_json, lambda: click.echo("Done."))


@account_group.command()
@click.argument("account", type=int)
@click.option("--weight", type=int, help="Share against other accounts.")
@click.option("--cps", "max_cps", type=float, help="Calls a second at most; 0: no cap.")
@click.option("--channels", "max_channels", type=int, help="Calls at once at most; 0: no cap.")
@click.option("--gateways", metavar='"A B"', help="The only gateways that it may use; all with ''.")
@click.option("--gap", "min_gap_s", type=common.Duration(), help="Between two calls to one number, as in 2h.")
@click.option("--calls-a-day", "max_calls_a_day", type=int, help="To one number; 0: no cap.")
@common.json_option
def limits(account: int, as_json: bool, **given: Any) -> None:
    """Set what ACCOUNT may use, over all its campaigns; without options: show it."""
    common.settings_and_store()
    values = {name: value for name, value in given.items() if value is not None}
    for name in ("max_cps", "max_channels"):
        if values.get(name) == 0:
            values[name] = None
    if values:
        write(lambda: accounts.change(account, None, wall_ms(), **values))
    row = read(lambda: accounts.get(account))
    now = {name: getattr(row, name) for name in given}
    common.answer(
        {"account": account, **now},
        as_json,
        lambda: common.table(("limit", "value"), list(now.items()), ""),
    )
