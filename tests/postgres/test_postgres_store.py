"""What only a server can do to us: stop and come back, and serve several engines at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import gevent
import peewee
import pytest
from gevent.threadpool import ThreadPool

from engine.clock import TEHRAN
from engine.dialing.rules.contact_gap import ContactRules
from engine.dialing.shares import part_of
from engine.errors import StoreUnavailable
from engine.sentences import sentence_of
from engine.store import database, leases, threads
from engine.store.claims import claim
from engine.store.database import db
from engine.store.settles import Settler
from engine.store.sql import changed
from engine.store.tables.core import Account, Attempt, CampaignCounts, Recipient, Switch
from engine.store.threads import read, write
from engine.store.writer import Channel, Writer, transaction
from tests.postgres.beside import other_engine
from tests.postgres.server import PostgresServer
from tests.store.cast import NOW, claim_some, make_campaign, route, settle_of


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that the test may stop."""
    server = PostgresServer()
    server.start()
    yield server
    server.destroy()


def test_a_server_that_stops_and_comes_back_costs_no_item(own_server: PostgresServer) -> None:
    database.open_database(own_server.create())
    assert database.upgrade()
    writer = Writer()
    writer.start()
    threads.use_writer(writer)
    try:
        campaign_id = make_campaign(10)
        claims = claim_some(campaign_id, 10)
        own_server.stop()
        with pytest.raises(StoreUnavailable):
            write(lambda: Switch.update(state="up").execute())
        with pytest.raises(StoreUnavailable):
            read(lambda: Switch.select().count())
        channel = Channel("settle", Settler().write)
        for item in claims:
            writer.add(channel, settle_of(item))
        assert not writer.flush(1.0)
        assert str(sentence_of(writer.fault)).startswith("The database refuses writes")
        own_server.start()
        assert writer.flush(20)
        assert writer.fault == ""
        assert read(lambda: CampaignCounts.get_by_id(campaign_id).delivered) == 10
    finally:
        writer.stop()
        threads.use_writer(None)
        threads.close_readers()
        if not db.is_closed():
            db.close()


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_claims_of_several_engines_never_meet(store: Writer) -> None:
    """Four connections claim at once; every recipient is claimed by one of them."""
    campaign_id = make_campaign(200)

    def one_engine() -> list[int]:
        found: list[int] = []
        db.connect(reuse_if_open=True)
        try:
            for _ in range(10):
                with transaction():
                    found += [item.recipient.id for item in claim(campaign_id, 8, NOW, route)]
        finally:
            db.close()
        return found

    pool = ThreadPool(4)
    results = [pool.spawn(one_engine) for _ in range(4)]
    claimed = [item for result in results for item in result.get(timeout=60)]
    assert len(claimed) == len(set(claimed)) == 200
    assert read(lambda: CampaignCounts.get_by_id(campaign_id).live) == 200
    assert read(lambda: Attempt.select().count()) == 200


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_engines_that_collide_try_again(store: Writer) -> None:
    """Two transactions take two rows in opposite orders: the server ends one, and it is done again."""
    make_campaign(2)
    first, second = read(lambda: [row.id for row in Recipient.select().order_by(Recipient.id)])

    def other_engine() -> None:
        db.connect(reuse_if_open=True)
        try:
            with suppress(peewee.OperationalError), transaction():  # the server may choose this one
                changed("UPDATE recipient SET reason = 'b' WHERE id = ?", [second])
                db.execute_sql("SELECT pg_sleep(0.6)")
                changed("UPDATE recipient SET reason = 'b' WHERE id = ?", [first])
        finally:
            db.close()

    def crossing() -> None:
        changed("UPDATE recipient SET reason = 'a' WHERE id = ?", [first])
        db.execute_sql("SELECT pg_sleep(0.6)")
        changed("UPDATE recipient SET reason = 'a' WHERE id = ?", [second])

    other = ThreadPool(1).spawn(other_engine)
    try:
        write(crossing)  # told nothing of the collision
    finally:
        gevent.wait([other], timeout=20)
    assert store.fault == ""


def test_a_lease_has_one_holder_and_expires(store: Writer) -> None:
    make_campaign(1)
    assert write(lambda: leases.acquire(1, "a:1"))
    assert not write(lambda: leases.acquire(1, "b:2"))
    assert write(lambda: leases.acquire(1, "a:1")), "the same engine, restarted"
    assert write(lambda: leases.renew("a:1", "a", ["one"])) == {1}
    write(lambda: changed("UPDATE switch SET leased_until_at = leased_until_at - 9000"))
    assert write(lambda: leases.renew("a:1", "a", ["one"])) == set()
    assert write(lambda: leases.acquire(1, "b:2"))
    assert read(leases.switch_leases)[0].owner == "b:2"
    write(lambda: leases.release("a:1", 1))
    assert read(leases.switch_leases)[0].owner == "b:2"
    write(lambda: leases.leave("b:2"))
    assert read(leases.switch_leases)[0].owner == ""


def test_shares_of_a_gateway_never_exceed_it(store: Writer) -> None:
    make_campaign(1)

    def tell(owner: str, permits: int, channels: int) -> tuple[int, int]:
        return write(lambda: leases.claim_share(1, owner, permits, channels, 30, 100))

    assert tell("a:1", 30, 100) == (30, 100)
    assert tell("b:2", 15, 50) == (0, 0)
    assert tell("a:1", 15, 70) == (15, 70)  # it has 70 calls up still
    assert tell("b:2", 15, 50) == (15, 30)
    assert tell("a:1", 15, 50) == (15, 50)
    assert tell("b:2", 15, 50) == (15, 50)


def test_parts_add_up_to_the_whole() -> None:
    for total in (1, 2, 29, 30, 31):
        assert sum(part_of(total, [one], [4, 7, 9]) for one in (4, 7, 9)) == total
    assert part_of(30, [], [1]) == 0
    assert part_of(30, [1, 2], [1, 2]) == 30


def test_a_job_of_a_period_is_done_once(store: Writer) -> None:
    assert write(lambda: leases.take_job("report", "d1", "a:1"))
    assert not write(lambda: leases.take_job("report", "d1", "b:2"))
    write(lambda: changed("UPDATE job_run SET until_at = until_at - 700000 WHERE name = 'report'"))
    assert write(lambda: leases.take_job("report", "d1", "b:2")), "its taker died"
    write(lambda: leases.job_done("report", "d1", "b:2"))
    assert not write(lambda: leases.take_job("report", "d1", "a:1", hold_ms=0))
    assert write(lambda: leases.take_job("report", "d2", "a:1"))


def test_the_pulses_of_engines_are_added(store: Writer) -> None:
    assert write(lambda: leases.note_pulse(1, "a", "draining", "{}", 3, 0.0, NOW)) == (
        3,
        0.0,
        "draining",
        "{}",
        "a",
    )
    assert write(lambda: leases.note_pulse(1, "b", "dialling", "{}", 4, 2.0, NOW)) == (
        7,
        2.0,
        "dialling",
        "{}",
        "b",
    )
    assert write(lambda: leases.note_pulse(1, "b", "dialling", "{}", 4, 2.0, NOW + 9000))[0] == 4


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_engines_that_claim_one_number_at_once_keep_the_accounts_gap(store: Writer) -> None:
    """While one engine's claim is not committed yet, another claims the same number for another campaign."""
    campaigns = [make_campaign(1), make_campaign(1)]
    write(lambda: Account.update(min_gap_s=3_600).execute())
    rules = ContactRules(TEHRAN)

    other = other_engine(lambda: claim(campaigns[0], 1, NOW, route, [rules.rule], [rules.note_claims]))
    ours = write(lambda: claim(campaigns[1], 1, NOW, route, [rules.rule], [rules.note_claims]))
    assert (other.get(timeout=20), len(ours)) == (1, 0)
