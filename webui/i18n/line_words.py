"""Words for states and kinds of the support line and of web hooks (see `webui.i18n.words`)."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

LINE_AND_HOOKS: dict[str, dict[str, Any]] = {
    "agent": {
        "signed_out": _l("Signed out"),
        "available": _l("Takes calls"),
        "paused": _l("Paused"),
    },
    # The state of an agent's telephone on the switch.
    "agent_seen": {
        "waiting": _l("free"),
        "receiving": _l("rings"),
        "in_call": _l("on a call"),
        "wrap_up": _l("after a call"),
        "unregistered": _l("not connected"),
        "unusable": _l("connected, but cannot be rung"),
        "unknown": _l("not known to the switch"),
    },
    "support_call": {
        "arrived": _l("Arrived"),
        "waiting": _l("Waits"),
        "talking": _l("Talks"),
        "answered": _l("Answered"),
        "abandoned": _l("Abandoned"),
        "call_back": _l("Left for a call-back"),
        "left": _l("Ended before the queue"),
    },
    "call_back": {
        "waiting": _l("Waits"),
        "taken": _l("Is being called"),
        "done": _l("Talked"),
        "missed": _l("Not reached"),
        "cancelled": _l("Cancelled"),
    },
    "webhook_kind": {
        "recipient.ended": _l("a recipient's calls have ended"),
        "recipient.key_pressed": _l("a key was pressed"),
        "campaign.started": _l("a campaign runs"),
        "campaign.paused": _l("a campaign was paused"),
        "campaign.finished": _l("a campaign has ended"),
        "message.approved": _l("a message was approved"),
        "credit.low": _l("the credit is low"),
        "ticket.answered": _l("a ticket was answered"),
        "outage": _l("an outage"),
        "test": _l("a test"),
    },
    # Whom a text is sent to.
    "text_outcome": {
        "success": _l("heard the message"),
        "answered": _l("hung up before the end"),
        "busy": _l("busy or rejected"),
        "no_answer": _l("did not pick up"),
        "fail": _l("not reached"),
    },
    "text_state": {
        "waiting": _l("Waits"),
        "sent": _l("Sent"),
        "delivered": _l("Delivered"),
        "undelivered": _l("Not delivered"),
        "failed": _l("Refused"),
        "unknown": _l("Unknown"),
    },
    "text_receipt": {
        "expired": _l("the telephone could not be reached in time"),
        "deleted": _l("the provider deleted it"),
        "undeliverable": _l("the number cannot be reached"),
        "lost": _l("the provider does not know"),
        "rejected": _l("the provider refused it"),
    },
    "webhook_state": {
        "pending": _l("Waits"),
        "sent": _l("Sent"),
        "parked": _l("Parked"),
    },
}
