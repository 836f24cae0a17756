"""Statements: PDF, CSV and hash, the same bytes for the same month."""

import csv
import io
from dataclasses import replace

from engine.agreement.months import Month
from engine.agreement.reckoning import from_evidence, reckon
from engine.agreement.records import Exclusion, Outage
from engine.agreement.statement import (
    StatementHead,
    band_texts_fa,
    figures_fa,
    statement_csv,
    statement_sha256,
)
from engine.agreement.statement_pdf import statement_pdf
from engine.agreement.terms import ExclusionKind, in_force

TERMS = in_force(0)
MONTH = Month.parse("1405-08")
HEAD = StatementHead(
    "1405-08-17", 17, "=HYPERLINK(1) شرکت نمونه", MONTH.end + 60, 12_500_000, 1_250_000, note="توضیح"
)


def a_month(outages=5):
    start = MONTH.start
    return reckon(
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
    reckoning = a_month()
    first = statement_sha256(HEAD, reckoning)
    assert first == statement_sha256(HEAD, from_evidence(reckoning.evidence()))
    assert first != statement_sha256(replace(HEAD, discount_rials=1), reckoning)
    assert first != statement_sha256(HEAD, a_month(4))


def test_pdf_is_the_same_bytes_again_and_goes_over_many_pages():
    one = statement_pdf(HEAD, a_month(), TERMS)
    assert one.startswith(b"%PDF-")
    assert one == statement_pdf(HEAD, a_month(), TERMS)
    assert b"/Count 1\n" in one or b"/Count 2\n" in one
    long = statement_pdf(replace(HEAD, adjusts="1405-08-3"), a_month(58), TERMS)
    assert len(long) > len(one)
    empty = reckon(MONTH, [], [], TERMS)
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
