"""The monitor: from what is seen to flips, outages and unknown time."""

import pytest

from engine.sentences import sentence_of
from engine.services.sla import incidents, observations, unknown
from engine.services.sla.call_window import CallWindow
from engine.services.sla.flips import Health
from engine.services.sla.monitor import GAP_MS, Monitor, StoreRefusal
from engine.store.tables.core import Gateway, Switch
from engine.store.tables.sla import Component, Flip, OutageRecord, ProbeResult, UnknownTime
from engine.store.threads import read, write
from tests.sla.cast import START

S = 1000
T = START


def set_switch(state, now, reason=""):
    def work():
        row, _ = Switch.get_or_create(name="fs1", defaults={"address": "127.0.0.1:1"})
        Switch.update(state=state, seen_at=now, state_reason=reason).where(Switch.id == row.id).execute()

    write(work)


def step(monitor, now, **more):
    def work():
        observations.pulse("engine/e1", now)
        monitor.loop(now, **more)

    write(work)


def up(monitor, now, **more):
    set_switch("up", now)
    step(monitor, now, **more)


def state(component="service"):
    row = read(lambda: Component.get_or_none(Component.name == component))
    return (row.state, row.since_at) if row else None


def outages():
    return [
        (row.start_at, row.end_at, str(sentence_of(row.reason)))
        for row in read(lambda: list(OutageRecord.select().order_by(OutageRecord.id)))
    ]


def unknowns():
    return [
        (row.start_at, row.end_at)
        for row in read(lambda: list(UnknownTime.select().order_by(UnknownTime.id)))
    ]


def test_an_outage_from_its_flip_to_its_end(store):
    monitor = Monitor("e1")
    up(monitor, T)
    assert state() == ("up", T)
    set_switch("down", T + 10 * S, "connection refused")
    step(monitor, T + 10 * S)
    step(monitor, T + 15 * S)
    assert state() == ("down", T + 10 * S)
    up(monitor, T + 20 * S)
    assert outages() == [(T + 10 * S, T + 20 * S, "no switch is up: connection refused")]
    assert [row.author_id for row in read(lambda: incidents.history(1))] == [None, None]
    assert unknowns() == []
    line = Flip.select().where(Flip.component == "service").order_by(Flip.id)
    assert read(lambda: [(row.new, row.at) for row in line]) == [
        ("up", T),
        ("down", T + 10 * S),
        ("up", T + 20 * S),
    ]


@pytest.mark.parametrize("is_up", [True, False])
def test_time_without_a_monitor_is_unknown(store, is_up):
    monitor = Monitor("e1")
    up(monitor, T)
    if not is_up:
        set_switch("down", T + 5 * S)
        step(monitor, T + 5 * S)
    last = T + 5 * S if not is_up else T
    back = T + 3600 * S
    up(Monitor("e1"), back)
    assert unknowns() == [(last, back)]
    assert [end for _, end, _ in outages()] == ([] if is_up else [last])
    assert state() == ("up", back)
    assert read(lambda: unknown.spans(T // 1000, back // 1000 + 9, back)) == ((last // 1000, back // 1000),)


def test_a_short_pause_is_no_gap(store):
    up(Monitor("e1"), T)
    up(Monitor("e1"), T + GAP_MS)
    assert unknowns() == []


def test_a_second_monitor_that_goes_on_leaves_no_gap(store):
    one, two = Monitor("e1"), Monitor("e2")
    up(one, T)
    for second in range(0, 300, 20):
        up(two, T + second * S)
    up(one, T + 300 * S)
    assert unknowns() == []
    assert read(lambda: Flip.select().where(Flip.component == "service").count()) == 1


def test_a_refusing_database_is_down_from_its_first_refusal(store):
    monitor = Monitor("e1")
    up(monitor, T)
    up(monitor, T + 600 * S, refusal=StoreRefusal(T + 10 * S, "disk full"))
    assert outages() == [(T + 10 * S, T + 600 * S, "the database refuses: disk full")]
    assert unknowns() == []
    assert state("database") == ("up", T + 600 * S)


def test_a_dead_engine(store):
    watcher = Monitor("web")
    up(watcher, T)
    set_switch("up", T + 30 * S)
    write(lambda: watcher.loop(T + 30 * S))
    assert state() == ("down", T + 30 * S)
    assert "no engine lives" in outages()[0][2]


def test_a_clock_that_was_set_back_books_nothing_twice(store):
    monitor = Monitor("e1")
    up(monitor, T + 100 * S)
    set_switch("down", T + 90 * S)
    step(monitor, T + 90 * S)
    up(monitor, T + 95 * S)
    assert outages() == [(T + 100 * S, T + 100 * S, "no switch is up")]


def test_two_failed_synthetic_calls_are_an_outage(store):
    monitor = Monitor("e1")
    up(monitor, T)

    def probe(at, is_ok):
        write(lambda: ProbeResult.create(switch_name="fs1", at=at, is_ok=is_ok, took_ms=5, answer="-ERR X"))

    probe(T + 1, True)
    probe(T + 2, False)
    up(monitor, T + 10 * S)
    assert state()[0] == "up"
    probe(T + 3, False)
    up(monitor, T + 20 * S)
    assert state()[0] == "down"
    up(monitor, T + 25 * S, calls={"switch/fs1": (Health.UP, "")})  # it is full: it makes calls
    assert state()[0] == "up"


def test_gateways_by_their_calls(store):
    monitor = Monitor("e1")
    write(lambda: [Gateway.create(name=name, cps=1, channels=1, created_at=T) for name in ("a", "b")])
    up(monitor, T)
    down = (Health.DOWN, "congestion")
    up(monitor, T + 5 * S, calls={"gateway/a": down})
    assert (state("gateway/a")[0], state()[0]) == ("down", "up")
    up(monitor, T + 10 * S, calls={"gateway/b": down})
    assert state() == ("down", T + 10 * S)
    up(monitor, T + 15 * S)
    assert state()[0] == "down"  # until a call gets through
    up(monitor, T + 20 * S, calls={"gateway/b": (Health.UP, "")})
    assert state() == ("up", T + 20 * S)


def test_shares_of_calls():
    window = CallWindow()
    assert window.verdict("gateway/a", 0) is None
    window.note("gateway/a", "congestion", 19, 1)
    assert window.verdict("gateway/a", 1) is None  # too few to say
    window.note("gateway/a", "failed", 1, 2)
    assert window.verdict("gateway/a", 2)[0] == "down"
    window.note("gateway/a", "busy", 2, 3)
    assert window.verdict("gateway/a", 3)[0] == "up"
    assert window.shares("gateway/a", 3).calls == 22
    assert window.verdict("gateway/a", 70) is None
    window.note("switch/x", "congestion", 100, 1)
    assert window.verdict("switch/x", 1)[0] == "up"  # a full carrier is not the switch's fault


def test_the_rule_of_the_service():
    ups = {"database": Health.UP, "engine/a": Health.UP, "switch/a": Health.UP}

    def rule(gateways=(), **changes):
        named = {name.replace("_", "/"): state for name, state in changes.items()}
        seen = observations.service_state({**ups, **named}, gateways, {})
        return seen.state if seen else None

    assert rule() == "up"
    assert observations.service_state({"database": Health.UP}, (), {}) is None
    assert rule(engine_a=Health.DOWN) == "down"
    assert rule(engine_a=Health.DOWN, engine_b=Health.UP) == "up"
    assert rule(switch_a=Health.DOWN, switch_b=Health.UNKNOWN) == "unknown"
    assert rule(database=Health.DOWN) == "down"
    assert rule(web=Health.DOWN) == "down"
    assert rule(("gateway/a",), gateway_a=Health.DOWN) == "down"
    assert rule(("gateway/a", "gateway/b"), gateway_a=Health.DOWN) == "up"
