"""Tables of the working calendar, tickets and notices.

Plain ids without foreign keys, as in the other tables of the agreement.  Evidence (messages, steps, calendars, receipts)
is append-only.
"""

from __future__ import annotations

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    IntegerField,
    TextField,
)

from engine.states import ClockState, DeliveryState, NoticeState, RemoteState, TicketState
from engine.store.tables.core import Table

# -- the working calendar -----------------------------------------------------------------


class CalendarEdit(Table):
    """A change of the official holidays by staff; append-only."""

    id = BigAutoField()
    at = BigIntegerField()
    author_id = BigIntegerField()
    action = CharField(10)  # agreement.calendars.EditAction
    day = CharField(10)  # 2026-11-21
    to_day = CharField(10, default="")  # of a move
    name_fa = CharField(200, default="")
    name_en = CharField(200, default="")
    hours = TextField(default="[]")  # JSON [["08:30", "12:00"]] of a half day
    reason = TextField()


class CalendarVersion(Table):
    """A complete calendar that some clock used, under its hash."""

    version = CharField(16, primary_key=True)
    kind = CharField(16)
    content = TextField()  # `Calendar.to_json`
    made_at = BigIntegerField()


# -- tickets ------------------------------------------------------------------------------


class Ticket(Table):
    """A request of a customer, with its state and its nearest deadline."""

    id = BigAutoField()
    key = CharField(80, null=True, unique=True)  # of tickets by programs: each is created once
    account_id = BigIntegerField()
    department = CharField(24)  # services.tickets.rules.DEPARTMENTS
    subject = CharField(200)
    state = CharField(24, default=TicketState.OPEN)
    via = CharField(12)  # portal, api, telephone, staff, system
    author_id = BigIntegerField(null=True)  # None: the system
    assignee_id = BigIntegerField(null=True)
    terms_id = CharField(40)  # the version of the agreement when it was opened
    opened_at = BigIntegerField()
    changed_at = BigIntegerField()
    closed_at = BigIntegerField(null=True)
    next_due_at = BigIntegerField(
        null=True
    )  # the nearest open deadline; None: none, or all clocks are stopped

    class Meta:
        indexes = (
            (("account_id", "id"), False),
            (("state", "next_due_at"), False),
        )


class TicketQueue(Table):
    """A queue of staff that contains a ticket; tickets about compensation are in two."""

    queue = CharField(16)
    ticket_id = BigIntegerField(index=True)

    class Meta:
        primary_key = CompositeKey("queue", "ticket_id")


class TicketMessage(Table):
    """A message in a ticket; append-only."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    side = CharField(8)  # customer, staff, system
    author_id = BigIntegerField(null=True)
    is_internal = BooleanField(default=False)  # a note for staff only
    text = TextField()
    at = BigIntegerField()
    key = CharField(80, null=True)  # of the form, so that it is sent once; unique within a ticket


class TicketStep(Table):
    """An event of a ticket other than a message; append-only."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    at = BigIntegerField()
    author_id = BigIntegerField(null=True)  # None: the system
    what = CharField(24)  # opened, state, department, assigned, clock_missed, warning, …
    old = CharField(100, default="")
    new = CharField(100, default="")
    reason = TextField(default="")


class TicketPause(Table):
    """A time in which we waited for the customer and the ticket's clocks were stopped."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    from_at = BigIntegerField()
    until_at = BigIntegerField(null=True)  # None: it has not ended


class TicketClock(Table):
    """One promise about one ticket; all values that it is computed from are stored here and do not change."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    account_id = BigIntegerField()
    kind = CharField(16)  # services.tickets.rules.ClockKind
    terms_id = CharField(40)
    calendar = CharField(16)  # support, working-days, hours, days
    calendar_version = CharField(16)
    days = IntegerField(default=0)  # > 0: by the end of the n-th next working day
    amount_s = BigIntegerField()
    warn_s = BigIntegerField()  # staff are warned so long before the deadline, in the clock's own time
    started_at = BigIntegerField()
    due_at = BigIntegerField(null=True)  # None: the clock is stopped
    warn_at = BigIntegerField(null=True)
    state = CharField(10, default=ClockState.RUNNING)
    done_at = BigIntegerField(null=True)
    missed_at = BigIntegerField(null=True)  # the deadline that was missed; never cleared

    class Meta:
        indexes = ((("state", "warn_at"), False), (("account_id", "missed_at"), False))


class ClockAlarm(Table):
    """A warning or an escalation that was sent; one for each deadline."""

    clock_id = BigIntegerField()
    kind = CharField(12)  # warning, escalation
    due_at = BigIntegerField()
    at = BigIntegerField()
    told = CharField(40, default="")  # the queue or role

    class Meta:
        primary_key = CompositeKey("clock_id", "kind", "due_at")


class Attachment(Table):
    """A file of a ticket; it is in data_dir/attachments under a random name."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    message_id = BigIntegerField()
    account_id = BigIntegerField()
    author_id = BigIntegerField(null=True)
    name = CharField(200)  # the owner's file name; never used as a path
    media_type = CharField(100)  # detected from the content
    size = BigIntegerField()
    sha256 = CharField(64)
    path = CharField(100, unique=True)  # below data_dir/attachments
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("account_id",), False),)


class RemoteHelp(Table):
    """An appointment for remote help on the customer's computer."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    account_id = BigIntegerField()
    tool = CharField(12)  # anydesk, teamviewer
    starts_at = BigIntegerField()
    ends_at = BigIntegerField()
    state = CharField(10, default=RemoteState.PROPOSED)
    proposed_by_staff = BooleanField()
    agent_id = BigIntegerField(null=True)
    secret = CharField(64, default="")  # the one-time id, until it is used or expires
    secret_given_at = BigIntegerField(null=True)
    secret_gone_at = BigIntegerField(null=True)
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("state", "ends_at"), False),)


class Satisfaction(Table):
    """A customer's rating of a closed ticket; given once."""

    ticket_id = BigIntegerField(primary_key=True)
    account_id = BigIntegerField()
    person_id = BigIntegerField()
    score = IntegerField()  # 1 to 5
    text = TextField(default="")
    at = BigIntegerField()


# -- notices ------------------------------------------------------------------------------


class Notice(Table):
    """A notice for customers on the panel's first page."""

    id = BigAutoField()
    kind = CharField(12)  # info, maintenance, outage
    state = CharField(10, default=NoticeState.DRAFT)
    is_for_all = BooleanField(default=True)
    title_fa = CharField(200)
    title_en = CharField(200, default="")
    text_fa = TextField(default="")
    text_en = TextField(default="")
    author_id = BigIntegerField(null=True)  # None: the system
    created_at = BigIntegerField()
    published_at = BigIntegerField(null=True)
    published_by = BigIntegerField(null=True)  # None: automatically
    ends_at = BigIntegerField(null=True)  # until when it is on the first page
    withdrawn_at = BigIntegerField(null=True)
    withdrawn_why = TextField(default="")
    maintenance_id = BigIntegerField(null=True, unique=True)
    starts_at = BigIntegerField(null=True)  # start of the maintenance
    outage_id = BigIntegerField(null=True, unique=True)
    began_at = BigIntegerField(null=True)  # start of the outage
    detected_at = BigIntegerField(null=True)
    due_at = BigIntegerField(null=True)  # the agreement's two hours
    publishes_at = BigIntegerField(null=True)  # when it is published automatically

    class Meta:
        indexes = ((("state", "published_at"), False),)


class NoticeAudience(Table):
    """An account in the audience of a notice that is not for all."""

    notice_id = BigIntegerField()
    account_id = BigIntegerField(index=True)

    class Meta:
        primary_key = CompositeKey("notice_id", "account_id")


class NoticeUpdate(Table):
    """An update of a published notice; the notice itself does not change."""

    id = BigAutoField()
    notice_id = BigIntegerField(index=True)
    key = CharField(80, null=True, unique=True)  # of updates written by a program
    at = BigIntegerField()
    author_id = BigIntegerField(null=True)
    text_fa = TextField()
    text_en = TextField(default="")


class NoticeRead(Table):
    """The receipt that a person has seen a notice."""

    notice_id = BigIntegerField()
    person_id = BigIntegerField()
    account_id = BigIntegerField(null=True)
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("notice_id", "person_id")


class NoticeStep(Table):
    """A step about the notice of an outage (a call, a reminder, the publication); each is taken once."""

    notice_id = BigIntegerField()
    step = CharField(24)  # call_0, call_30, …, special, published, over
    at = BigIntegerField()
    details = TextField(default="")

    class Meta:
        primary_key = CompositeKey("notice_id", "step")


class ContactAddress(Table):
    """An address of a person besides the panel: of staff (no account) or of a customer."""

    id = BigAutoField()
    account_id = BigIntegerField(null=True)
    person_id = BigIntegerField(null=True)
    channel = CharField(12)  # email, telegram, bale, eitaa, voice
    address = CharField(200)
    topics = CharField(100)  # notices, tickets, incidents, blank separated
    language = CharField(5, default="fa")
    created_at = BigIntegerField()
    created_by = BigIntegerField(null=True)
    verified_at = BigIntegerField(null=True)  # when its owner entered the code; null: nothing is sent to it

    class Meta:
        indexes = ((("account_id", "channel", "address"), True),)


class EventTold(Table):
    """An event that was sent to a customer, once: ``campaign/7``, ``message/3/1700000000000``, ``credit/12``."""

    key = CharField(80, primary_key=True)
    at = BigIntegerField()


class SpecialWish(Table):
    """A further channel or person to be told in an incident, agreed with a customer in a ticket."""

    id = BigAutoField()
    account_id = BigIntegerField(index=True)
    ticket_id = BigIntegerField()
    channel = CharField(12)
    address = CharField(200)
    person_name = CharField(100, default="")
    language = CharField(5, default="fa")
    agreed_by = BigIntegerField()
    agreed_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)
    ended_by = BigIntegerField(null=True)


class Delivery(Table):
    """An outgoing message; the unique `key` prevents duplicates."""

    id = BigAutoField()
    key = CharField(100, unique=True)
    channel = CharField(12)
    address = CharField(200)
    subject = CharField(200, default="")
    text = TextField()
    language = CharField(5, default="fa")
    is_urgent = BooleanField(default=False)
    account_id = BigIntegerField(null=True)  # the account that it concerns
    notice_id = BigIntegerField(null=True, index=True)
    ticket_id = BigIntegerField(null=True, index=True)
    state = CharField(10, default=DeliveryState.WAITING)
    tries = IntegerField(default=0)
    next_at = BigIntegerField()
    leased_until_at = BigIntegerField(null=True)
    error = CharField(300, default="")
    recipient_id = BigIntegerField(null=True)  # the quick send of a voice call
    created_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("state", "next_at"), False),)
