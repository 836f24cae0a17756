"""`avanakctl account …`: customers' accounts, what staff set on them."""

from __future__ import annotations

from typing import Any

import click

from engine.clock import wall_ms
from engine.commands import common
from engine.errors import BadInput
from engine.services.accounts import account_states, accounts, permissions
from engine.services.campaigns import own_numbers
from engine.services.compliance import caller_ids, traffic_caps
from engine.services.compliance.policy import Policy
from engine.services.money import pricing
from engine.states import AccountState
from engine.store.threads import read, write
from engine.text import one_line


@click.group("account")
def account_group() -> None:
    """Customers' accounts."""


@account_group.command("open")
@click.argument("name")
@click.option(
    "--days", default=365, show_default=True, type=click.IntRange(1, 3660), help="Days of subscription."
)
@click.option("--person", "is_person", is_flag=True, help="A person, not a firm.")
@common.json_option
def open_(name: str, days: int, is_person: bool, as_json: bool) -> None:
    """Open an account whose papers you have checked; it is active at once."""
    settings = common.settings_and_store()
    common.first_account(settings)
    now = wall_ms()
    kind = "person" if is_person else "firm"
    made = write(lambda: accounts.open_by_staff(name, now + days * 86_400_000, None, now, kind))
    common.answer({"account": made}, as_json, lambda: click.echo(f"Opened account {made}."))


@account_group.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=common.words(AccountState),
    help="Only these; repeatable.",
)
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
@click.argument("account", type=common.ROW_ID)
@click.option("--reason", required=True, help="The customer sees it.")
@common.json_option
def suspend(account: int, reason: str, as_json: bool) -> None:
    """Suspend ACCOUNT: nothing more is sent for it."""
    common.settings_and_store()
    write(lambda: account_states.suspend(account, reason, None, wall_ms()))
    common.answer({"account": account, "state": "suspended"}, as_json, lambda: click.echo("Suspended."))


@account_group.command()
@click.argument("account", type=common.ROW_ID)
@common.json_option
def unsuspend(account: int, as_json: bool) -> None:
    """Lift the suspension of ACCOUNT."""
    common.settings_and_store()
    write(lambda: account_states.unsuspend(account, None, wall_ms()))
    state = read(lambda: accounts.get(account).state)
    common.answer({"account": account, "state": state}, as_json, lambda: click.echo(f"It is {state} again."))


@account_group.command(help=f"Set all permissions of ACCOUNT: {' '.join(permissions.GRANTS)}.")
@click.argument("account", type=common.ROW_ID)
@click.argument("grants", nargs=-1)
@common.json_option
def grant(account: int, grants: tuple[str, ...], as_json: bool) -> None:
    common.settings_and_store()
    write(lambda: accounts.grant(account, grants, None, wall_ms()))
    common.answer({"account": account, "permissions": list(grants)}, as_json, lambda: click.echo("Done."))


@account_group.command()
@click.argument("account", type=common.ROW_ID)
@common.json_option
def show(account: int, as_json: bool) -> None:
    """Show the settings of ACCOUNT and how much of its caps is used."""
    settings = common.settings_and_store()
    now = wall_ms()
    caps = traffic_caps.Caps.of_settings(settings)
    row, usage = read(lambda: (accounts.get(account), traffic_caps.usage(account, caps, now)))
    refused = accounts.standing_of(row).refusal("service", now)
    document = {
        **common.row_values(row),
        "may_send": refused is None,
        "why_not": str(refused[0].sentence(refused[1])) if refused else "",
        "calls_this_hour": usage.calls_this_hour,
        "calls_an_hour": usage.calls_an_hour,
        "rials_today": usage.rials_today,
        "rials_a_day": usage.rials_a_day,
    }

    def tell() -> None:
        for name, value in document.items():
            shown = common.local(getattr(row, name), settings) if name.endswith("_at") else value
            click.echo(f"{name:<20} {'' if shown is None else one_line(str(shown))}")

    common.answer(document, as_json, tell)


@account_group.command("confirm-number")
@click.argument("account", type=common.ROW_ID)
@click.argument("number")
@click.option(
    "--withdraw", is_flag=True, help="Withdraw the confirmation; campaigns that show the number pause."
)
@common.json_option
def confirm_number(account: int, number: str, withdraw: bool, as_json: bool) -> None:
    """Confirm that NUMBER belongs to ACCOUNT, so that its campaigns may show it as caller id."""
    policy = Policy.of_settings(common.settings_and_store())
    if withdraw:
        write(lambda: own_numbers.withdraw(account, number, None, wall_ms(), policy))
    else:
        write(lambda: caller_ids.confirm(account, number, None, wall_ms()))
    known = [row.number for row in read(lambda: caller_ids.confirmed(account))]
    common.answer(
        {"account": account, "numbers": known}, as_json, lambda: click.echo(" ".join(known) or "None.")
    )


_NONE_AS_ZERO = {"price_group_id", "parent_id", "max_cps", "max_channels"}


@account_group.command("set")
@click.argument("account", type=common.ROW_ID)
@click.option("--name")
@click.option("--mobile", help="Mobile number.")
@click.option(
    "--price-group",
    "price_group_id",
    type=common.ROW_ID_OR_NONE,
    metavar="ID",
    help="Price group; 0: none.",
)
@click.option("--weight", type=int, help="Share against other accounts.")
@click.option("--max-cps", type=float, help="Calls a second at most, over all its campaigns; 0: no cap.")
@click.option("--max-channels", type=int, help="Calls at once at most, over all its campaigns; 0: no cap.")
@click.option("--gateways", metavar='"A B"', help="Restrict it to these gateways; '' allows all.")
@click.option(
    "--reseller",
    "parent_id",
    type=common.ROW_ID_OR_NONE,
    metavar="ID",
    help="The account it belongs to; 0: none.",
)
@click.option("--debt-ceiling", type=int, metavar="RIALS", help="How much it may owe, in Rials.")
@click.option("--caller-id", metavar="DIGITS", help="Caller id of its calls; '' leaves it to the gateway.")
@click.option(
    "--min-gap",
    "min_gap_s",
    type=common.Duration(),
    help="Pause between two calls to one number, such as 2h.",
)
@click.option(
    "--calls-a-day", "max_calls_a_day", type=int, help="Calls to one number in a day, at most; 0: no cap."
)
@common.json_option
def set_(account: int, as_json: bool, **values: Any) -> None:
    """Change the given settings of ACCOUNT; the change is audited."""
    common.settings_and_store()
    given = {name: value for name, value in values.items() if value is not None}
    if not given:
        raise BadInput("Nothing is to be changed: give --weight, --caller-id or another option.")
    for name in _NONE_AS_ZERO & given.keys():
        given[name] = given[name] or None

    def work() -> None:
        now = wall_ms()
        if "price_group_id" in given:
            pricing.give_group(account, given["price_group_id"], None, now)
        rest = {name: value for name, value in given.items() if name != "price_group_id"}
        accounts.change(account, None, now, **rest)

    write(work)
    row = read(lambda: accounts.get(account))
    common.answer(common.row_values(row), as_json, lambda: click.echo(f"Account {account} was changed."))
