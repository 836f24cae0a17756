"""The Persian of the pages and the guide: letters, half-spaces, punctuation, and one word for one idea."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[1]
CATALOG = ROOT / "webui/translations/fa/LC_MESSAGES/messages.po"
GUIDE = ROOT / "docs/guide-fa.md"
LETTER = "[\u0621-\u063a\u0641-\u064a\u067e\u0686\u0698\u06a9\u06af\u06cc]"
# What is never written, and what is written instead.
WRONG = {
    r"[\u064a\u0643\u0649]": "the Persian letters «ی» and «ک»",
    rf"{LETTER}[,;?]": "«،», «؛» and «؟»",
    r" [،؛؟]": "no space before punctuation",
    rf"(?:^|[ «(])(?:می|نمی) {LETTER}": "a half-space after «می»",
    rf"{LETTER} (?:ها|های|هایی|هایش|تر|ترین)(?![\u0600-\u06ff])": "a half-space before the ending",
    "\u200c[ .،؛:]| \u200c": "no half-space beside a space",
    "تایید": "تأیید",
    "این‌جا|آن‌جا|آن‌چه|آن‌که|این‌که": "اینجا، آنجا، آنچه، آنکه، اینکه",
    "سوئیچ": "سوییچ",
    # The glossary.
    "کمپین": "کارزار",
    "موبایل": "تلفن همراه",
    "(?<!تماس‌)گیرنده|(?<!تماس‌)گیرندگان(?! و روش)": "مخاطب",
    "تماس(?:‌های)? برگشتی": "تماس بازگشتی",
    "تماس نگیرید": "فهرست عدم تماس",
    "برگزین": "انتخاب",
    "بکوشید": "تلاش کنید",
}


def texts() -> Iterator[tuple[str, str]]:
    with CATALOG.open("rb") as file:
        for message in read_po(file, locale="fa"):
            if message.id:
                yield str(message.id), str(message.string)
    for number, line in enumerate(GUIDE.read_text("utf-8").splitlines(), start=1):
        yield f"{GUIDE.name}:{number}", line


@pytest.mark.parametrize("wrong", WRONG)
def test_persian_is_written_one_way(wrong: str) -> None:
    found = {where: text for where, text in texts() if re.search(wrong, text)}
    assert not found, f"write {WRONG[wrong]}"
