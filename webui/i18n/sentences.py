"""Sentences of the services, in the reader's language.

A service refuses with one English sentence.  For a Persian reader it is looked
up by its form in ``translations/fa/sentences.toml``, which says how its values
are to be written; a test reads every sentence from the source of the services
and fails when one is not there.
"""

from __future__ import annotations

import logging
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Flask
from flask_babel import gettext

from engine.errors import AvanakError
from engine.fold import visible
from engine.sentences import Amount, Instant, Sentence, Word, fill
from engine.services.accounts.accounts import Refusal, SendingRefused
from engine.services.accounts.permissions import GRANTS
from engine.services.campaigns import why
from engine.services.campaigns.view import CampaignView
from engine.services.numbering.reasons import Reason
from engine.services.tickets.rules import CLOCKS, DEPARTMENTS
from webui.i18n.formats import digits, language, plain_instant, plain_number
from webui.i18n.words import WORDS

log = logging.getLogger(__name__)

FILE = Path(__file__).parents[1] / "translations" / "fa" / "sentences.toml"
LONGEST = (
    2000  # characters of a sentence that is looked up: more is no sentence, and patterns take their time
)
_VALUE = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")  # doubled braces stand for themselves
_NUMBER = re.compile(r"[+-]?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?")
_FIGURES = re.compile(r"[+-]?[0-9][0-9,.:/ -]*")


@dataclass(frozen=True, slots=True)
class Form:
    """A sentence with names for its values; `words` is what stands between them."""

    english: str
    persian: str
    pattern: re.Pattern[str]
    words: tuple[str, ...]


class Value(str):
    """A value of a sentence; in a Persian form ``{state:word}``, ``{at:time}`` and ``{why:said}`` say what it is."""

    def __format__(self, spec: str) -> str:
        text = str(self)
        if spec == "word":
            joined = text.replace(" or ", ", ").replace(" and ", ", ").split(", ")
            return _word(text) or "، ".join(_word(part) or _plain(part) for part in joined)
        if spec == "time":
            return digits(text.replace("-", "/"))
        if spec == "said":
            return in_persian(text) or text
        return _plain(text)


def _plain(text: str) -> str:
    """A value as it is written, a number or figures in Persian digits."""
    if _NUMBER.fullmatch(text):
        return plain_number(text)
    return digits(text) if _FIGURES.fullmatch(text) else text


def init_app(app: Flask) -> None:
    for filter_ in (reason, why_sentence, said, visible):
        app.add_template_filter(filter_)


def reason(text: str) -> str:
    """A reason that a service wrote down, in the reader's language; what a person typed stays as it is."""
    return (in_persian(text) or text) if language() == "fa" else text


def why_sentence(view: CampaignView) -> str:
    """Why a campaign is as it is, in the reader's language, calendar and digits."""
    return view.sentence(language(), plain_instant, _detail)


def _detail(value: object) -> str:
    """A number in the reader's digits, a reason in words; anything else (a gateway's name) as it is written."""
    text = str(value)
    return plain_number(text) if _NUMBER.fullmatch(text) else reason(text)


def said(error: AvanakError | Sentence) -> str:
    """What a service says, in the reader's language, digits and calendar."""
    sentence = error.sentence if isinstance(error, AvanakError) else error
    form = gettext(sentence.id) if sentence.id else ""
    if language() == "fa" and form == sentence.id:
        return _found(error)
    return fill(form, sentence.values, written)


def written(value: object) -> str:
    """A value of a sentence as the reader writes it."""
    match value:
        case Sentence():
            return said(value)
        case Instant():
            return plain_instant(int(value))
        case Amount():
            return plain_number(str(value))
        case Word():
            return (_word(value) if language() == "fa" else None) or str(value)
        case tuple():
            return ("، " if language() == "fa" else ", ").join(map(written, value))
        case int() | float():
            return plain_number(str(value))
    text = str(value)
    return digits(text) if _FIGURES.fullmatch(text) else text


def _found(error: AvanakError | Sentence) -> str:
    """The Persian of a sentence that has no named values yet, by its form."""
    sentence = str(error)
    if isinstance(error, SendingRefused):
        detail = error.detail
        return error.refusal.sentence("fa", _word(detail) or detail)
    found = in_persian(sentence)
    if found is None:
        # Better English than nothing; what webui itself says has been translated where it was raised.
        if sentence.isascii():
            log.warning("action=sentence_untranslated kind=%s", type(error).__name__)
        return sentence
    return found


def in_persian(sentence: str) -> str | None:
    """The Persian of a service's sentence; None for one that is not known."""
    found = form_of(sentence)
    if found is None:
        return None
    values = found.pattern.fullmatch(sentence)
    return (
        found.persian.format_map({name: Value(text) for name, text in values.groupdict().items()})
        if values
        else None
    )


def form_of(sentence: str) -> Form | None:
    """The form that a sentence has: the one with the most words of its own, if several would do."""
    if len(sentence) > LONGEST:
        return None
    return next((form for form in _forms() if form.pattern.fullmatch(sentence)), None)


@cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(FILE.read_text("utf-8"))


@cache
def _forms() -> tuple[Form, ...]:
    """All forms, those with the most words first."""
    pairs = {reason.sentence("en"): reason.sentence("fa") for reason in Reason}
    pairs.update(
        (refusal.sentence("en", "{detail}"), refusal.sentence("fa", "{detail:word}")) for refusal in Refusal
    )
    pairs.update(why.SENTENCES.values())
    for name, table in _table().items():
        if name != "words":
            pairs.update(table)
    made = [_form(english, persian) for english, persian in pairs.items()]
    return tuple(sorted(made, key=lambda form: -sum(map(len, form.words))))


def _form(english: str, persian: str) -> Form:
    parts = _VALUE.split(english)
    parts[::2] = [part.replace("{{", "{").replace("}}", "}") for part in parts[::2]]
    pattern = "".join(
        f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
    return Form(english, persian, re.compile(pattern, re.DOTALL), tuple(parts[::2]))


def _word(text: str) -> str | None:
    """What a state, kind or other fixed word is called in Persian."""
    found = _table()["words"].get(text) or _kept_words().get(text.casefold())
    if found is not None:
        return found
    groups = (group[text] for group in WORDS.values() if text in group)
    return next((str(word) for word in groups), None)


@cache
def _kept_words() -> dict[str, str]:
    """Words that the services keep in both languages themselves."""
    pairs = [(rule.en, rule.fa) for rule in DEPARTMENTS.values()]
    pairs += [(rule.en, rule.fa) for rule in CLOCKS.values()]
    pairs += [(one.sentence().rstrip("."), one.sentence("fa").rstrip(".")) for one in Reason]
    return {english.casefold(): persian for english, persian in (*pairs, *GRANTS.values())}
