"""Departments, their queues, and the clocks that run on their tickets: data, no code.

The figures come from the version of the agreement in force when the ticket was opened.  The
published text promises answers in support hours and names no figure for the
first answer; a version may give one as ``limits.ticket_answer_s``, and until
one does, `ANSWER_S` is our own target.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.agreement.terms import Terms
from engine.sentences import Sentence

ANSWER_S = 4 * 3600  # of support hours


class ClockKind(StrEnum):
    ANSWER = "answer"  # the customer wrote, we answer
    EXAMINED = "examined"  # a fault is examined and the result told
    MENDED = "mended"  # a fault of ours is mended
    SCHEDULE = "schedule"  # the time that we told the customer
    FIRST_ANSWER = "first_answer"  # of a claim
    RESULT = "result"  # of a claim


class Ticking(StrEnum):
    """The calendar in which a clock runs."""

    SUPPORT = "support"  # support hours
    WORKING_DAYS = "working-days"  # whole working days
    HOURS = "hours"  # every hour of every day
    DAYS = "days"  # the same, said in days


@dataclass(frozen=True, slots=True)
class ClockRule:
    """How one kind of clock is calculated."""

    kind: ClockKind
    ticking: Ticking
    limit: str  # of the agreement's version; empty: told by a person
    unit: str  # seconds, working_days, end_of_working_day
    warn_s: int  # before the deadline, in the clock's own time
    title: Sentence


CLOCKS: dict[ClockKind, ClockRule] = {
    rule.kind: rule
    for rule in (
        ClockRule(ClockKind.ANSWER, Ticking.SUPPORT, "ticket_answer_s", "seconds", 3600, Sentence("answer")),
        ClockRule(
            ClockKind.EXAMINED,
            Ticking.HOURS,
            "fault_examined_s",
            "seconds",
            4 * 3600,
            Sentence("examination of the fault"),
        ),
        ClockRule(
            ClockKind.MENDED,
            Ticking.WORKING_DAYS,
            "fault_mended_working_days",
            "working_days",
            86_400,
            Sentence("mending of the fault"),
        ),
        ClockRule(
            ClockKind.SCHEDULE,
            Ticking.DAYS,
            "",
            "seconds",
            86_400,
            Sentence("the schedule that was told"),
        ),
        ClockRule(
            ClockKind.FIRST_ANSWER,
            Ticking.WORKING_DAYS,
            "claim_first_answer_working_days",
            "end_of_working_day",
            4 * 3600,
            Sentence("first answer to the claim"),
        ),
        ClockRule(
            ClockKind.RESULT,
            Ticking.DAYS,
            "claim_result_s",
            "seconds",
            86_400,
            Sentence("result of the claim"),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Department:
    """Where a ticket goes, and what runs on it from its opening."""

    name: str
    title: Sentence
    queues: tuple[str, ...]
    clocks: tuple[ClockKind, ...] = (ClockKind.ANSWER,)


FAULT, CLAIM, REMOTE, SPECIAL = "panel_fault", "compensation_claim", "remote_help", "special_notice"

DEPARTMENTS: dict[str, Department] = {
    each.name: each
    for each in (
        Department("support", Sentence("Support"), ("support",)),
        Department("billing", Sentence("Billing"), ("billing",)),
        Department("avanak_sms", Sentence("Avanak and SMS"), ("support",)),
        Department("complaint", Sentence("Complaint"), ("quality",)),
        Department("criticism", Sentence("Criticism"), ("quality",)),
        Department("suggestion", Sentence("Suggestion"), ("quality",)),
        Department(
            FAULT,
            Sentence("Fault in the panel"),
            ("technical",),
            (ClockKind.ANSWER, ClockKind.EXAMINED, ClockKind.MENDED),
        ),
        Department(REMOTE, Sentence("Remote help"), ("support",)),
        Department(SPECIAL, Sentence("Special notice"), ("support",)),
        # Every claim also goes to quality assurance, which watches and follows it.
        Department(
            CLAIM,
            Sentence("Compensation claim"),
            ("technical", "quality"),
            (ClockKind.FIRST_ANSWER, ClockKind.RESULT),
        ),
    )
}

# Queue: its name, the roles that work it, and the role a missed deadline is escalated to.
QUEUES: dict[str, tuple[Sentence, tuple[str, ...], str]] = {
    "support": (Sentence("Support"), ("agent", "operator"), "operator"),
    "billing": (Sentence("Billing"), ("finance",), "administrator"),
    "technical": (Sentence("Technical"), ("operator",), "administrator"),
    "quality": (Sentence("Quality assurance"), ("quality",), "administrator"),
}


def limit_of(rule: ClockRule, terms: Terms) -> int:
    """The figure of a rule in a version of the agreement (seconds, or working days)."""
    if rule.kind is ClockKind.ANSWER:
        return int(terms.record["limits"].get(rule.limit, ANSWER_S))
    return terms.limits[rule.limit]
