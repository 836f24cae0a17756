"""The statement of a month as a PDF in Persian, right to left, in Vazirmatn.

fpdf2 draws, HarfBuzz shapes the letters.  Tables are laid out from the right; a long table continues on the next page
and repeats its heading row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from typing import cast

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from engine.agreement.calculation import Calculation
from engine.agreement.dates import duration_text_fa, instant_text_fa, persian_digits
from engine.agreement.intervals import Span, total
from engine.agreement.statement import (
    StatementHead,
    band_texts_fa,
    figures_fa,
    kind_names,
    line_fa,
    statement_sha256,
)
from engine.agreement.terms import Terms

LINE_HEADS_FA = (
    "تماس‌گیرندگان", "تماس", "پاسخ", "پاسخ تا ۲۰ ثانیه", "پاسخ تا ۸۰ ثانیه",
    "قطع پیش از پاسخ", "تماس از سوی ما", "بیشترین انتظار (ثانیه)", "میانگین انتظار (ثانیه)",
)  # fmt: skip
_LINE = 6.5  # mm, height of a table row's line
_INK, _PALE, _MARK = (30, 41, 59), (241, 245, 249), (254, 243, 199)


class _Sheet(FPDF):
    """An A4 page with the hash and the page number in its footer."""

    def __init__(self, foot: str, created_at: int) -> None:
        super().__init__(format="A4")
        self._foot = foot
        self.set_creation_date(datetime.fromtimestamp(created_at, UTC))
        self.set_margins(15, 14, 15)
        self.set_auto_page_break(True, margin=18)
        for style, name in (("", "Regular"), ("B", "Bold")):
            self.add_font("Vazirmatn", style, _font_path(name))
        self.set_text_shaping(use_shaping_engine=True, direction="rtl", script="arab", language="fas")
        self.set_text_color(*_INK)
        self.set_draw_color(203, 213, 225)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font("Vazirmatn", "", 7)
        self.set_text_shaping(use_shaping_engine=True)
        self.cell(150, 5, self._foot, align="L")
        self.set_text_shaping(use_shaping_engine=True, direction="rtl", script="arab", language="fas")
        self.cell(0, 5, f"صفحه {persian_digits(self.page_no())}", align="R")

    def heading(self, text: str) -> None:
        """The heading of a section, never alone at the end of a page."""
        if self.will_page_break(8 * _LINE):  # heading, heads and a row of several lines
            self.add_page()
        self.ln(3)
        self.set_font("Vazirmatn", "B", 12)
        self.cell(0, 8, text, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def rows(
        self,
        widths: Sequence[float],
        heads: Sequence[str],
        rows: Sequence[Sequence[str]],
        marked: frozenset[int] = frozenset(),
    ) -> None:
        """A table with its first column at the right; `marked` rows are coloured."""
        if heads:
            self._row(widths, heads, "B", _PALE)
        for index, row in enumerate(rows):
            height = self._height(widths, row)
            if self.will_page_break(height):
                self.add_page()
                if heads:
                    self._row(widths, heads, "B", _PALE)
            self._row(widths, row, "", _MARK if index in marked else None)

    def _height(self, widths: Sequence[float], row: Sequence[str]) -> float:
        self.set_font("Vazirmatn", "", 9)
        counts = []
        for width, text in zip(widths, row, strict=True):
            lines = self.multi_cell(width, _LINE, text, align="R", dry_run=True, output="LINES")
            counts.append(len(cast("list[str]", lines)))
        return _LINE * max(counts)

    def _row(
        self, widths: Sequence[float], row: Sequence[str], style: str, fill: tuple[int, int, int] | None
    ) -> None:
        height = self._height(widths, row)
        self.set_font("Vazirmatn", style, 9)
        top, right = self.get_y(), self.w - self.r_margin
        if fill:
            self.set_fill_color(*fill)
        for width, text in zip(widths, row, strict=True):
            right -= width
            self.rect(right, top, width, height, style="DF" if fill else "D")
            self.set_xy(right, top)
            self.multi_cell(width, _LINE, text, align="R", new_x=XPos.LEFT, new_y=YPos.TOP)
        self.set_xy(self.l_margin, top + height)


@lru_cache(maxsize=2)
def _font_path(name: str) -> str:
    return str(resources.files("engine.agreement") / "fonts" / f"Vazirmatn-{name}.ttf")


def statement_pdf(head: StatementHead, calculation: Calculation, terms: Terms) -> bytes:
    """The PDF file of a statement; `terms` is the version of the calculation, for its texts."""
    sheet = _Sheet(f"SHA-256 {statement_sha256(head, calculation)}", head.issued_at)
    title = f"صورت‌وضعیت دسترسی‌پذیری {calculation.month.name_fa}"
    sheet.set_title(title)
    sheet.set_lang("fa")
    sheet.add_page()
    sheet.set_font("Vazirmatn", "B", 16)
    sheet.cell(0, 11, title, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.set_font("Vazirmatn", "", 10)
    sheet.multi_cell(0, 7, terms.title["fa"], align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.multi_cell(0, 7, calculation.sentence()[1], align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(2)
    sheet.rows((50, 130), (), figures_fa(head, calculation))
    _bands(sheet, calculation)
    _outages(sheet, calculation)
    _exclusions(sheet, calculation, terms)
    _unknown(sheet, calculation)
    line = line_fa(head)
    if line:
        sheet.heading("خط پشتیبانی در ساعت‌های پشتیبانی این ماه")
        sheet.rows((36, 18, 18, 18, 18, 18, 18, 18, 18), LINE_HEADS_FA, line)
    return bytes(sheet.output())


def _bands(sheet: _Sheet, calculation: Calculation) -> None:
    """The agreement's table of credits, with this month's row marked."""
    known = calculation.as_known
    discounts = [band.discount for band in calculation.rule.bands]
    rows = []
    for discount, texts in zip(discounts, band_texts_fa(calculation.rule.bands), strict=True):
        columns = []
        if discount == known.discount_by_percent:
            columns.append("درصد")
        if discount == known.discount_by_minutes:
            columns.append("دقیقه")
        rows.append((*texts, " و ".join(columns)))
    sheet.heading("جدول تخفیف")
    sheet.rows(
        (65, 55, 25, 35),
        ("دسترسی در ماه", "قطعی در ماه", "تخفیف", "این ماه در ستون"),
        rows,
        frozenset({discounts.index(known.discount)}),
    )


def _outages(sheet: _Sheet, calculation: Calculation) -> None:
    rows = [
        (persian_digits(index), *_span_fa(line.span), duration_text_fa(total(line.counted)))
        for index, line in enumerate(calculation.outage_lines(), 1)
    ]
    sheet.heading("قطعی‌ها")
    sheet.rows(
        (12, 48, 48, 36, 36),
        ("ردیف", "از", "تا", "مدت", "محسوب"),
        rows or [("", "قطعی ثبت نشده است", "", "", "")],
    )


def _exclusions(sheet: _Sheet, calculation: Calculation, terms: Terms) -> None:
    """The exclusions with our judgement of each; no section without any."""
    exclusions = calculation.exclusion_lines()
    if not exclusions:
        return
    names = kind_names(terms, "fa")
    sheet.heading("استثناها")
    sheet.rows(
        (12, 44, 38, 38, 48),
        ("ردیف", "نوع", "از", "تا", "پذیرش"),
        [
            (
                persian_digits(index),
                names[each.exclusion.kind.value],
                *_span_fa(each.span)[:2],
                ("پذیرفته: " if each.judgement.accepted else "پذیرفته نشد: ") + each.judgement.fa,
            )
            for index, each in enumerate(exclusions, 1)
        ],
    )


def _unknown(sheet: _Sheet, calculation: Calculation) -> None:
    """The time of which it is not known whether the service was up; no section without any."""
    if not calculation.unknown:
        return
    sheet.heading("زمان نامعلوم")
    sheet.rows(
        (12, 60, 60, 48),
        ("ردیف", "از", "تا", "مدت"),
        [(persian_digits(index), *_span_fa(span)) for index, span in enumerate(calculation.unknown, 1)],
    )


def _span_fa(span: Span) -> tuple[str, str, str]:
    """Start, end and length of a time."""
    start, end = span
    return instant_text_fa(start), instant_text_fa(end, is_end=True), duration_text_fa(end - start)
