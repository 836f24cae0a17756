"""A sentence in both languages, for outgoing messages: the language is that of the contact address.

The Persian is that of the one catalog, which lies with the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

from engine.agreement.dates import date_text, duration_text_fa, instant_text_fa, persian_digits
from engine.sentences import Amount, Deadline, Duration, Instant, Sentence, fill

Bilingual = Mapping[str, str]  # {"fa": …, "en": …}

CATALOG = Path(__file__).parents[3] / "webui" / "translations" / "fa" / "LC_MESSAGES" / "messages.mo"
_SEPARATORS = str.maketrans(",.", "٬٫")


def bilingual(form: str | Sentence, /, **values: Any) -> Bilingual:
    """A sentence (or its form and values) in Persian and English."""
    sentence = Sentence(form, **values)
    return {"fa": in_persian(sentence), "en": str(sentence)}


def in_persian(sentence: Sentence) -> str:
    """The sentence as a Persian reader reads it outside the pages: Jalali dates, Persian digits."""
    form = _catalog().gettext(sentence.id) if sentence.id else ""
    return fill(form, sentence.values, _written)


def _written(value: Any) -> str:
    match value:
        case Sentence():
            return in_persian(value)
        case Instant():
            return instant_text_fa(value // 1000, is_end=isinstance(value, Deadline))
        case Duration():
            return duration_text_fa(value, days=True)
        case date():
            return persian_digits(date_text(value).replace("-", "/"))
        case Amount() | float():
            return persian_digits(str(value).translate(_SEPARATORS))
        case int():
            return persian_digits(value)
        case tuple():
            return "، ".join(map(_written, value))
    return str(value)


@cache
def _catalog() -> GNUTranslations:
    with CATALOG.open("rb") as file:
        return GNUTranslations(file)
