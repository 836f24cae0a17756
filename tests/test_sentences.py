"""Sentences with named values: English by themselves, kept and read again, safe whatever a value is."""

from __future__ import annotations

import json
import pickle
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import AvanakError, BadInput, NotFound
from engine.esl.replies import LinkDown
from engine.sentences import Amount, Instant, Sentence, Word, sentence_of
from engine.services.money.ledger import NoCredit
from engine.states import CampaignState

TEXTS = st.text(max_size=30) | st.sampled_from(["%(b)s", "%", "%%", "%(a)999999999s", '{"id": ', "{0}"])
NUMBERS = st.integers(-(2**50), 2**50)
SIMPLE = (
    TEXTS
    | NUMBERS
    | st.builds(Word, TEXTS)
    | st.builds(Amount, NUMBERS)
    | st.builds(Instant, st.integers(0, 10**14))
    | st.dates()
)
VALUES = st.recursive(
    SIMPLE,
    lambda inner: (
        st.builds(lambda a: Sentence("It is %(a)s.", a=a), inner) | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=4,
)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (BadInput("Line %(line)d has no number.", line=7), "Line 7 has no number."),
        (BadInput("50 % of it, or 100 %(all)s"), "50 % of it, or 100 %(all)s"),
        (BadInput("%(n)s %% of it", n=5), "5 % of it"),
        (BadInput("%(rials)s Rials", rials=Amount(1_200_000)), "1,200,000 Rials"),
        (BadInput("%(n)s", n=Amount(1.5)), "1.5"),
        (BadInput("from %(at)s", at=Instant(1_700_000_000_000)), "from 1402-08-24 01:43"),
        (BadInput("one of %(known)s", known=["a", 2]), "one of a, 2"),
        (BadInput("it is %(state)s", state=CampaignState.PAUSED), "it is paused"),
        (BadInput("no: %(why)s", why=NotFound("no %(what)s", what="%(why)s")), "no: no %(why)s"),
        (BadInput("no: %(why)s", why=OSError("full")), "no: full"),
        (BadInput("on %(day)s", day=date(2026, 11, 21)), "on 2026-11-21"),
        (BadInput("no «%(text)s»", text="a\nb\x1b[1mc\u200cd"), "no «a b [1mc\u200cd»"),
        (BadInput("%(self)s of %(id)s", self=1, id=2), "1 of 2"),
        (NoCredit(1200, 0), "Not enough credit: 1,200 Rials are needed and 0 are available."),
        (BadInput(), ""),
    ],
)
def test_an_error_says_its_english_sentence(error: AvanakError, sentence: str) -> None:
    assert str(error) == sentence
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == sentence
    assert (type(again), again.message, again.values) == (type(error), error.message, error.values)
    assert str(sentence_of(error.sentence.kept())) == sentence


def test_what_an_error_has_of_its_own_travels_with_it() -> None:
    error = pickle.loads(pickle.dumps(LinkDown("gone", maybe_sent=True)))
    assert (str(error), error.maybe_sent) == ("gone", True)


@given(VALUES, VALUES)
def test_a_kept_sentence_is_read_again(one: object, other: object) -> None:
    sentence = Sentence("The %(one)s or %(other)s.", one=one, other=other)
    again = sentence_of(sentence.kept())
    assert again == sentence
    assert str(again) == str(sentence)


@given(TEXTS | st.text(max_size=50).map('{{"id": "x", "values": {{{}}}}}'.format))
def test_any_other_text_says_itself(text: str) -> None:
    assert str(sentence_of(text)) == text or json.loads(sentence_of(text).kept()) == json.loads(text)


def test_a_form_that_somebody_made_up_cannot_ask_for_a_wide_field() -> None:
    made_up = '{"id": "%(a)999999999s %(b)s", "values": {"a": "x"}}'
    assert str(sentence_of(made_up)) == "%(a)999999999s %(b)s"
    assert str(sentence_of('{"id": ' * 5000)) == '{"id": ' * 5000
