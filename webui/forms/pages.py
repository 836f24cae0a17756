"""Common parts of pages with several small forms: fields, and `attempt`, the one way from a form to a service.

A form that a service refuses is shown again with its input and the error beside it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import jdatetime
from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from engine.errors import AvanakError, BadInput, NotAllowed, NotFound
from engine.services.accounts.display_names import account_names
from engine.services.money.ledger import NoCredit
from engine.store.threads import write
from webui.forms.base import BoundedForm
from webui.forms.number_fields import ascii_digits, row_id
from webui.i18n import formats
from webui.i18n.formats import digits, instant_example, parse_instant, written_instant
from webui.i18n.sentences import said
from webui.request.access import account_scope, is_staff

Answer = tuple[str, int]
ASK_NO_MORE = 286  # status on which htmx stops polling


class PageForm(BoundedForm):
    """A form of a page that may have several: `tag` keeps their ids apart, `complaint` says why it was refused."""

    def __init__(self, *args: Any, tag: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.complaint = ""
        if tag:
            for field in self:
                field.id = f"{tag}-{field.id}"
                field.label.field_id = field.id

    @classmethod
    def blank(cls, tag: str = "", **data: Any) -> Any:
        """The empty form, even while another form of the page is being sent."""
        return cls(formdata=None, data=data, tag=tag)


def attempt(form: PageForm, work: Callable[[], Any], *, writes: bool = True) -> bool:
    """Check the form and do `work` in a transaction; False if it failed, with the error in the form.

    `work` runs in the writer's thread, without the request, so texts for the reader must be made before.  With `writes` False
    `work` runs here and does its own writing.
    """
    if not form.validate_on_submit():
        return False
    try:
        if writes:
            write(work)
        else:
            work()
    except NotFound:
        raise
    except (BadInput, NotAllowed, NoCredit) as error:
        form.complaint = said(error)
        return False
    except AvanakError as error:
        if error.http_status >= 500:
            raise
        form.complaint = said(error)
        return False
    return True


def refused(template: str, **values: Any) -> Answer:
    """The page again, with its input and the error."""
    return render_template(template, **values), 400


class _DateField(StringField):
    """A date in the reader's calendar; invalid input is shown again as typed."""

    data: Any

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {"dir": "ltr", "autocomplete": "off"})
        super().__init__(label, validators or [Optional()], **kwargs)

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else self.written()

    def written(self) -> str:
        """The text of `data`."""
        raise NotImplementedError


class InstantField(_DateField):
    """Date and time of day; `data` is milliseconds, None for nothing."""

    def written(self) -> str:
        return written_instant(self.data)

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        if valuelist:
            try:
                self.data = parse_instant(valuelist[0])
            except BadInput as error:
                raise ValueError(str(error)) from error

    @property
    def example(self) -> str:
        return instant_example()


class DayField(_DateField):
    """A day; `data` is a `date`, None for nothing."""

    def written(self) -> str:
        return written_day(self.data) if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        text = (ascii_digits(valuelist[0]) or "") if valuelist else ""
        if not text:
            return
        try:
            year, month, day = (int(part) for part in text.replace("-", "/").split("/"))
            self.data = (
                jdatetime.date(year, month, day).togregorian() if year < 1700 else date(year, month, day)
            )
        except ValueError as error:
            example = written_day(date(2026, 11, 23))
            raise ValueError(
                _("«%(text)s» is not a day such as %(like)s.", text=text, like=example)
            ) from error


def written_day(day: date) -> str:
    """A day in the reader's calendar and digits."""
    return digits(formats.written_day(day))


def key_field() -> HiddenField:
    """A unique key for each form shown, so that sending it twice acts once."""
    return HiddenField(default=lambda: uuid.uuid4().hex, validators=[Length(max=64)])


def reason_field(label: Any) -> TextAreaField:
    """A required reason."""
    return TextAreaField(label, [InputRequired(), Length(max=2000)], render_kw={"rows": 2, "dir": "auto"})


def needed_together(_form: Any, field: Any) -> None:
    """A required instant."""
    if field.data is None and not field.errors:
        raise ValidationError(_("Fill this in."))


def own_account(account_id: int | None = None) -> int:
    """The account of a customer's page: their own; for staff the one in the address.  NotFound."""
    scope = account_scope()
    if scope is None:
        if account_id is None:
            raise NotFound("This page is a customer's.")
        return account_id
    if account_id is not None and account_id != scope:
        raise NotFound("There is no such account here.")
    return scope


def customers_only() -> int:
    """The account of the customer; NotFound for staff, who have pages of their own."""
    if is_staff():
        raise NotFound("This page is a customer's.")
    return own_account()


def staff_page(rows: Sequence[Any], size: int) -> dict[str, Any]:
    """The values for a template that shows `size` of the rows (one more was read), with their accounts' names.

    `further` is where the next page begins, or None; inside a connection.
    """
    return {
        "rows": rows[:size],
        "further": rows[size - 1].id if len(rows) > size else None,
        "names": account_names([row.account_id for row in rows]),
    }


def from_id() -> int | None:
    """The row after which a page of `staff_page` begins."""
    return request.args.get("from", type=row_id)


def before_id() -> int | None:
    """Where the page of an endless list begins."""
    return request.args.get("before", type=row_id)


def pages_blueprint(module: str, name: str, prefix: str = "") -> Blueprint:
    """A blueprint whose templates lie beside its module, in ``templates/`` and the folder of its name."""
    return Blueprint(name, module, url_prefix=prefix or None, template_folder="templates")
