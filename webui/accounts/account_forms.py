"""The forms of an account's page for the staff."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from engine import bounds
from engine.amounts import MAX_AMOUNT
from webui.forms.account_field import AccountField
from webui.forms.number_fields import DecimalsField, WholeField, ascii_digits
from webui.forms.pages import InstantField, PageForm, key_field, reason_field
from webui.i18n.words import choices


class OpenForm(PageForm):
    """An account that staff open for a customer whose papers they have."""

    name = StringField(
        _l("Name of the firm or person"), [InputRequired(), Length(2, 200)], render_kw={"dir": "auto"}
    )
    kind = RadioField(_l("Kind"), [InputRequired()], choices=choices("account_kind"), default="firm")
    expires_at = InstantField(
        _l("Subscription until"), description=_l("Empty: it sends once its subscription is paid.")
    )


class LimitsForm(PageForm):
    """Share, caps and gateways."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=200)], render_kw={"dir": "auto"})
    mobile = StringField(
        _l("Mobile"),
        [Optional(), Length(max=20)],
        filters=[ascii_digits],
        render_kw={"dir": "ltr", "inputmode": "tel"},
    )
    weight = WholeField(_l("Share"), [InputRequired(), NumberRange(*bounds.WEIGHT)])
    max_cps = DecimalsField(
        _l("Calls a second at most"), [Optional(), NumberRange(*bounds.CPS)], description=_l("Empty: no cap.")
    )
    max_channels = WholeField(
        _l("Calls at once at most"),
        [Optional(), NumberRange(*bounds.CHANNELS)],
        description=_l("Empty: no cap."),
    )
    caller_id = StringField(
        _l("Caller id"),
        [Optional(), Regexp(r"[0-9]{3,15}$", message=_l("3 to 15 digits."))],
        filters=[ascii_digits],
        description=_l("What its calls show; empty: the gateway's."),
        render_kw={"dir": "ltr", "inputmode": "tel"},
    )
    gateways = StringField(
        _l("Gateways that it may use"), [Optional(), Length(max=1000)], description=_l("Names separated by blanks; empty: all."),
        render_kw={"dir": "ltr"},
    )  # fmt: skip
    parent_id = AccountField(_l("Reseller"), description=_l("Empty: none."))


class TermsForm(PageForm):
    """Prices and debts, for finance."""

    price_group_id = SelectField(_l("Price group"), coerce=int)
    debt_ceiling = WholeField(_l("May owe (Rials)"), [InputRequired(), NumberRange(0, MAX_AMOUNT)])


class CapsForm(PageForm):
    """Traffic caps, and how often one number may be called."""

    min_gap_s = WholeField(
        _l("Seconds between two calls to one number"), [InputRequired(), NumberRange(*bounds.GAP_S)],
        description=_l("Over all its campaigns; 0: no gap."),
    )  # fmt: skip
    max_calls_a_day = WholeField(
        _l("Calls a day to one number"),
        [InputRequired(), NumberRange(*bounds.CALLS_A_DAY)],
        description=_l("0: no cap."),
    )
    calls_an_hour = WholeField(
        _l("Calls an hour at most"),
        [Optional(), NumberRange(0, 10**9)],
        description=_l("Empty: as for everybody."),
    )
    rials_a_day = WholeField(
        _l("Rials a day at most"),
        [Optional(), NumberRange(0, MAX_AMOUNT)],
        description=_l("Empty: as for everybody."),
    )


class GrantsForm(PageForm):
    grants = SelectMultipleField(
        _l("Permissions"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )


class NumberForm(PageForm):
    number = StringField(
        _l("Number"),
        [InputRequired(), Length(3, 20)],
        filters=[ascii_digits],
        description=_l("You have checked that the number is theirs. Their campaigns may show it."),
        render_kw={"dir": "ltr", "inputmode": "tel"},
    )


class SuspendForm(PageForm):
    reason = reason_field(_l("Why; the customer sees it"))


class AdjustForm(PageForm):
    """Credit added or removed by finance."""

    key = key_field()
    direction = RadioField(
        _l("What to do"), [InputRequired()],
        choices=[SelectChoice("give", _l("Give credit")), SelectChoice("take", _l("Take credit"))],
        default="give",
    )  # fmt: skip
    amount = WholeField(_l("Amount (Rials)"), [InputRequired(), NumberRange(1, MAX_AMOUNT)])
    note = reason_field(_l("Why; the customer sees it"))
