"""Claims: in time, by the clocks, decided by two who did not write the outage's record, credited once."""

import pytest

from engine.agreement.dates import instant_text, jalali_date
from engine.errors import BadInput, Conflict, NotAllowed, NotFound
from engine.sentences import sentence_of
from engine.services.sla import archive, claims, committee, credits, exclusions, incidents
from engine.services.sla.claims import NewClaim, TooLate
from engine.services.sla.committee import CommitteeVerdict
from engine.services.tickets import clocks
from engine.store import ledger
from engine.store.tables.core import User
from engine.store.tables.sla import Claim, Credit, Evidence
from engine.store.threads import read, write
from tests.sla.cast import (
    ABAN,
    AFTER,
    ALL,
    CLAIMED,
    DAY,
    END,
    HOUR,
    MINUTE,
    START,
    close,
    firm,
    outage,
    person,
)

AT = START + 10 * DAY  # Sunday, 11 Aban 1405
YES, NO = CommitteeVerdict(True, "the log shows it"), CommitteeVerdict(False, "no call was refused then")


def submit(account_id, now=AT + DAY, start=AT, minutes=200, kind="outage", **more):
    new = NewClaim(account_id, kind, "nothing went out", start, start + minutes * MINUTE, **more)
    return write(lambda: claims.submit(new, now))


def decide(claim_id, *votes, now=AT + 2 * DAY):
    state = None
    for person_id, verdict in votes:
        state = write(lambda p=person_id, v=verdict: committee.vote(claim_id, p, v, now))
    return state


def in_review(account_id, **more):
    claim_id = submit(account_id, **more)
    agent = person("agent")
    write(lambda: claims.first_answer(claim_id, agent, "we look at it", AT + DAY + HOUR))
    return claim_id


def balance(account_id):
    return read(lambda: ledger.balance_of(account_id))


def state(claim_id):
    return read(lambda: claims.get(claim_id).state)


@pytest.fixture
def cast(store):
    """A firm, the author of the record of its outage of 200 minutes, that outage, and two of the committee."""
    sahar, author = firm("Sahar"), person("operator")
    outage_id = outage(200, author, AT, now=AT + DAY)
    return sahar, author, outage_id, person("quality"), person("administrator")


def test_the_clocks_of_a_claim(cast):
    sahar, _, outage_id, *_ = cast
    claim_id = submit(sahar)
    claim = read(lambda: claims.get(claim_id, sahar))
    assert [row.id for row in read(lambda: claims.outages_of(claim_id))] == [outage_id]
    # Monday the 12th: by the end of Tuesday; the result seven days after the ticket.
    assert instant_text(claim.first_answer_due_at // 1000, is_end=True) == "1405-08-13 24:00"
    assert claim.result_due_at == AT + 8 * DAY
    assert read(lambda: claims.missed(claim, claim.first_answer_due_at)) == []
    assert read(lambda: claims.missed(claim, claim.first_answer_due_at + 1)) == ["first_answer"]
    agent = person("agent")
    write(lambda: claims.first_answer(claim_id, agent, "we look at it", AT + DAY + HOUR))
    assert state(claim_id) == "in_review"
    assert read(lambda: claims.next_due_at(claims.open_claims()[0])) == claim.result_due_at
    with pytest.raises(Conflict):
        write(lambda: claims.first_answer(claim_id, agent, "again", AT + 2 * DAY))
    with pytest.raises(NotFound):
        read(lambda: claims.get(claim_id, sahar + 1))


def test_a_late_claim_is_refused_with_the_date(cast):
    sahar = cast[0]
    ended = AT + 200 * MINUTE
    with pytest.raises(TooLate) as caught:
        submit(sahar, now=ended + 7 * DAY + 1)
    assert str(caught.value) == (
        f"It ended at {instant_text(ended // 1000)} and could be claimed within 7 d,"
        f" until {instant_text((ended + 7 * DAY) // 1000)}."
    )
    assert submit(sahar, now=ended + 7 * DAY)


def test_a_time_told_wrongly_does_not_make_an_old_outage_young(cast):
    sahar, _, outage_id, *_ = cast
    later = AT + 9 * DAY
    claim_id = submit(sahar, now=later, start=later - HOUR, minutes=30)
    staff = person("operator")
    with pytest.raises(TooLate):
        write(lambda: claims.link(claim_id, outage_id, staff, "it means that one", later))


def test_an_outage_is_claimed_once(cast):
    sahar, _, _, one, two = cast
    claim_id = in_review(sahar)
    with pytest.raises(Conflict, match=f"claimed before, claim {claim_id}"):
        submit(sahar)
    decide(claim_id, (one, NO), (two, NO))
    assert state(claim_id) == "rejected"
    assert submit(sahar, now=AT + 3 * DAY) != claim_id


def test_two_of_the_committee_and_neither_the_author(cast):
    sahar, author, outage_id, one, two = cast
    claim_id = submit(sahar)
    with pytest.raises(Conflict, match="first answer"):
        decide(claim_id, (one, YES))
    agent = person("agent")
    write(lambda: claims.first_answer(claim_id, agent, "we look at it", AT + DAY + HOUR))
    for outsider in (author, agent, person("owner", sahar)):
        with pytest.raises(NotAllowed):
            decide(claim_id, (outsider, YES))
    corrector = person("quality")
    write(lambda: incidents.correct(outage_id, corrector, "longer", AT + DAY, end_at=AT + 201 * MINUTE))
    with pytest.raises(NotAllowed, match="recorded the outage"):
        decide(claim_id, (corrector, YES))
    assert decide(claim_id, (one, YES)) == "in_review"
    assert not read(lambda: committee.may_vote(claims.get(claim_id), one))
    with pytest.raises(Conflict, match="voted"):
        decide(claim_id, (one, YES))
    assert decide(claim_id, (two, NO)) == "in_review"  # they differ: a third decides
    assert decide(claim_id, (person("administrator"), YES)) == "approved"
    with pytest.raises(Conflict, match="approved already"):
        decide(claim_id, (person("quality"), NO))
    assert [(row.old, row.new) for row in read(lambda: claims.steps(claim_id))] == [
        ("submitted", "in_review"),
        ("in_review", "approved"),
    ]


def test_an_approved_claim_is_credited_when_its_month_closes(cast):
    sahar, _, _, one, two = cast
    nur = firm("Nur")
    outage(300, person(), START + DAY)  # everybody's, and nobody claimed it
    claim_id = in_review(sahar)
    assert decide(claim_id, (one, YES), (two, YES)) == "approved"
    assert balance(sahar) == 0
    for _ in range(3):
        close(CLAIMED)
    assert (balance(sahar), balance(nur)) == (100_001, 0)  # 200 claimed minutes, though 500 were down
    assert state(claim_id) == "credited"
    row = read(lambda: credits.of_month(sahar, ABAN.key))[0]
    assert (
        str(sentence_of(row.memo))
        == f"10 % for 200 minutes of claimed downtime in 1405-08, statement 1405-08-{sahar}"
    )
    assert read(lambda: Evidence.get_or_none(Evidence.sha256 == row.evidence_sha256)) is not None
    assert read(lambda: archive.of_month(sahar, ABAN.key)[0].discount) == 20


def test_a_claim_approved_after_the_month_is_credited_at_once(cast):
    sahar, _, _, one, two = cast
    claim_id = in_review(sahar)
    close(CLAIMED)
    assert decide(claim_id, (one, YES), (two, YES), now=AFTER) == "credited"
    assert balance(sahar) == 100_001
    close(CLAIMED)
    assert balance(sahar) == 100_001


def test_two_claims_of_a_month_add_up_in_the_table(cast):
    sahar, _, _, one, two = cast
    second = START + 12 * DAY
    outage(300, person(), second, now=second + DAY)
    first_claim = in_review(sahar)
    second_claim = in_review(sahar, start=second, minutes=300, now=second + DAY)
    close(CLAIMED)
    decide(first_claim, (one, YES), (two, YES), now=AFTER)
    assert balance(sahar) == 100_001
    decide(second_claim, (one, YES), (two, YES), now=AFTER)
    assert balance(sahar) == 200_001  # 500 minutes: 20 %
    assert [row.rials for row in read(lambda: credits.of_month(sahar, ABAN.key))] == [100_001, 100_000]


def test_a_later_exclusion_takes_back_the_difference(cast):
    sahar, author, _, one, two = cast
    claim_id = in_review(sahar)
    close(CLAIMED)
    decide(claim_id, (one, YES), (two, YES), now=AFTER)
    write(lambda: exclusions.add(author, "unpaid", AT, AT + DAY, "the bill of Mehr", AFTER, sahar))
    close(CLAIMED)
    close(CLAIMED)
    assert balance(sahar) == 0
    assert [row.rials for row in read(lambda: credits.of_month(sahar, ABAN.key))] == [100_001, -100_001]


def test_where_all_are_credited_a_claim_gives_nothing_more(cast):
    sahar, _, _, one, two = cast
    claim_id = in_review(sahar)
    decide(claim_id, (one, YES), (two, YES))
    close(ALL)
    close(ALL)
    assert balance(sahar) == 100_001
    assert state(claim_id) == "credited"
    assert "given to every customer" in read(lambda: claims.steps(claim_id)[-1].reason)


def test_an_outage_over_the_edge_is_credited_when_both_months_are_closed(store):
    sahar, author = firm(), person()
    start = END - 200 * MINUTE
    outage(400, author, start, now=END + DAY)
    claim_id = in_review(sahar, start=start, minutes=400, now=END + DAY)
    close(CLAIMED)
    decide(claim_id, (person("quality"), YES), (person("quality"), YES), now=END + DAY)
    assert (state(claim_id), balance(sahar)) == ("approved", 100_001)
    from engine.services.sla import closing

    closing.close_month(ABAN.next(), CLAIMED, END + 40 * DAY, write)
    assert (state(claim_id), balance(sahar)) == ("credited", 200_002)


def test_support_claims_get_what_the_committee_sets(cast):
    sahar, _, _, one, two = cast
    claim_id = in_review(sahar, kind="support", minutes=20)
    with pytest.raises(BadInput, match="with an amount"):
        decide(claim_id, (one, YES))
    fifty = CommitteeVerdict(True, "nobody answered", 50_000, "account_credit")
    forty = CommitteeVerdict(True, "nobody answered", 40_000, "account_credit")
    assert decide(claim_id, (one, fifty), (two, forty)) == "in_review"
    assert decide(claim_id, (person("quality"), fifty)) == "credited"
    assert balance(sahar) == 50_000
    assert read(lambda: Credit.select().where(Credit.claim_id == claim_id).count()) == 1


@pytest.mark.parametrize("amount", [0, -5, 10**13 + 1, 2**63 - 1, True])
def test_the_committee_decides_amounts_that_the_books_can_hold(cast, amount):
    sahar, _, _, one, _ = cast
    claim_id = in_review(sahar, kind="support", minutes=20)
    with pytest.raises(BadInput, match="with an amount"):
        decide(claim_id, (one, CommitteeVerdict(True, "nobody answered", amount, "account_credit")))


def test_a_time_is_claimed_once(cast):
    sahar, *_ = cast
    first = in_review(sahar, kind="support", minutes=60)
    for start, minutes in ((AT, 60), (AT + 30 * MINUTE, 60), (AT - 30 * MINUTE, 40), (AT + 59 * MINUTE, 0)):
        with pytest.raises(Conflict, match=f"claim {first}"):
            submit(sahar, kind="support", start=start, minutes=minutes)
    submit(firm("Other"), kind="support", minutes=60)
    submit(sahar, kind="support", start=AT + 60 * MINUTE, minutes=10)


def test_a_bank_transfer_waits_for_its_reference(cast):
    sahar, _, _, one, two = cast
    claim_id = in_review(sahar, kind="support", minutes=20)
    wired = CommitteeVerdict(True, "nobody answered", 50_000, "bank_transfer")
    assert decide(claim_id, (one, wired), (two, wired)) == "approved"
    finance = person("finance")
    write(lambda: committee.paid_by_bank(claim_id, finance, "14050812-77", AFTER))
    assert (state(claim_id), balance(sahar)) == ("credited", 0)
    with pytest.raises(Conflict):
        write(lambda: committee.paid_by_bank(claim_id, finance, "14050812-77", AFTER))


def test_what_makes_no_sense_is_refused(cast):
    sahar, _, outage_id, one, _ = cast
    with pytest.raises(BadInput, match="about an outage or about support"):
        submit(sahar, kind="weather")
    with pytest.raises(BadInput, match="has happened"):
        submit(sahar, start=AT + 2 * DAY)
    claim_id = in_review(sahar, start=AT + 12 * HOUR, minutes=5)
    with pytest.raises(BadInput, match="Link the claim"):
        decide(claim_id, (one, YES))
    staff = person("operator")
    write(lambda: claims.link(claim_id, outage_id, staff, "it means that one", AT + DAY))
    with pytest.raises(BadInput, match="table's discount"):
        decide(claim_id, (one, CommitteeVerdict(True, "more", 5)))
    write(lambda: claims.unlink(claim_id, outage_id, staff, "it does not", AT + DAY))
    assert read(lambda: Claim.select().count()) == 1


def test_an_edited_calendar_moves_the_first_answer_that_is_not_due_yet(cast):
    quality = read(lambda: User.get_by_id(cast[3]))
    waits = submit(cast[0])
    missed = submit(firm("Late"), kind="support")

    def due(claim_id):
        return instant_text(read(lambda: claims.get(claim_id)).first_answer_due_at // 1000, is_end=True)

    def make_holiday(day, now):
        write(
            lambda: clocks.edit_calendar(quality, "add", day, "an order of the state", now, name_fa="تعطیل")
        )

    assert (due(waits), due(missed)) == ("1405-08-13 24:00", "1405-08-13 24:00")
    make_holiday(jalali_date(1405, 8, 13), AT + DAY + HOUR)
    assert due(waits) == "1405-08-14 24:00"
    # What was missed stays missed, whatever is edited afterwards.
    make_holiday(jalali_date(1405, 8, 14), AT + 5 * DAY)
    assert due(waits) == "1405-08-14 24:00"
