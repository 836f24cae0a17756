"""Sentences of the services, in the reader's language, digits and calendar.

A service refuses with an English form and named values (`engine.sentences`).
The form is looked up in the catalog like all texts of the pages; the values
are written for the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from flask import Flask
from flask_babel import gettext

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
    language,
    plain_deadline,
    plain_instant,
    plain_number,
    written_day,
)
from webui.i18n.words import WORDS, word

_POINT = re.compile(r"(?<=[0-9])\.(?=[0-9])")
_DECIMAL = re.compile(r"[0-9]+\.[0-9]+")
_FIGURES = frozenset("0123456789,.:/+- ")


def init_app(app: Flask) -> None:
    for filter_ in (
        *(said, errors_said, reason, reason_sentence, binding, finding, finding_subject),
        *(grant, promise, step_value, visible),
    ):
        app.add_template_filter(filter_)


class Said(str):
    """A sentence that is written for the reader already: the digits of names in it are as they must be."""

    __slots__ = ()


def said(what: AvanakError | Sentence) -> Said:
    """What a service says, in the reader's language."""
    sentence = what.sentence if isinstance(what, AvanakError) else what
    form = gettext(sentence.id) if sentence.id else ""
    return Said(fill(form, sentence.values, written))


def errors_said(errors: Iterable[object]) -> str:
    """What is wrong with a field, in one text; what the form library says of its own gets the reader's digits."""
    point = plain_number(".")
    return " ".join(
        error if isinstance(error, Said) else digits(_POINT.sub(point, str(error))) for error in errors
    )


def written(value: object) -> str:
    """A value of a sentence as the reader writes it."""
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
    if _DECIMAL.fullmatch(text):  # a number of a kept sentence
        return plain_number(text)
    return digits(text) if _FIGURES.issuperset(text) else text


def reason(text: str) -> str:
    """A reason that a service kept, in the reader's language; what a person typed stays as it is."""
    return said(sentence_of(text)) if is_kept(text) else text


def reason_sentence(reason: str) -> str:
    """Why a number was set aside."""
    return said(Reason(reason).sentence)


def finding(kind: str) -> str:
    """What the auditor found, in words."""
    return said(finding_words.describe(kind))


def finding_subject(words: str) -> str:
    """What the auditor found it on."""
    return said(finding_words.subject(words))


def binding(word: str) -> str:
    """The limit that binds a campaign, in words."""
    return said(BINDINGS[word])


def grant(name: str) -> str:
    """What a permission of an account is called."""
    return said(GRANTS[name])


def promise(kind: str) -> str:
    """What a clock of a ticket promises."""
    return said(CLOCKS[ClockKind(kind)].title)


def step_value(text: str, what: str) -> str:
    """What a step of a ticket's history changed, in words."""
    if what == "state":
        return word(text, "ticket")
    if what in ("department", "opened"):
        return word(text, "department")
    if text in CLOCKS:
        return promise(text)
    if what in ("warning", "escalation"):
        return ", ".join(word(role, "role") for role in text.split())
    return digits(text) if _FIGURES.issuperset(text) else text


def _named(word: str) -> str:
    """What a state, kind or other fixed word is called; the word itself when it has no name."""
    return next((str(group[word]) for group in WORDS.values() if word in group), word)
