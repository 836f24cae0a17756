"""The tables.  Instants are integer milliseconds since the epoch, UTC; money is whole Rials.

Ids in recipient and attempt have no foreign keys, which would cost too much at a million settles an hour; the auditor
checks them.
"""

from __future__ import annotations

from typing import Any, ClassVar

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from engine.fold import fold
from engine.states import AccountState, CampaignState, MessageKind, UnknownPolicy
from engine.store.database import db


class Table(Model):
    """Base class of all tables."""

    class Meta:
        database = db
        legacy_table_names = False


class Searched(Table):
    """A table whose names can be searched: `search` is the name as `fold` writes it, set at each write."""

    name_column: ClassVar[str] = "name"
    search = TextField(default="")

    def save(self, *args: Any, **kwargs: Any) -> Any:
        self.search = fold(getattr(self, self.name_column))
        return super().save(*args, **kwargs)

    @classmethod
    def update(cls, data: Any = None, /, **values: Any) -> Any:
        if cls.name_column in values:
            values["search"] = fold(values[cls.name_column])
        return super().update(data, **values)


class Account(Searched):
    """A customer (firm or person); the house account is the operator's own and is never charged."""

    id = BigAutoField()
    name = CharField(200)
    created_at = BigIntegerField()
    state = CharField(20, default=AccountState.REGISTERED)
    state_reason = TextField(default="")
    is_house = BooleanField(default=False)
    kind = CharField(10, default="firm")  # firm, person
    mobile = CharField(20, default="")  # E.164, of the person who registered
    mobile_verified_at = BigIntegerField(null=True)
    expires_at = BigIntegerField(null=True)  # end of the subscription
    permissions = TextField(default="")  # words of services.permissions.GRANTS, blank separated
    price_group_id = BigIntegerField(null=True)  # null: the default group
    weight = IntegerField(default=1)  # share against other accounts
    max_cps = DoubleField(null=True)
    max_channels = IntegerField(null=True)
    parent_id = BigIntegerField(null=True)  # the reseller it belongs to
    debt_ceiling = BigIntegerField(default=0)  # Rials that the account may owe
    min_gap_s = IntegerField(default=0)  # between two calls to one number, over all its campaigns; 0: none
    max_calls_a_day = IntegerField(default=0)  # to one number; 0: no cap
    caller_id = CharField(
        20, default=""
    )  # the caller id of its calls unless the campaign has one; empty: the gateway's
    gateways = TextField(default="")  # names of those it may use, separated by blanks; empty: all


class User(Searched):
    """A person who logs in; staff have no account, customers have one."""

    name_column = "username"

    account_id: int | None
    id = BigAutoField()
    account = ForeignKeyField(Account, null=True, backref="users", on_delete="RESTRICT")
    username = CharField(100, unique=True)
    password_hash = TextField()
    role = CharField(30)  # operator, administrator, agent, quality, finance, owner, member
    is_active = BooleanField(default=True)
    language = CharField(5, default="fa")
    calendar = CharField(10, default="jalali")
    created_at = BigIntegerField()
    last_login_at = BigIntegerField(null=True)
    totp_secret = CharField(300, default="")  # of the second factor, sealed; empty: none
    totp_since_at = BigIntegerField(null=True)  # when it was confirmed; null: it is not required
    totp_step = BigIntegerField(default=0)  # the half minute of the last accepted code

    class Meta:
        table_name = "person"  # `user` is a reserved word in PostgreSQL


class Message(Searched):
    """An audio message; its files are prompts_dir/<prompt>.wav, .PCMA and .PCMU."""

    name_column = "title"

    account_id: int
    id = BigAutoField()
    account = ForeignKeyField(Account, backref="messages", on_delete="RESTRICT")
    title = CharField(200)
    prompt = CharField(64)  # name of the files, from the hash of the sound: [0-9a-z_-]
    duration_ms = IntegerField()
    created_at = BigIntegerField()
    state = CharField(10, default="approved")  # engine.states.MessageState
    reason = TextField(default="")  # why rejected
    origin = CharField(10, default="upload")  # upload, recorded, spoken
    text = TextField(default="")  # the spoken text
    voice = CharField(40, default="")
    decided_by = BigIntegerField(null=True)  # person; null: no approval was needed
    decided_at = BigIntegerField(null=True)
    in_gallery = BooleanField(default=True)  # false: removed by its owner; campaigns may still refer to it

    class Meta:
        indexes = ((("account", "prompt"), False),)


class Gateway(Table):
    """A SIP trunk; `name` is its name in the switch's configuration."""

    id = BigAutoField()
    name = CharField(64, unique=True)
    cps = DoubleField()
    channels = IntegerField()
    prefixes = TextField(default="")  # digits after +, blank separated; empty: all numbers
    number_format = CharField(10, default="98")  # how numbers are dialled: 98, +98, 0098, 0
    dial_prefix = CharField(10, default="")  # digits in front of each number
    priority = IntegerField(default=0)  # lower is tried first
    weight = IntegerField(default=1)
    caller_id = CharField(20, default="")
    ptime_ms = IntegerField(default=20)
    codecs = CharField(40, default="PCMA")  # in the order in which they are offered, with commas
    transport = CharField(3, default="udp")  # of its SIP: udp, tcp, tls
    srtp = CharField(10, default="none")  # none, optional, mandatory
    voice_to = CharField(10, default="sdp")  # address for voice: that of the SDP, or the source of theirs
    keys = CharField(10, default="events")  # how pressed keys arrive: events, voice, none
    cost_rials_a_minute = BigIntegerField(default=0)
    is_draining = BooleanField(default=False)
    switch_name = CharField(64, default="")  # empty: every switch has it
    created_at = BigIntegerField()


class Switch(Table):
    """One FreeSWITCH, in the state that its engine last saw; no password is stored."""

    id = BigAutoField()
    name = CharField(64, unique=True)
    address = CharField(200)
    is_embedded = BooleanField(default=False)
    is_draining = BooleanField(default=False)  # places no new calls
    state = CharField(10, default="down")  # up, down
    state_reason = TextField(default="")
    state_since_at = BigIntegerField(null=True)
    core_uuid = CharField(36, default="")
    sessions = IntegerField(default=0)
    max_sessions = IntegerField(default=0)
    sessions_per_second = IntegerField(default=0)
    idle_cpu = DoubleField(null=True)
    seen_at = BigIntegerField(null=True)
    owner = CharField(100, default="")  # engine that holds the lease
    leased_until_at = BigIntegerField(default=0)


class Campaign(Searched):
    """One message to one list of numbers, with the rules for calling them."""

    account_id: int
    message_id: int | None
    id = BigAutoField()
    account = ForeignKeyField(Account, backref="campaigns", on_delete="RESTRICT")
    name = CharField(200)
    state = CharField(12, default=CampaignState.DRAFT)
    state_reason = TextField(default="")
    pause_code = CharField(20, default="")  # of services.campaigns.why; empty: a person paused it
    kind = CharField(12, default=MessageKind.SERVICE)
    message = ForeignKeyField(Message, null=True, on_delete="RESTRICT")
    priority = IntegerField(default=0)  # higher first: 0 campaign, 10 quick send, 20 OTP
    weight = IntegerField(default=1)  # share against other campaigns of its priority
    cps = DoubleField(null=True)  # own limits; null: those of the gateways
    channels = IntegerField(null=True)
    max_tries = IntegerField(default=1)
    retry_after_s = IntegerField(default=600)
    ring_timeout_s = IntegerField(default=30)
    max_length_s = IntegerField(default=120)
    windows = TextField(default="")  # "09:30-14:00,16:30-22:00", local; empty: any hour
    weekdays = CharField(7, default="")  # ISO, as in 67123; empty: every day
    caller_id = CharField(20, default="")
    vote_keys = CharField(10, default="")
    repeat_key = CharField(1, default="")
    optout = BooleanField(default=False)
    delivered_share = DoubleField(default=1.0)
    record_s = IntegerField(default=0)  # longest recording of the callee after the message; 0: none
    holds_calls = BooleanField(
        default=False
    )  # the message is repeated until the call is joined to another or ends
    switch_name = CharField(64, default="")  # the only switch that its calls may use; empty: any
    gateways = TextField(default="")  # names, blank separated; empty: all
    unknown_policy = CharField(12, default=UnknownPolicy.LEAVE)
    columns = TextField(default="[]")  # the columns of the list, JSON array, in order
    source_name = CharField(255, default="")
    standing_key = CharField(100, default="")  # kind of its quick sends; empty: a campaign
    text = TextField(default="")  # with {variables}; each recipient hears its own version
    voice = CharField(40, default="")
    starts_at = BigIntegerField(null=True)
    ends_at = BigIntegerField(null=True)  # recipients not called by then are cancelled
    archived_at = BigIntegerField(null=True)  # when a person archived it
    awaits_approval = BooleanField(
        default=False
    )  # this draft starts automatically when its message is approved
    created_at = BigIntegerField()
    started_at = BigIntegerField(null=True)
    finished_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("state",), False), (("account", "id"), False))


class CampaignCounts(Table):
    """How many recipients are in each state; written in the transaction that changes the states."""

    campaign_id: int
    campaign = ForeignKeyField(Campaign, primary_key=True, on_delete="CASCADE")
    total = IntegerField(default=0)
    waiting = IntegerField(default=0)  # pending
    retry_wait = IntegerField(default=0)
    live = IntegerField(default=0)  # claimed or in call
    delivered = IntegerField(default=0)
    exhausted = IntegerField(default=0)
    excluded = IntegerField(default=0)
    cancelled = IntegerField(default=0)
    unknown = IntegerField(default=0)
    attempts = IntegerField(default=0)  # ended attempts, and of these:
    answered = IntegerField(default=0)
    busy = IntegerField(default=0)
    no_answer = IntegerField(default=0)
    rejected = IntegerField(default=0)
    unreachable = IntegerField(default=0)
    congestion = IntegerField(default=0)
    failed = IntegerField(default=0)
    lost = IntegerField(default=0)
    heard_ms = BigIntegerField(default=0)
    mobiles = IntegerField(default=0)  # of the numbers to be called at the import


class CampaignPulse(Table):
    """The engine's latest report on a running campaign: why it waits, its rate, its expected end."""

    campaign_id: int
    campaign = ForeignKeyField(Campaign, primary_key=True, on_delete="CASCADE")
    engine = CharField(100, default="")
    reason = CharField(30, default="")  # code of engine.services.campaigns.why
    details = TextField(default="{}")  # JSON of what the sentence needs
    calls_up = IntegerField(default=0)
    calls_per_second = DoubleField(default=0)
    ends_at = BigIntegerField(null=True)
    at = BigIntegerField(default=0)


class Recipient(Table):
    """One number in one campaign."""

    id = BigAutoField()
    campaign_id = BigIntegerField()
    line = IntegerField()  # of the list
    number = TextField()  # E.164, or the written text if it was excluded because it is not a number
    is_mobile = BooleanField(default=False)
    state = CharField(12)
    reason = CharField(40, default="")  # why excluded
    variables = TextField(default="")  # other cells of its line, JSON array as Campaign.columns
    prompt = CharField(64, default="")  # a message of its own; empty: the campaign's
    tries = IntegerField(default=0)  # spent
    uncounted_tries = IntegerField(default=0)  # failed by our or the carrier's fault; no try was spent
    first_fault_at = BigIntegerField(null=True)  # the first uncounted one since a spent try
    next_at = BigIntegerField(default=0)
    avoid_gateway_id = BigIntegerField(default=0)  # just failed on it by the carrier's fault
    disposition = CharField(12, default="")
    attempt_id = BigIntegerField(null=True)  # the live one, else the last
    finished_at = BigIntegerField(null=True)
    reserved = BigIntegerField(
        default=0
    )  # Rials held for it (only quick sends; a campaign has a reservation)
    price_id = BigIntegerField(null=True)  # the price version when it was accepted (quick sends)
    cost = BigIntegerField(default=0)  # Rials charged for its calls


class Contact(Table):
    """When an account last called a number (engine.dialing.rules.contact_gap)."""

    account_id = BigIntegerField()
    number = TextField()
    last_at = BigIntegerField()
    previous_at = BigIntegerField(null=True)  # the call before last_at, in case the last one did not ring
    day = IntegerField()  # local, as 20261123
    calls = IntegerField()  # on that day

    class Meta:
        primary_key = CompositeKey("account_id", "number")


class Attempt(Table):
    """One originate.  `uuid` is that of the channel and of the background job."""

    id = BigAutoField()
    uuid = CharField(36)
    recipient_id = BigIntegerField()
    campaign_id = BigIntegerField()
    switch_id = BigIntegerField()
    gateway_id = BigIntegerField()
    core_uuid = CharField(36)
    state = CharField(12)
    try_no = IntegerField()
    created_at = BigIntegerField()
    rang_at = BigIntegerField(null=True)  # ringing or early media
    answered_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    disposition = CharField(12, default="")
    hangup_cause = CharField(40, default="")
    sip_status = IntegerField(null=True)
    heard_ms = IntegerField(default=0)
    vote = CharField(4, default="")
    spent_try = BooleanField(default=True)
    settled_by = CharField(12, default="")  # event, job, record, reaper, recovery
    price = BigIntegerField(default=0)  # Rials charged for it
    ledger_txn_id = BigIntegerField(null=True)  # the booking of its charge
    record_ms = IntegerField(default=0)  # length of its recording, UUID.wav; 0: none


class DoNotCall(Table):
    """A number on the do-not-call list of an account; account 0: on the list of all advertising."""

    account_id = BigIntegerField()
    number = BigIntegerField()  # E.164 without its plus
    source = CharField(10)  # key, import, person
    campaign_id = BigIntegerField(default=0)  # the campaign in whose call the key was pressed
    added_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("account_id", "number")
        table_name = "do_not_call"


class MessageCall(Table):
    """A call that plays a message to staff; the key 1 approves it."""

    recipient_id = BigIntegerField(primary_key=True)
    message_id = BigIntegerField()
    person_id = BigIntegerField(null=True)
    placed_at = BigIntegerField()


class Destination(Table):
    """A range of numbers that is open or closed; the longest prefix decides."""

    prefix = CharField(15, primary_key=True)  # digits after the plus
    is_open = BooleanField()
    note = TextField(default="")


class CallCap(Table):
    """The caps that staff set for an account; null: the installation's."""

    account_id = BigIntegerField(primary_key=True)
    calls_an_hour = IntegerField(null=True)
    rials_a_day = BigIntegerField(null=True)
    set_by = BigIntegerField(null=True)
    set_at = BigIntegerField()


class CallTraffic(Table):
    """How many calls an account placed in an hour (hours since the epoch, UTC)."""

    account_id = BigIntegerField()
    hour = BigIntegerField()
    calls = IntegerField()
    revenue = BigIntegerField(default=0)  # Rials charged to the account in all before the hour began

    class Meta:
        primary_key = CompositeKey("account_id", "hour")
