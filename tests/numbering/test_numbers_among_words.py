"""Cells in which more than a number stands: words, extensions, ranges, second numbers."""

from __future__ import annotations

import pytest

from engine.services.numbering import numbers
from engine.services.numbering.numbers import (
    LineKind,
    NormalNumber,
    normalise,
)
from engine.services.numbering.reasons import Reason


@pytest.mark.parametrize(
    "text",
    [
        "09123456789 موبایل",
        "منزل: 09123456789",
        "☎️ 09123456789",
        "📱09123456789",
        "https://wa.me/989123456789",
        "=+989123456789",
        "M: 09123456789",
        "+98.9123456789",
    ],
)
def test_what_stands_around_one_number_is_passed_over(text: str) -> None:
    assert normalise(text) == NormalNumber("+989123456789", LineKind.MOBILE, None)


@pytest.mark.parametrize(
    "text",
    [
        "0.9123456789",
        "9.123456789",
        "9,123456789",
        "35.72198750",
        "51,33475432",
        "۵۱٫۳۳۴۷۵۴۳۲",
        "2.188776655",
    ],
)
def test_a_place_on_a_map_or_a_rate_is_no_number(text: str) -> None:
    assert normalise(text, default_area="021") is Reason.NOT_A_NUMBER


@pytest.mark.parametrize(
    "text",
    [
        "موبایل: 09123456789 تلفن: 02188776655",
        "09123456789 همراه، 02188776655 منزل",
        "09123456789+02188776655",
    ],
)
def test_two_numbers_with_words_beside_them_are_two(text: str) -> None:
    assert normalise(text) is Reason.SEVERAL
    found = [normalise(part) for part in numbers.numbers_in(text)]
    assert [one.e164 for one in found if isinstance(one, NormalNumber)] == ["+989123456789", "+982188776655"]


@pytest.mark.parametrize(
    "text",
    [
        "O9123456789",
        "o9l23456789",
        "O9l2 345 6789",
        "9123456789,00",
        "+98989123456789",
        "0098 0098 912 345 6789",
        "+98 98 09123456789",
        "callto://09123456789",
        "tel://09123456789",
        "<09123456789>",
        "09123456789؟",
        "09123456789!",
        "\ufeff0912\u200d345\u200e6789\u202c",
        "０９１２３４５６７８９",
        "00 98 912 345 6789",
    ],
)
def test_where_one_number_is_possible_it_is_read(text: str) -> None:
    assert normalise(text) == NormalNumber("+989123456789", LineKind.MOBILE, None)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("09123456789 علی", "+989123456789"),
        ("علی رضایی ۰۹۱۲۳۴۵۶۷۸۹", "+989123456789"),
        ("آقای رضایی: +98 912 345 6789 (منزل)", "+989123456789"),
        ("علی\n0912-345-6789", "+989123456789"),
        ("021-88776655 ده خط", "+982188776655"),
    ],
)
def test_a_number_with_words_beside_it_is_taken_on_wish_only(text: str, number: str) -> None:
    assert normalise(text) is Reason.BESIDE_WORDS
    (one,) = map(normalise, numbers.numbers_in(text))
    assert isinstance(one, NormalNumber)
    assert one.e164 == number


@pytest.mark.parametrize(
    "text",
    [
        "کد 09123456789",
        "فکس 02188776655",
        "09123456789 ریال",
        "علی 9123456789",  # an amount may look so
        "پلاک 12 تلفن‌دار 09123456789",
        "09123456789$",
        "شهرک 0912345678",
    ],
)
def test_words_beside_what_may_be_no_telephone_are_refused(text: str) -> None:
    assert normalise(text) is Reason.NOT_A_NUMBER


@pytest.mark.parametrize(
    "behind",
    [" داخلی 12", " داخلي ۱۲", " ext. 5", "x12", " X 12", ";ext=12", "#12", " (داخلی 12)", ", ext 7"],
)
def test_an_extension_is_named(behind: str) -> None:
    assert normalise("021-88776655" + behind) is Reason.EXTENSION


@pytest.mark.parametrize("behind", ["-66", " (66)", "~60", " الی 60", " تا ۶۰", "-021"])
def test_other_endings_are_named_and_give_no_choice(behind: str) -> None:
    assert normalise("88776655" + behind) is Reason.ENDINGS
    assert numbers.numbers_in("88776655" + behind) == []


def test_how_many_lines_an_office_has_is_passed_over() -> None:
    assert normalise("۰۲۱-۸۸۷۷۶۶۵۵ (۱۰ خط)") == NormalNumber("+982188776655", LineKind.LANDLINE, "021")


@pytest.mark.parametrize(
    "text", ["(415) 555-2671", "(212) 555 2671", "(۳۱۲) ۵۵۵-۲۶۷۱", "tel: (415)-555-2671"]
)
def test_a_number_written_as_in_north_america_is_no_landline(text: str) -> None:
    assert normalise(text) is Reason.FOREIGN_FORM


@pytest.mark.parametrize("text", ["(912) 111-0020", "(021) 8877-6655", "(21) 88776655", "(0415) 555-2671"])
def test_an_area_or_a_mobile_in_brackets_is_a_number(text: str) -> None:
    assert isinstance(normalise(text), NormalNumber)
