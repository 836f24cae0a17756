"""Fields for numbers, typed in the digits of either language.

They are text inputs: a browser's number input takes neither Persian digits nor separators.
"""

from __future__ import annotations

from typing import Any

from werkzeug.routing import IntegerConverter, Map
from wtforms import Field, FloatField, IntegerField, StringField
from wtforms.validators import StopValidation
from wtforms.widgets import TextInput

from engine.fold import to_ascii_digits
from engine.sentences import Sentence
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.numbering.reasons import Reason
from webui.i18n.formats import digits
from webui.i18n.sentences import said

_SEPARATORS = str.maketrans("،٫", ",.")
LARGEST = 2**63 - 1  # what a column of the database holds
LONGEST_TELEPHONE = 60  # characters of what people type, blanks and brackets among them


def row_id(text: str | int) -> int:
    """A number in an address, as in ``?before=7``; ValueError for one that no column can hold."""
    found = int(text)
    if not -LARGEST <= found <= LARGEST:
        raise ValueError("too large for a row's id")
    return found


class RowIdConverter(IntegerConverter):
    """``<int:…>`` in a route: there is no page for a number that no row can have."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST)


def ascii_digits(text: str | None) -> str | None:
    """Digits as computers write them: people type them in their language."""
    return to_ascii_digits(text).translate(_SEPARATORS).strip() if text else text


# A list is read with choices that a single field has not.
_ONE_ALONE = Sentence("Write one telephone number, and nothing beside it.")
_OF_A_FIELD = {
    Reason.BESIDE_WORDS: _ONE_ALONE,
    Reason.SEVERAL: _ONE_ALONE,
    Reason.ROUNDED: Reason.NOT_A_NUMBER.sentence,
}


class _Typed(Field):
    """A field whose text is read: one that cannot be read is told so, and nothing else; blanks are nothing."""

    raw_data: Any

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        super().process(formdata, *args, **kwargs)
        # Validators of what is required look at what was sent, which for blanks is not nothing.
        if self.raw_data and not str(self.raw_data[0]).strip():
            self.raw_data = [""]

    def pre_validate(self, form: Any) -> None:
        if self.process_errors:
            raise StopValidation


class TelephoneField(_Typed, StringField):
    """A telephone number; `data` is a `NormalNumber`, None for nothing or a number that is none."""

    data: Any

    def __init__(
        self, label: Any = None, validators: Any = None, *, allow_abroad: bool = False, **kwargs: Any
    ) -> None:
        kwargs.setdefault("render_kw", {"dir": "ltr", "inputmode": "tel", "autocomplete": "off"})
        super().__init__(label, validators, **kwargs)
        self._allow_abroad = allow_abroad

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        text = (ascii_digits(valuelist[0]) or "") if valuelist else ""
        if text:
            found = normalise(text[:LONGEST_TELEPHONE], allow_abroad=self._allow_abroad)
            if not isinstance(found, NormalNumber):
                raise ValueError(said(_OF_A_FIELD.get(found, found.sentence)))
            self.data = found


class WholeField(_Typed, IntegerField):
    """A whole number, with or without separators."""

    data: Any
    widget = TextInput()

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {"dir": "ltr", "inputmode": "numeric", "autocomplete": "off"})
        super().__init__(label, validators, **kwargs)

    def _value(self) -> str:
        return digits(super()._value())

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = (ascii_digits(valuelist[0]) or "") if valuelist else ""
        for separator in (",", "٬", "_", " "):
            text = text.replace(separator, "")
        super().process_formdata([text] if text else [])
        if self.data is not None and not -LARGEST <= self.data <= LARGEST:
            self.data = None
            raise ValueError(self.gettext("Not a valid integer value."))


class DecimalsField(_Typed, FloatField):
    """A number that may have decimals."""

    widget = TextInput()

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {"dir": "ltr", "inputmode": "decimal", "autocomplete": "off"})
        super().__init__(label, validators, **kwargs)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else digits(f"{self.data:g}").replace(".", _point())

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = (ascii_digits(valuelist[0]) or "") if valuelist else ""
        super().process_formdata([text] if text else [])


def _point() -> str:
    return "." if digits("1") == "1" else "٫"
