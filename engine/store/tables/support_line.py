"""Tables of the support line: agents, calls, call-backs, voice tickets, recordings.  Conventions: core.py.

The switch queues calls and rings agents; these tables have the wanted state and the outcome of each call.
"""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, BooleanField, CharField, IntegerField, TextField

from engine.states import AgentState, CallBackState, SupportCallState
from engine.store.tables.core import Table


class SupportAgent(Table):
    """A person who answers the support line: the telephone and the wanted state, which the switch is made to follow."""

    id = BigAutoField()
    person_id = BigIntegerField(unique=True)
    name = CharField(100)  # shown to other agents and in reports
    extension = CharField(8, unique=True)  # 3 to 6 digits; the agent's name on the switch
    a1_hash = CharField(
        32, default=""
    )  # MD5 of extension:realm:password, as SIP digest requires; empty: no SIP phone
    outside_number = CharField(20, default="")  # E.164; rung instead of the SIP phone; empty: the SIP phone
    wrap_up_s = IntegerField(default=15)  # after a call, before the next one
    state = CharField(12, default=AgentState.SIGNED_OUT)
    reason = CharField(20, default="")  # of a pause: one of services.support_line.agents.REASONS
    state_since_at = BigIntegerField(default=0)
    signed_in_at = BigIntegerField(null=True)
    is_active = BooleanField(default=True)
    departments = CharField(
        60, default="support"
    )  # names of services.support_line.departments, one blank between
    seen = CharField(20, default="")  # the last state on the switch: waiting, receiving, in_call, ...
    seen_at = BigIntegerField(default=0)
    created_at = BigIntegerField()


class AgentStep(Table):
    """A change of an agent's state."""

    id = BigAutoField()
    agent_id = BigIntegerField()
    at = BigIntegerField()
    state = CharField(12)
    reason = CharField(20, default="")
    author_id = BigIntegerField(null=True)  # null: the switch (it did not answer) or the system

    class Meta:
        indexes = ((("agent_id", "at"), False), (("at",), False))


class SupportCall(Table):
    """An incoming call; `joined_at` is when it joined the queue, null if it never did."""

    id = BigAutoField()
    uuid = CharField(36, unique=True)  # of the channel
    switch_id = BigIntegerField()
    core_uuid = CharField(36, default="")
    queue = CharField(32)
    number = CharField(20, default="")  # E.164; empty: withheld
    account_id = BigIntegerField(null=True)
    language = CharField(5, default="fa")
    state = CharField(12, default=SupportCallState.ARRIVED)
    in_hours = BooleanField(default=True)
    came_at = BigIntegerField()
    joined_at = BigIntegerField(null=True)
    place_at = BigIntegerField(
        null=True
    )  # since when it counts as waiting; a caller who rings again keeps the earlier time
    asked_at = BigIntegerField(null=True)  # when a call-back was first offered
    answered_at = BigIntegerField(null=True)
    agent_id = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)  # end of the call; in state `call_back` the end of the waiting
    call_back_id = BigIntegerField(null=True)
    ticket_id = BigIntegerField(null=True)
    notes = TextField(default="")
    noted_by = BigIntegerField(null=True)

    class Meta:
        indexes = (
            (("state", "place_at"), False),
            (("joined_at",), False),
            (("number", "came_at"), False),
            (("account_id", "came_at"), False),
            (("agent_id", "answered_at"), False),
        )


class CallBack(Table):
    """A call that we owe a caller; at most one is open for each number and queue (a unique index of the migration)."""

    id = BigAutoField()
    queue = CharField(32)
    number = CharField(20)  # E.164
    account_id = BigIntegerField(null=True)
    language = CharField(5, default="fa")
    call_id = BigIntegerField(null=True)  # the last call in which it was requested
    place_at = BigIntegerField()  # the original place: since when the caller waits
    asked_at = BigIntegerField()
    promised_s = IntegerField(null=True)  # the wait that was announced to the caller; null: none
    state = CharField(12, default=CallBackState.WAITING)
    reason = CharField(20, default="")  # of its end: talked, rang_again, tries_spent, staff
    tries = IntegerField(default=0)  # tries in which the caller was rung
    next_at = BigIntegerField()
    first_rung_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    agent_id = BigIntegerField(null=True)  # who talked
    ticket_id = BigIntegerField(null=True)
    notes = TextField(default="")

    class Meta:
        indexes = (
            (("state", "next_at"), False),
            (("account_id", "asked_at"), False),
            (("asked_at",), False),
        )


class CallBackTry(Table):
    """One try of a call-back: first the agent is rung, then the caller; `uuid` is that of the agent's channel.

    At most one try is open for each agent and for each call-back (unique indexes of the migration).
    """

    id = BigAutoField()
    uuid = CharField(36, unique=True)
    caller_uuid = CharField(36, unique=True)
    call_back_id = BigIntegerField(index=True)
    agent_id = BigIntegerField()
    switch_id = BigIntegerField()
    core_uuid = CharField(36)
    begun_at = BigIntegerField()
    rung_at = BigIntegerField(null=True)  # when the caller's telephone rang
    talked_at = BigIntegerField(null=True)  # when the caller pressed 1
    ended_at = BigIntegerField(null=True)
    end = CharField(20, default="")  # talked, agent_away, not_reached, not_placed


class VoiceTicket(Table):
    """A spoken message of a caller; it becomes a ticket with the sound as its attachment."""

    id = BigAutoField()
    uuid = CharField(36, unique=True)  # of the call; the sound is UUID.wav in the folder of recordings
    kind = CharField(12)  # message, complaint, suggestion
    call_id = BigIntegerField(null=True)
    account_id = BigIntegerField(null=True)
    number = CharField(20, default="")
    duration_ms = IntegerField(default=0)
    made_at = BigIntegerField()
    ticket_id = BigIntegerField(null=True)  # null: there is no ticket yet


class SupportRecording(Table):
    """The recording of an answered call: UUID.wav in the folder of recordings, until it is deleted."""

    id = BigAutoField()
    uuid = CharField(36, unique=True)
    call_id = BigIntegerField(index=True)
    begun_at = BigIntegerField()
    duration_ms = IntegerField(default=0)
    removed_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("removed_at", "begun_at"), False),)


class SupportSetting(Table):
    """A setting of the support line that somebody changed (services.support_line.settings)."""

    name = CharField(40, primary_key=True)
    value = TextField()
    changed_at = BigIntegerField()
    changed_by = BigIntegerField(null=True)


class SupportMonth(Table):
    """The support line's figures of a month of the agreement, for calls in support hours; append-only."""

    id = BigAutoField()
    month = CharField(10)
    account_id = BigIntegerField()  # 0: all callers
    offered = IntegerField()
    answered = IntegerField()
    within_20_s = IntegerField()
    within_80_s = IntegerField()
    abandoned = IntegerField()
    called_back = IntegerField()
    longest_wait_s = IntegerField()
    mean_wait_s = IntegerField()
    noted_at = BigIntegerField()

    class Meta:
        indexes = ((("month", "account_id"), True),)


class SupportTransfer(Table):
    """The transfer of a call to an agent or a department; a call has at most one that has not begun (a unique index)."""

    id = BigAutoField()
    call_id = BigIntegerField()
    agent_id = BigIntegerField()  # the agent who is to take it; 0: any free agent of the department
    department = CharField(12, default="")
    asked_by = BigIntegerField()
    asked_at = BigIntegerField()
    begun_at = BigIntegerField(null=True)
