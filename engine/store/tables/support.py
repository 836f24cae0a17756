"""Tables of the working calendar, tickets and notices.

Plain ids without foreign keys, as in the other tables of the agreement; what
is evidence (messages, steps, calendars, receipts) is only ever inserted.
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
    """A change of the official holidays by staff; never changed itself."""

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
    """A calendar as some clock used it, whole, under its hash."""

    version = CharField(16, primary_key=True)
    kind = CharField(16)
    content = TextField()  # `Calendar.to_json`
    made_at = BigIntegerField()


# -- tickets ------------------------------------------------------------------------------


class Ticket(Table):
    """What a customer wants of us, with its state and its nearest deadline."""

    id = BigAutoField()
    key = CharField(80, null=True, unique=True)  # of tickets made by a program: the same one is made once
    account_id = BigIntegerField()
    department = CharField(24)  # services.tickets.rules.DEPARTMENTS
    subject = CharField(200)
    state = CharField(24, default=TicketState.OPEN)
    via = CharField(12)  # portal, api, telephone, staff, system
    author_id = BigIntegerField(null=True)  # None: the system
    assignee_id = BigIntegerField(null=True)
    terms_id = CharField(40)  # the agreement's version of its opening
    opened_at = BigIntegerField()
    changed_at = BigIntegerField()
    closed_at = BigIntegerField(null=True)
    next_due_at = BigIntegerField(
        null=True
    )  # nearest deadline that is not done; None: none, or all stand still

    class Meta:
        indexes = (
            (("account_id", "id"), False),
            (("state", "next_due_at"), False),
        )


class TicketQueue(Table):
    """A queue of staff that a ticket lies in; compensation lies in two."""

    queue = CharField(16)
    ticket_id = BigIntegerField(index=True)

    class Meta:
        primary_key = CompositeKey("queue", "ticket_id")


class TicketMessage(Table):
    """What was written in a ticket; never changed."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    side = CharField(8)  # customer, staff, system
    author_id = BigIntegerField(null=True)
    is_internal = BooleanField(default=False)  # a note among staff
    text = TextField()
    at = BigIntegerField()
    key = CharField(80, null=True)  # of the form; unique within a ticket


class TicketStep(Table):
    """What happened to a ticket beside its messages; never changed."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    at = BigIntegerField()
    author_id = BigIntegerField(null=True)  # None: the system
    what = CharField(24)  # opened, state, department, assigned, clock_missed, warning, …
    old = CharField(100, default="")
    new = CharField(100, default="")
    reason = TextField(default="")


class TicketPause(Table):
    """A time in which we waited for the customer and the ticket's clocks stood still."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    from_at = BigIntegerField()
    until_at = BigIntegerField(null=True)  # None: still


class TicketClock(Table):
    """One promise about one ticket; everything it is reckoned by is frozen here."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    account_id = BigIntegerField()
    kind = CharField(16)  # services.tickets.rules.ClockKind
    terms_id = CharField(40)
    calendar = CharField(16)  # support, working-days, hours, days
    calendar_version = CharField(16)
    days = IntegerField(default=0)  # > 0: by the end of the n-th next working day
    amount_s = BigIntegerField()
    warn_s = BigIntegerField()  # how long before the deadline staff are warned, in the clock's own time
    started_at = BigIntegerField()
    due_at = BigIntegerField(null=True)  # None: it stands still
    warn_at = BigIntegerField(null=True)
    state = CharField(10, default=ClockState.RUNNING)
    done_at = BigIntegerField(null=True)
    missed_at = BigIntegerField(null=True)  # the deadline that passed; never cleared

    class Meta:
        indexes = ((("state", "warn_at"), False), (("account_id", "missed_at"), False))


class ClockAlarm(Table):
    """A warning or escalation that was given; one for each deadline."""

    clock_id = BigIntegerField()
    kind = CharField(12)  # warning, escalation
    due_at = BigIntegerField()
    at = BigIntegerField()
    told = CharField(40, default="")  # the queue or role

    class Meta:
        primary_key = CompositeKey("clock_id", "kind", "due_at")


class Attachment(Table):
    """A file of a ticket; it lies in data_dir/attachments under a random name."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    message_id = BigIntegerField()
    account_id = BigIntegerField()
    author_id = BigIntegerField(null=True)
    name = CharField(200)  # as its owner called it; never a path
    media_type = CharField(100)  # by content
    size = BigIntegerField()
    sha256 = CharField(64)
    path = CharField(100, unique=True)  # below data_dir/attachments
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("account_id",), False),)


class RemoteHelp(Table):
    """An appointment to help on the customer's computer."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    account_id = BigIntegerField()
    tool = CharField(12)  # anydesk, teamviewer
    starts_at = BigIntegerField()
    ends_at = BigIntegerField()
    state = CharField(10, default=RemoteState.PROPOSED)
    proposed_by_staff = BooleanField()
    agent_id = BigIntegerField(null=True)
    secret = CharField(64, default="")  # the one-time id, until it is used or the time is over
    secret_given_at = BigIntegerField(null=True)
    secret_gone_at = BigIntegerField(null=True)
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("state", "ends_at"), False),)


class Satisfaction(Table):
    """What a customer thought of a closed ticket; said once."""

    ticket_id = BigIntegerField(primary_key=True)
    account_id = BigIntegerField()
    person_id = BigIntegerField()
    score = IntegerField()  # 1 to 5
    text = TextField(default="")
    at = BigIntegerField()


# -- notices ------------------------------------------------------------------------------


class Notice(Table):
    """Something that customers are told on the panel's first page."""

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
    published_by = BigIntegerField(null=True)  # None: by itself
    ends_at = BigIntegerField(null=True)  # on the first page until then
    withdrawn_at = BigIntegerField(null=True)
    withdrawn_why = TextField(default="")
    maintenance_id = BigIntegerField(null=True, unique=True)
    starts_at = BigIntegerField(null=True)  # of the maintenance
    outage_id = BigIntegerField(null=True, unique=True)
    began_at = BigIntegerField(null=True)  # the outage
    detected_at = BigIntegerField(null=True)
    due_at = BigIntegerField(null=True)  # the agreement's two hours
    publishes_at = BigIntegerField(null=True)  # by itself

    class Meta:
        indexes = ((("state", "published_at"), False),)


class NoticeAudience(Table):
    """An account that a notice is for, if it is not for all."""

    notice_id = BigIntegerField()
    account_id = BigIntegerField(index=True)

    class Meta:
        primary_key = CompositeKey("notice_id", "account_id")


class NoticeUpdate(Table):
    """What was added to a published notice; the notice itself is not changed any more."""

    id = BigAutoField()
    notice_id = BigIntegerField(index=True)
    key = CharField(80, null=True, unique=True)  # of updates made by a program
    at = BigIntegerField()
    author_id = BigIntegerField(null=True)
    text_fa = TextField()
    text_en = TextField(default="")


class NoticeRead(Table):
    """A person saw a notice: the receipt."""

    notice_id = BigIntegerField()
    person_id = BigIntegerField()
    account_id = BigIntegerField(null=True)
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("notice_id", "person_id")


class NoticeStep(Table):
    """A call, a reminder, a publication: what was done about an outage's notice, each once."""

    notice_id = BigIntegerField()
    step = CharField(24)  # call_0, call_30, …, special, published, over
    at = BigIntegerField()
    details = TextField(default="")

    class Meta:
        primary_key = CompositeKey("notice_id", "step")


class ContactAddress(Table):
    """How somebody is reached beside the panel: staff (no account), or a person of a customer."""

    id = BigAutoField()
    account_id = BigIntegerField(null=True)
    person_id = BigIntegerField(null=True)
    channel = CharField(12)  # email, telegram, bale, eitaa, voice
    address = CharField(200)
    topics = CharField(100)  # notices, tickets, incidents, blank separated
    language = CharField(5, default="fa")
    created_at = BigIntegerField()
    created_by = BigIntegerField(null=True)
    verified_at = BigIntegerField(null=True)  # when its owner gave a code back; null: nothing is sent to it

    class Meta:
        indexes = ((("account_id", "channel", "address"), True),)


class EventTold(Table):
    """What customers were told of by themselves, once: ``campaign/7``, ``message/3/1700000000000``, ``credit/12``."""

    key = CharField(80, primary_key=True)
    at = BigIntegerField()


class SpecialWish(Table):
    """A customer wants a way or a person told in an incident; agreed in a ticket."""

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
    """A message on its way out; `key` makes it one, whoever asks for it twice."""

    id = BigAutoField()
    key = CharField(100, unique=True)
    channel = CharField(12)
    address = CharField(200)
    subject = CharField(200, default="")
    text = TextField()
    language = CharField(5, default="fa")
    is_urgent = BooleanField(default=False)
    account_id = BigIntegerField(null=True)  # whom it concerns
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
