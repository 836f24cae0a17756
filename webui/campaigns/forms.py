"""The form for when and how a campaign calls, with checks in the reader's language.

The services check the values again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from engine import bounds
from engine.errors import BadInput
from engine.services.campaigns.repeats import DAY, MONTH, WEEK
from engine.services.campaigns.rules import CampaignRules
from engine.services.compliance.calling_windows import parse_windows
from engine.services.outbox import texts
from webui.forms.base import BoundedForm
from webui.forms.number_fields import DecimalsField, WholeField, ascii_digits
from webui.i18n.formats import parse_instant, written_instant
from webui.i18n.sentences import said

NOW, LATER, REPEATED = "now", "later", "repeated"


def _checkboxes(label: Any, **kwargs: Any) -> SelectMultipleField:
    return SelectMultipleField(
        label, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), **kwargs
    )


def _text(label: Any) -> TextAreaField:
    return TextAreaField(label, [Length(max=texts.LONGEST)], render_kw={"rows": 2, "dir": "auto"})


class RulesForm(BoundedForm):
    """The rules of a new campaign."""

    may_record = False  # whether the account may record; set for each form
    may_text = False  # whether texts may follow its calls

    name = StringField(_l("Name"), [InputRequired(), Length(max=200)])
    kind = RadioField(
        _l("Kind of message"),
        choices=[
            SelectChoice("service", _l("Service")),
            SelectChoice("advertising", _l("Advertising")),
            SelectChoice("emergency", _l("Emergency")),
        ],
        default="service",
    )
    begins = RadioField(
        _l("Start"),
        choices=[
            SelectChoice(NOW, _l("As soon as all numbers are in")),
            SelectChoice(LATER, _l("Later")),
            SelectChoice(REPEATED, _l("Again and again")),
        ],
        default=NOW,
    )
    starts_at = StringField(_l("Start at"), [Length(max=40)])
    ends_at = StringField(_l("End at the latest"), [Length(max=40)])
    every = RadioField(
        _l("Repeat it"),
        choices=[
            SelectChoice(DAY, _l("every day")),
            SelectChoice(WEEK, _l("every week")),
            SelectChoice(MONTH, _l("every month")),
        ],
        default=WEEK,
    )
    until_at = StringField(_l("Repeat it until"), [Length(max=40)])
    windows = StringField(_l("Calling hours"), [Length(max=200)], filters=[ascii_digits])
    weekdays = _checkboxes(_l("Days of the week"))
    max_tries = WholeField(_l("Tries"), [InputRequired(), NumberRange(*bounds.TRIES)], default=2)
    retry_after = WholeField(
        _l("Wait between tries (minutes)"),
        [InputRequired(), NumberRange(0, bounds.RETRY_AFTER_S.most // 60)],
        default=10,
    )
    ring_timeout_s = WholeField(
        _l("Let it ring (seconds)"), [InputRequired(), NumberRange(*bounds.RING_TIMEOUT_S)], default=30
    )
    caller_id = StringField(
        _l("Caller id"),
        [Optional(), Regexp(r"\+?[0-9]{3,15}$", message=_l("3 to 15 digits."))],
        filters=[ascii_digits],
    )
    vote_keys = StringField(
        _l("Vote keys"),
        [Optional(), Regexp(r"[0-9](,?[0-9]){0,9}$", message=_l("Digits, as in 1,2,3."))],
        filters=[ascii_digits],
    )
    repeat_key = StringField(
        _l("Key that repeats the message"),
        [Optional(), Regexp(r"[0-9*#]$", message=_l("One of 0-9 * #."))],
        filters=[ascii_digits],
    )
    optout = BooleanField(_l("Key 11 opts out of advertising"))
    delivered_percent = WholeField(
        _l("Delivered when heard to (percent)"), [InputRequired(), NumberRange(1, 100)], default=100
    )
    record_s = WholeField(
        _l("Record the answer after the message (seconds)"),
        [Optional(), NumberRange(*bounds.RECORD_S)],
        default=0,
    )
    text_success = _text(_l("To whoever heard the message"))
    text_answered = _text(_l("To whoever answered, but hung up before the end"))
    text_busy = _text(_l("To whoever was busy or rejected the call"))
    text_no_answer = _text(_l("To whoever did not pick up"))
    text_fail = _text(_l("To whoever could not be reached"))
    gateways = _checkboxes(_l("Gateways"))
    cps = DecimalsField(_l("Calls a second at most"), [Optional(), NumberRange(*bounds.CPS)])
    channels = WholeField(_l("Calls at once at most"), [Optional(), NumberRange(*bounds.CHANNELS)])
    weight = WholeField(_l("Weight"), [Optional(), NumberRange(*bounds.WEIGHT)], default=1)

    def validate_windows(self, field: StringField) -> None:
        try:
            parse_windows(field.data or "")
        except BadInput as error:
            raise ValidationError(said(error)) from error

    def validate_starts_at(self, field: StringField) -> None:
        if self.begins.data != NOW and _instant(field) is None:
            raise ValidationError(_("Say when it starts."))

    def validate_ends_at(self, field: StringField) -> None:
        _instant(field)

    def validate_until_at(self, field: StringField) -> None:
        _instant(field)

    def rules(self) -> CampaignRules:
        """The rules of a filled-in form; wrong fields are left out."""
        days = "".join(sorted(self.weekdays.data or ()))
        return CampaignRules(
            name=(self.name.data or "").strip(),
            kind=self.kind.data or "service",
            max_tries=self.max_tries.data or 1,
            retry_after_s=(self.retry_after.data or 0) * 60,
            ring_timeout_s=self.ring_timeout_s.data or 30,
            windows=self.windows.data or "",
            weekdays="" if len(days) == 7 else days,
            caller_id=self.caller_id.data or "",
            vote_keys=(self.vote_keys.data or "").replace(",", ""),
            repeat_key=self.repeat_key.data or "",
            optout=self.optout.data,
            record_s=self.record_s.data or 0,
            delivered_share=(self.delivered_percent.data or 100) / 100,
            gateways=tuple(self.gateways.data or ()),
            cps=None if self.cps.data is None else float(self.cps.data),
            channels=self.channels.data,
            weight=self.weight.data or 1,
            starts_at=None if self.begins.data == NOW else self.instant("starts_at"),
            ends_at=None if self.begins.data == REPEATED else self.instant("ends_at"),
        )

    def text_fields(self) -> list[TextAreaField]:
        """The fields of the texts that follow the calls, one for each outcome."""
        return [self[f"text_{outcome}"] for outcome in texts.OUTCOMES]

    def texts(self) -> dict[str, str]:
        """The texts that follow the calls, by outcome; none where they are not permitted."""
        written = zip(texts.OUTCOMES, self.text_fields(), strict=True)
        found = {outcome: (field.data or "").strip() for outcome, field in written}
        return {outcome: text for outcome, text in found.items() if text and self.may_text}

    def instant(self, name: str) -> int | None:
        """The instant of a date and time field; None when it is empty or wrong."""
        try:
            return parse_instant(self[name].data or "")
        except BadInput:
            return None


def _instant(field: StringField) -> int | None:
    try:
        return parse_instant(field.data or "")
    except BadInput as error:
        raise ValidationError(said(error)) from error


def filled_in(
    rules: CampaignRules,
    every: str = "",
    until_at: int | None = None,
    following: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The values that fill a form with these rules and the texts that follow."""
    return {
        **{f"text_{outcome}": text for outcome, text in (following or {}).items()},
        "name": rules.name,
        "kind": rules.kind,
        "begins": REPEATED if every else LATER if rules.starts_at is not None else NOW,
        "every": every or WEEK,
        "until_at": written_instant(until_at),
        "max_tries": rules.max_tries,
        "retry_after": rules.retry_after_s // 60,
        "ring_timeout_s": rules.ring_timeout_s,
        "windows": rules.windows,
        "weekdays": list(rules.weekdays or "1234567"),
        "caller_id": rules.caller_id,
        "vote_keys": ",".join(rules.vote_keys),
        "repeat_key": rules.repeat_key,
        "optout": rules.optout,
        "record_s": rules.record_s,
        "delivered_percent": round(rules.delivered_share * 100),
        "gateways": rules.gateways,
        "cps": rules.cps,
        "channels": rules.channels,
        "weight": rules.weight,
        "starts_at": written_instant(rules.starts_at),
        "ends_at": written_instant(rules.ends_at),
    }
