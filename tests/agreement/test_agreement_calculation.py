"""A month's availability: the table's edges, exclusions, unknown time, evidence, many accounts."""

import json
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.agreement.book import MonthBook
from engine.agreement.calculation import calculate, from_evidence
from engine.agreement.intervals import total
from engine.agreement.months import Month
from engine.agreement.records import Exclusion, Outage
from engine.agreement.terms import ExclusionKind, in_force
from engine.agreement.verdicts import shown_percent
from engine.errors import BadInput
from tests.agreement.second_by_second import compare

TERMS = in_force(0)
M29, M30, M31 = (Month.parse(text) for text in ("1405-12", "1405-08", "1405-01"))
DAY, HOUR = 86400, 3600
K = ExclusionKind


def down(month, seconds, account=None):
    return [Outage(month.start, month.start + seconds, account=account)]


def planned(month, start, end, notice, kind=K.PLANNED_MAINTENANCE):
    announced = None if notice is None else month.start + start - notice
    return Exclusion(month.start + start, month.start + end, kind, announced)


@pytest.mark.parametrize(
    ("month", "seconds", "by_percent", "by_minutes", "discount", "decided"),
    [
        (M30, 0, 0, 0, 0, "both"),
        (M30, 180 * 60 + 59, 0, 0, 0, "both"),  # 180:59 are 180 whole minutes
        (M30, 181 * 60, 0, 10, 10, "minutes"),  # 99.581 %: the gap between the columns
        (M30, 10886, 0, 10, 10, "minutes"),  # the last second at or above 99.58 %
        (M30, 10887, 10, 10, 10, "both"),
        (M29, 10523, 0, 0, 0, "both"),
        (M29, 10524, 10, 0, 10, "percent"),  # 175 minutes, but a month of 29 days
        (M31, 181 * 60, 0, 10, 10, "minutes"),
        (M30, 432 * 60, 10, 10, 10, "both"),  # exactly 99 %
        (M30, 432 * 60 + 1, 20, 10, 20, "percent"),
        (M30, 433 * 60, 20, 20, 20, "both"),
        (M31, 433 * 60, 10, 20, 20, "minutes"),
        (M30, 864 * 60, 20, 20, 20, "both"),
        (M30, 864 * 60 + 1, 30, 20, 30, "percent"),
        (M30, 1296 * 60, 30, 30, 30, "both"),
        (M30, 1296 * 60 + 59, 40, 30, 40, "percent"),
        (M30, 1297 * 60, 40, 40, 40, "both"),
        (M31, 1297 * 60, 30, 40, 40, "minutes"),
        (M30, 30 * DAY, 40, 40, 40, "both"),
    ],
)
def test_both_columns_at_every_edge(month, seconds, by_percent, by_minutes, discount, decided):
    figures = calculate(month, down(month, seconds), [], TERMS).as_known
    assert (figures.discount_by_percent, figures.discount_by_minutes) == (by_percent, by_minutes)
    assert (figures.discount, figures.decided_by) == (discount, decided)
    assert figures.availability == Fraction((month.seconds - seconds) * 100, month.seconds)


def test_outages_overlap_reach_over_the_edges_and_may_be_empty():
    outages = [
        Outage(M30.start - DAY, M30.start + 100),
        Outage(M30.start + 50, M30.start + 200),
        Outage(M30.start + 60, M30.start + 60),
        Outage(M30.end - 10, M30.end + DAY),
        Outage(M30.end, M30.end + DAY),
    ]
    calculation = calculate(M30, outages, [], TERMS)
    assert calculation.as_known.down_s == 210
    assert [line.span for line in calculation.outage_lines()] == [
        (M30.start, M30.start + 100),
        (M30.start + 50, M30.start + 200),
        (M30.end - 10, M30.end),
    ]
    with pytest.raises(ValueError):
        calculate(M30, [Outage(5, 4)], [], TERMS)


@pytest.mark.parametrize("kind", [K.PLANNED_MAINTENANCE, K.ANNOUNCED_OUTAGE])
@pytest.mark.parametrize(
    ("notice", "why"),
    [
        (48 * HOUR, "accepted"),
        (48 * HOUR - 1, "announced_late"),
        (-60, "announced_late"),
        (None, "not_announced"),
    ],
)
def test_notice_of_48_hours(kind, notice, why):
    calculation = calculate(M30, down(M30, HOUR), [planned(M30, 0, HOUR, notice, kind)], TERMS)
    line = calculation.exclusion_lines()[0]
    assert (line.judgement.why, line.judgement.accepted) == (why, why == "accepted")
    assert calculation.as_known.down_s == (0 if why == "accepted" else HOUR)
    assert total(line.downtime) == HOUR
    assert line.judgement.en
    assert line.judgement.fa


def test_downtime_before_the_announced_start_and_after_the_announced_end_counts():
    outage = Outage(M30.start + 9 * HOUR, M30.start + 13 * HOUR, "o1")
    calculation = calculate(M30, [outage], [planned(M30, 10 * HOUR, 12 * HOUR, 72 * HOUR)], TERMS)
    assert calculation.as_known.down_s == 2 * HOUR
    line = calculation.outage_lines()[0]
    assert line.counted == (
        (M30.start + 9 * HOUR, M30.start + 10 * HOUR),
        (M30.start + 12 * HOUR, M30.start + 13 * HOUR),
    )
    assert total(line.excluded) == 2 * HOUR


def test_overlapping_exclusions_are_not_counted_twice():
    exclusions = [
        planned(M30, HOUR, 3 * HOUR, 72 * HOUR),
        Exclusion(M30.start + 2 * HOUR, M30.start + 4 * HOUR, K.OUTSIDE_CONTROL),
        Exclusion(M30.start + 2 * HOUR, M30.start + 4 * HOUR, K.UNPAID),
    ]
    calculation = calculate(M30, down(M30, 6 * HOUR), exclusions, TERMS)
    assert calculation.as_known.down_s == 3 * HOUR


def test_an_exclusion_without_downtime_gives_nothing_back():
    exclusions = [Exclusion(M30.start + 5 * DAY, M30.start + 6 * DAY, K.OUTSIDE_CONTROL)]
    assert calculate(M30, down(M30, HOUR), exclusions, TERMS).as_known.down_s == HOUR


def test_unknown_time_is_neither_up_nor_down():
    unknown = [(M30.start + 1800, M30.start + 1800 + 4 * HOUR)]
    exclusions = [Exclusion(M30.start + 4 * HOUR, M30.end, K.OUTSIDE_CONTROL)]
    calculation = calculate(M30, down(M30, HOUR), exclusions, TERMS, unknown)
    assert not calculation.is_settled
    assert total(calculation.unknown) == 4 * HOUR - 1800, "what is known as down is not unknown"
    assert (calculation.as_known.down_s, calculation.discount) == (HOUR, 0)
    assert calculation.if_unknown_was_down.down_s == 4 * HOUR, "unknown time that is excluded cannot count"
    assert calculation.if_unknown_was_down.discount == 10
    assert calculation.sentence()[0].endswith("; 3 h 30 min are unknown")
    settled = calculate(M30, down(M30, HOUR), exclusions, TERMS)
    assert settled.is_settled
    assert settled.if_unknown_was_down == settled.as_known


def test_live_sentence():
    calculation = calculate(M30, down(M30, 41 * 60), [], TERMS)
    english, persian = calculation.sentence()
    assert english == "availability 99.91 %, 41 minutes of 180 used; more than 139 more minutes cost 10 %"
    assert persian == (
        "دسترسی ۹۹٫۹۱٪، ۴۱ دقیقه از ۱۸۰ دقیقه مصرف شده است؛ بیش از ۱۳۹ دقیقه دیگر ۱۰٪ تخفیف می‌آورد"
    )
    short = calculate(M29, down(M29, 41 * 60), [], TERMS).sentence()[0]
    assert "41 minutes of 175 used; more than 134 more minutes cost 10 %" in short
    worst = calculate(M30, down(M30, 2 * DAY), [], TERMS).sentence()[0]
    assert "the highest discount, 40 %, is reached" in worst


@settings(max_examples=200)
@given(st.sampled_from([M29, M30, M31]), st.integers(0, 100_000))
def test_the_sentence_names_the_very_next_edge(month, seconds):
    figures = calculate(month, down(month, seconds), [], TERMS).as_known
    if figures.allowed_s is None:
        assert figures.discount == 40
        return
    assert seconds <= figures.allowed_s
    at_edge = calculate(month, down(month, figures.allowed_s), [], TERMS)
    beyond = calculate(month, down(month, figures.allowed_s + 1), [], TERMS)
    assert at_edge.discount == figures.discount
    assert beyond.discount == figures.next_discount > figures.discount


def test_a_running_month_is_cut_off_at_now():
    now = M30.start + 600
    live = calculate(M30, [Outage(M30.start, M30.end)], [], TERMS, [(now, M30.end)], until=now)
    assert live.as_known.down_s == 600
    assert live.is_settled
    assert live.outage_lines()[0].span == (M30.start, now)
    nothing_yet = calculate(M30, [Outage(M30.start - 5, M30.end)], [], TERMS, until=M30.start)
    assert nothing_yet.outage_lines() == ()


@pytest.mark.parametrize(
    ("percent", "shown"),
    [
        ("100", "100.00"),
        ("99.9999", "99.99"),
        ("99.9051", "99.91"),
        ("99.5799", "99.57"),
        ("99.58", "99.58"),
        ("98.996", "98.99"),
        ("0", "0.00"),
    ],
)
def test_the_figure_shown_never_crosses_an_edge(percent, shown):
    edges = [Fraction("99.58"), Fraction(99), Fraction(98), Fraction(97)]
    assert shown_percent(Fraction(percent), edges) == shown


def some_records(seed, accounts=(None,)):
    rng = random.Random(seed)
    outages = [
        Outage(start, start + rng.randint(0, 3 * HOUR), f"o{n}", rng.choice(accounts))
        for n in range(30)
        for start in [M30.start + rng.randint(-DAY, 31 * DAY)]
    ]
    common = (K.PLANNED_MAINTENANCE, K.ANNOUNCED_OUTAGE, K.OUTSIDE_CONTROL)
    exclusions = []
    for n in range(15):
        start = rng.choice(outages).start + rng.randint(-HOUR, HOUR)
        account = rng.choice(accounts)
        kind = rng.choice(common if account is None else tuple(K))
        exclusions.append(
            Exclusion(start, start + rng.randint(0, 4 * HOUR), kind, start - 180_000, f"e{n}", account)
        )
    return outages, exclusions


def test_the_same_records_in_any_order_give_the_same_bytes():
    outages, exclusions = some_records(1)
    first = calculate(M30, outages, exclusions, TERMS, [(M30.start + 5, M30.start + 9)])
    again = calculate(M30, outages[::-1], exclusions[::-1], TERMS, [(M30.start + 5, M30.start + 9)])
    assert first.evidence() == again.evidence()
    assert first.evidence_sha256 == again.evidence_sha256
    content = json.loads(first.evidence())
    assert content["terms"]["sha256"] == TERMS.sha256
    assert content["result"]["counted_downtime_s"] == first.as_known.down_s


def test_evidence_alone_gives_the_figure_again_and_betrays_tampering():
    outages, exclusions = some_records(2, (None, 7, "a"))
    calculation = calculate(
        M30, outages, exclusions, TERMS, [(M30.start, M30.end)], until=M30.start + 20 * DAY
    )
    again = from_evidence(calculation.evidence())
    assert again.evidence_sha256 == calculation.evidence_sha256
    assert again.as_known == calculation.as_known
    key = f'"counted_downtime_s":{calculation.as_known.down_s}'.encode()
    assert key in calculation.evidence()
    with pytest.raises(BadInput, match="does not give the same result"):
        from_evidence(calculation.evidence().replace(key, b'"counted_downtime_s":1'))
    with pytest.raises(BadInput, match="not evidence"):
        from_evidence(b'{"format": "something"}')


@pytest.mark.parametrize("seed", range(20))
def test_a_book_agrees_with_calculation_each_account_alone(seed):
    accounts = (None, None, 1, 2, "three")
    outages, exclusions = some_records(seed, accounts)
    unknown, until = [(M30.start + 3 * DAY, M30.start + 4 * DAY)], M30.start + (25 + seed) * DAY
    book = MonthBook(M30, outages, exclusions, TERMS, unknown, until)
    for account in (1, 2, "three", 4):
        own = (None, account)
        alone = calculate(
            M30,
            [each for each in outages if each.account in own],
            [each for each in exclusions if each.account in own],
            TERMS,
            unknown,
            until,
        )
        assert book.calculate(account) == alone
        assert book.calculate(account).evidence() == alone.evidence()
    assert book.calculate(4) is book.common is book.calculate(5)
    assert book.accounts_with_own_records <= {1, 2, "three"}


def test_a_kind_that_concerns_one_customer_must_name_him():
    exclusion = Exclusion(M30.start, M30.end, K.UNPAID)
    with pytest.raises(BadInput, match="unpaid, which concerns one account"):
        MonthBook(M30, [], [exclusion], TERMS)


def test_random_documents_agree_with_every_single_second():
    differing, seen = compare(cases=1200, seed=20261121)
    assert differing == []
    for kind in ("29 days", "30 days", "31 days", "0 %", "10 %", "20 %", "30 %", "40 %", "columns differ"):
        assert seen[kind] >= 10, "the cases must reach every corner"


def test_evidence_bears_the_figures_it_gives():
    outages = [Outage(M30.start + 9 * HOUR, M30.start + 13 * HOUR, "o1")]
    calculation = calculate(M30, outages, [planned(M30, 10 * HOUR, 12 * HOUR, 72 * HOUR)], TERMS)
    result = json.loads(calculation.evidence())["result"]
    assert (result["downtime_s"], result["excluded_s"], result["counted_downtime_s"]) == (
        4 * HOUR,
        2 * HOUR,
        2 * HOUR,
    )
    assert (result["month_s"], result["unknown_s"], result["discount"]) == (30 * DAY, 0, 0)
    text = calculation.evidence().decode()
    assert text == json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_the_bytes_of_evidence_never_change():
    """Statements hold their hash: a month of last year must give the same bytes in every later version."""
    calculation = calculate(
        M30,
        [Outage(M30.start + 9 * HOUR, M30.start + 13 * HOUR, "قطعی ۱", "شرکت")],
        [planned(M30, 10 * HOUR, 12 * HOUR, 72 * HOUR), planned(M30, 0, HOUR, None)],
        TERMS,
        [(M30.start, M30.start + 60)],
        M30.end,
    )
    assert "قطعی ۱" in calculation.evidence().decode()
    assert calculation.evidence_sha256 == "b93e9a813a075f9e29cd34f98bc380f7909206448adf519417e1de03c9b7b021"


def test_lines_and_figures_do_not_change():
    calculation = calculate(M30, down(M30, HOUR), [planned(M30, 0, HOUR, None)], TERMS)
    for fixed, name in (
        (calculation, "month"),
        (calculation.as_known, "discount"),
        (calculation.outage_lines()[0], "span"),
        (calculation.exclusion_lines()[0], "span"),
        (calculation.limits[0], "discount"),
    ):
        with pytest.raises(AttributeError):
            setattr(fixed, name, None)
    assert "limits=" not in repr(calculation)


def test_an_exclusion_without_its_account_is_refused_with_its_day() -> None:
    kind = sorted(TERMS.account_kinds)[0]
    exclusion = Exclusion(M30.start + DAY, M30.start + 2 * DAY, kind, None)
    with pytest.raises(BadInput) as refused:
        MonthBook(M30, [], [exclusion], TERMS)
    assert "1405-08-02" in str(refused.value)


def test_of_a_month_that_runs_only_what_is_over_counts_for_an_account_too() -> None:
    until = M30.start + 10 * DAY
    own = [Outage(until - HOUR, until + HOUR, account="a")]
    book = MonthBook(M30, own, [], TERMS, (), until)
    assert book.calculate("a").down == calculate(M30, own, [], TERMS, (), until).down
    assert total(book.calculate("a").down) == HOUR
