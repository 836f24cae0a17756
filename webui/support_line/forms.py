"""Forms of the support line's pages."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from engine.services.support_line.agents import REASONS, SupportAgent
from engine.services.support_line.calls import MAX_NOTES
from engine.services.support_line.departments import TITLES as DEPARTMENT_TITLES
from engine.services.support_line.settings import BOUNDS, TITLES
from engine.services.tickets.department_rules import DEPARTMENTS
from webui.forms.account_field import AccountField
from webui.forms.number_fields import WholeField, ascii_digits, row_id
from webui.forms.pages import PageForm, reason_field
from webui.i18n.sentences import said
from webui.i18n.words import word

MOST_WRAP_UP_S = 600


def number_field(label: Any, least: int, most: int, **kwargs: Any) -> WholeField:
    """A field for a whole number from `least` to `most`."""
    return WholeField(label, [InputRequired(), NumberRange(least, most)], **kwargs)


def outside_field() -> StringField:
    """The number of an agent without a SIP telephone."""
    return StringField(
        _l("Outside number"),
        [Length(max=20)],
        filters=[ascii_digits],
        description=_l("Rung instead of the SIP telephone; empty: the SIP telephone."),
        render_kw={"dir": "ltr", "inputmode": "tel"},
    )


def wrap_up_field() -> WholeField:
    """The wrap-up time after a call."""
    return number_field(_l("Seconds to write after a call"), 0, MOST_WRAP_UP_S, default=15)


def departments_field() -> SelectMultipleField:
    """The departments whose calls an agent answers."""
    return SelectMultipleField(
        _l("Departments"),
        [InputRequired()],
        choices=lambda: [(name, said(title)) for name, title in DEPARTMENT_TITLES.items()],
        default=["support"],
        description=_l("Support answers all callers; the others get the calls that are transferred to them."),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


class PauseForm(PageForm):
    """The reason of a pause."""

    reason = SelectField(_l("Reason"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = [(name, said(text)) for name, text in REASONS.items() if name != "no_answer"]


class CancelCallBackForm(PageForm):
    """The reason for cancelling a call-back."""

    reason = reason_field(_l("Why it is cancelled"))


class NotesForm(PageForm):
    """An agent's notes about a call."""

    notes = TextAreaField(
        _l("Notes"), [Optional(), Length(max=MAX_NOTES)], render_kw={"rows": 4, "dir": "auto"}
    )


class CallTicketForm(PageForm):
    """A ticket from a call."""

    account_id = AccountField(_l("Account"))
    department = SelectField(_l("Department"))
    subject = StringField(_l("Subject"), [InputRequired(), Length(max=200)], render_kw={"dir": "auto"})
    text = TextAreaField(
        _l("What it is about"), [InputRequired(), Length(max=20_000)], render_kw={"rows": 4, "dir": "auto"}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.department.choices = [(name, word(name, "department")) for name in DEPARTMENTS]


class ContinueForm(PageForm):
    """The existing ticket of a call."""

    ticket_id = SelectField(_l("Ticket"), coerce=row_id)
    text = TextAreaField(
        _l("Note in the ticket, which only staff see"),
        [Length(max=20_000)],
        render_kw={"rows": 3, "dir": "auto"},
    )


class TransferForm(PageForm):
    """The target of a transfer: an agent, by id, or a department, by name."""

    to = SelectField(_l("Agent or department"))

    def offer(self, agents: list[SupportAgent], departments: list[str]) -> None:
        """Set the possible targets."""
        self.to.choices = [
            *((name, _("Department: %(name)s", name=said(DEPARTMENT_TITLES[name]))) for name in departments),
            *((str(row.id), f"{row.name} · {row.extension}") for row in agents),
        ]


class AgentForm(PageForm):
    """A new agent, one of the staff."""

    person_id = SelectField(_l("Person"), coerce=row_id)
    extension = StringField(
        _l("Extension"),
        [InputRequired(), Length(max=6)],
        filters=[ascii_digits],
        description=_l("3 to 6 digits; the SIP telephone logs in with it."),
        render_kw={"dir": "ltr", "inputmode": "numeric"},
    )
    outside_number = outside_field()
    departments = departments_field()
    wrap_up_s = wrap_up_field()

    def offer(self, people: list[tuple[int, str]]) -> None:
        """Set the people who may become agents."""
        self.person_id.choices = [SelectChoice(each, name) for each, name in people]


class AgentChangeForm(PageForm):
    """Changes of an agent."""

    outside_number = outside_field()
    departments = departments_field()
    wrap_up_s = wrap_up_field()
    is_active = BooleanField(_l("Is an agent"))


class SettingsForm(PageForm):
    """All settings of the line; the fields are made from their bounds, below."""

    def values(self) -> dict[str, int]:
        """The settings by name."""
        return {name: int(getattr(self, name).data) for name in BOUNDS}


def _title(name: str) -> str:
    text = said(TITLES[name])
    return text[:1].upper() + text[1:]


for _name, _bounds in BOUNDS.items():
    _label = LazyString(_title, _name)
    setattr(
        SettingsForm,
        _name,
        BooleanField(_label) if _bounds == (0, 1) else number_field(_label, *_bounds),
    )
