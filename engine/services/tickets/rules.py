"""Departments, the queues their tickets lie in, and which clocks run on them: data, no code.

The figures come from the agreement's version of the ticket's opening.  The
published text promises answers in support hours and names no figure for the
first answer; a version may give one as ``limits.ticket_answer_s``, and until
one does, `ANSWER_S` is what we ask of ourselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.agreement.terms import Terms

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
    """How one kind of clock is reckoned."""

    kind: ClockKind
    ticking: Ticking
    limit: str  # of the agreement's version; empty: told by a person
    unit: str  # seconds, working_days, end_of_working_day
    warn_s: int  # before the deadline, in the clock's own time
    en: str
    fa: str


CLOCKS: dict[ClockKind, ClockRule] = {
    rule.kind: rule
    for rule in (
        ClockRule(
            ClockKind.ANSWER, Ticking.SUPPORT, "ticket_answer_s", "seconds", 3600, "answer", "پاسخ به تیکت"
        ),
        ClockRule(
            ClockKind.EXAMINED,
            Ticking.HOURS,
            "fault_examined_s",
            "seconds",
            4 * 3600,
            "examination of the fault",
            "بررسی خطا و اعلام نتیجه",
        ),
        ClockRule(
            ClockKind.MENDED,
            Ticking.WORKING_DAYS,
            "fault_mended_working_days",
            "working_days",
            86_400,
            "mending of the fault",
            "رفع خطا",
        ),
        ClockRule(
            ClockKind.SCHEDULE,
            Ticking.DAYS,
            "",
            "seconds",
            86_400,
            "the schedule that was told",
            "زمان‌بندی اعلام‌شده",
        ),
        ClockRule(
            ClockKind.FIRST_ANSWER,
            Ticking.WORKING_DAYS,
            "claim_first_answer_working_days",
            "end_of_working_day",
            4 * 3600,
            "first answer to the claim",
            "پاسخ اولیه به درخواست خسارت",
        ),
        ClockRule(
            ClockKind.RESULT,
            Ticking.DAYS,
            "claim_result_s",
            "seconds",
            86_400,
            "result of the claim",
            "نتیجه درخواست خسارت",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Department:
    """Where a ticket goes, and what runs on it from its opening."""

    name: str
    en: str
    fa: str
    queues: tuple[str, ...]
    clocks: tuple[ClockKind, ...] = (ClockKind.ANSWER,)


FAULT, CLAIM, REMOTE, SPECIAL = "panel_fault", "compensation_claim", "remote_help", "special_notice"

DEPARTMENTS: dict[str, Department] = {
    each.name: each
    for each in (
        Department("support", "Support", "پشتیبانی", ("support",)),
        Department("billing", "Billing", "مالی", ("billing",)),
        Department("avanak_sms", "Avanak and SMS", "آوانک و پیامک", ("support",)),
        Department("complaint", "Complaint", "شکایت", ("quality",)),
        Department("criticism", "Criticism", "انتقاد", ("quality",)),
        Department("suggestion", "Suggestion", "پیشنهاد", ("quality",)),
        Department(
            FAULT,
            "Fault in the panel",
            "خطا در پنل",
            ("technical",),
            (ClockKind.ANSWER, ClockKind.EXAMINED, ClockKind.MENDED),
        ),
        Department(REMOTE, "Remote help", "کمک از راه دور", ("support",)),
        Department(SPECIAL, "Special notice", "اطلاع‌رسانی ویژه", ("support",)),
        # Every claim also goes to quality assurance, which watches and follows it.
        Department(
            CLAIM,
            "Compensation claim",
            "درخواست جبران خسارت",
            ("technical", "quality"),
            (ClockKind.FIRST_ANSWER, ClockKind.RESULT),
        ),
    )
}

# Queue: its names, the roles that work it, and the role a missed deadline is escalated to.
QUEUES: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "support": ("Support", "پشتیبانی", ("agent", "operator"), "operator"),
    "billing": ("Billing", "مالی", ("finance",), "administrator"),
    "technical": ("Technical", "فنی", ("operator",), "administrator"),
    "quality": ("Quality assurance", "تضمین کیفیت", ("quality",), "administrator"),
}


def limit_of(rule: ClockRule, terms: Terms) -> int:
    """The figure of a rule in a version of the agreement (seconds, or working days)."""
    if rule.kind is ClockKind.ANSWER:
        return int(terms.record["limits"].get(rule.limit, ANSWER_S))
    return terms.limits[rule.limit]
