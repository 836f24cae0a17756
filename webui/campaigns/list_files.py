"""The sources of numbers: a file, pasted text, or a contact list."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from engine.errors import BadInput
from engine.services.campaigns import list_shelf
from engine.services.campaigns.uploads import Pending
from engine.services.lists import contact_lists
from engine.services.lists.choices import AS_FOUND
from engine.store.threads import connected, read
from engine.text import shown_name
from webui.forms.account_field import AccountField, account_needed
from webui.forms.base import BoundedForm
from webui.i18n.formats import number
from webui.request.context import web

MOST_PASTED = 200_000  # characters; for more, people upload a file


class NumbersForm(BoundedForm):
    """Where the numbers of a campaign come from; the first source given counts."""

    account = AccountField(_l("Account"), [account_needed])
    numbers = FileField(_l("List of numbers"))
    pasted = TextAreaField(_l("Or paste numbers here"), [Length(max=MOST_PASTED)])
    contact_list = SelectField(_l("Or a contact list"), coerce=int, default=0)

    def offer(self, kept: list[Any]) -> None:
        """Offer the contact lists of the account."""
        self.contact_list.choices = [
            SelectChoice(0, "—"),
            *(SelectChoice(row.id, f"{row.name} ({number(row.numbers)})") for row in kept),
        ]


def take_list(form: NumbersForm, pending: Pending) -> None:
    """Put the given list into an upload, replacing an earlier one; BadInput when none was given or it is too large."""
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
    elif form.contact_list.data:
        list_id, account_id = int(form.contact_list.data), pending.account_id
        row = read(lambda: contact_lists.get_whole(list_id, account_id))

        def laid_out() -> str:
            with connected():
                return uploads.write_list(pending, partial(list_shelf.lay_out, row))

        pending.choices = web().apart(laid_out)
        pending.list_name = str(row.name)
    else:
        raise BadInput("Choose the list of numbers.")
