"""The states of things, and the moves between them.

Lower-case words, stored as they are written here.  ``TRANSITIONS`` says which moves are legal.  A state is changed by
a conditional UPDATE on the old one, and logged
as ``old -> new``.
"""

from __future__ import annotations

from enum import StrEnum


class CampaignState(StrEnum):
    DRAFT = "draft"  # being put together; nothing is dialled
    SCHEDULED = "scheduled"  # starts by itself at starts_at
    RUNNING = "running"  # dialled whenever the rules allow
    PAUSED = "paused"  # by a person, or for want of credit; goes on when resumed
    FINISHED = "finished"  # every recipient is in a final state
    STOPPED = "stopped"  # ended by a person; what was not called is cancelled


class RecipientState(StrEnum):
    PENDING = "pending"  # may be claimed from next_at on
    CLAIMED = "claimed"  # a live attempt exists, not answered yet
    IN_CALL = "in_call"  # a live attempt exists and was answered
    RETRY_WAIT = "retry_wait"  # a further try is due at next_at
    DELIVERED = "delivered"  # heard to the agreed point, or the key pressed
    EXHAUSTED = "exhausted"  # all tries spent
    EXCLUDED = "excluded"  # never called: duplicate, do-not-call, impossible
    CANCELLED = "cancelled"  # the campaign was stopped first
    UNKNOWN = "unknown"  # what happened cannot be known; the policy says leave it


class AttemptState(StrEnum):
    CREATED = "created"  # committed, not yet handed to the switch
    ORIGINATING = "originating"  # handed to the switch
    RINGING = "ringing"  # the far end rings
    ANSWERED = "answered"  # the far end answered
    ENDED = "ended"  # settled, once


class Disposition(StrEnum):
    """Our word for how an attempt ended (the hang-up cause keeps the switch's)."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    CONGESTION = "congestion"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


class UnknownPolicy(StrEnum):
    LEAVE = "leave"  # the recipient ends as unknown
    CALL_AGAIN = "call_again"  # the recipient goes back to the queue, the try is spent


class MessageKind(StrEnum):
    """The kind decides the hours in which a message may be sent (iran rules)."""

    SERVICE = "service"
    ADVERTISING = "advertising"
    EMERGENCY = "emergency"


class MessageState(StrEnum):
    """Whether a message may be sent."""

    WAITING = "waiting"  # for staff
    BY_PHONE = "by_phone"  # for staff, who hear it in a call and press 1
    APPROVED = "approved"
    REJECTED = "rejected"  # with a reason


CAMPAIGN_MOVES: dict[CampaignState, frozenset[CampaignState]] = {
    CampaignState.DRAFT: frozenset({CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.STOPPED}),
    CampaignState.SCHEDULED: frozenset(
        {CampaignState.DRAFT, CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.STOPPED}
    ),  # to a draft: the date was taken off
    CampaignState.RUNNING: frozenset({CampaignState.PAUSED, CampaignState.FINISHED, CampaignState.STOPPED}),
    CampaignState.PAUSED: frozenset(
        {CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.STOPPED}  # scheduled: goes on later
    ),
    CampaignState.FINISHED: frozenset({CampaignState.RUNNING}),  # recipients were appended
    CampaignState.STOPPED: frozenset(),
}

OVER_STATES = (CampaignState.FINISHED, CampaignState.STOPPED)
WAITING_STATES = (RecipientState.PENDING, RecipientState.RETRY_WAIT)  # may be claimed when due
LIVE_STATES = (RecipientState.CLAIMED, RecipientState.IN_CALL)
FINAL_STATES = (
    RecipientState.DELIVERED,
    RecipientState.EXHAUSTED,
    RecipientState.EXCLUDED,
    RecipientState.CANCELLED,
    RecipientState.UNKNOWN,
)


def may_move(old: CampaignState, new: CampaignState) -> bool:
    """Whether a campaign may go from `old` to `new`."""
    return new in CAMPAIGN_MOVES[old]


class AccountState(StrEnum):
    REGISTERED = "registered"  # made; the mobile is not verified
    MOBILE_VERIFIED = "mobile_verified"  # the code that was spoken came back
    IDENTITY_VERIFIED = "identity_verified"  # staff accepted who it is; the subscription is to be paid
    ACTIVE = "active"  # may send
    SUSPENDED = "suspended"  # by staff, with a reason
    EXPIRED = "expired"  # the subscription ended


ACCOUNT_MOVES: dict[AccountState, frozenset[AccountState]] = {
    AccountState.REGISTERED: frozenset({AccountState.MOBILE_VERIFIED, AccountState.SUSPENDED}),
    AccountState.MOBILE_VERIFIED: frozenset({AccountState.IDENTITY_VERIFIED, AccountState.SUSPENDED}),
    AccountState.IDENTITY_VERIFIED: frozenset({AccountState.ACTIVE, AccountState.SUSPENDED}),
    AccountState.ACTIVE: frozenset({AccountState.EXPIRED, AccountState.SUSPENDED}),
    AccountState.EXPIRED: frozenset({AccountState.ACTIVE, AccountState.SUSPENDED}),
    # Back to the state that its proofs and payments allow (`services.accounts.account_states`).
    AccountState.SUSPENDED: frozenset(
        {
            AccountState.REGISTERED,
            AccountState.MOBILE_VERIFIED,
            AccountState.IDENTITY_VERIFIED,
            AccountState.ACTIVE,
            AccountState.EXPIRED,
        }
    ),
}


class PaymentState(StrEnum):
    CREATED = "created"  # noted; the provider has not been asked yet
    PENDING = "pending"  # the payer is at the provider, or staff have not looked at the receipt
    PAID = "paid"  # verified, and in the ledger
    FAILED = "failed"  # the provider or staff said no
    EXPIRED = "expired"  # nobody paid in time; a late verification still counts


class ReviewState(StrEnum):
    SUBMITTED = "submitted"  # waits for staff
    ACCEPTED = "accepted"
    RETURNED = "returned"  # with a reason; may be submitted again


class TicketState(StrEnum):
    OPEN = "open"  # we have to answer
    ANSWERED = "answered"  # we answered; the customer may write again or close
    WAITING = "waiting_for_customer"  # we asked something; the clocks stand still
    CLOSED = "closed"  # until somebody writes again


TICKET_MOVES: dict[TicketState, frozenset[TicketState]] = {
    TicketState.OPEN: frozenset({TicketState.ANSWERED, TicketState.WAITING, TicketState.CLOSED}),
    TicketState.ANSWERED: frozenset({TicketState.OPEN, TicketState.WAITING, TicketState.CLOSED}),
    TicketState.WAITING: frozenset({TicketState.OPEN, TicketState.ANSWERED, TicketState.CLOSED}),
    TicketState.CLOSED: frozenset({TicketState.OPEN}),
}


class ClockState(StrEnum):
    """The state of a ticket's clock; a missed one stays recorded, whether done late or not."""

    RUNNING = "running"  # not done, the deadline has not passed (or the clock stands still)
    MISSED = "missed"  # not done, the deadline has passed
    MET = "met"  # done in time
    LATE = "late"  # done after the deadline
    CANCELLED = "cancelled"  # nothing was owed after all (not our fault, another department)


class RemoteState(StrEnum):
    """An appointment for remote help."""

    PROPOSED = "proposed"  # one side named a time
    AGREED = "agreed"  # the other side took it
    DONE = "done"
    MISSED = "missed"  # the time went by
    CANCELLED = "cancelled"


class NoticeState(StrEnum):
    DRAFT = "draft"  # seen by staff only
    PUBLISHED = "published"  # on the panel's first page
    WITHDRAWN = "withdrawn"  # taken down, or a draft that was not needed


class DeliveryState(StrEnum):
    """A message on its way out through a channel."""

    WAITING = "waiting"  # due at next_at
    SENDING = "sending"  # somebody has it until leased_until_at
    CALLING = "calling"  # handed to our own engine; the call decides
    SENT = "sent"  # the far end took it
    FAILED = "failed"  # given up, with the reason


class ImportState(StrEnum):
    """A list on its way into a campaign."""

    WAITING = "waiting"  # the list lies in its folder
    RUNNING = "running"  # chunk by chunk
    DONE = "done"  # every row has become a recipient, or was set aside
    FAILED = "failed"  # with the reason; what came before stays


class AgentState(StrEnum):
    """The state that an agent of the support line has chosen."""

    SIGNED_OUT = "signed_out"
    AVAILABLE = "available"  # calls may ring
    PAUSED = "paused"  # with a reason


class SupportCallState(StrEnum):
    """A call to the support line.  Joined ones: offered = answered + abandoned + call_back + waiting."""

    ARRIVED = "arrived"  # listens to us, is in no queue
    WAITING = "waiting"  # in the queue
    TALKING = "talking"  # with an agent
    ANSWERED = "answered"  # an agent talked, it is over
    ABANDONED = "abandoned"  # hung up in the queue, or the switch took it along
    CALL_BACK = "call_back"  # left the queue for a call-back
    LEFT = "left"  # ended without having been in the queue: closed, a message, hung up


class CallBackState(StrEnum):
    WAITING = "waiting"  # due at next_at
    TAKEN = "taken"  # a try is in flight
    DONE = "done"  # the caller talked
    MISSED = "missed"  # the tries are spent: it became a ticket
    CANCELLED = "cancelled"  # the caller rang again, or staff took it off


JOINED_STATES = (
    SupportCallState.WAITING,
    SupportCallState.TALKING,
    SupportCallState.ANSWERED,
    SupportCallState.ABANDONED,
    SupportCallState.CALL_BACK,
)
OPEN_CALL_BACKS = (CallBackState.WAITING, CallBackState.TAKEN)
