"""A whole engine is watched: pulses, switches, synthetic calls, the outage of its switch."""

from engine.clock import monotonic_s, wall_ms
from engine.sentences import sentence_of
from engine.services.sla import availability, flips, incidents
from engine.store.tables.sla import MonitorSpan, ProbeResult
from engine.store.threads import read
from tests.runtime.conftest import start_lab
from tests.waits import wait_for

__all__ = ["start_lab"]


def states():
    return {row.name: row.state for row in read(flips.components)}


def test_an_engine_is_watched(start_lab):
    lab = start_lab({"engine_name": "e1", "sla_probe_s": 0})
    watch = lab.engine.watch
    watch.step(wall_ms(), monotonic_s())
    found = states()
    assert (found["service"], found["engine/e1"], found["switch/embedded"], found["database"]) == ("up",) * 4
    assert read(lambda: MonitorSpan.select().count()) == 1

    watch.probe()

    def probed():
        watch.step(wall_ms(), monotonic_s())
        return read(lambda: ProbeResult.select().first())

    row = wait_for(probed, "a synthetic call")
    assert (row.switch_name, row.is_ok, row.answer[:3]) == ("embedded", True, "+OK")

    for process in lab.engine.switchboard.embedded.values():
        process.stop()

    def is_down():
        watch.step(wall_ms(), monotonic_s())
        return states()["service"] == "down"

    wait_for(is_down, "the outage")
    outage = read(incidents.running_outage)
    assert str(sentence_of(outage.reason)).startswith("no switch is up")
    english, _ = read(lambda: availability.month_to_date(None, wall_ms())).sentence()
    assert english.startswith("availability ")
