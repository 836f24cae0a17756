"""Why a campaign is not dialled right now: one reason, one sentence.

The engine notes a code and what the sentence needs (numbers, names, instants);
who shows it makes the sentence, in the language and calendar of the reader.
"""

from __future__ import annotations

from typing import Any, Protocol

from engine.sentences import Instant, Sentence, is_kept, sentence_of

WINDOW = "window"  # until
DATABASE = "database"  # error
SWITCH_DOWN = "switch_down"  # switches, since
NO_GATEWAY = "no_gateway"  # names
DRAINING = "draining"  # names
SWITCH_DRAINING = "switch_draining"  # switches
SWITCH_PAUSED = "switch_paused"  # switches
SWITCH_RECORDS = "switch_records"  # switches
SWITCH_REFUSES = "switch_refuses"  # switches
GATEWAY_RATE = "gateway_rate"  # gateway, cps
GATEWAY_CHANNELS = "gateway_channels"  # gateway, channels
GATEWAY_FAILING = "gateway_failing"  # gateway
GATEWAY_DETOUR = "gateway_detour"  # gateway, others, cps
GATEWAY_REFUSED = "gateway_refused"  # gateway
GATEWAY_CODECS = "gateway_codecs"  # gateway, codecs
GATEWAY_DNS = "gateway_dns"  # gateway, fault
GATEWAY_FAULT = "gateway_fault"  # gateway, fault
NO_KEYS = "no_keys"  # names
ROUTE_LOST = "route_lost"  # gateway, cause
GATEWAY_SLOWED = "gateway_slowed"  # gateway, cps, full
SWITCH_BUSY = "switch_busy"  # switch, idle
SWITCH_RATE = "switch_rate"  # switch, cps
SWITCH_SESSIONS = "switch_sessions"  # switch, sessions
OWN_CHANNELS = "own_channels"  # limit
OWN_RATE = "own_rate"  # cps
ACCOUNT_CHANNELS = "account_channels"  # limit
ACCOUNT_RATE = "account_rate"  # cps
RETRY = "retry"  # at
LAST_CALLS = "last_calls"  # live
PAUSED = "paused"  # reason
NOT_STARTED = "not_started"
SCHEDULED = "scheduled"  # at
STOPPED = "stopped"
FINISHED = "finished"
ENGINE_OFF = "engine_off"  # since
DIALLING = "dialling"  # cps
PROMPT_MISSING = "prompt_missing"  # switch
RECORDINGS_CUT = "recordings_cut"  # switch
NO_CREDIT = "no_credit"
NOT_ALLOWED = "not_allowed"  # reason

NOT_APPROVED = "not_approved"  # reason
CAPPED = "capped"  # reason
ENDED = "ended"
AWAITS_APPROVAL = "awaits_approval"
APPROVAL_THEN_START = "approval_then_start"  # at
NOT_STARTED_YET = "not_started_yet"  # reason
COPYING = "copying"
CALLER_ID = "caller_id"  # reason
CALLER_RANGE = "caller_range"  # range
PREPARING = "preparing"  # left
UNSERVED = "unserved"  # prefix
NOT_DUE = "not_due"  # at


# Why the command line paused a campaign.
BY_COMMAND = Sentence("paused from the command line")
BY_INTERRUPT = Sentence("interrupted")
NO_SWITCH_REACHED = Sentence("no switch could be reached")


class Speaker(Protocol):
    """What a reason is noted on (a campaign that is being dialled)."""

    reason: str
    details: dict[str, Any]


def say(run: Speaker, reason: str, **details: Any) -> None:
    """Note the binding reason; the latest word counts."""
    run.reason, run.details = reason, details


def clear(run: Speaker) -> None:
    """It is being dialled: nothing stands in its way."""
    run.reason, run.details = "", {}


SENTENCES: dict[str, Sentence] = {
    DIALLING: Sentence("Dialling at %(cps)s calls a second."),
    WINDOW: Sentence("The calling window is closed until %(until)s."),
    DATABASE: Sentence("The database does not take writes, so nobody is called: %(error)s"),
    SWITCH_DOWN: Sentence("No switch is up (%(switches)s; down since %(since)s)."),
    NO_GATEWAY: Sentence("No gateway serves it: %(names)s."),
    DRAINING: Sentence("All its gateways are being drained: %(names)s."),
    SWITCH_DRAINING: Sentence("All its switches are being drained: %(switches)s."),
    SWITCH_PAUSED: Sentence(
        "All its switches were paused by hand (`fsctl pause`): %(switches)s; `fsctl resume` lets them call."
    ),
    SWITCH_RECORDS: Sentence(
        "Switch %(switches)s takes seconds to write the record of each call (its disk may be full); "
        "nobody is called by it until they are written."
    ),
    SWITCH_REFUSES: Sentence(
        "Switch %(switches)s refuses calls: its own limits (`sps`, `max_sessions`) are reached, by other calls too."
    ),
    GATEWAY_RATE: Sentence("Gateway %(gateway)s is at its %(cps)s calls a second."),
    GATEWAY_CHANNELS: Sentence("Gateway %(gateway)s has all its %(channels)s channels in use."),
    GATEWAY_FAILING: Sentence(
        "Gateway %(gateway)s fails nearly every call; it is tried with single calls until it is back."
    ),
    GATEWAY_DETOUR: Sentence(
        "Gateway %(gateway)s fails nearly every call and is left alone; it goes on by %(others)s "
        "at %(cps)s calls a second."
    ),
    GATEWAY_REFUSED: Sentence(
        "Gateway %(gateway)s is not accepted by its carrier (user name, password or caller id); "
        "nobody is called by it."
    ),
    GATEWAY_CODECS: Sentence(
        "Gateway %(gateway)s and its carrier have no codec or encryption in common (offered: %(codecs)s); "
        "nobody is called by it."
    ),
    GATEWAY_DNS: Sentence("Calls by gateway %(gateway)s do not find their carrier: %(fault)s"),
    GATEWAY_FAULT: Sentence("Nobody is called by gateway %(gateway)s: %(fault)s"),
    ROUTE_LOST: Sentence(
        "Nearly every number of this campaign fails on gateway %(gateway)s without ringing "
        "(%(cause)s); the rest of the list is held back, and single calls try whether it is back."
    ),
    GATEWAY_SLOWED: Sentence(
        "Gateway %(gateway)s is congested and is given %(cps)s of its %(full)s calls a second."
    ),
    SWITCH_BUSY: Sentence(
        "Switch %(switch)s has only %(idle)s %% of its processor idle, so it is given less."
    ),
    SWITCH_RATE: Sentence("Switch %(switch)s is at the %(cps)s calls a second that it is given."),
    SWITCH_SESSIONS: Sentence("Switch %(switch)s has all the %(sessions)s sessions that it is given in use."),
    OWN_CHANNELS: Sentence("The campaign's own limit of %(limit)s calls at once is reached."),
    OWN_RATE: Sentence("The campaign's own limit of %(cps)s calls a second is reached."),
    ACCOUNT_CHANNELS: Sentence("The account has all its %(limit)s calls at once in use."),
    ACCOUNT_RATE: Sentence("The account is at its %(cps)s calls a second."),
    RETRY: Sentence("Waiting for retries; the next is due at %(at)s."),
    LAST_CALLS: Sentence("The last %(live)s calls are up."),
    PAUSED: Sentence("Paused: %(reason)s."),
    NOT_STARTED: Sentence("It has not been started."),
    SCHEDULED: Sentence("It starts at %(at)s."),
    STOPPED: Sentence("It was stopped."),
    FINISHED: Sentence("It is finished."),
    ENGINE_OFF: Sentence("No engine has reported on it since %(since)s; is one running?"),
    PROMPT_MISSING: Sentence(
        "Switch %(switch)s has no file of the message; paused so that nobody is called in vain."
    ),
    RECORDINGS_CUT: Sentence(
        "Switch %(switch)s cuts recordings short (its disk may be full); paused so that nobody speaks in vain."
    ),
    NO_CREDIT: Sentence("Paused: the credit is used up; it goes on by itself after a top-up."),
    NOT_ALLOWED: Sentence("Paused: the account may not send. %(reason)s."),
    NOT_APPROVED: Sentence("Paused: %(reason)s."),
    CAPPED: Sentence("Paused at a cap of the account; it goes on by itself when it may. %(reason)s"),
    AWAITS_APPROVAL: Sentence("It starts by itself as soon as its message is approved."),
    APPROVAL_THEN_START: Sentence(
        "It starts at %(at)s by itself if its message is approved by then, else as soon as it is."
    ),
    NOT_STARTED_YET: Sentence("It was not started: %(reason)s"),
    ENDED: Sentence("It was stopped at the end that was set for it."),
    COPYING: Sentence("Its numbers are being copied; it can be started when all are in."),
    CALLER_ID: Sentence("Paused: %(reason)s."),
    CALLER_RANGE: Sentence(
        "Advertising calls must show a number that begins with %(range)s; none of its gateways shows one."
    ),
    NO_KEYS: Sentence(
        "Keys that are pressed do not arrive by its gateways (%(names)s), and it offers a vote "
        "or the opt-out; nobody is called."
    ),
    UNSERVED: Sentence(
        "No gateway that it may use serves the numbers that are left; they begin with %(prefix)s."
    ),
    NOT_DUE: Sentence(
        "Nobody is due before %(at)s: those who are left were called lately, or often enough today."
    ),
    PREPARING: Sentence("The recipients' own messages are being made; %(left)s are left."),
}

_NO_REASON = Sentence("It is paused.")


def sentence(reason: str, details: dict[str, Any]) -> Sentence:
    """The reason in words; a text that is not one of our codes is returned as it is."""
    if reason == PAUSED and not details.get("reason"):
        return _NO_REASON
    form = SENTENCES.get(reason)
    if form is None:
        return Sentence(reason)
    return Sentence(form, **{name: _shown(name, value) for name, value in details.items()})


def _shown(name: str, value: Any) -> Any:
    if name in _INSTANTS:
        return Instant(value) if value else "—"
    return sentence_of(value) if isinstance(value, str) and is_kept(value) else value


_INSTANTS = frozenset({"until", "since", "at"})  # details that are milliseconds
