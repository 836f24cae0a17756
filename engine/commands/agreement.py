"""`avanakctl hours …` and `avanakctl sla reckon`, which need no database; the other `sla` commands join here.

Times are ISO 8601 (``2026-11-21T09:00+03:30``); without an offset they are
Tehran's, and Jalali dates are understood (``1405-08-30T09:00``).
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

import click

from engine.agreement import working_time
from engine.agreement.calendars import Calendar, CalendarKind, HolidayEdit, hours_text, parse_edit
from engine.agreement.dates import (
    WEEKDAYS_EN,
    WEEKDAYS_FA,
    date_text,
    duration_text,
    instant_text,
    iso,
    local_instant,
    parse_amount,
    parse_date,
    parse_instant,
    quoted,
)
from engine.agreement.documents import calculate_document, parse_document
from engine.agreement.intervals import Span, total
from engine.agreement.terms import in_force
from engine.commands import sla as store_commands
from engine.errors import BadInput

_calendar_option = click.option(
    "--calendar",
    "kind",
    type=click.Choice([kind.value for kind in CalendarKind]),
    help="support hours, or whole working days (the default for an amount in days).",
)
_pause_option = click.option(
    "--pause",
    "pauses",
    multiple=True,
    metavar="FROM/TO",
    help="A span in which the clock stands still; repeatable.",
)
_edits_option = click.option(
    "--edits",
    type=click.File("rb"),
    help="JSON list of changes to the official holidays (add, strike, move, half_day).",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def hours() -> None:
    """Working time: deadlines, elapsed time, the hours of a day."""


@hours.command("deadline")
@click.argument("start", metavar="FROM")
@click.argument("amount")
@_calendar_option
@_pause_option
@_edits_option
@_json_option
def hours_deadline(
    start: str, amount: str, kind: str | None, pauses: tuple[str, ...], edits: BinaryIO | None, as_json: bool
) -> None:
    """Show when AMOUNT (4h, 90m, 3d) of working time after FROM ends."""
    begin = parse_instant(start, "FROM", local=True)
    amount_s, in_days = parse_amount(amount)
    if in_days and kind == CalendarKind.SUPPORT.value:
        raise BadInput(
            "the amount: %(amount)s counts days, but support days differ in length; give hours, "
            "or --calendar working-days",
            amount=quoted(amount),
        )
    chosen = kind or (CalendarKind.WORKING_DAYS if in_days else CalendarKind.SUPPORT).value
    calendar = _calendar(chosen, begin, edits)
    spans = [_pause(text) for text in pauses]
    due = working_time.deadline(calendar, begin, amount_s, spans)
    stood_still = due - begin - amount_s
    days = calendar.kind is CalendarKind.WORKING_DAYS
    sentence = f"{duration_text(amount_s, days=days)} from {instant_text(begin)} end at " + instant_text(
        due, is_end=True
    )
    if stood_still:
        sentence += f"; the clock stood still for {duration_text(stood_still, days=True)} in between"
    answer = {
        "from": iso(begin),
        "amount_s": amount_s,
        "calendar": chosen,
        "calendar_version": calendar.version,
        "deadline": iso(due),
        "deadline_jalali": instant_text(due, is_end=True),
        "deadline_gregorian": instant_text(due, jalali=False, is_end=True),
        "stood_still_s": stood_still,
        "explanation": sentence,
    }
    _print(answer, as_json, [answer["deadline_jalali"], answer["deadline"], sentence])


@hours.command("elapsed")
@click.argument("start", metavar="FROM")
@click.argument("end", metavar="TO")
@_calendar_option
@_pause_option
@_edits_option
@_json_option
def hours_elapsed(
    start: str, end: str, kind: str | None, pauses: tuple[str, ...], edits: BinaryIO | None, as_json: bool
) -> None:
    """Show how much working time lies between FROM and TO."""
    begin, until = parse_instant(start, "FROM", local=True), parse_instant(end, "TO", local=True)
    calendar = _calendar(kind or CalendarKind.SUPPORT.value, begin, edits)
    used_s = working_time.elapsed(calendar, begin, until, [_pause(text) for text in pauses])
    text = duration_text(used_s, days=calendar.kind is CalendarKind.WORKING_DAYS)
    answer = {
        "from": iso(begin),
        "to": iso(until),
        "calendar": calendar.kind.value,
        "calendar_version": calendar.version,
        "elapsed_s": used_s,
        "elapsed": text,
        "is_open_at_end": working_time.is_open(calendar, until),
        "explanation": f"{text} of working time from {instant_text(begin)} to {instant_text(until)}",
    }
    _print(answer, as_json, [text, answer["explanation"]])


@hours.command("show")
@click.argument("day_text", metavar="DATE")
@_edits_option
@_json_option
def hours_show(day_text: str, edits: BinaryIO | None, as_json: bool) -> None:
    """Show the hours of a DATE (1405-08-30 or 2026-11-21): support, working day, holiday."""
    day = parse_date(day_text, "DATE")
    noon = local_instant(day, 12 * 3600)
    changes = _edits(edits)
    terms = in_force(noon)
    support = terms.calendar(CalendarKind.SUPPORT, changes)
    working = terms.calendar(CalendarKind.WORKING_DAYS, changes)
    open_hours = support.hours(day)
    holiday = support.holiday(day)
    is_working = working_time.is_working_day(working, day)
    answer = {
        "date": date_text(day, jalali=False),
        "date_jalali": date_text(day),
        "weekday": WEEKDAYS_EN[day.weekday()],
        "weekday_fa": WEEKDAYS_FA[day.weekday()],
        "support": hours_text(open_hours),
        "support_s": total(support.spans(day)),
        "is_working_day": is_working,
        "is_half_day": support.is_half_day(day),
        "holiday": holiday.name_en if holiday else None,
        "holiday_fa": holiday.name_fa if holiday else None,
        "terms": terms.id,
        "calendar_version": support.version,
    }
    lines = [
        f"{answer['weekday']} {answer['date_jalali']} ({answer['date']})",
        f"support hours: {answer['support']}" + (" (half day)" if answer["is_half_day"] else ""),
        f"working day: {'yes' if is_working else 'no'}",
    ]
    if holiday:
        lines.append(f"official holiday: {holiday.name_en} ({holiday.name_fa})")
    _print(answer, as_json, lines)


@click.group()
def sla() -> None:
    """The service agreement: availability, statements, credits."""


@sla.command("reckon")
@click.argument("document", metavar="FILE.json", type=click.Path(dir_okay=False, allow_dash=True))
@_json_option
def sla_reckon(document: str, as_json: bool) -> None:
    """Compute a month from a JSON file (- reads standard input) without touching the database."""
    try:
        with click.open_file(document, "rb") as source:
            text = source.read()
    except OSError as error:
        raise BadInput(
            "%(document)s cannot be read: %(why)s", document=document, why=error.strerror
        ) from None
    answer = calculate_document(parse_document(text))
    lines = [
        answer["sentence"],
        f"counted downtime: {answer['counted_downtime_s']} s of {answer['downtime_s']} s down"
        f" ({answer['excluded_downtime_s']} s excluded)",
        f"discount: {answer['discount']} % (by percent {answer['discount_by_percent']} %,"
        f" by minutes {answer['discount_by_minutes']} %)",
    ]
    lines += [
        f"not accepted: {each['ref']} {each['kind']}: {each['explanation']}"
        for each in answer["exclusions"]
        if not each["accepted"]
    ]
    _print(answer, as_json, lines)


for _command in store_commands.COMMANDS:
    sla.add_command(_command)


def _calendar(kind: str, at: int, edits: BinaryIO | None) -> Calendar:
    return in_force(at).calendar(kind, _edits(edits))


def _edits(source: BinaryIO | None) -> list[HolidayEdit]:
    if source is None:
        return []
    try:
        records = json.loads(source.read())
    except ValueError as error:
        raise BadInput("--edits: is no JSON: %(why)s", why=error) from None
    if not isinstance(records, list):
        raise BadInput("--edits: must be a JSON list of edits")
    return [parse_edit(record, f"edits[{index}]") for index, record in enumerate(records)]


def _pause(text: str) -> Span:
    """A pause from ``FROM/TO``; dates with slashes cannot be told apart, so they need dashes."""
    first, slash, second = text.partition("/")
    if not slash:
        raise BadInput("--pause: %(text)s needs two times with a slash between them", text=quoted(text))
    start, end = parse_instant(first, "--pause", local=True), parse_instant(second, "--pause", local=True)
    if end < start:
        raise BadInput("--pause: %(text)s ends before it begins", text=quoted(text))
    return start, end


def _print(answer: dict[str, Any], as_json: bool, lines: list[Any]) -> None:
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2) if as_json else "\n".join(map(str, lines)))
