"""Outages, exclusions, maintenance, unknown time and the agreement: who, when, why, and what they do to the month."""

import peewee
import pytest

from engine.errors import BadInput, Conflict, NotAllowed
from engine.services.sla import (
    agreements,
    availability,
    exclusions,
    incidents,
    maintenance,
    unknown,
)
from engine.services.sla.maintenance import Text
from engine.store.tables.customers import AuditEntry
from engine.store.tables.sla import OutageRevision, UnknownTime
from engine.store.threads import read, write
from tests.sla.cast import ABAN, AFTER, DAY, END, HOUR, START, firm, outage, person, watched

NOW = START + 20 * DAY


def minutes(account_id=None, now=NOW):
    return read(lambda: availability.month_to_date(account_id, now)).as_known.minutes


def acts():
    return [
        (row.person_id, row.action) for row in read(lambda: list(AuditEntry.select().order_by(AuditEntry.id)))
    ]


def test_the_month_so_far_in_a_sentence(store):
    staff = person()
    outage(41, staff, now=NOW)
    english, persian = read(lambda: availability.month_to_date(None, NOW)).sentence()
    assert english == "availability 99.91 %, 41 minutes of 180 used; more than 139 more minutes cost 10 %"
    assert persian.startswith("دسترسی ۹۹٫۹۱٪")


def test_months_are_gregorian_by_setting(store):
    staff = person()
    outage(41, staff, now=NOW)
    assert read(lambda: availability.month_to_date(None, NOW, jalali=False)).month.key == "2026-11"


def test_a_correction_is_a_further_revision(store):
    staff, other = person(), person("quality")
    outage_id = outage(41, staff, now=NOW)
    write(
        lambda: incidents.correct(
            outage_id, other, "the log says more", NOW, end_at=START + DAY + HOUR, revision=1
        )
    )
    assert minutes() == 60
    with pytest.raises(Conflict, match="revision 2"):
        write(lambda: incidents.correct(outage_id, other, "again", NOW, is_void=True, revision=1))
    with pytest.raises(BadInput, match="changes nothing"):
        write(lambda: incidents.correct(outage_id, other, "again", NOW, end_at=START + DAY + HOUR))
    rows = read(lambda: incidents.history(outage_id))
    assert [(row.revision, row.author_id, row.reason) for row in rows] == [
        (1, staff, "the trunk was cut"),
        (2, other, "the log says more"),
    ]
    assert acts() == [(staff, "sla.outage_entered"), (other, "sla.outage_corrected")]
    with pytest.raises(peewee.DatabaseError, match="only ever inserted"):
        write(lambda: OutageRevision.update(reason="nothing").execute())


def test_only_staff_write_records(store):
    sahar = firm()
    owner, agent = person("owner", sahar), person("agent")
    for who in (owner, agent):
        with pytest.raises(NotAllowed):
            outage(41, who, now=NOW)
    staff = person()
    with pytest.raises(BadInput, match="a reason is needed"):
        write(lambda: incidents.enter(staff, START, START + HOUR, " ", NOW))
    with pytest.raises(BadInput, match="has not happened yet"):
        write(lambda: incidents.enter(staff, NOW, NOW + HOUR, "soon", NOW))
    with pytest.raises(BadInput, match="not after it begins"):
        write(lambda: incidents.enter(staff, NOW, NOW, "never", NOW))
    with pytest.raises(BadInput, match="check the year"):
        write(lambda: incidents.enter(staff, 0, HOUR, "long ago", NOW))


def test_reports_of_customers(store):
    sahar, staff = firm(), person()
    report_id = write(
        lambda: incidents.report(sahar, NOW - HOUR, "telephone", "no call goes out", NOW, staff)
    )
    outage_id = outage(30, staff, NOW - HOUR, now=NOW)
    assert [row.id for row in read(incidents.open_reports)] == [report_id]
    write(lambda: incidents.answer_report(report_id, staff, "seen", NOW, outage_id))
    assert read(incidents.open_reports) == []
    with pytest.raises(Conflict):
        write(lambda: incidents.answer_report(report_id, staff, "seen", NOW))


def test_exclusions(store):
    sahar, staff = firm(), person()
    outage(200, staff, now=NOW)
    with pytest.raises(BadInput, match="say which"):
        write(lambda: exclusions.add(staff, "unpaid", START, NOW, "the bill", NOW))
    write(lambda: exclusions.add(staff, "unpaid", START, NOW, "the bill", NOW, account_id=sahar))
    assert (minutes(), minutes(sahar)) == (200, 0)
    for_all = write(
        lambda: exclusions.add(staff, "outside_control", START + DAY, START + DAY + HOUR, "nationwide", NOW)
    )
    assert minutes() == 140
    write(lambda: exclusions.withdraw(for_all, staff, "it was our router", NOW))
    assert minutes() == 200
    with pytest.raises(Conflict):
        write(lambda: exclusions.withdraw(for_all, staff, "again", NOW))
    with pytest.raises(BadInput, match="future"):
        write(
            lambda: exclusions.add(
                staff, "announced_outage", NOW, NOW + DAY, "works", NOW, announced_at=NOW + 1
            )
        )


@pytest.mark.parametrize(("before_s", "counts"), [(48 * 3600, False), (48 * 3600 - 1, True)])
def test_maintenance_needs_its_48_hours(store, before_s, counts):
    staff = person()
    begins = NOW - DAY
    announced = begins - before_s * 1000
    planned = write(
        lambda: maintenance.plan(staff, begins, begins + HOUR, Text("به‌روزرسانی", "update"), announced - HOUR)
    )
    outage(60, staff, begins, now=NOW)
    assert minutes() == 60  # nobody was told
    sentence = write(lambda: maintenance.announce(planned, staff, announced))
    assert sentence.endswith("counts." if counts else "does not count.")
    assert minutes() == (60 if counts else 0)
    write(lambda: maintenance.cancel(planned, staff, "not needed", announced))
    assert minutes() == 60
    with pytest.raises(Conflict):
        write(lambda: maintenance.announce(planned, staff, announced))


def test_unknown_time_is_neither(store):
    watched(until_at=NOW)
    staff = person()
    unknown_id = write(
        lambda: UnknownTime.create(start_at=START + DAY, end_at=START + DAY + HOUR, reason="off").id
    )
    calculation = read(lambda: availability.month_to_date(None, NOW))
    assert (calculation.as_known.minutes, calculation.if_unknown_was_down.minutes) == (0, 60)
    assert "1 h are unknown" in calculation.sentence()[0]
    half = START + DAY + HOUR // 2
    write(lambda: unknown.resolve(unknown_id, staff, "up", "the carrier's log has calls", NOW, end_at=half))
    assert [total for _, ((total, _),) in read(unknown.open_spans)] == [half // 1000]
    with pytest.raises(Conflict, match="resolved as up"):
        write(lambda: unknown.resolve(unknown_id, staff, "down", "it was down", NOW))
    with pytest.raises(BadInput, match="must lie inside"):
        write(lambda: unknown.resolve(unknown_id, staff, "down", "no, longer", NOW, half, START + 2 * DAY))
    write(lambda: unknown.resolve(unknown_id, staff, "down", "the power was off", NOW, start_at=half))
    assert read(unknown.open_spans) == []
    calculation = read(lambda: availability.month_to_date(None, NOW))
    assert (calculation.as_known.minutes, calculation.is_settled) == (30, True)


def test_the_edges_of_unknown_time_are_met_by_whole_seconds(store):
    """Pages know its edges to the second; the rows have milliseconds."""
    staff = person()
    watched()
    start, end = START + DAY + 651, START + DAY + HOUR + 89
    row = write(lambda: UnknownTime.create(start_at=start, end_at=end, reason="off"))
    whole = (start // 1000 * 1000, end // 1000 * 1000)
    write(lambda: unknown.resolve(row.id, staff, "up", "the switch's log", NOW, *whole))
    assert read(unknown.open_spans) == []


def test_time_since_the_monitor_stopped_is_unknown_at_once(store):
    watched(until_at=NOW)
    assert not read(lambda: availability.month_to_date(None, NOW + HOUR)).is_settled
    assert read(lambda: availability.month_to_date(None, NOW + 20_000)).is_settled


def new_version(effective, **limits):
    record = agreements.draft_of("1")
    return {**record, "id": "2", "effective_from": effective, "limits": {**record["limits"], **limits}}


def test_a_version_applies_from_its_date(store):
    admin = person("administrator")
    with pytest.raises(BadInput, match="in the future"):
        write(lambda: agreements.publish(new_version("1405-08-01T00:00:00+03:30"), admin, "lawyer", NOW))
    record = read(lambda: new_version("1405-09-01T00:00:00+03:30", claim_window_s=3 * 86_400))
    operator = person("operator")
    with pytest.raises(NotAllowed):
        write(lambda: agreements.publish(record, operator, "lawyer", NOW))
    write(lambda: agreements.publish(record, admin, "the lawyer's wish", NOW))
    assert read(lambda: agreements.in_force(END - 1).id) == "1"
    assert read(lambda: agreements.in_force(END).id) == "2"
    assert read(lambda: availability.records(ABAN, AFTER).terms.id) == "1"
    changed = {each.path: (each.before, each.after) for each in read(lambda: agreements.changes("1", "2"))}
    assert changed["limits.claim_window_s"] == (604_800, 259_200)
    with pytest.raises(Conflict):
        write(lambda: agreements.publish(record, admin, "twice", NOW))
    with pytest.raises(BadInput):
        write(lambda: agreements.publish({"id": "3"}, admin, "broken", NOW))
