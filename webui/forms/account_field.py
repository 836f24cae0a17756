"""Choosing an account: a search field, since there may be ten thousand.

The script (static/choose.js) shows matches while one types.  Without it the name or the number of an account is typed, and
if several match the form asks again.
"""

from __future__ import annotations

import re
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup
from wtforms import StringField
from wtforms.validators import ValidationError
from wtforms.widgets import TextInput

from engine.services.accounts.display_names import account_names, accounts_like
from engine.store.threads import read
from webui.forms.number_fields import ascii_digits
from webui.i18n.formats import digits

SHOWN = 12  # most matches that are shown
_NUMBERED = re.compile(r".*#\s*(\d{1,18})\)?|(\d{1,9})", re.DOTALL)  # a longer one is a mobile


def shown_name(account_id: int, name: str) -> str:
    """An account as shown in the field: its name and its unique number."""
    return f"{name} ({digits(f'#{account_id}')})"


class _SearchInput(TextInput):
    """A text field with a list under it."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        kwargs.update(
            {
                "role": "combobox",
                "aria-autocomplete": "list",
                "aria-expanded": "false",
                "aria-controls": f"{field.id}-options",
                "autocomplete": "off",
                "dir": "auto",
                "data-choose": url_for("accounts.choose"),
                "placeholder": field.none or _("Name, mobile or number of the account"),
            }
        )
        box = super().__call__(field, **kwargs)
        return Markup(
            '<div class="choose">{}<ul id="{}-options" role="listbox" aria-label="{}" hidden></ul></div>'
        ).format(box, field.id, field.label.text)


class AccountField(StringField):
    """One of the accounts; `data` is its id, None for none (`none` says what that means)."""

    widget = _SearchInput()
    data: Any

    def __init__(self, label: Any = None, validators: Any = None, none: Any = "", **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.none = none

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if not self.data:
            return ""
        name = read(lambda: account_names([self.data])).get(self.data, "")
        return shown_name(self.data, name)

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = str(valuelist[0]).strip() if valuelist else ""
        self.data = None
        if not text or text == "0":
            return
        numbered = _NUMBERED.fullmatch(ascii_digits(text) or "")
        if numbered is not None:
            wanted = int(numbered[1] or numbered[2])
            if wanted not in read(lambda: account_names([wanted])):
                raise ValueError(_("There is no account %(id)s.", id=digits(wanted)))
            self.data = wanted
            return
        rows = read(lambda: accounts_like(text, SHOWN))
        if len(rows) != 1:
            raise ValueError(
                _("Several accounts match «%(text)s»; choose one.", text=text)
                if rows
                else _("No account matches «%(text)s».", text=text)
            )
        self.data = int(rows[0].id)

    @property
    def account_id(self) -> int | None:
        return self.data or None


def account_needed(_form: Any, field: Any) -> None:
    """An account that must be chosen."""
    if field.data is None and not field.errors:
        raise ValidationError(_("Choose the account."))
