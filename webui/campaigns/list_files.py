"""How numbers come in: a file, pasted text, or a list that is kept."""

from __future__ import annotations

import io
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from engine.errors import BadInput
from engine.services.campaigns import saved_lists
from engine.services.campaigns.saved_lists import Shelf
from engine.services.campaigns.uploads import Pending
from engine.services.lists.choices import AS_FOUND
from engine.store.threads import read
from engine.text import shown_name
from webui.i18n.formats import number
from webui.request.context import web

MOST_PASTED = 200_000  # characters; more is a file's matter


class NumbersForm(FlaskForm):
    """Where the numbers of a campaign come from: the first that is given counts."""

    account = SelectField(_l("Account"), coerce=int)
    numbers = FileField(_l("List of numbers"))
    pasted = TextAreaField(_l("Or paste numbers here"), [Length(max=MOST_PASTED)])
    saved = SelectField(_l("Or a list that is kept"), coerce=int, default=0)

    def offer(self, accounts: list[tuple[int, str]], kept: list[Any]) -> None:
        """What may be chosen: accounts (id, name), and lists that are kept."""
        self.account.choices = [SelectChoice(account_id, name) for account_id, name in accounts]
        if self.account.data is None and accounts:
            self.account.data = accounts[0][0]
        self.saved.choices = [
            SelectChoice(0, "—"),
            *(SelectChoice(row.id, f"{row.name} ({number(row.numbers)})") for row in kept),
        ]


def shelf() -> Shelf:
    """The files of the lists that are kept."""
    return Shelf(web().settings.data_dir / "lists")


def take_list(form: NumbersForm, pending: Pending) -> None:
    """Bring what was given into an upload, in place of what was there; BadInput when nothing was, or it is too large."""
    uploads, file = web().uploads, form.numbers.data
    pending.choices, pending.checked, pending.first_rows, pending.problem = AS_FOUND.kept(), None, None, ""
    if isinstance(file, FileStorage) and file.filename:
        name, stream = shown_name(file.filename, "—"), file.stream
        web().apart(lambda: uploads.save(pending, "list", name, stream))  # type: ignore[arg-type]
        pending.list_name = name
    elif (form.pasted.data or "").strip():
        text = io.BytesIO(form.pasted.data.encode())
        name = _("Pasted numbers")
        web().apart(lambda: uploads.save(pending, "list", name, text))
        pending.list_name = name
    elif form.saved.data:
        list_id, account_id = int(form.saved.data), pending.account_id
        row = read(lambda: saved_lists.get(list_id, account_id))
        path = shelf().path(row.token)
        web().apart(lambda: uploads.take_list(pending, path))
        pending.list_name, pending.choices = str(row.source_name), str(row.choices)
    else:
        raise BadInput("Choose the list of numbers.")
