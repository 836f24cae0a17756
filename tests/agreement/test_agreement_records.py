"""What a month is calculated from: judgements at the edges of notice, what touches a span, one fixed order."""

from itertools import permutations

import pytest

from engine.agreement.records import (
    Exclusion,
    Outage,
    evidence_record,
    judge,
    sorted_exclusions,
    sorted_outages,
    touching,
)
from engine.agreement.terms import ExclusionKind

K = ExclusionKind
START = 1_000_000
NOTICE = {K.PLANNED_MAINTENANCE: 7200}


@pytest.mark.parametrize(
    ("notice", "accepted", "why", "en", "fa"),
    [
        (7201, True, "accepted", "announced 2 h 1 s before it began", "۲ ساعت و ۱ ثانیه پیش از آغاز اعلام شده است"),
        (7200, True, "accepted", "announced 2 h before it began", "۲ ساعت پیش از آغاز اعلام شده است"),
        (
            7199,
            False,
            "announced_late",
            "announced 1 h 59 min 59 s before it began, 2 h were needed",
            "۱ ساعت و ۵۹ دقیقه و ۵۹ ثانیه پیش از آغاز اعلام شده است؛ ۲ ساعت لازم بود",
        ),
        (
            0,
            False,
            "announced_late",
            "announced 0 min before it began, 2 h were needed",
            "۰ دقیقه پیش از آغاز اعلام شده است؛ ۲ ساعت لازم بود",
        ),
        (
            -1,
            False,
            "announced_late",
            "announced only after it began, 2 h were needed",
            "تنها پس از آغاز اعلام شده است؛ ۲ ساعت لازم بود",
        ),
    ],
)  # fmt: skip
def test_an_exclusion_is_judged_by_its_notice(notice, accepted, why, en, fa):
    found = judge(Exclusion(START, START + 60, K.PLANNED_MAINTENANCE, START - notice), NOTICE)
    assert (found.accepted, found.why, found.en, found.fa) == (accepted, why, en, fa)


def test_an_exclusion_that_was_never_announced_is_not_accepted_unless_its_kind_needs_no_notice():
    never = judge(Exclusion(START, START + 60, K.PLANNED_MAINTENANCE), NOTICE)
    assert (never.accepted, never.why) == (False, "not_announced")
    assert never.en == "never announced, 2 h before it began were needed"
    assert never.fa == "اعلام نشده است؛ باید ۲ ساعت پیش از آغاز اعلام می‌شد"
    free = judge(Exclusion(START, START + 60, K.UNPAID), NOTICE)
    assert (free.accepted, free.why, free.en) == (True, "accepted", "needs no announcement")
    assert free.fa == "نیاز به اعلام قبلی ندارد"


@pytest.mark.parametrize(
    ("start", "end", "touches"),
    [
        (0, 10, False),  # ends where the span begins
        (0, 11, True),
        (19, 30, True),
        (20, 30, False),  # begins where the span ends
        (0, 30, True),
        (12, 13, True),
        (12, 12, False),  # empty
        (10, 10, False),
    ],
)
def test_what_touches_the_span_from_10_to_20(start, end, touches):
    record = Outage(start, end)
    assert touching([record], 10, 20) == ([record] if touches else [])
    assert touching([record], 15, 15) == [], "nothing touches an empty span"


def test_a_record_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="ends before it starts"):
        touching([Outage(5, 4)], 0, 10)


# In evidence a record stands by its start, then its end, its kind, its announcement, its name and its account.
OUTAGES = (
    Outage(1, 3, "b"),
    Outage(2, 3, "a"),
    Outage(2, 4),
    Outage(2, 4, "a"),
    Outage(2, 4, "a", "account"),
)
EXCLUSIONS = (
    Exclusion(2, 4, K.ANNOUNCED_OUTAGE, 9),
    Exclusion(2, 4, K.UNPAID, None, "b"),
    Exclusion(2, 4, K.UNPAID, 5),
    Exclusion(2, 4, K.UNPAID, 5, "a"),
    Exclusion(2, 4, K.UNPAID, 5, "a", "account"),
)


def test_the_order_is_fixed_whatever_order_the_records_come_in():
    assert all(sorted_outages(some) == OUTAGES for some in permutations(OUTAGES))
    assert all(sorted_exclusions(some) == EXCLUSIONS for some in permutations(EXCLUSIONS))
    by_account = (Outage(2, 4, "a", 10), Outage(2, 4, "a", 9))
    assert sorted_outages(by_account[::-1]) == by_account, "accounts are compared as texts: some are names"


def test_a_record_in_evidence():
    assert evidence_record(Outage(0, 60)) == {"from": "1970-01-01T00:00:00Z", "to": "1970-01-01T00:01:00Z"}
    assert evidence_record(Exclusion(0, 60, K.UNPAID, 0, "e", 7)) == {
        "from": "1970-01-01T00:00:00Z",
        "to": "1970-01-01T00:01:00Z",
        "ref": "e",
        "account": 7,
        "kind": "unpaid",
        "announced_at": "1970-01-01T00:00:00Z",
    }
    assert evidence_record(Exclusion(0, 60, K.UNPAID))["announced_at"] is None
