"""The form of a gateway.  The services check its values again."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    SelectField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, Regexp

from engine import bounds
from engine.codecs import TRANSPORTS
from engine.services.numbering.dialled import DEFAULT
from engine.services.trunks.gateways import PTIMES_MS
from webui.forms.base import BoundedForm
from webui.forms.number_fields import DecimalsField, WholeField, ascii_digits
from webui.i18n.formats import lazy_digits


class GatewayForm(BoundedForm):
    """A gateway's limits."""

    name = StringField(
        _l("Name"),
        [
            InputRequired(),
            Regexp(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", message=_l("Latin letters, digits, _ . and - only.")),
        ],
    )
    cps = DecimalsField(_l("Calls a second"), [InputRequired(), NumberRange(*bounds.CPS)])
    channels = WholeField(_l("Channels"), [InputRequired(), NumberRange(*bounds.CHANNELS)])
    caller_id = StringField(
        _l("Caller id"),
        [Optional(), Regexp(r"[0-9]{3,15}$", message=_l("3 to 15 digits."))],
        filters=[ascii_digits],
    )
    prefixes = StringField(
        _l("Numbers it serves (prefixes)"),
        [Optional(), Regexp(r"[0-9]{1,14}( +[0-9]{1,14})*$", message=_l("Digits, as in 98912 98913."))],
        filters=[ascii_digits],
    )
    number_format = SelectField(
        _l("Numbers are dialled as"),
        choices=[
            SelectChoice("98", lazy_digits("98912…")),
            SelectChoice("+98", lazy_digits("+98912…")),
            SelectChoice("0098", lazy_digits("0098912…")),
            SelectChoice("0", lazy_digits("0912…")),
        ],
        default=DEFAULT,
    )
    dial_prefix = StringField(
        _l("Dialled in front of numbers"),
        [Optional(), Regexp(r"[0-9]{1,10}$", message=_l("Up to 10 digits."))],
        filters=[ascii_digits],
    )
    priority = WholeField(_l("Priority"), [InputRequired(), NumberRange(*bounds.PRIORITY)], default=0)
    weight = WholeField(_l("Weight"), [InputRequired(), NumberRange(*bounds.WEIGHT)], default=1)
    cost_rials_a_minute = WholeField(
        _l("Cost of a minute (Rials)"), [Optional(), NumberRange(*bounds.COST_RIALS_A_MINUTE)], default=0
    )
    ptime_ms = SelectField(
        _l("Packet time (ms)"),
        coerce=int,
        choices=[SelectChoice(ms, lazy_digits(ms)) for ms in PTIMES_MS],
        default=20,
    )

    codecs = StringField(
        _l("Codecs"),
        [Regexp(r"[A-Za-z0-9]{4}([ ,]+[A-Za-z0-9]{4}){0,2}$", message=_l("As in PCMA,PCMU."))],
        default="PCMA",
    )
    transport = SelectField(
        _l("SIP by"), choices=[SelectChoice(one, one.upper()) for one in TRANSPORTS], default="udp"
    )
    srtp = SelectField(
        _l("Encrypted voice (SRTP)"),
        choices=[
            SelectChoice("none", _l("none")),
            SelectChoice("optional", _l("if the carrier agrees")),
            SelectChoice("mandatory", _l("always")),
        ],
        default="none",
    )
    voice_to = SelectField(
        _l("Send voice"),
        choices=[
            SelectChoice("sdp", _l("where the SDP says")),
            SelectChoice("source", _l("where the carrier's voice comes from (carrier behind NAT)")),
        ],
        default="sdp",
    )
    keys = SelectField(
        _l("Pressed keys arrive"),
        choices=[
            SelectChoice("events", _l("as telephone events")),
            SelectChoice("voice", _l("as tones in the voice")),
            SelectChoice("none", _l("not at all")),
        ],
        default="events",
    )

    def values(self) -> dict[str, Any]:
        """The arguments for `engine.services.trunks.gateways`, without the name."""
        return {
            "cps": float(self.cps.data or 0),
            "channels": self.channels.data,
            "caller_id": self.caller_id.data or "",
            "prefixes": self.prefixes.data or "",
            "number_format": self.number_format.data,
            "dial_prefix": self.dial_prefix.data or "",
            "priority": self.priority.data,
            "weight": self.weight.data,
            "ptime_ms": self.ptime_ms.data,
            "codecs": self.codecs.data,
            "transport": self.transport.data,
            "srtp": self.srtp.data,
            "voice_to": self.voice_to.data,
            "keys": self.keys.data,
            "cost_rials_a_minute": self.cost_rials_a_minute.data or 0,
        }
