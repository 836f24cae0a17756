"""Statements: PDF, CSV and hash, the same bytes for the same month."""

import csv
import io
from dataclasses import replace
from fractions import Fraction

import pytest

from engine.agreement.calculation import calculate, from_evidence
from engine.agreement.line_month import LineFigures, LineMonth
from engine.agreement.months import Month
from engine.agreement.records import Exclusion, Outage
from engine.agreement.statement import (
    StatementHead,
    band_texts_fa,
    figures_fa,
    kind_names,
    line_fa,
    notes_of,
    statement_csv,
    statement_sha256,
)
from engine.agreement.statement_pdf import statement_pdf
from engine.agreement.terms import Band, ExclusionKind, in_force

TERMS = in_force(0)
MONTH = Month.parse("1405-08")
HEAD = StatementHead(
    "1405-08-17", 17, "=HYPERLINK(1) شرکت نمونه", MONTH.end + 60, 12_500_000, 1_250_000, note="توضیح"
)


def a_month(outages=5):
    start = MONTH.start
    return calculate(
        MONTH,
        [Outage(start + n * 86400 // 2, start + n * 86400 // 2 + 3600, f"o{n}") for n in range(outages)],
        [
            Exclusion(start, start + 1800, ExclusionKind.PLANNED_MAINTENANCE, start - 200_000, "@e1"),
            Exclusion(start, start + 9999, ExclusionKind.ANNOUNCED_OUTAGE, start, "e2"),
        ],
        TERMS,
        [(start + 20 * 86400, start + 21 * 86400)],
    )


def test_csv():
    text = statement_csv(HEAD, a_month())
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text[1:])))
    figures = {row["item"]: row for row in rows if row["section"] in ("figure", "statement", "hash")}
    assert figures["counted_downtime"]["seconds"] == str(5 * 3600 - 1800)
    assert figures["counted_downtime"]["value"] == "270"
    assert figures["discount"]["value"] == "10"
    assert figures["discount_rials"]["value"] == "1250000"
    assert figures["account"]["note"] == "'=HYPERLINK(1) شرکت نمونه", "no formula reaches a spreadsheet"
    assert figures["statement_sha256"]["value"] == statement_sha256(HEAD, a_month())
    assert [row["value"] for row in rows if row["section"] == "outage"] == ["1800"] + 4 * ["3600"]
    notes = [row["note"] for row in rows if row["section"] == "exclusion"]
    assert notes[0].startswith("accepted: announced")
    assert notes[1].startswith("not accepted: announced")
    assert [row["item"] for row in rows if row["section"] == "exclusion"] == ["'@e1", "e2"]
    assert sum(row["section"] == "unknown" for row in rows) == 1


def test_the_hash_binds_head_and_evidence():
    calculation = a_month()
    first = statement_sha256(HEAD, calculation)
    assert first == statement_sha256(HEAD, from_evidence(calculation.evidence()))
    assert first != statement_sha256(replace(HEAD, discount_rials=1), calculation)
    assert first != statement_sha256(HEAD, a_month(4))


def test_the_hash_of_a_statement_that_was_issued_never_changes():
    """Customers hold it: who changes how it is made must keep the old way for the old statements."""
    assert statement_sha256(HEAD, a_month()) == (
        "968bd2e6b8ef9f47f4f2f721e5710cd77390997e8fbb87ad3f6605e371d72628"
    )


LINE = LineMonth(LineFigures(1200, 1100, 900, 1050, 60, 40, 312, 9), LineFigures(3, 2, 2, 2, 1, 0, 95, 33))


def test_the_figures_of_the_support_line_are_in_csv_pdf_and_hash():
    calculation, head = a_month(), replace(HEAD, line=LINE)
    text = statement_csv(head, calculation)
    rows = [row for row in csv.DictReader(io.StringIO(text[1:])) if row["section"] == "support_line"]
    told = {(row["note"], row["item"]): (row["seconds"], row["value"]) for row in rows}
    assert len(told) == 16
    assert told["all_callers", "offered"] == ("", "1200")
    assert told["all_callers", "longest_wait_s"] == ("312", "")
    assert told["this_account", "abandoned"] == ("", "1")
    assert line_fa(head)[0][:2] == ("همه تماس‌گیرندگان", "۱٬۲۰۰")
    assert statement_pdf(head, calculation, TERMS) == statement_pdf(head, calculation, TERMS)
    assert len(statement_pdf(head, calculation, TERMS)) > len(statement_pdf(HEAD, calculation, TERMS))
    for other in (None, replace(LINE, own=None), replace(LINE, own=replace(LINE.own, abandoned=0))):
        assert statement_sha256(replace(head, line=other), calculation) != statement_sha256(head, calculation)


def test_pdf_is_the_same_bytes_again_and_goes_over_many_pages():
    one = statement_pdf(HEAD, a_month(), TERMS)
    assert one.startswith(b"%PDF-")
    assert one == statement_pdf(HEAD, a_month(), TERMS)
    assert b"/Count 1\n" in one or b"/Count 2\n" in one
    long = statement_pdf(replace(HEAD, adjusts="1405-08-3"), a_month(58), TERMS)
    assert len(long) > len(one)
    empty = calculate(MONTH, [], [], TERMS)
    bare = StatementHead("1", 1, "شرکت", MONTH.end)
    assert statement_pdf(bare, empty, TERMS).startswith(b"%PDF-")


def test_persian_texts():
    rows = dict(figures_fa(replace(HEAD, adjusts="3"), a_month()))
    assert rows["ماه"] == "آبان ۱۴۰۵"
    assert rows["تا"] == "۱۴۰۵/۰۸/۳۰ ساعت ۲۴:۰۰"
    assert rows["مبلغ تخفیف"] == "۱٬۲۵۰٬۰۰۰ ریال"
    assert rows["اصلاحیه صورت‌وضعیت"] == "۳"
    table = band_texts_fa(TERMS.credit.bands)
    assert table[1][1] == "۱۸۱ تا ۴۳۲ دقیقه"
    assert table[4][1] == "بیش از ۱٬۲۹۶ دقیقه"
    assert table[0][0].replace("\u200f", "") == "حداقل ۹۹٫۵۸٪"


def rows_of(head, calculation):
    text = statement_csv(head, calculation)
    return {(row["section"], row["item"]): row for row in csv.DictReader(io.StringIO(text[1:]))}


def test_every_row_of_the_csv_has_its_seconds_and_its_value():
    start = MONTH.start
    calculation = a_month()
    rows = rows_of(replace(HEAD, number="n", adjusts="m", note="claim"), calculation)
    figures = {
        item: (row["seconds"], row["value"], row["note"])
        for (section, item), row in rows.items()
        if section in ("statement", "figure", "unknown")
    }
    assert figures == {
        "number": ("", "n", "adjusts m"),
        "account": ("", "17", "'=HYPERLINK(1) شرکت نمونه"),
        "issued": ("", "1405-09-01 00:01", "claim"),
        "month": (str(30 * 86400), "1405-08", "آبان ۱۴۰۵"),
        "agreement": ("", TERMS.id, TERMS.sha256),
        "downtime": ("18000", "", ""),
        "excluded_downtime": ("1800", "", ""),
        "counted_downtime": ("16200", "270", "value in whole minutes"),
        "unknown": ("86400", "", ""),
        "availability_percent": ("", "99.38", "795/8"),
        "discount_by_percent": ("", "10", ""),
        "discount_by_minutes": ("", "10", ""),
        "discount": ("", "10", "decided by both"),
        "subscription_rials": ("", "12500000", ""),
        "discount_rials": ("", "1250000", ""),
        "": ("86400", "", "neither up nor down"),
    }
    assert {item: rows[("outage", item)]["seconds"] for item in ("o0", "o4")} == {"o0": "3600", "o4": "3600"}
    excluded = rows[("exclusion", "'@e1")]
    assert (excluded["from"], excluded["seconds"]) == ("2026-10-23T00:00:00+03:30", "1800")
    assert (excluded["value"], rows[("exclusion", "e2")]["seconds"]) == ("planned_maintenance", "9999")
    assert start + 1800 == calculation.exclusion_lines()[0].span[1]


@pytest.mark.parametrize("name", ["subscription_rials", "discount_rials"])
def test_money_that_is_not_known_has_no_row_but_nothing_has_one(name):
    label = {"subscription_rials": "اشتراک ماه بعد", "discount_rials": "مبلغ تخفیف"}[name]
    for rials, is_there in ((None, False), (0, True)):
        head = replace(HEAD, **{name: rials})
        assert (("figure", name) in rows_of(head, a_month())) is is_there
        assert (label in dict(figures_fa(head, a_month()))) is is_there


def test_every_figure_in_persian():
    rows = [(label, value.replace("\u200f", "")) for label, value in figures_fa(HEAD, a_month())]
    assert rows == [
        ("مشترک", "=HYPERLINK(1) شرکت نمونه"),
        ("شماره مشترک", "۱۷"),
        ("شماره صورت‌وضعیت", "۱۴۰۵-۰۸-۱۷"),
        ("ماه", "آبان ۱۴۰۵"),
        ("از", "۱۴۰۵/۰۸/۰۱ ساعت ۰۰:۰۰"),
        ("تا", "۱۴۰۵/۰۸/۳۰ ساعت ۲۴:۰۰"),
        ("تاریخ صدور", "۱۴۰۵/۰۹/۰۱ ساعت ۰۰:۰۱"),
        ("نسخه توافق‌نامه", "۱"),
        ("دسترسی‌پذیری", "۹۹٫۳۸٪"),
        ("زمان قطعی", "۵ ساعت"),
        ("قطعی مستثنا", "۳۰ دقیقه"),
        ("قطعی محسوب‌شده", "۴ ساعت و ۳۰ دقیقه (۲۷۰ دقیقه کامل)"),
        ("زمان نامعلوم", "۲۴ ساعت"),
        ("تخفیف بر پایه درصد", "۱۰٪"),
        ("تخفیف بر پایه دقیقه", "۱۰٪"),
        ("تخفیف", "۱۰٪ (تعیین‌کننده: هر دو ستون)"),
        ("اشتراک ماه بعد", "۱۲٬۵۰۰٬۰۰۰ ریال"),
        ("مبلغ تخفیف", "۱٬۲۵۰٬۰۰۰ ریال"),
        ("توضیح", "توضیح"),
    ]
    bare = dict(figures_fa(StatementHead("1", 1, "x", MONTH.end), calculate(MONTH, [], [], TERMS)))
    assert {"اصلاحیه صورت‌وضعیت", "توضیح"} & set(bare) == set()


@pytest.mark.parametrize(
    ("note", "codes"),
    [
        ("", []),
        ("claim", ["claim"]),
        ("claim no_subscription unknown", ["claim", "no_subscription", "unknown"]),
        ("متنی؛ متن دیگر", ["متنی", "متن دیگر"]),
        ("claim and more", ["claim and more"]),
    ],
)
def test_the_codes_of_a_note_and_the_texts_of_older_ones(note, codes):
    assert notes_of(note) == codes


@pytest.mark.parametrize(
    ("bands", "texts"),
    [
        (
            TERMS.credit.bands,
            [
                ("حداقل ۹۹٫۵۸٪", "۰ تا ۱۸۰ دقیقه", "۰٪"),
                ("حداقل ۹۹٪ و کمتر از ۹۹٫۵۸٪", "۱۸۱ تا ۴۳۲ دقیقه", "۱۰٪"),
                ("حداقل ۹۸٪ و کمتر از ۹۹٪", "۴۳۳ تا ۸۶۴ دقیقه", "۲۰٪"),
                ("حداقل ۹۷٪ و کمتر از ۹۸٪", "۸۶۵ تا ۱٬۲۹۶ دقیقه", "۳۰٪"),
                ("کمتر از ۹۷٪", "بیش از ۱٬۲۹۶ دقیقه", "۴۰٪"),
            ],
        ),
        ((Band(None, None, 5),), [("همه", "همه", "۵٪")]),  # a table of one row has no edges
        (
            (Band(None, 9, 0), Band(Fraction(98), None, 10), Band(None, None, 20)),
            [
                ("همه", "۰ تا ۹ دقیقه", "۰٪"),
                ("حداقل ۹۸٪", "بیش از ۹ دقیقه", "۱۰٪"),
                ("کمتر از ۹۸٪", "همه", "۲۰٪"),
            ],
        ),
        ((Band(None, None, 0), Band(None, 9, 10)), [("همه", "همه", "۰٪"), ("همه", "۰ تا ۹ دقیقه", "۱۰٪")]),
    ],
)
def test_the_table_in_persian_has_no_gap(bands, texts):
    assert [tuple(text.replace("\u200f", "") for text in row) for row in band_texts_fa(bands)] == texts


def test_the_kinds_of_exclusion_have_the_agreements_words():
    for language in ("fa", "en"):
        names = kind_names(TERMS, language)
        assert set(names) == {kind.value for kind in ExclusionKind}
        assert all(names.values())
