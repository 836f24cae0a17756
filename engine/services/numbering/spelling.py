"""How people write telephone numbers, and what only looks like one: dates, amounts, two numbers in a cell."""

from __future__ import annotations

import re
import unicodedata

_QUOTES = "'\"`´‘’‚‛“”„«»′"
_LABELS = (
    "telephone", "tel", "phone", "mobile", "mob", "cell", "whatsapp", "callto", "call", "gsm", "msisdn", "number",
    "no", "شماره تماس", "شماره تلفن", "شماره موبایل", "شماره همراه", "تلفن همراه", "تلفن", "موبایل", "همراه",
    "شماره", "تماس", "واتساپ", "ثابت", "منزل", "محل کار", "دفتر", "home", "work",
)  # fmt: skip
_SPACE = r"(?:\s*|ی\s*|\s+ی\s+)"  # «شماره تماس», with a joiner that is gone here, «شماره‌ی تماس»
_LABEL = "(?:" + "|".join(sorted(_LABELS, key=len, reverse=True)).replace(" ", _SPACE) + ")"
_LINK = (
    r"(?:(?:https?://)?(?:www\.)?(?:wa\.me/|t\.me/(?=\+)|(?:api|web)\.whatsapp\.com/send/?\?phone=)"
    r"|whatsapp://send/?\?phone=|(?:sms|smsto):)"
)
_BEFORE = re.compile(
    rf"^(?:(?:{_LABEL}(?![^\W\d_])[\s.:=#/-]*|[mtp]\s*[.:]\s*)+|{_LINK})(?=[\d+(\[0])", re.IGNORECASE
)
_BEHIND = re.compile(
    rf"(?<=\d)\s*(?:[(\[]\s*{_LABEL}\s*[)\]]|\s{_LABEL}|[(\[]\s*\d{{1,3}}\s*خط[یه]?\s*[)\]])$", re.IGNORECASE
)
_QUERY = re.compile(rf"^({_LINK}\+?\d+)[?&/].*$", re.IGNORECASE | re.DOTALL)
"""A link to a chat with its text behind the number: ``https://wa.me/98912…?text=hi``."""
_MARKDOWN = re.compile(r"^\[([^\]]*)\]\(tel:\+?[\d-]*\)$", re.IGNORECASE)
_ONLY_LABEL = re.compile(_LABEL, re.IGNORECASE)
_SYMBOLS = "☎✆✉📞📱📲\ufe0f"
_ENDS = re.compile(rf"^[#*•·|/\\_,;:،؛.<\s{_SYMBOLS}]+|[#*•·|/\\_,;:،؛.+>?!؟\s{_SYMBOLS}-]+$")
_TYPED_FORMULA = re.compile(r"=(?=\+?\d+$)", re.ASCII)
_BULLET = re.compile(r"^-\s*(?=[0+(])|^-\s+|^\d{1,5}\s*[-.)]\s+(?=(?:0|\+98|0098)[1-9]\d{9}$)", re.ASCII)
"""A dash, or the number of a line (``12. 0912…``), before a number that is whole without it."""
_AMERICAN = re.compile(r"\d{1,3}(?:,\d{3})+", re.ASCII)
_UNUSUAL = re.compile(r"[_,،'’·•~٬\\]")
_ONE_NUMBER = re.compile(r"0[1-9]\d{9}|9\d{9}|(?:\+|00)?98[1-9]\d{9}", re.ASCII)

_YEAR, _TWO = r"(?:1[34]\d\d|19\d\d|20\d\d)", r"\d{1,2}"
_CLOCK = r"(?:[T\s]+\d{1,2}(?::?\d{2}){0,2}(?:\.\d+)?Z?)?"
_ONE_DATE = rf"(?:{_YEAR}\s*([-/._ ])\s*{_TWO}\s*\1\s*{_TWO}|{_TWO}\s*([-/._ ])\s*{_TWO}\s*\2\s*(?:{_YEAR}|\d\d)){_CLOCK}"
_DATE = re.compile(_ONE_DATE, re.ASCII)
_DATES = re.compile(rf"(?:{_YEAR}[-/.]{_TWO}[-/.]{_TWO}{_CLOCK}\s*[-–,تا ]*\s*){{2}}", re.ASCII)
_DAY_NUMBER = re.compile(
    r"(?:1[34]\d\d|19\d\d|20[0-4]\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:1[34]\d\d|19\d\d|20[0-4]\d)",
    re.ASCII,
)
_AMOUNT = re.compile(r"-\s*[1-9][\d,.]*|[1-9]\d{2,}\.\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_DECIMAL = re.compile(r"(?!98\.9)\d{1,2}[.,]\d{4,}", re.ASCII)
"""A number with a fraction: a place on a map, a rate."""
_RUN_ON = re.compile(
    r"\d{7}[\s()/\\,،-]+\d{1,2}\W*$|\d{8}[\s()/\\,،-]+\d{1,3}\W*$|\d{7}\s*(?:~|(?:تا|الی|to)\b)\s*\d{1,3}\W*$"
)
_EXTENSION_WORD = r"(?:داخلی|داخلي|extension|ext|int|x)"
_EXTENSION = re.compile(
    rf"\d{{7}}[\s,;()-]*(?:{_EXTENSION_WORD}[\s.:=]*\d{{1,6}}|#\s*\d{{1,6}})[\s)]*$"
    rf"|^[\s(]*{_EXTENSION_WORD}[\s.:=]*\d{{1,6}}[\s,;:)-]+[+(]?\d[\d\s()-]{{6,}}$",
    re.IGNORECASE,
)
_ONE_SPAN = re.compile(r"[+(]*\d(?:[\d ().+/-]*\d)?")
_WHOLE = re.compile(r"0[1-9]\d{9}|(?:\+|00)?98[1-9]\d{9}", re.ASCII)
_WHOLE_NUMBERS = re.compile(r"(?:0[1-9]\d{9}){2,}", re.ASCII)
_WORDS = re.compile(r"[^\W\d_]+")
_AROUND = re.compile(r"(?:[^\W\d_]|[\s.,:;()\[\]«»\"'’/|\-،؛\u064b-\u0652\u0670])*")
_NO_TELEPHONE = frozenset({
    "کد", "کدملی", "کدپستی", "پستی", "ملی", "حساب", "کارت", "شبا", "قبض", "فکس", "نمابر", "دورنگار", "تلفکس",
    "ریال", "تومان", "شناسه", "رهگیری", "پیگیری", "سفارش", "فاکتور", "سریال", "بارکد", "اشتراک", "پرونده",
    "قرارداد", "پلاک", "کنتور", "مبلغ", "سند", "چک", "حواله", "مرسوله", "بیمه", "گذرنامه", "پایانه", "پیجر", "code",
    "fax", "telefax", "pager", "account", "card", "iban", "sheba", "id", "rial", "rials", "toman", "order",
    "tracking", "invoice", "serial", "barcode", "amount", "ref", "reference", "policy", "contract", "passport",
    "http", "https", "www",
})  # fmt: skip
"""Beside one of these words digits are no telephone's, or nobody listens there."""
_READ_AS = str.maketrans("OoIl", "0011")
_WITH_LETTERS = re.compile(r"[\dOo][\dOoIl]{10}", re.ASCII)

BETWEEN_NUMBERS = re.compile(
    r":::|[,;،؛|/\\&\r\n]| - | {2,}|[ -](?=0\d{10})|[ -](?=\+)|(?<=\d)\s+(?:و|یا|and|or)\s+(?=[\d+])"
    r"|(?<=\d{10})[ -]+(?=9\d{9})|(?<=\d{8}) (?=\d{8}(?!\d))|(?<=\d{10})\+(?=\d)"
    rf"|(?<=\d{{8}})\s+(?={_LABEL}[\s.:=-]*[\d+(])",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Return ``text`` with ASCII digits, plus, dashes and spaces, and without invisible marks."""
    if text.isascii():
        return text.replace("\t", " ")
    out = []
    for char in text:
        category = unicodedata.category(char)
        if category == "Nd":
            out.append(str(unicodedata.decimal(char)))
        elif category == "Pd" or char == "\N{MINUS SIGN}":
            out.append("-")
        elif category == "Zs" or char == "\t":
            out.append(" ")
        elif char in "\N{FULLWIDTH PLUS SIGN}\N{SMALL PLUS SIGN}":
            out.append("+")
        elif char == "\N{ARABIC DECIMAL SEPARATOR}":
            out.append(".")
        elif category != "Cf" and char != "\N{ARABIC TATWEEL}":
            out.append(char)
    return "".join(out)


def undecorated(text: str) -> str:
    """Return a plain text without the decoration around a number: quotes, ``tel:``, «تلفن», a trailing # or comma."""
    text = text.strip().strip(_QUOTES).strip()
    text = _BULLET.sub("", _QUERY.sub(r"\1", _MARKDOWN.sub(r"\1", text)))
    text = _TYPED_FORMULA.sub("", text, count=1) if text.startswith("=") else text
    if not text[:1].isdigit():
        text = text.lstrip(_SYMBOLS + " ")
        text = _BEFORE.sub("", text.replace("ي", "ی").replace("ك", "ک"))
    if text and not text[-1].isdigit():
        text = _BEHIND.sub("", text.replace("ي", "ی").replace("ك", "ک"))
    return _ENDS.sub("", text.strip(_QUOTES))


def joined(text: str) -> str:
    """Return an undecorated text without rare separators if it can be one number; otherwise return it unchanged."""
    if not _UNUSUAL.search(text) or _DECIMAL.fullmatch(text):
        return text
    grouped = _AMERICAN.fullmatch(text) is not None
    digits = re.sub(r"[\s()._,،'’·•~٬\\-]", "", text)
    if not _ONE_NUMBER.fullmatch(digits):
        return text
    if grouped:
        return digits if digits.lstrip("+0").removeprefix("98").startswith("9") else text
    groups = re.findall(r"\d+", text)
    is_area = len(groups) == 2 and len(groups[0]) <= 5
    return digits if is_area or max(map(len, groups)) < 8 else text


def is_date(text: str) -> bool:
    """Whether an undecorated text is one or two dates of either calendar."""
    return bool(_DATE.fullmatch(text) or _DAY_NUMBER.fullmatch(text) or _DATES.fullmatch(text))


def is_amount(text: str) -> bool:
    """Whether an undecorated text is a negative number, a fraction, or a number with thousands separators."""
    return (_AMOUNT.fullmatch(text) or _DECIMAL.fullmatch(text)) is not None


def runs_on(text: str) -> bool:
    """Whether a second ending follows a whole number: ``88776655-66`` is two numbers."""
    return _RUN_ON.search(text) is not None


def has_extension(text: str) -> bool:
    """Whether a plain text is a number with an extension: ``021-22334455 داخلی 12``, ``…;ext=5``."""
    return _EXTENSION.search(text) is not None


def beside_words(text: str) -> str:
    """Return the one whole number in a plain text with words (``09121110020 علی``), or an empty text.

    A whole number begins with 0 or 98, and no other digit may be in the text.
    """
    span = _ONE_SPAN.search(text)
    if span is None or not _WHOLE.fullmatch(re.sub(r"[ ().-]", "", span[0])):
        return ""
    around = (text[: span.start()], text[span.end() :])
    words = [
        word.casefold().replace("ي", "ی").replace("ك", "ک")
        for side in around
        for word in _WORDS.findall(side)
    ]
    if not words or not _NO_TELEPHONE.isdisjoint(words) or not all(map(_AROUND.fullmatch, around)):
        return ""
    return span[0]


def with_digits(text: str) -> str:
    """Return a number in which letters were typed for 0 and 1 (``O9l2…``) with digits; any other text as it is."""
    found = re.sub(r"[ .-]", "", text)
    if found.isdecimal() or not _WITH_LETTERS.fullmatch(found) or sum(map(str.isdigit, found)) < 6:
        return text
    read = found.translate(_READ_AS)
    return read if read.startswith("09") else text


def parts_of(text: str) -> list[str]:
    """Split a plain text that may hold several numbers."""
    if not any(map(str.isalpha, text)) and _WHOLE_NUMBERS.fullmatch(
        digits := "".join(filter(str.isdigit, text))
    ):  # ``0912-111-0016 0912-111-0017``, whatever stands between them
        return [digits[at : at + 11] for at in range(0, len(digits), 11)]
    parts = map(undecorated, BETWEEN_NUMBERS.split(text))
    return [part for part in parts if part and not _ONLY_LABEL.fullmatch(part)]
