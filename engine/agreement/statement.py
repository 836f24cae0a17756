"""The statement of a month for one account: its hash, its rows, and the CSV file.

A statement is a head (account, number, money) and a `Calculation`.  It is never edited; a correction is another statement
that `adjusts` the first.  The same head and the same evidence give the same hash, CSV and PDF, byte for byte.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from engine.agreement.calculation import Calculation
from engine.agreement.dates import duration_text_fa, instant_text, instant_text_fa, iso, persian_digits
from engine.agreement.intervals import total
from engine.agreement.line_month import LineFigures, LineMonth
from engine.agreement.records import Account
from engine.agreement.terms import Band, Terms, percent_text
from engine.csv_cells import safe_cell

# The reasons in a statement's note: why no credit is given (yet), or not for everything.
NOTES_FA = {
    "claim": "تخفیف برای قطعی‌هایی داده می‌شود که درخواست جبران آن‌ها در مهلت ثبت و تایید شده باشد",
    "no_subscription": "در این ماه اشتراکی نبوده است",
    "unknown": "بخشی از زمان این ماه نامعلوم است و در محاسبه نیامده است",
}
LINE_OF = {"fa": ("همه تماس‌گیرندگان", "این مشترک"), "en": ("all_callers", "this_account")}
DECIDED_FA = {"percent": "ستون درصد", "minutes": "ستون دقیقه", "both": "هر دو ستون"}


@dataclass(frozen=True, slots=True)
class StatementHead:
    """What a statement contains besides its calculation; money in whole Rials.

    `subscription_rials` is the price of the next month's subscription, to which the discount applies, and
    `discount_rials` the credit.  Both are None when no credit is given (yet); `note` has the reasons (codes of
    `NOTES_FA`, separated by blanks).  `line` has the support line's figures of the month, None when nobody called.
    """

    number: str
    account: Account
    account_name: str
    issued_at: int
    subscription_rials: int | None = None
    discount_rials: int | None = None
    adjusts: str = ""
    note: str = ""
    line: LineMonth | None = None


def notes_of(note: str) -> list[str]:
    """The codes of a statement's note; old statements contain their texts instead."""
    codes = note.split()
    return codes if NOTES_FA.keys() >= set(codes) else note.split("؛ ")


def statement_sha256(head: StatementHead, calculation: Calculation) -> str:
    """Hash of the statement: its head and the hash of its evidence."""
    content = asdict(head)
    if head.line is None:
        del content["line"]  # old statements had no such key; their hashes must not change
    content["evidence_sha256"] = calculation.evidence_sha256
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def kind_names(terms: Terms, language: str) -> Mapping[str, str]:
    """The names of the kinds of exclusion in the agreement."""
    return {kind: words[language] for kind, words in terms.record["exclusions"].items()}


def band_texts_fa(bands: tuple[Band, ...]) -> list[tuple[str, str, str]]:
    """The discount table in Persian: (percent, minutes, discount) of each row, without gaps."""
    rows = []
    above: Band | None = None
    for band in bands:
        if band.min_percent is not None:
            percent = f"حداقل {_percent_fa(percent_text(band.min_percent))}"
            if above is not None and above.min_percent is not None:
                percent += f" و کمتر از {_percent_fa(percent_text(above.min_percent))}"
        else:
            edge = above.min_percent if above else None
            percent = f"کمتر از {_percent_fa(percent_text(edge))}" if edge is not None else "همه"
        if band.max_minutes is not None:
            least = 0 if above is None or above.max_minutes is None else above.max_minutes + 1
            minutes = f"{_number_fa(least)} تا {_number_fa(band.max_minutes)} دقیقه"
        else:
            edge_minutes = above.max_minutes if above else None
            minutes = f"بیش از {_number_fa(edge_minutes)} دقیقه" if edge_minutes is not None else "همه"
        rows.append((percent, minutes, _percent_fa(str(band.discount))))
        above = band
    return rows


def figures_fa(head: StatementHead, calculation: Calculation) -> list[tuple[str, str]]:
    """The statement's head and figures in Persian, as (label, value)."""
    known, month = calculation.as_known, calculation.month
    rows = [
        ("مشترک", head.account_name),
        ("شماره مشترک", persian_digits(head.account)),
        ("شماره صورت‌وضعیت", persian_digits(head.number)),
        ("ماه", month.name_fa),
        ("از", instant_text_fa(month.start)),
        ("تا", instant_text_fa(month.end, is_end=True)),
        ("تاریخ صدور", instant_text_fa(head.issued_at)),
        ("نسخه توافق‌نامه", persian_digits(calculation.rule.terms_id)),
        ("دسترسی‌پذیری", _percent_fa(known.percent_shown)),
        ("زمان قطعی", duration_text_fa(total(calculation.down))),
        ("قطعی مستثنا", duration_text_fa(total(calculation.down) - known.down_s)),
        ("قطعی محسوب‌شده", f"{duration_text_fa(known.down_s)} ({_number_fa(known.minutes)} دقیقه کامل)"),
        ("زمان نامعلوم", duration_text_fa(total(calculation.unknown))),
        ("تخفیف بر پایه درصد", _percent_fa(str(known.discount_by_percent))),
        ("تخفیف بر پایه دقیقه", _percent_fa(str(known.discount_by_minutes))),
        ("تخفیف", f"{_percent_fa(str(known.discount))} (تعیین‌کننده: {DECIDED_FA[known.decided_by]})"),
    ]
    if head.subscription_rials is not None:
        rows.append(("اشتراک ماه بعد", f"{_number_fa(head.subscription_rials)} ریال"))
    if head.discount_rials is not None:
        rows.append(("مبلغ تخفیف", f"{_number_fa(head.discount_rials)} ریال"))
    if head.adjusts:
        rows.append(("اصلاحیه صورت‌وضعیت", persian_digits(head.adjusts)))
    if head.note:
        rows.append(("توضیح", "؛ ".join(NOTES_FA.get(code, code) for code in notes_of(head.note))))
    return rows


def line_fa(head: StatementHead) -> list[tuple[str, ...]]:
    """The support line's figures in Persian: the callers, then counts and seconds in the order of `LineFigures`."""
    return [
        (name, *(_number_fa(value) for value in asdict(figures).values()))
        for name, figures in _line(head, "fa")
    ]


def _line(head: StatementHead, language: str) -> list[tuple[str, LineFigures]]:
    if head.line is None:
        return []
    whose = LINE_OF[language]
    rows = [(whose[0], head.line.everybody)]
    return rows if head.line.own is None else [*rows, (whose[1], head.line.own)]


def _percent_fa(text: str) -> str:
    """``۲۰٪`` with the sign left of the number, also in a cell of its own."""
    return f"{persian_digits(text.replace('.', '٫'))}\u200f٪"


def _number_fa(number: int) -> str:
    return persian_digits(f"{number:,}".replace(",", "٬"))


def statement_csv(head: StatementHead, calculation: Calculation) -> str:
    """The statement as CSV for spreadsheets: ``section, item, from, to, seconds, value, note``.

    Begins with a byte order mark, so that Excel reads the Persian; `engine.csv_cells` makes the texts safe.
    """
    known, month = calculation.as_known, calculation.month
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")

    def row(*cells: object) -> None:
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in cells])

    row("section", "item", "from", "to", "seconds", "value", "note")
    row("statement", "number", "", "", "", head.number, f"adjusts {head.adjusts}" if head.adjusts else "")
    row("statement", "account", "", "", "", head.account, head.account_name)
    row("statement", "issued", iso(head.issued_at), "", "", instant_text(head.issued_at), head.note)
    row("statement", "month", iso(month.start), iso(month.end), month.seconds, month.key, month.name_fa)
    row("statement", "agreement", "", "", "", calculation.rule.terms_id, calculation.rule.terms_sha256)
    row("figure", "downtime", "", "", total(calculation.down), "", "")
    row("figure", "excluded_downtime", "", "", total(calculation.down) - known.down_s, "", "")
    row("figure", "counted_downtime", "", "", known.down_s, known.minutes, "value in whole minutes")
    row("figure", "unknown", "", "", total(calculation.unknown), "", "")
    row("figure", "availability_percent", "", "", "", known.percent_shown, str(known.availability))
    row("figure", "discount_by_percent", "", "", "", known.discount_by_percent, "")
    row("figure", "discount_by_minutes", "", "", "", known.discount_by_minutes, "")
    row("figure", "discount", "", "", "", known.discount, f"decided by {known.decided_by}")
    if head.subscription_rials is not None:
        row("figure", "subscription_rials", "", "", "", head.subscription_rials, "")
    if head.discount_rials is not None:
        row("figure", "discount_rials", "", "", "", head.discount_rials, "")
    for line in calculation.outage_lines():
        start, end = line.span
        row("outage", line.outage.ref, iso(start), iso(end), end - start, total(line.counted), "value counts")
    for each in calculation.exclusion_lines():
        start, end = each.span
        verdict = "accepted" if each.judgement.accepted else "not accepted"
        note = f"{verdict}: {each.judgement.en}"
        row(
            "exclusion",
            each.exclusion.ref,
            iso(start),
            iso(end),
            end - start,
            each.exclusion.kind.value,
            note,
        )
    for start, end in calculation.unknown:
        row("unknown", "", iso(start), iso(end), end - start, "", "neither up nor down")
    for whose, figures in _line(head, "en"):
        for name, value in asdict(figures).items():
            is_wait = name.endswith("_wait_s")
            row("support_line", name, "", "", value if is_wait else "", "" if is_wait else value, whose)
    row("hash", "evidence_sha256", "", "", "", calculation.evidence_sha256, "")
    row("hash", "statement_sha256", "", "", "", statement_sha256(head, calculation), "")
    return out.getvalue()
