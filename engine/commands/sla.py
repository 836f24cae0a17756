"""`avanakctl sla status|month|close|explain|statement|verify`: the agreement as the store has it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from engine.agreement.calculation import Calculation
from engine.agreement.dates import instant_text, iso, quoted
from engine.agreement.documents import describe
from engine.agreement.intervals import total
from engine.agreement.months import Month
from engine.agreement.statement import statement_csv
from engine.clock import wall_ms
from engine.commands import common
from engine.errors import BadInput, NotFound
from engine.runtime.jobs import closing_of
from engine.services.sla import (
    agreements,
    archive,
    availability,
    claims,
    closing,
    credits,
    flips,
    incidents,
    maintenance,
    unknown,
)
from engine.services.sla.monitor import last_watched
from engine.store.sql import execute
from engine.store.tables.core import Account
from engine.store.tables.sla import Statement
from engine.store.threads import read, write

_account_option = click.option("--account", metavar="ID|NAME", help="One account, with its own records.")


@click.command()
@_account_option
@common.json_option
def status(account: str | None, as_json: bool) -> None:
    """Show what is up and down now, and the month so far."""
    settings = common.settings_and_store()
    now = wall_ms()

    def work() -> dict[str, Any]:
        account_id = None if account is None else find_account(account).id
        calculation = availability.month_to_date(account_id, now, settings.sla_month == "jalali")
        running = incidents.running_outage()
        return {
            "at": common.iso(now),
            "last_watched_at": common.iso(last_watched()),
            "components": [
                {
                    "name": row.name,
                    "state": row.state,
                    "since": common.iso(row.since_at),
                    "reason": common.plain(row.reason),
                }
                for row in flips.components()
            ],
            "outage": None if running is None else _outage(running),
            "month": describe(calculation),
            "unresolved_unknown": [
                {
                    "id": row.id,
                    "from": common.iso(row.start_at),
                    "to": common.iso(row.end_at),
                    "left_s": total(rest),
                }
                for row, rest in unknown.open_spans()
            ],
            "maintenance": [
                {
                    "id": row.id,
                    "title": row.title_en or row.title_fa,
                    "from": common.iso(row.start_at),
                    "to": common.iso(row.end_at),
                    "announced_at": common.iso(row.announced_at),
                }
                for row in maintenance.upcoming(now)
            ],
            "open_claims": len(claims.open_claims()),
            "open_reports": len(incidents.open_reports()),
            "agreement": agreements.in_force(now).id,
        }

    document = read(work)
    common.answer(document, as_json, lambda: _status_text(document))


def _status_text(document: dict[str, Any]) -> None:
    rows = [(each["name"], each["state"], each["since"], each["reason"]) for each in document["components"]]
    common.table(("component", "state", "since", "reason"), rows, "Nothing was watched yet.")
    click.echo(f"{document['month']['month']}: {document['month']['sentence']}")
    for each in document["unresolved_unknown"]:
        click.echo(f"unknown time {each['id']}: {each['left_s']} s from {each['from']} are to be resolved")
    for each in document["maintenance"]:
        told = f"announced {each['announced_at']}" if each["announced_at"] else "not announced"
        click.echo(f"maintenance {each['id']}: {each['title']}, {each['from']} to {each['to']}, {told}")
    click.echo(f"open claims: {document['open_claims']}; open reports: {document['open_reports']}")


@click.command()
@click.argument("month_text", metavar="MONTH")
@_account_option
@common.json_option
def month(month_text: str, account: str | None, as_json: bool) -> None:
    """Show the availability, statements and credits of a MONTH (1405-08 or 2026-11)."""
    common.settings_and_store()
    wanted, now = Month.parse(month_text), wall_ms()

    def work() -> dict[str, Any]:
        account_id = None if account is None else find_account(account).id
        rows = list(
            Statement.select(Statement.sequence, Statement.discount, Statement.discount_rials).where(
                Statement.month == wanted.key
            )
        )
        first = [row for row in rows if row.sequence == 0]
        booked = execute("SELECT COUNT(*), COALESCE(SUM(rials), 0) FROM credit WHERE month = ?", [wanted.key])
        return {
            **describe(availability.month_of(account_id, wanted, now)),
            "is_over": wanted.end * 1000 <= now,
            "statements": len(first),
            "adjustments": len(rows) - len(first),
            "statements_by_discount": {
                str(discount): count for discount, count in sorted(Counter(r.discount for r in first).items())
            },
            "credits": int(booked[0][0]),
            "credits_rials": int(booked[0][1]),
        }

    document = read(work)
    common.answer(document, as_json, lambda: _month_text(document))


def _month_text(document: dict[str, Any]) -> None:
    click.echo(f"{document['month']}: {document['sentence']}")
    click.echo(
        f"counted downtime {document['counted_downtime_s']} s of {document['downtime_s']} s,"
        f" discount {document['discount']} % (decided by {document['decided_by']})"
    )
    click.echo(
        f"{document['statements']} statements, {document['adjustments']} adjustments,"
        f" {document['credits']} credits of {document['credits_rials']} Rials"
    )


@click.command()
@click.argument("month_text", metavar="[MONTH]", required=False)
@common.json_option
def close(month_text: str | None, as_json: bool) -> None:
    """Write the missing statements of closed months (all, or MONTH only).  Safe to repeat."""
    settings = common.settings_and_store()
    policy, now = closing_of(settings), wall_ms()
    if month_text is None:
        closed = closing.close_all(policy, now, write)
    else:
        closed = [closing.close_month(Month.parse(month_text), policy, now, write, at_once=True)]
    document = {
        "months": [
            {
                "month": each.month,
                "statements": each.statements,
                "adjustments": each.adjustments,
                "credits": each.credits,
                "waits": each.waits,
            }
            for each in closed
        ]
    }
    rows = [tuple(each.values()) for each in document["months"]]
    common.answer(
        document,
        as_json,
        lambda: common.table(
            ("month", "statements", "adjustments", "credits", "waits"), rows, "No month is over yet."
        ),
    )


@click.command()
@click.argument("account")
@click.argument("month_text", metavar="MONTH")
@common.json_option
def explain(account: str, month_text: str, as_json: bool) -> None:
    """Explain the figure of an ACCOUNT's MONTH: outages, exclusions, statements, credits, claims."""
    common.settings_and_store()
    wanted, now = Month.parse(month_text), wall_ms()

    def work() -> dict[str, Any]:
        row = find_account(account)
        calculation = availability.month_of(row.id, wanted, now)
        told = archive.of_month(row.id, wanted.key)
        return {
            "account": row.id,
            "name": row.name,
            **describe(calculation),
            "reasons": _reasons(calculation),
            "statements": [common.row_values(each, hide=("id",)) for each in told],
            "credits": [
                common.row_values(each, hide=("id",)) for each in credits.of_month(row.id, wanted.key)
            ],
            "claims": [
                {
                    "id": each.id,
                    "kind": each.kind,
                    "state": each.state,
                    "submitted_at": common.iso(each.submitted_at),
                    "first_answer_due_at": common.iso(each.first_answer_due_at),
                    "result_due_at": common.iso(each.result_due_at),
                    "result": each.result,
                }
                for each in claims.of_account(row.id)
                if wanted.start * 1000 <= each.happened_from_at < wanted.end * 1000
            ],
        }

    document = read(work)
    common.answer(document, as_json, lambda: _explain_text(document))


def _reasons(calculation: Calculation) -> dict[str, list[dict[str, Any]]]:
    """For each outage its revisions: who said what, when and why."""
    found = {}
    for each in calculation.outages:
        outage_id = int(each.ref.removeprefix("outage ").partition(".")[0])
        found[each.ref] = [
            {
                "revision": row.revision,
                "from": common.iso(row.start_at),
                "to": common.iso(row.end_at),
                "void": row.is_void,
                "by": row.author_id if row.author_id is not None else "monitor",
                "at": common.iso(row.at),
                "reason": common.plain(row.reason),
            }
            for row in incidents.history(outage_id)
        ]
    return found


def _explain_text(document: dict[str, Any]) -> None:
    click.echo(
        f"account {document['account']} {document['name']}, {document['month']}: {document['sentence']}"
    )
    for each in document["outages"]:
        why = document["reasons"][each["ref"]][-1]
        click.echo(
            f"{each['ref']}: {each['from']} to {each['to']}, {each['counted_s']} s count,"
            f" {each['excluded_s']} s do not; {why['reason']} (by {why['by']})"
        )
    for each in document["exclusions"]:
        word = "accepted" if each["accepted"] else "not accepted"
        click.echo(
            f"{each['ref']}: {each['kind']}, {each['from']} to {each['to']}, {word}: {each['explanation']}"
        )
    for each in document["unknown"]:
        click.echo(f"unknown: {each['from']} to {each['to']}")
    click.echo(
        f"by percent {document['discount_by_percent']} %, by minutes {document['discount_by_minutes']} %:"
        f" {document['discount']} % ({document['decided_by']})"
    )
    for each in document["statements"]:
        click.echo(
            f"statement {each['number']}: {each['discount']} %, {each['discount_rials']} Rials,"
            f" hash {each['sha256'][:16]}"
        )
    for each in document["credits"]:
        click.echo(f"credit {each['key']}: {each['rials']} Rials, {each['memo']}")
    for each in document["claims"]:
        click.echo(f"claim {each['id']}: {each['state']}, result due {each['result_due_at']}")


@click.command()
@click.argument("number")
@click.option(
    "--pdf", type=click.Path(dir_okay=False, path_type=Path), help="Write the Persian PDF to this file."
)
@click.option("--csv", type=click.Path(dir_okay=False, path_type=Path), help="Write the CSV to this file.")
@common.json_option
def statement(number: str, pdf: Path | None, csv: Path | None, as_json: bool) -> None:
    """Show the statement NUMBER, recomputed from its evidence and checked against its hash."""
    common.settings_and_store()

    def work() -> tuple[dict[str, Any], Any, Calculation, Any]:
        row = archive.get(number)
        head, calculation = archive.reproduce(row)
        terms = agreements.versions().by_id(row.terms_id)
        return common.row_values(row, hide=("id",)), head, calculation, terms

    document, head, calculation, terms = read(work)
    if csv is not None:
        _write_file(csv, statement_csv(head, calculation).encode())
    if pdf is not None:
        from engine.agreement.statement_pdf import statement_pdf  # noqa: PLC0415 - its fonts take a while

        _write_file(pdf, statement_pdf(head, calculation, terms))
    common.answer(
        document,
        as_json,
        lambda: click.echo(
            f"{number}: {document['account_name']}, {instant_text(head.issued_at)},"
            f" availability {document['availability']} %, discount {document['discount']} %,"
            f" hash {document['sha256']}"
        ),
    )


def _write_file(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise BadInput("%(path)s cannot be written: %(why)s", path=path, why=error.strerror) from None


@click.command()
@click.argument("month_text", metavar="[MONTH]", required=False)
@common.json_option
def verify(month_text: str | None, as_json: bool) -> int:
    """Recompute every statement from its evidence; exit status 1 if one does not agree."""
    common.settings_and_store()
    key = None if month_text is None else Month.parse(month_text).key

    def work() -> tuple[int, list[str]]:
        rows = Statement.select() if key is None else Statement.select().where(Statement.month == key)
        return rows.count(), list(archive.verify(key))

    count, faults = read(work)
    document = {"statements": count, "faults": faults, "checked_at": iso(wall_ms() // 1000)}
    text = "\n".join([*faults, f"{count} statements checked, {len(faults)} faults"])
    common.answer(document, as_json, lambda: click.echo(text))
    return 1 if faults else 0


def find_account(text: str) -> Account:
    """An account by its id or its whole name; NotFound, or BadInput if two have the name."""
    if text.isascii() and text.isdigit():
        found = list(Account.select().where(Account.id == int(text)))
    else:
        found = list(Account.select().where(Account.name == text).limit(2))
    if not found:
        raise NotFound("There is no account %(text)s.", text=quoted(text))
    if len(found) > 1:
        raise BadInput("Two accounts are called %(text)s: give the id.", text=quoted(text))
    return found[0]


def _outage(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "from": common.iso(row.start_at),
        "to": common.iso(row.end_at),
        "reason": common.plain(row.reason),
    }


COMMANDS = (status, month, close, explain, statement, verify)
