"""The form that all forms are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_wtf import FlaskForm
from wtforms.validators import Length, StopValidation, ValidationError


class BoundedForm(FlaskForm):
    """A form in which too long is too long: nothing else looks at such a text.

    WTForms goes on to the other checks of a field after one has failed, and patterns may take minutes over a text that is
    as long as a form may be.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            field.validators = [
                _ending(each) if isinstance(each, Length) else each for each in field.validators
            ]


def _ending(check: Length) -> Callable[[Any, Any], None]:
    """A check after which, if it fails, the field is not checked further."""

    def run(form: Any, field: Any) -> None:
        try:
            check(form, field)
        except ValidationError as error:
            raise StopValidation(str(error)) from error

    return run
