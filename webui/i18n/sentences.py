"""Sentences of the services, in the reader's language, digits and calendar.

A service raises an English form with named values (`engine.sentences`).  The form is translated by the catalog like all
texts of pages; the values are formatted for the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from flask import Flask
from flask_babel import gettext
from flask_babel import gettext as _

from engine.agreement.dates import parse_instant
from engine.errors import AvanakError
from engine.fold import visible
from engine.sentences import Amount, Deadline, Duration, Instant, Sentence, Word, fill, is_kept, sentence_of
from engine.services.accounts.permissions import GRANTS
from engine.services.campaigns.preflight import BINDINGS
from engine.services.numbering.reasons import Reason
from engine.services.tickets.department_rules import CLOCKS, ClockKind
from webui.i18n import finding_words
from webui.i18n.formats import (
    digits,
    duration,
    joined,
    language,
    plain_deadline,
    plain_instant,
    plain_number,
    written_day,
)
from webui.i18n.words import WORDS, word

_POINT = re.compile(r"(?<=[0-9])\.(?=[0-9])")
_DECIMAL = re.compile(r"[0-9]+\.[0-9]+")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?::\d{2})?")
_FIGURES = frozenset("0123456789,.:/+- ")


def init_app(app: Flask) -> None:
    for filter_ in (
        *(said, errors_said, reason, reason_sentence, binding, finding, finding_subject),
        *(grant, promise, step_value, visible),
    ):
        app.add_template_filter(filter_)


class Said(str):
    """A sentence that is already formatted for the reader; digits in it must not be converted, as names may have some."""

    __slots__ = ()


def said(what: AvanakError | Sentence) -> Said:
    """A message of a service in the reader's language."""
    sentence = what.sentence if isinstance(what, AvanakError) else what
    form = gettext(sentence.id) if sentence.id else ""
    return Said(fill(form, sentence.values, written))


def errors_said(errors: Iterable[object]) -> str:
    """The errors of a field in one text; messages of the form library get the reader's digits."""
    point = plain_number(".")
    return " ".join(
        error if isinstance(error, Said) else digits(_POINT.sub(point, str(error))) for error in errors
    )


def written(value: object) -> str:
    """A value of a sentence, formatted for the reader."""
    match value:
        case Sentence():
            return said(value)
        case Deadline():
            return plain_deadline(value)
        case Instant():
            return plain_instant(value)
        case Duration():
            return duration(value * 1000)
        case date():
            return digits(written_day(value))
        case Word():
            return _named(value) if language() == "fa" else str(value)
        case tuple():
            return gettext(", ").join(map(written, value))
        case Amount() | int() | float():
            return plain_number(str(value))
    text = str(value)
    if _DECIMAL.fullmatch(text):  # a number of a stored sentence
        return plain_number(text)
    return digits(text) if _FIGURES.issuperset(text) else text


def reason(text: str) -> str:
    """A stored reason in the reader's language; a text that a person typed stays as it is."""
    return said(sentence_of(text)) if is_kept(text) else text


def reason_sentence(reason: str) -> str:
    """The reason why a number was set aside, as a sentence."""
    return said(Reason(reason).sentence)


def finding(kind: str) -> str:
    """The description of a kind of finding."""
    return said(finding_words.describe(kind))


def finding_subject(words: str) -> str:
    """The subject of a finding."""
    return said(finding_words.subject(words))


def binding(word: str) -> str:
    """The limit that determines a campaign's rate, in words."""
    return said(BINDINGS[word])


def grant(name: str) -> str:
    """The name of a permission of an account."""
    return said(GRANTS[name])


def promise(kind: str) -> str:
    """The promise of a ticket's clock, in words."""
    return said(CLOCKS[ClockKind(kind)].title)


def step_value(text: str, what: str) -> str:
    """The value that a step of a ticket's history set, in words."""
    if what == "state":
        return word(text, "ticket")
    if what in ("department", "opened"):
        return word(text, "department")
    if text in CLOCKS:
        return promise(text)
    if what in ("warning", "escalation"):
        return joined(word(role, "role") for role in text.split())
    if moments := _MOMENT.findall(text):
        shown = (plain_deadline(parse_instant(each, local=True) * 1000) for each in moments)
        return text[: text.index(moments[0])] + f" {_('to')} ".join(shown)
    return digits(text) if _FIGURES.issuperset(text) else text


def _named(word: str) -> str:
    """The name of a state, kind or other fixed word; the word itself if it has none."""
    return next((str(group[word]) for group in WORDS.values() if word in group), word)
