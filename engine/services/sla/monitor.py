"""The monitor turns observations into flips, outages and unknown time.

A monitor that watches says so every few seconds by prolonging its span.  What
no span covers is unknown: when a monitor begins again, everything is booked as
unknown from the last moment somebody watched, and only then as it is seen now.
Several monitors (one an engine) may run; of two that see the same, one records it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from engine.sentences import kept
from engine.services.sla import flips, incidents, observations
from engine.services.sla.flips import DATABASE, SERVICE, Health
from engine.services.sla.observations import Calls, Seen
from engine.store.sql import execute
from engine.store.tables.sla import Component, MonitorSpan

log = logging.getLogger(__name__)

GAP_MS = 30_000  # longer without a monitor is unknown time


@dataclass(frozen=True, slots=True)
class StoreRefusal:
    """The database refused from `from_at` until now, while this monitor was awake."""

    from_at: int
    reason: str


class Monitor:
    """One monitor; `loop` inside a transaction every few seconds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._span_id: int | None = None
        self._until_at = 0

    def loop(
        self,
        now: int,
        calls: Calls | None = None,
        extra: Iterable[Seen] = (),
        refusal: StoreRefusal | None = None,
    ) -> None:
        """1. note that we watch; 2. book a gap as unknown; 3. book a refusal of the database; 4. book what is seen now.

        `calls` is what this process's calls say of its gateways and switches,
        `extra` what else only it knows (the panel by its answer).
        """
        last = last_watched()
        if refusal is None and last is not None and now - last > GAP_MS:
            self._span_id = None
            for row in list(Component.select()):
                self._book(Seen(row.name, Health.UNKNOWN, kept("the monitor was off")), last)
        self._prolong(now, refusal)
        if refusal is not None:
            self._book(Seen(DATABASE, Health.DOWN, refusal.reason), refusal.from_at)
            why = observations.because(observations.DATABASE_REFUSES, refusal.reason)
            self._book(Seen(SERVICE, Health.DOWN, why), refusal.from_at)
        for gone in observations.gone_engines(now):
            flips.forget(gone, "ended", now)
            observations.end_pulse(gone)
        known = flips.known()
        seen = [*observations.observe(now, calls or {}), *extra]
        changed = {each.component for each in seen if known.get(each.component, ("",))[0] is not each.state}
        for each in seen:
            if each.component in changed:
                self._book(each, now)
        if changed:
            known = flips.known()
        whole = observations.service_state(
            {name: state for name, (state, _) in known.items()},
            observations.usable_gateways(),
            {name: reason for name, (_, reason) in known.items()},
        )
        if whole is not None and known.get(SERVICE, ("",))[0] is not whole.state:
            self._book(whole, now)

    def _prolong(self, now: int, refusal: StoreRefusal | None) -> None:
        is_our_gap = self._until_at and now - self._until_at > GAP_MS and refusal is None
        if self._span_id is not None and not is_our_gap:
            execute(
                "UPDATE monitor_span SET until_at = ? WHERE id = ? AND until_at <= ?",
                [now, self._span_id, now],
            )
        else:
            since = refusal.from_at if refusal is not None else now
            self._span_id = MonitorSpan.create(monitor=self.name, from_at=since, until_at=now).id
            log.info("action=monitor_begins monitor=%s", self.name)
        self._until_at = now

    @staticmethod
    def _book(seen: Seen, at: int) -> None:
        changed = flips.record(seen.component, seen.state, seen.reason, at)
        if changed is not None and seen.component == SERVICE:
            old, booked_at = changed
            incidents.follow_service(old, seen.state, seen.reason, booked_at)


def last_watched() -> int | None:
    """The last instant that a monitor watched; None if none ever did."""
    last = execute("SELECT MAX(until_at) FROM monitor_span")[0][0]
    return None if last is None else int(last)


def first_watched() -> int | None:
    """Since when the service is watched; None if it never was."""
    row = MonitorSpan.select().order_by(MonitorSpan.from_at).first()
    return int(row.from_at) if row is not None else None
