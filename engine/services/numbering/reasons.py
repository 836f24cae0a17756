"""Why a telephone number is set aside, as a word that is kept and as a sentence in both languages."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a number is set aside. The values are stored and exported: they never change."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not_a_number"
    SEVERAL = "several"
    ROUNDED = "rounded"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NO_AREA_CODE = "no_area_code"
    UNASSIGNED = "unassigned"
    ADVERTISING_RANGE = "advertising_range"
    ABROAD = "abroad"
    PREMIUM = "premium"
    SHORT_NUMBER = "short_number"
    DUPLICATE = "duplicate"
    DO_NOT_CALL = "do_not_call"
    DESTINATION_CLOSED = "destination_closed"
    NO_MESSAGE = "no_message"
    DATE = "date"
    HIDDEN = "hidden"

    @property
    def has_number(self) -> bool:
        """Whether what is set aside for it is a number all the same, kept as E.164; else what was written is kept."""
        return self in _WITH_NUMBER

    def sentence(self, language: str = "en") -> str:
        """Return one sentence for a person, ``language`` is ``fa`` or ``en``."""
        english, persian = _SENTENCES[self]
        return persian if language == "fa" else english


_WITH_NUMBER = (Reason.DUPLICATE, Reason.DO_NOT_CALL, Reason.DESTINATION_CLOSED, Reason.NO_MESSAGE)
_SENTENCES: dict[Reason, tuple[str, str]] = {
    Reason.EMPTY: ("The number is missing.", "شماره خالی است."),
    Reason.NOT_A_NUMBER: ("This is not a telephone number.", "این یک شماره تلفن نیست."),
    Reason.SEVERAL: (
        "There is more than one number in the cell; choose whether the first or all of them are called.",
        "در این خانه بیش از یک شماره است؛ برگزینید که با نخستین یا با همهٔ آن‌ها تماس گرفته شود.",
    ),
    Reason.ROUNDED: (
        "A spreadsheet rounded this number and its last digits are lost; format the column as text.",
        "برنامهٔ صفحه‌گسترده این شماره را گرد کرده و رقم‌های آخرش از دست رفته است؛ ستون را متنی کنید.",
    ),
    Reason.TOO_SHORT: ("The number has too few digits.", "رقم‌های شماره کم است."),
    Reason.TOO_LONG: ("The number has too many digits.", "رقم‌های شماره زیاد است."),
    Reason.NO_AREA_CODE: (
        "This is a local number without its area code; add the code or set a default area.",
        "این شمارهٔ محلی کد شهر ندارد؛ کد را بیفزایید یا کد پیش‌فرض را تعیین کنید.",
    ),
    Reason.UNASSIGNED: (
        "No telephone has this number: its range is not assigned.",
        "چنین شماره‌ای وجود ندارد: این پیش‌شماره واگذار نشده است.",
    ),
    Reason.ADVERTISING_RANGE: (
        "Numbers from 0942 place advertising calls; nobody is reached there.",
        "شماره‌های ۰۹۴۲ ویژهٔ تماس تبلیغاتی‌اند و کسی پشت آن‌ها نیست.",
    ),
    Reason.ABROAD: (
        "The number is outside Iran, and calls abroad are not open.",
        "این شماره خارج از ایران است و تماس خارجی باز نیست.",
    ),
    Reason.PREMIUM: (
        "The number is charged at a premium rate, and such calls are not open.",
        "این شماره با نرخ ویژه حساب می‌شود و تماس با آن باز نیست.",
    ),
    Reason.SHORT_NUMBER: (
        "This is a short service number, and calls to those are not open.",
        "این شمارهٔ کوتاه خدماتی است و تماس با آن باز نیست.",
    ),
    Reason.DUPLICATE: ("The number is already in the list.", "این شماره پیش‌تر در فهرست آمده است."),
    Reason.DO_NOT_CALL: (
        "The number is on a do-not-call list.",
        "این شماره در فهرست تماس نگیرید است.",
    ),
    Reason.DESTINATION_CLOSED: (
        "Calls to numbers of this range are not open.",
        "تماس با شماره‌های این محدوده باز نیست.",
    ),
    Reason.NO_MESSAGE: (
        "This recipient's message cannot be made: a cell that it needs is empty or too long.",
        "پیام این گیرنده ساخته نمی‌شود: خانه‌ای که لازم دارد خالی یا بیش از اندازه بلند است.",
    ),
    Reason.DATE: ("This is a date, not a telephone number.", "این یک تاریخ است، نه شماره تلفن."),
    Reason.HIDDEN: (
        "The row is hidden or filtered out in the spreadsheet, so it was left out.",
        "این سطر در صفحهٔ گسترده پنهان یا فیلتر شده است و کنار گذاشته شد.",
    ),
}
