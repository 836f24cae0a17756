"""The agreement's versions as data."""

import copy
from fractions import Fraction

import pytest

from engine.agreement.calendars import WHOLE_DAY, CalendarKind, hours_text
from engine.agreement.dates import parse_instant
from engine.agreement.terms import (
    CreditRule,
    ExclusionKind,
    Terms,
    Versions,
    diff,
    in_force,
    percent_text,
    published,
)
from engine.errors import BadInput

FIRST = in_force(0)


def second_version(**changes):
    record = copy.deepcopy(dict(FIRST.record))
    record |= {"id": "2", "effective_from": "2026-11-22T00:00:00+03:30", **changes}
    return Terms.from_record(record)


def test_the_published_figures():
    rows = [(band.min_percent, band.max_minutes, band.discount) for band in FIRST.credit.bands]
    assert rows == [
        (Fraction("99.58"), 180, 0),
        (99, 432, 10),
        (98, 864, 20),
        (97, 1296, 30),
        (None, None, 40),
    ]
    assert FIRST.uptime_percent == Fraction("99.58")
    assert dict(FIRST.limits) == {
        "maintenance_notice_s": 48 * 3600,
        "outage_notice_s": 2 * 3600,
        "fault_examined_s": 24 * 3600,
        "fault_mended_working_days": 3,
        "claim_window_s": 7 * 86400,
        "claim_first_answer_working_days": 1,
        "claim_result_s": 7 * 86400,
        "callback_offer_s": 80,
        "messages_a_minute": 1000,
        "quick_send_s": 15,
    }
    assert hours_text(FIRST.week[5]) == "08:30-14:00, 14:45-24:00"
    assert hours_text(FIRST.week[4]) == hours_text(FIRST.holiday_hours) == "10:00-14:00, 14:45-22:00"
    assert set(FIRST.credit.notice_s) == {ExclusionKind.PLANNED_MAINTENANCE, ExclusionKind.ANNOUNCED_OUTAGE}
    assert FIRST.account_kinds == {
        ExclusionKind.CUSTOMER_REQUEST,
        ExclusionKind.RULE_VIOLATION,
        ExclusionKind.UNPAID,
    }


def test_every_article_has_both_languages():
    assert len(FIRST.articles) >= 15
    for article in FIRST.articles:
        assert article.title["fa"]
        assert article.title["en"]
        assert article.text["fa"]
        assert article.text["en"]


def test_the_version_of_an_event_is_the_one_of_its_time():
    second = second_version()
    versions = Versions.of([second, FIRST])
    change = parse_instant("2026-11-22T00:00:00+03:30")
    assert versions.in_force(change - 1) is FIRST
    assert versions.in_force(change) is second
    assert versions.in_force(0) is FIRST, "the first version bears no date"
    assert versions.by_id("2") is second
    with pytest.raises(BadInput, match="no version «3»"):
        versions.by_id("3")
    with pytest.raises(BadInput, match=r"no version .* in force at 1405-08-30"):
        Versions.of([second]).in_force(change - 1)


def test_two_versions_cannot_share_a_date():
    with pytest.raises(BadInput, match="same effective_from"):
        Versions.of([FIRST, second_version(effective_from=None)])
    with pytest.raises(BadInput, match="same id"):
        Versions.of([FIRST, second_version(id="1")])


def test_what_changed_between_two():
    record = copy.deepcopy(dict(FIRST.record))
    limits = {**record["limits"], "claim_window_s": 10 * 86400}
    bands = copy.deepcopy(record["bands"])
    bands[1]["discount"] = 15
    articles = [{"id": "new", "title": {"fa": "تازه", "en": "New"}, "text": {"fa": "م", "en": "t"}}]
    second = second_version(limits=limits, bands=bands, articles=articles + record["articles"])
    changes = {each.path: (each.before, each.after) for each in diff(FIRST, second)}
    assert changes == {
        "id": ("1", "2"),
        "effective_from": (None, "2026-11-22T00:00:00+03:30"),
        "limits.claim_window_s": (7 * 86400, 10 * 86400),
        "bands[1].discount": (10, 15),
        "articles.new.title.fa": (None, "تازه"),
        "articles.new.title.en": (None, "New"),
        "articles.new.text.fa": (None, "م"),
        "articles.new.text.en": (None, "t"),
    }
    assert diff(FIRST, FIRST) == ()
    assert second.sha256 != FIRST.sha256


def test_the_hash_of_the_published_version_never_changes():
    """It stands in the statements that customers hold, beside what they were calculated by."""
    assert FIRST.sha256 == "cbf38b6a3b8a0beec9c0fcdd0460ff773616fc43c4d4a1dd4357f4046d7ac5a4"


def test_a_rule_comes_back_from_its_record():
    assert CreditRule.from_record(FIRST.credit.record()) == FIRST.credit


def without(key):
    return {k: v for k, v in FIRST.record.items() if k != key}


def bands(*rows):
    return {
        "bands": [dict(zip(("min_percent", "max_minutes", "discount"), row, strict=True)) for row in rows]
    }


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (without("bands"), "agreement 1: 'bands' is missing"),
        ({**FIRST.record, "limits": {}}, "'maintenance_notice_s' is missing"),
        (
            {**FIRST.record, "limits": {**FIRST.record["limits"], "claim_window_s": "7"}},
            "limits.claim_window_s: '7' is not a whole number",
        ),
        ({**FIRST.record, **bands()}, "the last row"),
        ({**FIRST.record, **bands(("99", 180, 0))}, "the last row"),
        ({**FIRST.record, **bands((None, None, 10), (None, None, 20))}, "best to the worst"),
        (
            {**FIRST.record, **bands(("99", 18, 0), ("99", 20, 1), (None, None, 2))},
            "percentages must decrease",
        ),
        ({**FIRST.record, **bands(("99", 18, 0), ("98", 18, 1), (None, None, 2))}, "minutes must increase"),
        ({**FIRST.record, "exclusions": {}}, "each of the six kinds"),
        ({**FIRST.record, "effective_from": "2026-11-22"}, "effective_from: .* no offset"),
    ],
)
def test_a_version_that_cannot_be_used_is_refused(record, says):
    with pytest.raises(BadInput, match=says):
        Terms.from_record(record)


def test_published_versions_load_once():
    assert published() is published()
    assert published().terms[0].id == "1"


def test_versions_lie_in_the_order_of_their_dates_whatever_order_they_come_in():
    dated = [
        second_version(id=str(year), effective_from=f"{year}-01-01T00:00:00Z") for year in (2030, 2028, 2029)
    ]
    early = second_version(id="1960", effective_from="1960-01-01T00:00:00Z")
    versions = Versions.of([*dated, FIRST, early])
    assert [each.id for each in versions.terms] == ["1", "1960", "2028", "2029", "2030"]
    assert versions.in_force(parse_instant("2029-06-01T00:00:00Z")).id == "2029"
    with pytest.raises(BadInput, match="there is no version"):
        Versions.of([])


def test_each_calendar_has_its_own_hours():
    support = FIRST.calendar("support")
    days = FIRST.calendar(CalendarKind.WORKING_DAYS)
    assert support.week == FIRST.week
    assert support.holiday_hours == FIRST.holiday_hours
    assert [bool(hours) for hours in days.week] == [day in FIRST.working_days for day in range(7)]
    assert {hours for hours in days.week if hours} == {WHOLE_DAY}
    assert len(days.week) == 7
    assert days.holiday_hours == ()


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("99", 18, 5), ("98", 20, 5), (None, None, 6)], "best to the worst"),
        ([("99", 18, 6), ("98", 20, 5), (None, None, 7)], "best to the worst"),
        ([("99", 18, 0), ("99.5", 20, 1), (None, None, 2)], "percentages must decrease"),
        ([("99", 18, 0), ("98", 17, 1), (None, None, 2)], "minutes must increase"),
        ([("99", None, 0), (None, None, 2)], "best to the worst"),
        ([(None, 18, 0), (None, None, 2)], "best to the worst"),
        ([("99", 18, 0), (None, 20, 2)], "the last row"),
        ([("99", 18, 0), ("98", None, 2)], "the last row"),
        ([("99", -1, 0), (None, None, 2)], "not a whole number"),
        ([("99", 18, True), (None, None, 2)], "not a whole number"),
        ([("99", 18, 0.5), (None, None, 2)], "not a whole number"),
    ],
)
def test_rows_that_make_no_table_are_refused(rows, says):
    with pytest.raises(BadInput, match=says):
        second_version(**bands(*rows))


def test_a_table_of_one_row_and_one_that_only_just_falls():
    single = second_version(**bands((None, None, 0)))
    assert [band.discount for band in single.credit.bands] == [0]
    changes = [each for each in diff(FIRST, single) if each.path.startswith("bands")]
    assert {each.path for each in changes} >= {"bands[0].min_percent", "bands[4].discount"}
    fine = second_version(**bands(("99.000001", 0, 0), ("99", 1, 1), (None, None, 2)))
    assert [percent_text(band.min_percent) for band in fine.credit.bands[:2]] == ["99.000001", "99"]
    with pytest.raises(BadInput, match="more than six decimals"):
        percent_text(Fraction("99.0000001"))


def test_a_version_does_not_change_and_shows_without_its_text():
    for fixed, name in ((FIRST, "week"), (published(), "terms"), (diff(FIRST, second_version())[0], "path")):
        with pytest.raises(AttributeError):
            setattr(fixed, name, None)
    assert "record=" not in repr(FIRST)
    assert hash(diff(FIRST, second_version())[0])
