"""The forms of a ticket's page."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from engine.services.tickets import remote_help
from engine.services.tickets.department_rules import CLAIM
from webui.forms.account_field import AccountField, account_needed
from webui.forms.pages import InstantField, PageForm, key_field, needed_together, reason_field
from webui.i18n.words import choices

_FILES = {"multiple": True}


def text_field(label: Any, rows: int = 4) -> TextAreaField:
    return TextAreaField(
        label, [InputRequired(), Length(max=20_000)], render_kw={"rows": rows, "dir": "auto"}
    )


class NewForm(PageForm):
    """A new ticket; staff choose the account."""

    key = key_field()
    account = AccountField(_l("Account"), [account_needed])
    department = SelectField(_l("Department"))
    subject = StringField(_l("Subject"), [InputRequired(), Length(3, 200)], render_kw={"dir": "auto"})
    text = text_field(_l("What it is about"), 6)
    files = MultipleFileField(_l("Files"), render_kw=_FILES)


class ReplyForm(PageForm):
    key = key_field()
    text = text_field(_l("Your answer"))
    files = MultipleFileField(_l("Files"), render_kw=_FILES)


class StaffReplyForm(ReplyForm):
    way = RadioField(
        _l("How"),
        choices=[
            SelectChoice("answer", _l("Answer")),
            SelectChoice("wait", _l("Ask the customer; the clocks stop")),
            SelectChoice("internal", _l("Note among staff")),
        ],
        default="answer",
    )


class CloseForm(PageForm):
    text = TextAreaField(_l("A last word"), [Length(max=20_000)], render_kw={"rows": 2, "dir": "auto"})


class MoveForm(PageForm):
    department = SelectField(_l("Department"))
    reason = reason_field(_l("Reason"))


class AssignForm(PageForm):
    agent = SelectField(_l("Given to"), coerce=int)


class FaultForm(PageForm):
    """The result of a fault or of a claim; the customer reads the text."""

    what = RadioField(_l("What"), [InputRequired()])
    due_at = InstantField(_l("Told time"), description=_l("For a schedule only."))
    text = text_field(_l("Text for the customer"), 3)


class RateForm(PageForm):
    score = RadioField(
        _l("How satisfied are you?"),
        [InputRequired()],
        coerce=int,
        choices=[SelectChoice(n, str(n)) for n in (5, 4, 3, 2, 1)],
    )
    text = TextAreaField(_l("In your words"), [Length(max=2000)], render_kw={"rows": 2, "dir": "auto"})


class RemoteForm(PageForm):
    """A time for remote help."""

    tool = SelectField(_l("Tool"), choices=[SelectChoice(*tool) for tool in remote_help.TOOLS.items()])
    starts_at = InstantField(_l("From"), [needed_together])
    ends_at = InstantField(_l("Until"), [needed_together])


class SecretForm(PageForm):
    secret = StringField(
        _l("One-time id"), [InputRequired(), Length(4, 64)], render_kw={"dir": "ltr", "autocomplete": "off"}
    )


class WishForm(PageForm):
    """A special notice: a further channel or person to be told in incidents from now on."""

    channel = SelectField(_l("Way"), choices=choices("channel"))
    address = StringField(
        _l("Address"),
        [InputRequired(), Length(max=200)],
        description=_l("A mail address, a number, or the name of a chat such as @avanak."),
        render_kw={"dir": "ltr"},
    )
    person_name = StringField(_l("Who it is"), [Length(max=100)], render_kw={"dir": "auto"})
    spoken = SelectField(
        _l("Language"), choices=[SelectChoice("fa", "فارسی"), SelectChoice("en", "English")], default="fa"
    )


def fault_form(department: str, form: FaultForm) -> FaultForm:
    """The form with the possible results of a ticket of `department`."""
    if department == CLAIM:
        form.what.choices = [SelectChoice("result", _("The result of the claim"))]
    else:
        form.what.choices = [
            SelectChoice("ours", _("Examined: the fault is ours")),
            SelectChoice("not_ours", _("Examined: the fault is not ours")),
            SelectChoice("mended", _("Mended")),
            SelectChoice("schedule", _("It needs a schedule")),
        ]
    return form
