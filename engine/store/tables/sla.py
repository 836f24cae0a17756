"""The tables of the service agreement: availability, statements, credits, claims, versions.

Instants are integer milliseconds since the epoch, UTC; money is whole Rials.  Evidence (statements, revisions,
resolutions, votes, versions) is append-only: triggers in the database refuse UPDATE and DELETE, and a correction is
another row.
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

from engine.store.tables.core import Table

# -- what was seen ------------------------------------------------------------------------


class Component(Table):
    """The present state of something that is monitored; its flips are the history."""

    name = CharField(100, primary_key=True)  # service, database, web, engine/NAME, switch/NAME, gateway/NAME
    state = CharField(8)  # up, down, unknown
    reason = TextField(default="")
    since_at = BigIntegerField()


class Flip(Table):
    """A change of a component's state; append-only."""

    id = BigAutoField()
    component = CharField(100)
    old = CharField(8)
    new = CharField(8)
    reason = TextField(default="")
    at = BigIntegerField()

    class Meta:
        indexes = ((("component", "at"), False),)


class MonitorSpan(Table):
    """A time in which a monitor ran without a gap; time that no span covers is unknown."""

    id = BigAutoField()
    monitor = CharField(100)
    from_at = BigIntegerField()
    until_at = BigIntegerField()

    class Meta:
        indexes = ((("until_at",), False), (("monitor", "id"), False))


class Pulse(Table):
    """The last sign of life of a process (engine/NAME, web/NAME)."""

    name = CharField(100, primary_key=True)
    seen_at = BigIntegerField()


class ProbeResult(Table):
    """One probe call to a switch's echo extension."""

    id = BigAutoField()
    switch_name = CharField(64)
    at = BigIntegerField()
    is_ok = BooleanField()
    took_ms = IntegerField()
    answer = CharField(200, default="")

    class Meta:
        indexes = ((("switch_name", "at"), False), (("at",), False))


# -- what counts as down, and what does not -----------------------------------------------


class OutageRecord(Table):
    """The present version of an outage; each version is an `OutageRevision`."""

    id = BigAutoField()
    account_id = BigIntegerField(null=True)  # None: everybody
    source = CharField(10)  # monitor, staff, unknown (resolved as down)
    component = CharField(100, default="service")
    revision = IntegerField(default=1)
    start_at = BigIntegerField()
    end_at = BigIntegerField(null=True)  # None: still down
    is_void = BooleanField(default=False)  # it turned out not to be an outage
    reason = TextField(default="")
    created_at = BigIntegerField()

    class Meta:
        table_name = "outage"
        indexes = ((("start_at",), False), (("end_at",), False))


class OutageRevision(Table):
    """A version of an outage, as entered or corrected: when, by whom and why."""

    outage_id = BigIntegerField()
    revision = IntegerField()
    start_at = BigIntegerField()
    end_at = BigIntegerField(null=True)
    is_void = BooleanField(default=False)
    reason = TextField()
    author_id = BigIntegerField(null=True)  # None: the monitor
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("outage_id", "revision")


class OutageReport(Table):
    """A customer's report that the service is or was down."""

    id = BigAutoField()
    account_id = BigIntegerField()
    happened_at = BigIntegerField()
    reported_at = BigIntegerField()
    way = CharField(10)  # ticket, telephone
    ticket_id = BigIntegerField(null=True)
    text = TextField()
    author_id = BigIntegerField(null=True)  # who entered it
    state = CharField(10, default="open")  # open, linked, dismissed
    outage_id = BigIntegerField(null=True)
    answer = TextField(default="")
    answered_by = BigIntegerField(null=True)
    answered_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account_id", "id"), False),)


class UnknownTime(Table):
    """A time in which nothing monitored the service."""

    id = BigAutoField()
    start_at = BigIntegerField()
    end_at = BigIntegerField(null=True)  # None: it has not ended
    reason = TextField(default="")

    class Meta:
        indexes = ((("start_at",), False),)


class UnknownResolution(Table):
    """The decision of staff about a part of an unknown time, and how they know."""

    id = BigAutoField()
    unknown_id = BigIntegerField(index=True)
    start_at = BigIntegerField()
    end_at = BigIntegerField()
    state = CharField(8)  # up, down
    outage_id = BigIntegerField(null=True)
    reason = TextField()
    author_id = BigIntegerField()
    at = BigIntegerField()


class Maintenance(Table):
    """Planned work with its window; it excludes downtime if it was announced in time."""

    id = BigAutoField()
    title_fa = CharField(200)
    title_en = CharField(200, default="")
    text_fa = TextField(default="")
    text_en = TextField(default="")
    start_at = BigIntegerField()
    end_at = BigIntegerField()
    announced_at = BigIntegerField(null=True)
    exclusion_id = BigIntegerField(null=True)
    author_id = BigIntegerField()
    created_at = BigIntegerField()
    cancelled_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("start_at",), False),)


class ExclusionRecord(Table):
    """Downtime that does not count; withdrawn rows stay as history."""

    id = BigAutoField()
    account_id = BigIntegerField(null=True)  # None: everybody
    kind = CharField(24)
    start_at = BigIntegerField()
    end_at = BigIntegerField()
    announced_at = BigIntegerField(null=True)
    reason = TextField()
    author_id = BigIntegerField()
    created_at = BigIntegerField()
    withdrawn_at = BigIntegerField(null=True)
    withdrawn_by = BigIntegerField(null=True)
    withdrawn_why = TextField(default="")

    class Meta:
        table_name = "exclusion"
        indexes = ((("start_at",), False),)


# -- statements and money -----------------------------------------------------------------


class Evidence(Table):
    """The evidence of statements: canonical JSON, stored once under its hash."""

    sha256 = CharField(64, primary_key=True)
    content = TextField()


class Statement(Table):
    """A published month of an account; sequence 0 is the first statement, then come adjustments."""

    id = BigAutoField()
    number = CharField(40, unique=True)
    account_id = BigIntegerField()
    account_name = CharField(200)
    month = CharField(7)
    sequence = IntegerField()
    adjusts = CharField(40, default="")  # the number of the statement that it adjusts
    issued_at = BigIntegerField()
    terms_id = CharField(40)
    evidence_sha256 = CharField(64)
    month_s = IntegerField()
    downtime_s = IntegerField()
    counted_s = IntegerField()
    unknown_s = IntegerField()
    availability = CharField(8)  # as shown: 99.91
    discount_by_percent = IntegerField()
    discount_by_minutes = IntegerField()
    discount = IntegerField()
    discount_if_down = IntegerField()  # if all unknown time had been downtime
    decided_by = CharField(8)
    subscription_rials = BigIntegerField(null=True)
    discount_rials = BigIntegerField(null=True)  # of this statement; an adjustment has only the difference
    note = TextField(default="")
    has_line = IntegerField(default=0)  # 1: the support line's figures (support_month) are in its hash
    sha256 = CharField(64)

    class Meta:
        indexes = ((("account_id", "month", "sequence"), True), (("month", "account_id"), False))


class MonthClose(Table):
    """The hash of the records from which a month's statements were last written."""

    month = CharField(7, primary_key=True)
    inputs_sha256 = CharField(64)
    closed_at = BigIntegerField()


class Credit(Table):
    """Money given for a month or a claim; booked once in the ledger under `key`."""

    id = BigAutoField()
    key = CharField(80, unique=True)
    account_id = BigIntegerField()
    month = CharField(7, default="")  # of an availability credit
    sequence = IntegerField(default=0)
    claim_id = BigIntegerField(null=True)  # of a support credit
    evidence_sha256 = CharField(64, default="")
    discount = IntegerField(default=0)  # percent
    rials = BigIntegerField()  # a later correction may be negative
    way = CharField(24)  # subscription_discount, account_credit, bank_transfer
    memo = TextField()
    booked_at = BigIntegerField()

    class Meta:
        indexes = ((("account_id", "month", "sequence"), False),)


# -- claims -------------------------------------------------------------------------------


class Claim(Table):
    """A customer's claim for compensation."""

    id = BigAutoField()
    account_id = BigIntegerField()
    kind = CharField(8)  # outage, support
    state = CharField(10)  # submitted, in_review, approved, rejected, credited
    ticket_id = BigIntegerField(null=True)
    text = TextField()
    author_id = BigIntegerField(null=True)
    happened_from_at = BigIntegerField()
    happened_until_at = BigIntegerField()
    submitted_at = BigIntegerField()
    terms_id = CharField(40)
    calendar_version = CharField(16)
    first_answer_due_at = BigIntegerField()
    result_due_at = BigIntegerField()
    first_answered_at = BigIntegerField(null=True)
    decided_at = BigIntegerField(null=True)
    amount_rials = BigIntegerField(null=True)  # of a support claim, set by the committee
    way = CharField(24, default="")
    result = TextField(default="")  # the answer to the customer

    class Meta:
        indexes = ((("account_id", "id"), False), (("state", "result_due_at"), False))


class ClaimOutage(Table):
    """An outage of a claim."""

    claim_id = BigIntegerField()
    outage_id = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("claim_id", "outage_id")


class ClaimEvidence(Table):
    """The evidence of a support claim: the missed clock of a ticket, or a call that nobody answered."""

    claim_id = BigIntegerField(primary_key=True)
    kind = CharField(8)  # clock, queue
    clock_id = BigIntegerField(null=True, index=True)
    number = CharField(20, default="")  # the caller's number at the support line
    call_id = BigIntegerField(
        null=True, index=True
    )  # the call in our own records, if the claim was made from there


class ClaimStep(Table):
    """A change of a claim's state, by whom and why; append-only."""

    id = BigAutoField()
    claim_id = BigIntegerField(index=True)
    old = CharField(10)
    new = CharField(10)
    author_id = BigIntegerField(null=True)  # None: the statement job
    reason = TextField()
    at = BigIntegerField()


class ClaimVote(Table):
    """The vote of a member of the committee on a claim."""

    claim_id = BigIntegerField()
    person_id = BigIntegerField()
    is_approval = BooleanField()
    amount_rials = BigIntegerField(null=True)
    way = CharField(24, default="")
    reason = TextField()
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("claim_id", "person_id")


# -- the agreement ------------------------------------------------------------------------


class AgreementVersion(Table):
    """A version of the agreement that staff published; append-only."""

    id = BigAutoField()
    terms_id = CharField(40, unique=True)
    effective_at = BigIntegerField(unique=True)
    record = TextField()  # the JSON object of `Terms.from_record`
    sha256 = CharField(64)
    reason = TextField()
    author_id = BigIntegerField()
    published_at = BigIntegerField()
