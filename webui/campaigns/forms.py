"""The forms: what people fill in, with checks in their language.

The services check again whatever a form lets through.
"""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from engine import bounds
from engine.services.campaigns.rules import CampaignRules
from webui.forms.number_fields import DecimalsField, WholeField, ascii_digits
from webui.i18n.formats import parse_instant, written_instant


class CampaignForm(FlaskForm):
    """A new campaign."""

    may_record = False  # whether the account may: asked for each form

    draft = HiddenField()
    account = SelectField(_l("Account"), coerce=int)
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
    numbers = FileField(_l("List of numbers"))
    sound = FileField(_l("Message"))
    message = SelectField(_l("Or a message used before"), coerce=int, default=0)
    max_tries = WholeField(_l("Tries"), [InputRequired(), NumberRange(*bounds.TRIES)], default=2)
    retry_after = WholeField(
        _l("Wait between tries (minutes)"),
        [InputRequired(), NumberRange(0, bounds.RETRY_AFTER_S.most // 60)],
        default=10,
    )
    ring_timeout_s = WholeField(
        _l("Let it ring (seconds)"), [InputRequired(), NumberRange(*bounds.RING_TIMEOUT_S)], default=30
    )
    windows = StringField(_l("Calling hours"), [Length(max=200)], filters=[ascii_digits])
    starts_at = StringField(_l("Start at"), [Length(max=40)])
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
    trims = BooleanField(_l("Take off the silence at its start and end"))
    optout = BooleanField(_l("Key 11 opts out of advertising"))
    delivered_percent = WholeField(
        _l("Delivered when heard to (percent)"), [InputRequired(), NumberRange(1, 100)], default=100
    )
    record_s = WholeField(
        _l("Record the answer after the message (seconds)"),
        [Optional(), NumberRange(*bounds.RECORD_S)],
        default=0,
    )
    gateways = SelectMultipleField(
        _l("Gateways"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    cps = DecimalsField(_l("Calls a second at most"), [Optional(), NumberRange(*bounds.CPS)])
    channels = WholeField(_l("Calls at once at most"), [Optional(), NumberRange(*bounds.CHANNELS)])
    weight = WholeField(_l("Weight"), [Optional(), NumberRange(*bounds.WEIGHT)], default=1)
    number_column = StringField(_l("Column of the numbers"), [Length(max=64)])

    def rules(self) -> CampaignRules:
        """The rules as they were filled in; BadInput for a date that is none."""
        return CampaignRules(
            name=self.name.data.strip(),
            kind=self.kind.data,
            max_tries=self.max_tries.data,
            retry_after_s=self.retry_after.data * 60,
            ring_timeout_s=self.ring_timeout_s.data,
            windows=self.windows.data or "",
            caller_id=self.caller_id.data or "",
            vote_keys=(self.vote_keys.data or "").replace(",", ""),
            repeat_key=self.repeat_key.data or "",
            optout=self.optout.data,
            record_s=self.record_s.data or 0,
            delivered_share=self.delivered_percent.data / 100,
            gateways=tuple(self.gateways.data or ()),
            cps=None if self.cps.data is None else float(self.cps.data),
            channels=self.channels.data,
            weight=self.weight.data or 1,
            starts_at=parse_instant(self.starts_at.data or ""),
        )


def filled_in(rules: CampaignRules) -> dict[str, Any]:
    """What a form is filled with to give these rules again."""
    return {
        "name": rules.name,
        "kind": rules.kind,
        "max_tries": rules.max_tries,
        "retry_after": rules.retry_after_s // 60,
        "ring_timeout_s": rules.ring_timeout_s,
        "windows": rules.windows,
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
    }
