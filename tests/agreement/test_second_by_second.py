"""The second calculation, and whether its random documents reach the corners in which errors would hide."""

import hashlib
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from engine.agreement.months import Month
from tests.agreement import second_by_second
from tests.agreement.second_by_second import by_seconds, compare, month_bounds, random_document

DAY, HOUR, NOTICE_S = 86_400, 3_600, 172_800
# The last seconds of downtime before a column's discount rises, in months of 29, 30 and 31 days; from the published table.
PERCENT_EDGES = {
    29: (10_523, 25_056, 50_112, 75_168),
    30: (10_886, 25_920, 51_840, 77_760),
    31: (11_249, 26_784, 53_568, 80_352),
}
MINUTE_EDGES = (10_859, 25_979, 51_899, 77_819)
MONTHS = {29: "1405-12", 30: "1405-08", 31: "1405-01"}


def document(month, outages=(), exclusions=()):
    """Spans in seconds of the month; an exclusion has its kind and its notice (None: never announced)."""
    start, _ = month_bounds(month)

    def at(second):
        return (start + timedelta(seconds=second)).isoformat()

    return {
        "month": month,
        "outages": [{"from": at(a), "to": at(b)} for a, b in outages],
        "exclusions": [
            {"from": at(a), "to": at(b), "kind": kind}
            | ({} if notice is None else {"announced_at": at(a - notice)})
            for a, b, kind, notice in exclusions
        ],
    }


@pytest.mark.parametrize(
    "text", ["1403-12", "1405-01", "1405-12", "1410-06", "2023-01", "2026-12", "2028-02"]
)
def test_the_bounds_of_a_month(text):
    month = Month.parse(text)
    assert [int(each.timestamp()) for each in month_bounds(text)] == [month.start, month.end]


@pytest.mark.parametrize("days", [29, 30, 31])
def test_the_second_calculation_has_the_table_at_every_edge(days):
    rises = (0, 10, 20, 30, 40)
    for column, edges in (("percent", PERCENT_EDGES[days]), ("minutes", MINUTE_EDGES)):
        for number, edge in enumerate(edges):
            for seconds, discount in ((edge, rises[number]), (edge + 1, rises[number + 1])):
                found = by_seconds(document(MONTHS[days], [(0, seconds)]))
                assert found["counted_downtime_s"] == seconds
                assert found[f"discount_by_{column}"] == discount
                assert found["discount"] == max(found["discount_by_percent"], found["discount_by_minutes"])


@pytest.mark.parametrize(
    ("outages", "exclusions", "counted"),
    [
        ([(0, 10), (5, 20), (30, 31)], [], 21),
        ([(-50, 10), (30 * DAY - 5, 30 * DAY + 50)], [], 15),
        ([(-50, -10), (7, 7)], [], 0),
        ([(0, 100)], [(50, 60, "unpaid", None), (-9, 5, "outside_control", None)], 85),
        ([(0, 100)], [(-50, -10, "unpaid", None)], 100),
        ([(0, 100)], [(50, 60, "planned_maintenance", NOTICE_S)], 90),
        ([(0, 100)], [(50, 60, "planned_maintenance", NOTICE_S - 1)], 100),
        ([(0, 100)], [(50, 60, "announced_outage", NOTICE_S)], 90),
        ([(0, 100)], [(50, 60, "announced_outage", None)], 100),
    ],
)  # fmt: skip
def test_each_second_is_counted_once_and_excluded_by_the_rules(outages, exclusions, counted):
    assert by_seconds(document("1405-08", outages, exclusions))["counted_downtime_s"] == counted


@pytest.fixture(scope="module")
def cases():
    """Many documents, with the seconds of their outages and exclusions."""
    rng = random.Random(7)
    found = []
    for _ in range(700):
        made = random_document(rng)
        start, end = month_bounds(made["month"])

        def second(text, start=start):
            return int((datetime.fromisoformat(text) - start).total_seconds())

        outages = [(second(each["from"]), second(each["to"])) for each in made["outages"]]
        exclusions = [
            (
                second(each["from"]),
                second(each["to"]),
                each["kind"],
                second(each["from"]) - second(each["announced_at"]) if "announced_at" in each else None,
            )
            for each in made["exclusions"]
        ]
        found.append((made, int((end - start).total_seconds()), outages, exclusions))
    return found


def test_months_of_every_number_in_both_calendars(cases):
    seen = Counter(made["month"] for made, *_ in cases)
    assert {text[5:] for text in seen if text < "1600"} == {f"{number:02d}" for number in range(1, 13)}
    assert {text[5:] for text in seen if text > "1600"} == {f"{number:02d}" for number in range(1, 13)}
    assert {text[:4] for text in seen} == {*map(str, range(1402, 1416)), *map(str, range(2023, 2037))}
    assert {length // DAY for _, length, *_ in cases} == {28, 29, 30, 31}


def test_downtime_lies_beside_every_edge_of_the_table(cases):
    """One outage alone, within two seconds of where the discount rises, in each length of month."""
    alone = Counter(
        (length // DAY, b - a) for _, length, ((a, b), *more), _ in with_outages(cases) if not more
    )
    wanted = {*(edge for edges in PERCENT_EDGES.values() for edge in edges), *MINUTE_EDGES}
    wanted |= {edge + 1 - 60 for edge in MINUTE_EDGES}  # the whole minute that is still allowed
    lengths = {length for _, length in alone}
    missing = [edge for edge in wanted if not {edge - 1, edge, edge + 1, edge + 2} & lengths]
    assert missing == []
    beside = {edge + by for edge in second_by_second._EDGES for by in range(-2, 3)}
    assert sum(count for (_, length), count in alone.items() if length in beside) > 150
    assert all(any(abs(edge - known) <= 2 for known in wanted) for edge in second_by_second._EDGES), (
        "every edge that is aimed at is one of the table's"
    )


def with_outages(cases):
    return [case for case in cases if case[2]]


def test_outages_of_every_length_reach_over_the_months_edges_and_overlap(cases):
    spans = [(a, b, length) for _, length, outages, _ in cases for a, b in outages]
    assert all(a < b for a, b, _ in spans), "an outage is never empty"
    assert {b - a for a, b, _ in spans} >= {1, 2, 60}
    assert sum(b - a == 1 for a, b, _ in spans) > len(spans) / 4, "many last a single second"
    assert sum(a < 0 < b for a, b, _ in spans) > 100
    assert sum(a < length < b for a, b, length in spans) > 100
    assert sum(a >= length for a, b, length in spans) > 10
    numbers = {len(outages) for _, _, outages, _ in cases}
    assert numbers == set(range(26))
    overlapping = sum(
        any(a < d and c < b for i, (a, b) in enumerate(outages) for c, d in outages[:i])
        for _, _, outages, _ in cases
    )
    assert overlapping > 50


def test_exclusions_of_every_kind_and_notice_lie_over_the_edges_of_outages(cases):
    some = [(each, outages) for _, _, outages, exclusions in cases for each in exclusions]
    assert all(a < b for (a, b, _, _), _ in some), "an exclusion is never empty"
    assert {kind for (_, _, kind, _), _ in some} == set(second_by_second._KINDS)
    notices = Counter(notice for (_, _, _, notice), _ in some)
    assert all(notices[each] > 50 for each in (NOTICE_S - 1, NOTICE_S, NOTICE_S + 1, None))
    given = [notice for notice in notices if notice is not None]
    assert min(given) < 0 < NOTICE_S + 2 < max(given)
    assert all(-2 * HOUR <= notice <= 400_000 for notice in given)
    over = [
        sum(a < edge < b for (a, b, _, _), outages in some if outages for edge in outages[0][which:][:1])
        for which in (0, 1)
    ]
    assert min(over) > 50
    assert {len(exclusions) for *_, exclusions in cases} == set(range(11))


def test_times_are_written_in_several_zones(cases):
    offsets = Counter(
        datetime.fromisoformat(each[end]).utcoffset()
        for made, *_ in cases
        for each in made["outages"]
        for end in ("from", "to")
    )
    assert set(offsets) == {timedelta(hours=3.5), timedelta(0), timedelta(hours=-5)}
    assert datetime.fromtimestamp(0, UTC).utcoffset() in offsets


def test_a_seed_names_its_cases():
    assert [random_document(random.Random(5)) for _ in range(2)] == [random_document(random.Random(5))] * 2
    assert compare(20, 5) == compare(20, 5)


def test_a_seed_names_the_same_cases_on_every_machine():
    """Somebody who is told a seed finds the document that disagreed.  New odds make new cases: change the sum with them."""
    rng = random.Random(5)
    made = json.dumps([random_document(rng) for _ in range(300)], sort_keys=True)
    assert (
        hashlib.sha256(made.encode()).hexdigest()
        == "3898683129db0df216ca94381cf0088a80101dff74034beefaa836f446120225"
    )


def test_a_case_that_disagrees_is_told(monkeypatch, capsys):
    assert second_by_second.main(["--cases", "3", "--seed", "9"]) == 0
    assert capsys.readouterr().out.startswith("3 cases, seed 9: 0 disagree")
    monkeypatch.setattr(
        second_by_second,
        "calculate_document",
        lambda _: {**by_seconds(document("1405-08")), "discount": 99, "month_s": 1},
    )
    assert second_by_second.main(["--cases", "5", "--seed", "9"]) == 1
    said = capsys.readouterr().out
    assert "5 cases, seed 9: 5 disagree" in said
    assert said.count("'month':") == 3, "the first three are shown"
