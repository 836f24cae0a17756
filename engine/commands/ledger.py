"""`avanakctl ledger …`: what customers paid, owe and spent, and the proof of it."""

from __future__ import annotations

import sys

import click
from uuid_utils import uuid7

from engine.clock import wall_ms
from engine.commands import common
from engine.services.money import ledger, ledger_check
from engine.store.threads import read, write

CHECK_FAILED = 1


@click.group()
def ledger_group() -> None:
    """The ledger of customers' credit: whole Rials, double entry, append-only."""


@ledger_group.command()
@common.json_option
def check(as_json: bool) -> None:
    """Add up all bookings again.  Exit status 1 when something does not agree."""
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
@click.argument("account", type=common.ROW_ID)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@common.json_option
def statement(account: int, limit: int, as_json: bool) -> None:
    """Show the last bookings and the balances of ACCOUNT."""
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
                    common.plain(line.note),
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
                "note": common.plain(line.note),
            }
            for line in lines
        ],
    }
    common.answer(document, as_json, tell)


@ledger_group.command()
@click.argument("account", type=common.ROW_ID)
@click.argument("rials", type=int)
@click.option("--note", required=True, help="Reason; the customer sees it.")
@click.option("--key", help="A key of your own; a booking with the same key is made only once.")
@common.json_option
def adjust(account: int, rials: int, note: str, key: str | None, as_json: bool) -> None:
    """Add RIALS to the credit of ACCOUNT, or take them (adjust ACCOUNT -- -5000)."""
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
