"""Calculate a month from a JSON document, for what-if questions and for people who want to check our figures.

In::

    {"month": "1405-08",
     "outages": [{"from": T, "to": T}],
     "exclusions": [{"from": T, "to": T, "kind": "planned_maintenance", "announced_at": T}],
     "unknown": [{"from": T, "to": T}], "terms": "1", "until": T}

Only `month` is required.  `terms` is the id of a version, by default the version in force when the month began; times
T are ISO 8601 with an offset.  The `id` of a record (or its position, like ``outages[2]``) is its `ref` in the answer;
other keys of a record, such as a reason, are ignored.  Anything that cannot be understood is refused with one sentence
that names the record.
"""

from __future__ import annotations

import json
from typing import Any

from engine.agreement.calculation import Calculation, calculate
from engine.agreement.dates import iso, parse_instant, quoted
from engine.agreement.intervals import Spans, total
from engine.agreement.months import Month
from engine.agreement.records import Exclusion, Outage
from engine.agreement.terms import ExclusionKind, published
from engine.agreement.verdicts import Verdict
from engine.errors import BadInput

_KEYS = {"month", "outages", "exclusions", "unknown", "terms", "until"}
MAX_RECORDS = 200_000


def parse_document(text: str | bytes) -> dict[str, Any]:
    """The JSON object in a document's text.  Raises BadInput if there is none."""
    try:
        document = json.loads(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
    except UnicodeDecodeError as error:
        raise BadInput(
            "the document is not UTF-8: byte %(start)s cannot be read", start=error.start
        ) from None
    except ValueError as error:
        raise BadInput("the document is no JSON: %(why)s", why=error) from None
    except RecursionError:
        raise BadInput("the document is no calculation: it is nested too deeply") from None
    if not isinstance(document, dict):
        raise BadInput('the document must be a JSON object like {"month": "1405-08", "outages": []}')
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadInput("the document has half a character (a lone surrogate) in one of its texts") from None
    return document


def calculate_document(document: dict[str, Any]) -> dict[str, Any]:
    """Calculate a document; the answer has the keys of `describe`.  Raises BadInput with one sentence."""
    strange = sorted(set(document) - _KEYS)
    if strange:
        raise BadInput(
            "the document has the unknown key %(strange)s; known are %(keys)s",
            strange=quoted(strange[0]),
            keys=sorted(_KEYS),
        )
    if "month" not in document:
        raise BadInput("the document has no month (like 1405-08)")
    month = Month.parse(document["month"])
    known = published()
    wanted = document.get("terms")
    terms = known.in_force(month.start) if wanted is None else known.by_id(str(wanted))
    outages = [
        Outage(*_span(record, f"outages[{i}]"), ref=_ref(record, f"outages[{i}]"))
        for i, record in enumerate(_list(document, "outages"))
    ]
    exclusions = [_exclusion(record, i) for i, record in enumerate(_list(document, "exclusions"))]
    unknown = [_span(record, f"unknown[{i}]") for i, record in enumerate(_list(document, "unknown"))]
    until = document.get("until")
    calculation = calculate(
        month,
        outages,
        exclusions,
        terms,
        unknown,
        None if until is None else parse_instant(until, "until"),
    )
    answer = describe(calculation)
    records: list[Outage | Exclusion] = [*outages, *exclusions]
    outside = [each.ref for each in records if not _touches(each, calculation.month)]
    return {**answer, "outside_month": outside}


def _touches(record: Outage | Exclusion, month: Month) -> bool:
    return record.start < month.end and record.end > month.start


def _list(document: dict[str, Any], key: str) -> list[Any]:
    records = document.get(key)
    if records is None:
        return []
    if not isinstance(records, list):
        raise BadInput("%(key)s: must be a list, not %(name)s", key=key, name=type(records).__name__)
    if len(records) > MAX_RECORDS:
        raise BadInput(
            "%(key)s: has %(len)s records, more than %(max_records)s",
            key=key,
            len=len(records),
            max_records=MAX_RECORDS,
        )
    return records


def _span(record: Any, what: str) -> tuple[int, int]:
    if not isinstance(record, dict):
        raise BadInput('%(what)s: must be an object like {"from": …, "to": …}', what=what)
    for key in ("from", "to"):
        if record.get(key) is None:
            raise BadInput("%(what)s: has no «%(key)s»", what=what, key=key)
    start, end = (parse_instant(record[key], f"{what}.{key}") for key in ("from", "to"))
    if end <= start:
        raise BadInput(
            "%(what)s: ends at %(ends)s, not after it begins at %(begins)s",
            what=what,
            ends=quoted(record["to"]),
            begins=quoted(record["from"]),
        )
    return start, end


def _ref(record: dict[str, Any], what: str) -> str:
    """The record's `id`, or its position in the document, so that the answer can name it."""
    return str(record["id"]) if record.get("id") is not None else what


def _exclusion(record: Any, index: int) -> Exclusion:
    what = f"exclusions[{index}]"
    start, end = _span(record, what)
    try:
        kind = ExclusionKind(record.get("kind"))
    except ValueError:
        raise BadInput(
            "%(what)s.kind: %(kind)s is none of %(kinds)s",
            what=what,
            kind=quoted(record.get("kind")),
            kinds=list(ExclusionKind),
        ) from None
    announced = record.get("announced_at")
    announced_at = None if announced is None else parse_instant(announced, f"{what}.announced_at")
    return Exclusion(start, end, kind, announced_at, _ref(record, what))


def describe(calculation: Calculation) -> dict[str, Any]:
    """A calculation as plain data for JSON.

    Seconds are whole; `availability_percent` is the exact fraction
    (`availability_exact`) as the nearest float, `availability_shown` the text
    for people.  Spans are ISO times in Tehran.
    """
    known = calculation.as_known
    english, persian = calculation.sentence()
    worst = calculation.if_unknown_was_down
    month = calculation.month
    return {
        "month": month.key,
        "from": iso(month.start),
        "to": iso(month.end),
        "until": None if calculation.until is None else iso(calculation.until),
        "month_s": month.seconds,
        "terms": calculation.rule.terms_id,
        "downtime_s": total(calculation.down),
        "excluded_downtime_s": total(calculation.down) - known.down_s,
        **_verdict(known),
        "unknown_s": total(calculation.unknown),
        "is_settled": calculation.is_settled,
        "if_unknown_was_down": _verdict(worst),
        "allowed_downtime_s": known.allowed_s,
        "next_discount": known.next_discount,
        "sentence": english,
        "sentence_fa": persian,
        "counted": _spans(calculation.counted),
        "unknown": _spans(calculation.unknown),
        "outages": [
            {
                "ref": line.outage.ref,
                "from": iso(line.span[0]),
                "to": iso(line.span[1]),
                "counted_s": total(line.counted),
                "excluded_s": total(line.excluded),
                "counted": _spans(line.counted),
            }
            for line in calculation.outage_lines()
        ],
        "exclusions": [
            {
                "ref": line.exclusion.ref,
                "kind": line.exclusion.kind.value,
                "from": iso(line.span[0]),
                "to": iso(line.span[1]),
                "accepted": line.judgement.accepted,
                "why": line.judgement.why,
                "explanation": line.judgement.en,
                "explanation_fa": line.judgement.fa,
                "downtime_in_it_s": total(line.downtime),
            }
            for line in calculation.exclusion_lines()
        ],
        "evidence_sha256": calculation.evidence_sha256,
    }


def _verdict(figures: Verdict) -> dict[str, Any]:
    return {
        "counted_downtime_s": figures.down_s,
        "counted_downtime_minutes": figures.minutes,
        "availability_percent": float(figures.availability),
        "availability_exact": f"{figures.availability.numerator}/{figures.availability.denominator}",
        "availability_shown": figures.percent_shown,
        "discount_by_percent": figures.discount_by_percent,
        "discount_by_minutes": figures.discount_by_minutes,
        "discount": figures.discount,
        "decided_by": figures.decided_by,
    }


def _spans(spans: Spans) -> list[dict[str, str]]:
    return [{"from": iso(start), "to": iso(end)} for start, end in spans]
