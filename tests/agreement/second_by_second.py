"""Check the interval arithmetic against a calculation second by second.

``python -m tests.agreement.second_by_second --cases 10000`` makes random documents
(29-, 30- and 31-day months, overlapping outages, exclusions announced in time,
too late or never), calculates each the way `avanakctl sla reckon` does, and again
by marking every second of the month in an array; the second way shares nothing
with the first but the document.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import jdatetime
import numpy as np

from engine.agreement.documents import calculate_document

_TEHRAN = timezone(timedelta(hours=3, minutes=30))  # since 2022; the cases lie after
_NEED_NOTICE = ("planned_maintenance", "announced_outage")
_KINDS = (*_NEED_NOTICE, "customer_request", "rule_violation", "unpaid", "outside_control")
_TABLE = (
    (Decimal("99.58"), 180, 0),
    (Decimal(99), 432, 10),
    (Decimal(98), 864, 20),
    (Decimal(97), 1296, 30),
)
# Downtime near the table's edges in months of 29, 30 and 31 days, where errors would show.
_EDGES = [
    *(minutes * 60 for _, minutes, _ in _TABLE),
    *((minutes + 1) * 60 for _, minutes, _ in _TABLE),
    *(int(days * 86400 * (100 - percent) / 100) for percent, _, _ in _TABLE for days in (29, 30, 31)),
]


def month_bounds(text: str) -> tuple[datetime, datetime]:
    """First and next first midnight of a Jalali or Gregorian month from 2023 on."""
    year, number = int(text[:4]), int(text[5:])
    after = (year + number // 12, number % 12 + 1)
    if year < 1600:
        days = [jdatetime.date(y, n, 1).togregorian() for y, n in ((year, number), after)]
    else:
        days = [date(y, n, 1) for y, n in ((year, number), after)]
    start, end = (datetime(d.year, d.month, d.day, tzinfo=_TEHRAN) for d in days)
    return start, end


def random_document(rng: random.Random) -> dict[str, Any]:
    """One case: a month, outages and exclusions, as `sla reckon` takes it."""
    if rng.random() < 0.7:
        month = f"{rng.randint(1402, 1415)}-{rng.randint(1, 12):02d}"
    else:
        month = f"{rng.randint(2023, 2036)}-{rng.randint(1, 12):02d}"
    start, end = month_bounds(month)
    length = int((end - start).total_seconds())

    def at(second: int) -> str:
        zone = rng.choice((_TEHRAN, UTC, timezone(timedelta(hours=-5))))
        return (start + timedelta(seconds=second)).astimezone(zone).isoformat()

    longest = rng.choice((600, 7200, 40_000))
    outages = []
    for _ in range(rng.randint(0, 25)):
        # Over an edge of the month as often as somewhere in it.
        begin = rng.choice((0, length, rng.randint(0, length), rng.randint(0, length))) - rng.randint(
            -100, longest
        )
        outages.append((begin, begin + rng.choice((1, rng.randint(1, 60), rng.randint(1, longest)))))
    if rng.random() < 0.4:
        begin = rng.randint(0, length // 2)
        outages = [(begin, begin + rng.choice(_EDGES) + rng.randint(-2, 2))]
    exclusions = []
    for _ in range(rng.randint(0, 10)):
        begin = rng.randint(-longest, length)
        if outages and rng.random() < 0.7:  # over the edge of an outage, not somewhere
            begin = rng.choice(outages)[rng.randint(0, 1)] - rng.randint(0, longest)
        stop = begin + rng.randint(1, 2 * longest)
        record = {"from": at(begin), "to": at(stop), "kind": rng.choice(_KINDS)}
        notice = rng.choice((172_800, 172_799, 172_801, rng.randint(-7200, 400_000), None))
        if notice is not None:
            record["announced_at"] = at(begin - notice)
        exclusions.append(record)
    return {
        "month": month,
        "outages": [{"from": at(a), "to": at(b)} for a, b in outages],
        "exclusions": exclusions,
    }


def by_seconds(document: dict[str, Any]) -> dict[str, int]:
    """The document's figures by marking each second of the month."""
    start, end = month_bounds(document["month"])
    length = int((end - start).total_seconds())
    down = np.zeros(length, dtype=bool)

    def second(text: str) -> int:
        return int((datetime.fromisoformat(text) - start).total_seconds())

    for outage in document["outages"]:
        down[max(0, second(outage["from"])) : max(0, second(outage["to"]))] = True
    for each in document["exclusions"]:
        if each["kind"] in _NEED_NOTICE and (
            "announced_at" not in each or second(each["from"]) - second(each["announced_at"]) < 48 * 3600
        ):
            continue
        down[max(0, second(each["from"])) : max(0, second(each["to"]))] = False
    counted = int(np.count_nonzero(down))
    percent = Decimal(length - counted) * 100  # times the month's length: compared without division
    by_percent = next((discount for edge, _, discount in _TABLE if percent >= edge * length), 40)
    by_minutes = next((discount for _, most, discount in _TABLE if counted // 60 <= most), 40)
    return {
        "counted_downtime_s": counted,
        "discount_by_percent": by_percent,
        "discount_by_minutes": by_minutes,
        "discount": max(by_percent, by_minutes),
    }


def compare(cases: int, seed: int) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Run random cases; the documents that disagree, and how often each kind of case came up."""
    rng = random.Random(seed)
    differing: list[dict[str, Any]] = []
    seen: Counter[str] = Counter()
    for _ in range(cases):
        document = random_document(rng)
        expected, answer = by_seconds(document), calculate_document(document)
        seen[f"{answer['month_s'] // 86_400} days"] += 1
        seen[f"{expected['discount']} %"] += 1
        seen["columns differ"] += expected["discount_by_percent"] != expected["discount_by_minutes"]
        if any(answer[key] != value for key, value in expected.items()):
            differing.append(document)
    return differing, dict(sorted(seen.items()))


def main(arguments: list[str] | None = None) -> int:
    """Command line; exit status 1 if any case disagrees."""
    parser = argparse.ArgumentParser(prog="python -m tests.agreement.second_by_second", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args(arguments)
    began = time.monotonic()
    differing, seen = compare(options.cases, options.seed)
    sys.stdout.write(
        f"{options.cases} cases, seed {options.seed}: {len(differing)} disagree"
        f" ({time.monotonic() - began:.1f} s); seen: {seen}\n"
    )
    for document in differing[:3]:
        sys.stdout.write(f"{document}\n")
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
