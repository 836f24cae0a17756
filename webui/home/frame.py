"""The frame of every page of a logged-in person: alarms for staff, numbers in the menu."""

from __future__ import annotations

from flask import Flask, g, url_for

from engine.clock import wall_ms
from engine.services.overview import alarms, waiting
from engine.services.overview.alarms import Alarm
from engine.services.overview.waiting import Waiting
from engine.store.threads import read
from webui.request.access import is_staff, person

_PLACES = {
    alarms.ENGINE: "trunks.index",
    alarms.OUTAGE: "incidents.index",
    alarms.DOUBTS: "audit_findings.index",
    alarms.SWITCH: "trunks.index",
    alarms.GATEWAY: "trunks.index",
    alarms.LINE: "line.index",
}


def init_app(app: Flask) -> None:
    for each in (standing_alarms, what_waits, alarm_address):
        app.add_template_global(each)


def standing_alarms() -> list[Alarm]:
    """The present alarms, for staff; looked up once per request."""
    if not is_staff():
        return []
    return _looked_up()[0]


def what_waits() -> Waiting:
    """What waits for the current person; looked up once per request."""
    return _looked_up()[1]


def alarm_address(alarm: Alarm) -> str:
    """The address of the page about an alarm."""
    return url_for(_PLACES[alarm.kind])


def _looked_up() -> tuple[list[Alarm], Waiting]:
    if "frame" not in g:
        me, now, staff = person(), wall_ms(), is_staff()
        g.frame = read(lambda: (alarms.standing(now) if staff else [], waiting.of_person(me, now)))
    found: tuple[list[Alarm], Waiting] = g.frame
    return found
