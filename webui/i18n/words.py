"""Words for states and kinds, in the reader's language: ``{{ row.state|word('account') }}``."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.fields.choices import SelectChoice

from engine.services.accounts import permissions
from engine.services.numbering.numbers import display
from webui.i18n.formats import digits
from webui.i18n.line_words import LINE_AND_HOOKS
from webui.request.access import person_or_none

WORDS: dict[str, dict[str, Any]] = {
    **LINE_AND_HOOKS,
    # In the form for use inside a sentence.
    "said": {
        "none": _l("none"),
        "draft": _l("draft"),
        "scheduled": _l("scheduled"),
        "running": _l("running"),
        "paused": _l("paused"),
        "finished": _l("finished"),
        "stopped": _l("stopped"),
        "pending": _l("pending"),
        "delivered": _l("delivered"),
        "exhausted": _l("exhausted"),
        "excluded": _l("excluded"),
        "unanswered": _l("unanswered"),
        "failed": _l("failed"),
        "service": _l("service"),
        "advertising": _l("advertising"),
        "emergency": _l("emergency"),
        "landline": _l("landline"),
        "mobile": _l("mobile"),
        "name": _l("name"),
        "weight": _l("weight"),
        "price_group_id": _l("price group"),
        "parent_id": _l("reseller"),
        "min_gap_s": _l("shortest gap between calls"),
        "max_calls_a_day": _l("most calls a day"),
        "caller_id": _l("caller id"),
        "debt_ceiling": _l("debt ceiling"),
    },
    "account": {
        "registered": _l("Registered"),
        "mobile_verified": _l("Mobile verified"),
        "identity_verified": _l("Identity verified"),
        "active": _l("Active"),
        "suspended": _l("Suspended"),
        "expired": _l("Expired"),
    },
    "campaign": {
        "draft": _l("Draft"),
        "scheduled": _l("Scheduled"),
        "running": _l("Running"),
        "paused": _l("Paused"),
        "finished": _l("Finished"),
        "stopped": _l("Stopped"),
    },
    # How often a campaign is made again.
    "every": {"day": _l("every day"), "week": _l("every week"), "month": _l("every month")},
    # Which recipients of a campaign are called again.
    "redial": {
        "all": _l("All numbers"),
        "nobody": _l("No numbers, only the message and the rules"),
        "not-reached": _l("All who were not reached"),
        "not-delivered": _l("All who did not hear it to the end"),
        "not-called": _l("Not called at all"),
        "not-answered": _l("Nobody answered"),
        "no-answer": _l("Did not pick up"),
        "busy": _l("Line was busy"),
        "rejected": _l("Rejected the call"),
        "unreachable": _l("Switched off or out of reach"),
        "failed": _l("Failed on the way"),
        "hung-up": _l("Answered, but hung up before the end"),
        "unknown": _l("Outcome unknown"),
        "delivered": _l("Heard the message"),
    },
    # The outcome of a recipient, for customers.
    "outcome": {
        "all": _l("All"),
        "delivered": _l("Heard the message"),
        "busy": _l("Line was busy"),
        "no-answer": _l("Did not pick up"),
        "rejected": _l("Rejected the call"),
        "unreachable": _l("Switched off or out of reach"),
        "hung-up": _l("Answered, but hung up before the end"),
        "failed": _l("Failed on the way"),
        "unknown": _l("Outcome unknown"),
        "cancelled": _l("Cancelled before it was reached"),
        "set-aside": _l("Set aside"),
        "waiting": _l("Waiting"),
        "retry": _l("Waits for the next try"),
        "in-call": _l("In call"),
    },
    # The outcome of one try, for customers.
    "try": {
        "answered": _l("Answered"),
        "busy": _l("Line was busy"),
        "no_answer": _l("Did not pick up"),
        "rejected": _l("Rejected the call"),
        "unreachable": _l("Switched off or out of reach"),
        "congestion": _l("Failed on the way"),
        "failed": _l("Failed on the way"),
        "cancelled": _l("Cancelled before it was reached"),
        "lost": _l("Outcome unknown"),
    },
    "account_kind": {"firm": _l("Firm"), "person": _l("Person")},
    "role": {
        "operator": _l("Operator"),
        "administrator": _l("Administrator"),
        "agent": _l("Agent"),
        "quality": _l("Quality assurance"),
        "finance": _l("Finance"),
        "owner": _l("Owner"),
        "member": _l("Colleague"),
    },
    "review": {
        "submitted": _l("Waits for staff"),
        "accepted": _l("Accepted"),
        "returned": _l("Returned"),
    },
    "payment": {
        "created": _l("Begun"),
        "pending": _l("Waits"),
        "paid": _l("Paid"),
        "failed": _l("Failed"),
        "expired": _l("Expired"),
    },
    "purpose": {"topup": _l("Top-up"), "subscription": _l("Subscription")},
    "provider": {"zarinpal": _l("Bank gateway"), "receipt": _l("Bank receipt"), "test": _l("Test payment")},
    "booking": {
        "topup": _l("Top-up"),
        "reserve": _l("Set aside"),
        "charge": _l("Calls"),
        "return": _l("Given back"),
        "adjustment": _l("Adjustment"),
        "availability": _l("Availability credit"),
        "synthesis": _l("Speech synthesis"),
        "text": _l("Text messages"),
        "text_return": _l("Text messages refunded"),
        "subscription": _l("Subscription"),
    },
    "message": {
        "waiting": _l("Waits for approval"),
        "by_phone": _l("Waits for a telephone approval"),
        "approved": _l("Approved"),
        "rejected": _l("Rejected"),
    },
    "origin": {"upload": _l("Uploaded"), "recorded": _l("Recorded"), "spoken": _l("Spoken by the computer")},
    "health": {"up": _l("Up"), "down": _l("Down"), "unknown": _l("Unknown")},
    "component": {
        "service": _l("The service as a whole"),
        "database": _l("Database"),
        "web": _l("Panel"),
        "engine": _l("Engine"),
        "switch": _l("Switch"),
        "gateway": _l("Gateway"),
    },
    "outage_source": {"monitor": _l("Monitor"), "staff": _l("Staff"), "unknown": _l("Unknown time")},
    "report": {"open": _l("Open"), "linked": _l("Known as an outage"), "dismissed": _l("Dismissed")},
    "way": {
        "subscription_discount": _l("Discount on the subscription"),
        "account_credit": _l("Credit of the account"),
        "bank_transfer": _l("Bank transfer"),
        "ticket": _l("Ticket"),
        "telephone": _l("Telephone"),
    },
    "exclusion": {
        "planned_maintenance": _l("Planned maintenance"),
        "announced_outage": _l("Announced outage"),
        "customer_request": _l("At the customer's request"),
        "rule_violation": _l("Violation of the rules"),
        "unpaid": _l("Unpaid"),
        "outside_control": _l("Outside our control"),
    },
    "claim": {
        "submitted": _l("Submitted"),
        "in_review": _l("In review"),
        "approved": _l("Approved"),
        "rejected": _l("Rejected"),
        "credited": _l("Credited"),
    },
    "claim_kind": {"outage": _l("Outage"), "support": _l("Support")},
    "claim_clock": {"first_answer": _l("first answer"), "result": _l("result")},
    "decided_by": {
        "percent": _l("column of percent"),
        "minutes": _l("column of minutes"),
        "both": _l("both columns"),
    },
    "department": {
        "support": _l("Support"),
        "billing": _l("Billing"),
        "avanak_sms": _l("Avanak and SMS"),
        "complaint": _l("Complaint"),
        "criticism": _l("Criticism"),
        "suggestion": _l("Suggestion"),
        "panel_fault": _l("Fault in the panel"),
        "remote_help": _l("Remote help"),
        "special_notice": _l("Special notice"),
        "compensation_claim": _l("Compensation claim"),
    },
    "ticket": {
        "open": _l("Waits for our answer"),
        "answered": _l("Answered"),
        "waiting_for_customer": _l("Waits for the customer"),
        "closed": _l("Closed"),
    },
    "clock": {
        "running": _l("Runs"),
        "missed": _l("Missed"),
        "met": _l("Kept"),
        "late": _l("Done late"),
        "cancelled": _l("Not owed any more"),
    },
    "recipient": {
        "pending": _l("Waiting"),
        "claimed": _l("In call"),
        "in_call": _l("In call"),
        "retry_wait": _l("To be tried again"),
        "delivered": _l("Delivered"),
        "exhausted": _l("Not reached"),
        "excluded": _l("Set aside"),
        "cancelled": _l("Cancelled"),
        "unknown": _l("Unknown"),
    },
    "disposition": {
        "answered": _l("Answered"),
        "busy": _l("Busy"),
        "no_answer": _l("No answer"),
        "rejected": _l("Rejected"),
        "unreachable": _l("Unreachable"),
        "congestion": _l("Congestion"),
        "failed": _l("Failed"),
        "cancelled": _l("Cancelled"),
        "lost": _l("Lost"),
    },
    "remote": {
        "proposed": _l("Proposed"),
        "agreed": _l("Agreed"),
        "done": _l("Done"),
        "missed": _l("Missed"),
        "cancelled": _l("Cancelled"),
    },
    "notice_kind": {"info": _l("Notice"), "maintenance": _l("Planned maintenance"), "outage": _l("Outage")},
    "notice": {"draft": _l("Draft"), "published": _l("Published"), "withdrawn": _l("Taken down")},
    "delivery": {
        "waiting": _l("Waiting"),
        "sending": _l("Being sent"),
        "calling": _l("Being called"),
        "sent": _l("Sent"),
        "failed": _l("Failed"),
    },
    "channel": {
        "email": _l("E-mail"),
        "telegram": _l("Telegram"),
        "bale": _l("Bale"),
        "eitaa": _l("Eitaa"),
        "voice": _l("Voice call"),
    },
    "topic": {
        "notices": _l("Notices"),
        "tickets": _l("Tickets"),
        "campaigns": _l("Campaigns that end"),
        "money": _l("Low credit"),
        "messages": _l("Approval of messages"),
        "incidents": _l("Incidents"),
        "public": _l("Public channel"),
    },
    "statement_note": {
        "claim": _l("a discount is given for outages that were claimed in time and approved"),
        "no_subscription": _l("there was no subscription in this month"),
        "unknown": _l("a part of this month is unknown and was not counted"),
    },
    "edit": {
        "add": _l("Add a holiday"),
        "strike": _l("Strike a holiday"),
        "move": _l("Move a holiday"),
        "half_day": _l("Half day"),
    },
    "step": {
        "opened": _l("Opened"),
        "state": _l("State"),
        "department": _l("Department"),
        "assigned": _l("Given to"),
        "examined": _l("Examined"),
        "clock_met": _l("Kept in time"),
        "clock_missed": _l("Deadline missed"),
        "clock_late": _l("Done late"),
        "clock_cancelled": _l("Not owed any more"),
        "clock_claimed": _l("Missed deadline claimed"),
        "deadline_moved": _l("Deadline moved"),
        "warning": _l("Warned before the deadline"),
        "escalation": _l("Escalated after the deadline"),
        "remote_proposed": _l("Remote help proposed"),
        "remote_agreed": _l("Remote help agreed"),
        "remote_id_given": _l("One-time id given"),
        "remote_id_read": _l("One-time id viewed"),
        "remote_done": _l("Remote help given"),
        "remote_missed": _l("Remote help: the appointment has passed"),
        "remote_cancelled": _l("Remote help cancelled"),
        "special_agreed": _l("Special notice stored"),
        "over": _l("Said to be over"),
    },
    "prefix_note": {
        "Iran": _l("Iran"),
        "audiotex, charged at a premium": _l("audiotex, charged at a premium"),
        "numbers that place advertising calls": _l("numbers that place advertising calls"),
    },
    "listed_by": {"key": _l("Key in a call"), "import": _l("Import"), "person": _l("By hand")},
}
# The states that are good, bad, or waiting, for the colours of their chips.
_GOOD = {
    "active",
    "available",
    "accepted",
    "paid",
    "approved",
    "up",
    "credited",
    "answered",
    "published",
    "sent",
    "delivered",
    "met",
    "agreed",
}
_BAD = {"undelivered", "suspended", "failed", "rejected", "down", "missed", "late", "returned"}
_WAITS = {
    "registered", "mobile_verified", "identity_verified", "submitted", "pending", "waiting", "by_phone",
    "in_review", "open", "waiting_for_customer", "unknown", "draft", "running", "proposed",
}  # fmt: skip


def init_app(app: Flask) -> None:
    for filter_ in (word, tone, phone, component, step_word):
        app.add_template_filter(filter_)
    app.context_processor(lambda: {"may_do": may_do})


def may_do(right: str) -> bool:
    """Whether the person has a right, for menus and buttons; the routes check again."""
    found = person_or_none()
    return found is not None and permissions.may(found, right, found.account_id)


def word(value: object, group: str) -> str:
    """The name of a state or kind; the word itself if it has none."""
    return str(WORDS[group].get(str(value), value))


def choices(group: str) -> list[SelectChoice]:
    """All words of a group, as choices of a form field."""
    return [SelectChoice(value, label) for value, label in WORDS[group].items()]


def tone(state: object) -> str:
    """``good``, ``bad``, ``waits`` or ``plain``."""
    text = str(state)
    return "good" if text in _GOOD else "bad" if text in _BAD else "waits" if text in _WAITS else "plain"


def component(name: str) -> str:
    """The name of a monitored component: ``switch/one`` is «Switch one»."""
    kind, _sep, own = name.partition("/")
    return f"{word(kind, 'component')} \u2068{own}\u2069" if own else word(kind, "component")


def step_word(what: str) -> str:
    """The name of a step of a ticket or of an outage's notice (``call_1800``: staff were called after half an hour)."""
    kind, _sep, after_s = what.partition("_")
    if kind == "call" and after_s.isdigit():
        minutes = int(after_s) // 60
        return str(
            _("Staff were reminded after %(n)s min", n=digits(minutes)) if minutes else _("Staff were called")
        )
    return word(what, "step")


def phone(number: str) -> str:
    """A telephone number as people write it, in left-to-right order also in right-to-left text."""
    return f"\u2066{digits(display(number) if number.startswith('+') else number)}\u2069" if number else "—"
