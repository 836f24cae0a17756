"""Fields of proof: a new password and its repetition, a code that somebody was told."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from engine.services.accounts import people
from webui.forms.number_fields import ascii_digits

_SHOWN = {"dir": "ltr", "autocomplete": "new-password"}


def new_password(label: Any) -> PasswordField:
    """The field `password` of a form: the new password."""
    return PasswordField(
        label,
        [InputRequired(), Length(people.MIN_PASSWORD, 1000)],
        description=_l("At least 10 characters."),
        render_kw=_SHOWN,
    )


def password_again() -> PasswordField:
    """The field that repeats the form's `password`."""
    return PasswordField(
        _l("The password again"),
        [InputRequired(), EqualTo("password", _l("The two passwords differ."))],
        render_kw=_SHOWN,
    )


def code_told(label: Any) -> StringField:
    """The field for a code of digits that the person was told or shown."""
    return StringField(
        label,
        [InputRequired(), Length(max=20)],
        filters=[ascii_digits],
        render_kw={"dir": "ltr", "inputmode": "numeric", "autocomplete": "one-time-code"},
    )
