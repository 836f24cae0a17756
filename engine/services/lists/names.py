"""What a column's name suggests: whether it holds telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from engine.errors import BadInput
from engine.fold import fold, visible

MAX_HEADER = 64
"""Characters of a column's name that are kept."""


def _names(words: str) -> frozenset[str]:
    return frozenset(map(fold, words.split()))


MOBILE, PHONE, NUMBER, AGAINST = 6, 4, 2, -4
"""Points of a name: «mobile», «tel», a bare «number» (of what?), and «code», «account» …"""

_MOBILE_WORDS = _names("mobile mobiles mobil mob cell cellular gsm msisdn whatsapp hamrah mobayl جوال الجوال")
_MOBILE_PARTS = tuple(
    _names(
        "mobile cellphone cellnumber cellno msisdn whatsapp hamrah موبایل موبیل مبایل همراه گوشی واتساپ واتس‌اپ"
        " سیم‌کارت"
    )
)
_PHONE_WORDS = _names("tel tels tell telno telnumber phone phones ph telefon telephon tamas هاتف الهاتف")
_PHONE_PARTS = tuple(_names("phone callerid تلفن تماس تلیفون تلفون"))
_PHONE_NAMES = _names(
    "contact contactnumber contactno recipient destination callee called to"
    " گیرنده شماره‌گیرنده مخاطب شماره‌مخاطب ثابت شماره‌ثابت"
)
CONTACT_VALUES = frozenset({("phone", "value"), ("تلفن", "مقدار")})
"""First and last word of the columns of numbers of Google Contacts."""
NO_VOICE = tuple(_names("fax pager فکس نمابر دورنگار پیجر"))
"""In the label of a number at which nobody listens."""
_NUMBER_NAMES = _names("number num no numbers شماره شماره‌ها nomre nomreh shomare shomareh نمره")
_AGAINST_WORDS = _names(
    "code codes postal postcode zip zipcode national melli id nid nin ssn contract bill account acc row amount price"
    " date birth birthdate birthday time invoice card iban sheba serial fax ext extension total age year ref reference"
    " tracking order balance debt rial rials toman salary subscription meter label type meli barcode policy latitude longitude"
    " lat lng lon long credit debit deposit withdrawal paid payment fee cost turnover sum net imei imsi iccid mac uid uuid guid"
    " case ticket passport track trace vin chassis terminal"
    " student employee member duration seconds count score weight salaries tax"
    " کد کدملی کدپستی پستی ملی قرارداد قبض حساب ردیف مبلغ تاریخ شناسه کارت شبا اشتراک پرونده پلاک کنتور فاکتور سریال"
    " بیمه شناسنامه گذرنامه نمابر فکس داخلی بدهی مانده قیمت ریال تومان سال رهگیری پیگیری سفارش اقتصادی ثبت تعداد ساعت روز"
    " بستانکار بدهکار گردش واریز واریزی برداشت موجودی سند جمع مجموع شهریه قسط اقساط وام حقوق هزینه درآمد تخفیف"
    " مالیات عوارض پرداختی دریافتی سرمایه ارزش بها نرخ فی مبالغ کارکرد نامه بارنامه شاسی موتور بدنه مجوز پروانه دفترچه چک"
    " حواله رسید تراکنش ارجاع مرجع درخواست داوطلبی داوطلب نظام کارمندی ترمینال پذیرنده پایانه صندلی ملک قرائت رمز دانش‌آموزی"
    " سن متراژ مساحت وزن معدل حجم مدت ثانیه دقیقه"
    " عضویت اشتراک‌نامه تولد دانشجویی پرسنلی بارکد بیمه‌نامه طول عرض"
)
_AGAINST_PARTS = tuple(
    _names(
        "postalcode nationalcode nationalid accountno accountnumber شماره‌حساب شماره‌کارت شماره‌قبض شماره‌قرارداد شماره‌ملی"
    )
)
_PERSON_NAMES = _names(
    "name fullname firstname lastname surname customername contactname person nam"
    " نام نام‌و‌نام‌خانوادگی نام‌خانوادگی نام‌مشتری نام‌مشترک نام‌کامل نام‌گیرنده نام‌مخاطب مشتری مشترک"
)
_OF_PIVOTS = _names("rowlabels rowlabel برچسب‌های‌ردیف برچسب‌ردیف برچسب‌های‌سطر برچسب‌سطر")
"""What spreadsheets write above the first column of a pivot table, whatever it holds."""
_OF_OTHERS = _names(
    "driver courier seller agent referrer referer referral operator assistant emergency sender salesman salesperson"
    " doctor physician guarantor manager supervisor from source"
    " راننده سفیر پیک نصاب تکنسین مأمور فروشنده معرف کارشناس بازاریاب پزشک نماینده مدیر اپراتور ضامن فرستنده مسئول"
    " پشتیبان مشاور منشی ویزیتور دکتر مدرسه شعبه شرکت فروشگاه از"
)
"""Whose number a column holds beside that of the people whom a list is about."""
_OF_A_PERSON = _names(
    "بیمه حساب کارت پلاک ملک پرونده اشتراک قرارداد پروانه چک سفارش درخواست نظام عضویت وام insurance account card order"
    " member student employee policy case"
)
"""Words that name a code alone, and whose number it is behind «موبایل»: «موبایل صاحب حساب», «موبایل بیمه‌گذار»."""
_WORDS = re.compile(r"[^\W\d_]+")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=4_096)  # asked again for each row without a number
def points_of(name: str) -> int:
    """How strongly a column's name suggests telephone numbers: above 0 for, below 0 against."""
    joined = fold(name).rstrip("0123456789")
    words = [fold(word) for word in _WORDS.findall(_HUMPS.sub(" ", name).replace("\u200c", " "))]
    points = 0
    if joined in _OF_PIVOTS:
        return 0
    if joined in _NUMBER_NAMES:
        points = NUMBER
    elif any(part in joined for part in _MOBILE_PARTS) or not _MOBILE_WORDS.isdisjoint(words):
        points = MOBILE
    elif (
        joined in _PHONE_NAMES
        or any(part in joined for part in _PHONE_PARTS)
        or not _PHONE_WORDS.isdisjoint(words)
    ):
        points = PHONE
    against = _AGAINST_WORDS - _OF_A_PERSON if _begins_as_mobile(words) else _AGAINST_WORDS
    if joined == "callerid":
        against = frozenset()
    speaks_against = not against.isdisjoint(words) or any(part in joined for part in _AGAINST_PARTS)
    if speaks_against or any(word.startswith("کد") and not word.startswith("کدام") for word in words):
        points += AGAINST
    return points


def _begins_as_mobile(words: Sequence[str]) -> bool:
    """Whether a name's first words, but for «شماره» and «تلفن», say mobile."""
    first = next((word for word in words if word not in _NUMBER_NAMES | {fold("تلفن")}), "")
    return first in _MOBILE_WORDS or first in _MOBILE_PARTS


def is_of_others(name: str) -> bool:
    """Whether a column's name says that it holds the numbers of drivers, agents, senders: of whom the list is not about."""
    words = (fold(word) for word in _WORDS.findall(_HUMPS.sub(" ", name).replace("\u200c", " ")))
    return not _OF_OTHERS.isdisjoint(words)


def is_of_person(name: str) -> bool:
    """Whether a column's name says that it holds people's names."""
    return fold(name).rstrip("0123456789") in _PERSON_NAMES


def is_exact(name: str) -> bool:
    """Whether a name can only be that of a column of numbers, so that it is a header even as the only cell of its row."""
    joined = fold(name).rstrip("0123456789")
    exact = (
        _NUMBER_NAMES | _PHONE_NAMES | _MOBILE_WORDS | _PHONE_WORDS | set(_MOBILE_PARTS) | set(_PHONE_PARTS)
    )
    short = joined.removeprefix(fold("شماره")).removeprefix(fold("تلفن"))
    return joined in exact or short in exact or joined.removesuffix("number") in exact


def column_names(header: Sequence[str] | None, width: int) -> list[str]:
    """Return a name for each of ``width`` columns: of bounded length, not empty, unique."""
    names: list[str] = []
    taken: set[str] = set()
    for index in range(width):
        name = header[index][:MAX_HEADER] if header and index < len(header) else ""
        name = " ".join(name.split()) or f"column_{index + 1}"
        unique, copy = name, 2
        while unique in taken:
            unique, copy = f"{name} ({copy})", copy + 1
        taken.add(unique)
        names.append(unique)
    return names


def named_columns(wanted: str, names: Sequence[str]) -> list[int]:
    """Return the positions (from 0) of the columns that a person gave as names or positions from 1, separated by commas."""
    folded = [fold(name) for name in names]
    if fold(wanted) in folded or not re.search(r"[,،;]", wanted):
        return [_named_column(wanted, names, folded)]
    parts = [part for part in re.split(r"[,،;]", wanted) if part.strip()]
    return list(dict.fromkeys(_named_column(part, names, folded) for part in parts))


def _named_column(wanted: str, names: Sequence[str], folded: Sequence[str]) -> int:
    plain = fold(wanted)
    if plain and plain in folded:
        return folded.index(plain)
    if plain.isdecimal() and 1 <= int(plain[:4]) <= len(names):
        return int(plain) - 1
    raise BadInput(
        "There is no column «%(name)s»; the list has: %(columns)s.",
        name=visible(wanted.strip()[:MAX_HEADER]),
        columns=[visible(name) for name in names[:20]],
    )
