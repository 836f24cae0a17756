"""The two fields for choosing a password."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired, Length

from engine.services.accounts import people

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
