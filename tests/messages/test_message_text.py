"""Persian numbers and letters as they are spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.services.messages.personal import MissingValue, Template
from engine.services.messages.template import MAX_NUMBER, check_text, number_words, spoken, tidy

ONES = {"یک": 1, "دو": 2, "سه": 3, "چهار": 4, "پنج": 5, "شش": 6, "هفت": 7, "هشت": 8, "نه": 9, "ده": 10, "یازده": 11,
        "دوازده": 12, "سیزده": 13, "چهارده": 14, "پانزده": 15, "شانزده": 16, "هفده": 17, "هجده": 18, "نوزده": 19,
        "بیست": 20, "سی": 30, "چهل": 40, "پنجاه": 50, "شصت": 60, "هفتاد": 70, "هشتاد": 80, "نود": 90, "صد": 100,
        "دویست": 200, "سیصد": 300, "چهارصد": 400, "پانصد": 500, "ششصد": 600, "هفتصد": 700, "هشتصد": 800,
        "نهصد": 900, "صفر": 0}  # fmt: skip
SCALES = {"هزار": 10**3, "میلیون": 10**6, "میلیارد": 10**9}


def heard(words: str) -> int:
    """The number that a listener makes of words: groups, then scales."""
    total = group = 0
    parts = words.split()
    at = 0
    while at < len(parts):
        word = parts[at]
        if word == "هزار" and parts[at + 1 : at + 2] == ["میلیارد"]:
            total += (group or 1) * 10**12
            group, at = 0, at + 1
        elif word in SCALES:
            total += (group or 1) * SCALES[word]
            group = 0
        elif word != "و":
            group += ONES[word]
        at += 1
    return total + group


@given(st.integers(0, MAX_NUMBER - 1))
def test_a_number_is_heard_as_it_was_written(number: int) -> None:
    # «یک هزار میلیارد» is written «یک هزار میلیارد», never mistaken for a thousand and a milliard.
    assert heard(number_words(number)) == number


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("قبض شما ۲۵۰٬۰۰۰ ريال است", "قبض شما دویست و پنجاه هزار ریال است"),
        ("كتاب‌‌ها  را", "کتاب\u200cها را"),
        ("کد 0912", "کد صفر نه یک، دو"),
        ("3.50 کیلو", "سه ممیز پنج کیلو"),
        ("دما -5 درجه", "دما منفی پنج درجه"),
        ("1.05", "یک ممیز صفر پنج"),
        ("a1b2 در ۱۴۰۳", "a1b2 در هزار و چهارصد و سه"),
        ("یک\r\nدو", "یک، دو"),
        ("\u202eسلام\u0000\u200f", "سلام"),
    ],
)
def test_what_is_spoken(text: str, said: str) -> None:
    assert spoken(text) == said


@given(st.text(max_size=200))
def test_tidying_twice_changes_nothing(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once


@given(st.text(max_size=60))
def test_any_text_can_be_made_fit(text: str) -> None:
    assert "\n" not in spoken(text)


def test_texts_are_bounded() -> None:
    with pytest.raises(BadInput, match="1,001 characters"):
        check_text("ا" * 1001)
    with pytest.raises(BadInput, match="nothing to be spoken"):
        check_text(" ؟! ")


def test_a_template_names_its_variables_and_is_filled() -> None:
    template = Template("{name} عزیز، قبض شما {amount} ریال است. کد {code:digits}")
    assert template.variables == ["name", "amount", "code"]
    text = template.render({"Name": "علی", "amount": "250,000", "code": "12"})
    assert text == "علی عزیز، قبض شما 250,000 ریال است. کد یک دو"
    with pytest.raises(MissingValue, match="amount"):
        template.render({"name": "علی", "amount": " "})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{name عزیز", "has no partner"),
        ("سلام }", "has no partner"),
        ("سلام {a:b}", "allowed after the colon"),
        ("سلام { }", "no name"),
        ("", "nothing to be spoken"),
    ],
)
def test_a_template_that_cannot_be_understood(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        Template(text)


def test_an_unknown_variable_is_named_with_the_columns_there_are() -> None:
    with pytest.raises(BadInput, match=r"uses \{amont\}.*columns are: \{name\}, \{amount\}"):
        Template("{name} {amont}").check(["name", "amount"])
    Template("{نام} {Amount}").check(["نام", "amount"])
