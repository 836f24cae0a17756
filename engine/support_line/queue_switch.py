"""One switch with the queue: questions of the dialplan, the queue's events, agents, announcements, call-backs."""

from __future__ import annotations

import json
import logging
from typing import Any

from engine.clock import monotonic_s, wall_ms
from engine.esl import commands as plain
from engine.esl import support_line as commands
from engine.esl.events import Event
from engine.esl.link import Link
from engine.services.numbering.numbers import display
from engine.services.support_line import (
    agents,
    call_back_limits,
    call_backs,
    call_recordings,
    calls,
    departments,
    keyed_numbers,
    routes,
    settings,
)
from engine.services.support_line.call_backs import Evidence, Placing
from engine.services.support_line.settings import LineSettings
from engine.store.tables.core import Gateway
from engine.store.tables.support_line import SupportAgent
from engine.store.threads import read
from engine.store.writer import Writer
from engine.support_line.agents import WantedAgent, agent_contact, agree
from engine.support_line.announcements import announce
from engine.support_line.answers import IN_CALL, QueueAgent, read_agents, read_members
from engine.support_line.doorkeeper import Doorkeeper
from engine.support_line.handing_over import begin_transfers, catch_up_transfers
from engine.support_line.hearing import Hearing
from engine.support_line.holding import beside_the_queue, free_for_call_backs, held, words_of_agents
from engine.support_line.spoken import Clips
from engine.support_line.telephones import Telephones
from engine.support_line.view import StoreView, catch_up
from engine.support_line.waiting import Waiter

log = logging.getLogger(__name__)

LONG_S = 150  # the switch is asked about a try that is older than this
PATIENCE_MS = 1_300  # the dialplan waits 1.5 s (dialplan/support) and then goes on by itself


class QueueSwitch:
    """Between `begin` and `end` of one connection."""

    def __init__(
        self,
        switch_id: int,
        name: str,
        core_uuid: str,
        link: Link,
        writer: Writer,
        clips: Clips,
        recordings_on_switch: str,
        own_numbers: tuple[str, ...],
        telephones: Telephones,
    ) -> None:
        self.id, self.name, self.core_uuid = switch_id, name, core_uuid
        self._link = link
        self._writer = writer
        self._clips = clips
        self._recordings = recordings_on_switch
        self._own_numbers, self._telephones = own_numbers, telephones
        self._door = Doorkeeper(name, link, writer)
        self._hearing = Hearing(name, self._handle)
        self._calls: set[str] = set()  # channels of callers
        self._tries: set[str] = set()  # channels of agents in call-backs
        self._waiters: dict[str, Waiter] = {}
        self._keyed: dict[str, str] = {}  # channel: the number that was read back
        self._told: dict[str, str] = {}  # agent: the status that was set last
        self._placed: dict[str, tuple[str, ...]] = {}  # agent: the departments whose queues it is in
        # Agent: end of the time after a call that the queue did not give.
        self._busy_until_m: dict[str, float] = {}
        self._beside: set[str] = set()  # agents who talk in a call that was handed to them
        self._rules = LineSettings()

    # -- life ---------------------------------------------------------------------------

    def begin(self) -> None:
        """Catch up: settle calls and tries that ended unnoticed, take in callers who came meanwhile."""
        self._door.step(monotonic_s())  # before the first event of a wrong password
        self._link.command(commands.subscribe())
        self._rules = read(settings.current)
        self._catch_up(wall_ms())
        self._hearing.begin()

    def end(self) -> None:
        """No further event comes."""
        self._hearing.end()

    def _catch_up(self, now: int) -> None:
        rows = json.loads(self._link.api(plain.show_channels()) or "{}").get("rows") or []
        alive = {str(row.get("uuid")) for row in rows}
        # Before the queue is asked: a call whose hand-over it was never told still counts as the first agent's there.
        catch_up_transfers(self._link, self._writer, self.id, alive, now)
        members = read_members(self._link.api(commands.member_list()))
        gone = read(lambda: calls.open_of(self.id)) - alive
        served = {uuid for uuid in gone if self._link.api(commands.served(uuid)).strip() == "true"}
        waiting = self._writer.call(lambda: catch_up(self.id, self.core_uuid, alive, served, members, now))
        for uuid in gone:
            self._link.post(commands.forget(uuid))
        now_m = monotonic_s()
        for uuid, language, waited_ms in waiting:
            self._waiters[uuid] = Waiter.of(
                uuid, language, now_m, waited_ms / 1000, self._rules.offer_after_s
            )
        self._calls = alive & read(calls.live_ones)
        for row in read(lambda: call_backs.open_tries(self.id)):
            self._tries.add(row.uuid)
            if row.uuid not in alive:
                self._settle(row.uuid, self._by_own_book(row.uuid), now)

    def _by_own_book(self, uuid: str) -> Evidence:
        """The switch's own record of a try whose end was missed."""
        found = self._link.api(commands.reached(uuid)).strip()
        return {"talked": Evidence.TALKED, "rung": Evidence.NOT_REACHED}.get(found, Evidence.NOT_PLACED)

    # -- events -------------------------------------------------------------------------

    def on_event(self, event: Event) -> bool:
        """Take an event for the worker; True if nobody else wants it.  Never waits."""
        name, uuid = event.name, event.uuid
        if name == "CUSTOM":
            if uuid and event.get("Avanak-Step") in ("came", "joined"):
                self._calls.add(uuid)  # at once: its end may come before this event is worked off
            self._hearing.put(event)
            return True
        if name == "CHANNEL_HANGUP_COMPLETE" and (uuid in self._calls or uuid in self._tries):
            self._hearing.put(event)
            return True
        if name == "BACKGROUND_JOB" and event.job_uuid in self._tries:
            self._hearing.put(event)
            return True
        return False

    def _handle(self, event: Event, now: int) -> None:
        uuid = event.uuid or ""
        if event.name == "CHANNEL_HANGUP_COMPLETE":
            self._ended(uuid, event, now)
        elif event.name == "BACKGROUND_JOB":
            if not (event.get("_body") or "").startswith("+OK"):
                self._settle(event.job_uuid or "", Evidence.AGENT_AWAY, now)
        elif event.get("Event-Subclass") == "callcenter::info":
            if event.get("CC-Action") == "bridge-agent-start":
                self._answered(event.get("CC-Member-Session-UUID") or "", event.get("CC-Agent") or "", now)
        elif event.get("Event-Subclass") == "sofia::register_failure":
            self._door.wrong(event, now, monotonic_s())
        elif event.get("Event-Subclass") in commands.REGISTRATIONS:
            self._telephones.changed(self.id)
        else:
            step = {
                "came": self._came,
                "joined": self._joined,
                "keyed": self._check_keyed,
                "confirmed": self._register,
                "rung": self._rung,
                "talked": self._talked,
                "transferred": self._transferred,
            }.get(event.get("Avanak-Step") or "")
            if step is not None:
                step(uuid, event, now)

    def _came(self, uuid: str, event: Event, now: int) -> None:
        number = event.get("Caller-Caller-ID-Number") or ""
        found = self._writer.call(lambda: calls.came(uuid, self.id, self.core_uuid, number, now))
        values = {
            "avanak_language": found.call.language,
            "avanak_support": "open" if found.office.is_open else "closed",
            "avanak_message_s": str(self._rules.message_s),
        }
        if self._rules.record_calls:
            values["avanak_records"] = "true"
        if not found.office.is_open:
            values["avanak_opens"] = self._clips.opens(found.call.language, found.office.opens_at, now)
        self._answer(uuid, values, now)

    def _joined(self, uuid: str, event: Event, now: int) -> None:
        number = event.get("Caller-Caller-ID-Number") or ""

        def work() -> Any:
            calls.came(uuid, self.id, self.core_uuid, number, now)  # the engine may have been away then
            return calls.joined(uuid, now)

        call = self._writer.call(work)
        known = self._waiters.get(uuid)
        if known is not None:
            known.is_away = False
        elif call is not None:
            waited_s = (now - (call.joined_at or now)) / 1000
            self._waiters[uuid] = Waiter.of(
                uuid, call.language, monotonic_s(), waited_s, self._rules.offer_after_s
            )
        if call is not None and call.place_at is not None and call.place_at < (call.joined_at or now):
            # The caller rang again and keeps the earlier place.
            self._link.post([commands.tell(uuid, {"avanak_place": str(call.place_at // 1000)})])

    def _check_keyed(self, uuid: str, event: Event, now: int) -> None:
        """Read a keyed number back, or say why it is refused; `*` is the caller's own number."""
        self._away(uuid)
        keyed = event.get("Avanak-Keyed") or ""

        def work() -> tuple[str, str]:
            call = calls.of_uuid(uuid)
            language = call.language if call is not None else "fa"
            digits = display(call.number) if keyed == "*" and call is not None and call.number else keyed
            found = keyed_numbers.check(digits, own_numbers=self._own_numbers)
            if isinstance(found, keyed_numbers.KeyedRefusal):
                return found, language
            may_be_rung = call_back_limits.may_be_rung(call.number if call is not None else "", found, now)
            if not (routes.is_open(found) and may_be_rung):
                found = keyed_numbers.KeyedRefusal.INVALID
            return found, language

        found, language = read(work)
        if isinstance(found, keyed_numbers.KeyedRefusal):
            self._keyed.pop(uuid, None)
            self._answer(uuid, {"avanak_check": found.value}, now)
            return
        self._keyed[uuid] = found
        read_back = self._clips.digits(language, display(found))
        self._answer(uuid, {"avanak_read_back": read_back, "avanak_check": "ok"}, now)

    def _register(self, uuid: str, _event: Event, now: int) -> None:
        number = self._keyed.get(uuid, "")
        if number:
            self._writer.call(lambda: call_backs.register(uuid, number, now))
            self._keyed.pop(uuid, None)
            self._waiters.pop(uuid, None)
            self._answer(uuid, {"avanak_registered": "true"}, now)

    def _answered(self, uuid: str, extension: str, now: int) -> None:
        waiter = self._waiters.pop(uuid, None)
        if waiter is not None and waiter.saying:
            self._link.post([commands.stop_saying(uuid, waiter.saying)])
        self._writer.call(lambda: calls.answered(uuid, extension, now))
        told = self._link.api(commands.ask(uuid, "avanak_announced")).strip() if uuid in self._calls else ""
        if self._rules.record_calls and told == "true":
            self._writer.call(lambda: call_recordings.begun(uuid, now))
            self._link.post([commands.record(uuid, f"{self._recordings}/support/call-{uuid}.wav")])

    def _rung(self, _uuid: str, event: Event, now: int) -> None:
        caller = event.variable("avanak_caller_uuid") or ""
        self._writer.call(lambda: call_backs.rung(caller, now))

    def _talked(self, uuid: str, _event: Event, now: int) -> None:
        self._writer.call(lambda: call_backs.talked(uuid, now))

    def _transferred(self, uuid: str, event: Event, now: int) -> None:
        extension = event.variable("avanak_extension") or ""
        self._writer.call(lambda: calls.answered(uuid, extension, now))

    def _ended(self, uuid: str, event: Event, now: int) -> None:
        if uuid in self._tries:
            step = event.variable("avanak_step")
            evidence = {"talked": Evidence.TALKED, "rung": Evidence.NOT_REACHED}.get(
                step or "", Evidence.AGENT_AWAY
            )
            self._settle(uuid, evidence, now)
            return
        self._calls.discard(uuid)
        self._waiters.pop(uuid, None)
        self._keyed.pop(uuid, None)
        self._writer.call(lambda: calls.ended(uuid, now))
        self._link.post(commands.forget(uuid))

    def _settle(self, uuid: str, evidence: Evidence, now: int) -> None:
        extension = self._writer.call(lambda: call_backs.settle_of(uuid, evidence, now))
        self._tries.discard(uuid)
        self._link.post(commands.forget(uuid))
        if extension and evidence is Evidence.TALKED:
            agent = read(lambda: SupportAgent.get(SupportAgent.extension == extension))
            self._busy_until_m[extension] = monotonic_s() + agent.wrap_up_s

    def _answer(self, uuid: str, values: dict[str, str], asked_at: int) -> None:
        """Set variables for the dialplan and let it go on, unless it is too late: that would end what it plays or records now."""
        if wall_ms() - asked_at > PATIENCE_MS:
            log.warning("action=support_answer_late switch=%s", self.name)
            return
        self._link.post([commands.tell(uuid, values), commands.go_on(uuid)])

    def _away(self, uuid: str) -> None:
        waiter = self._waiters.get(uuid)
        if waiter is not None:
            waiter.is_away = True

    # -- twice a second -----------------------------------------------------------------

    def step(self, now: int, now_m: float) -> None:
        """1. bring agents up to date; 2. call-backs; 3. announcements; 4. transfers; 5. tries that hang."""
        view = read(lambda: StoreView.of_store(now))
        self._rules = view.rules
        self._door.step(now_m)
        seen = {each.extension: each for each in read_agents(self._link.api(commands.agent_list()))}
        inside = {row.extension for row in view.agents if not row.outside_number} & seen.keys()
        self._telephones.ask(self.id, self._link, inside, now_m)
        away = self._telephones.missing(self.id)
        self._wrap_up(view, seen, now_m)
        holding = held(view, seen, away, self._busy_until_m, now_m)
        self._agree(view, seen, holding, now, now_m)
        self._call_back(view, seen, away, now, now_m)
        announce(self._waiters.values(), view, self._link, self._writer, self._clips, now, now_m)
        begin_transfers(self._link, self._writer, self.id, now)
        for row in view.tries:
            # Unknown to this connection: the database took the try, but its answer was lost.
            doubtful = row.uuid not in self._tries or now - row.begun_at > LONG_S * 1000
            if (
                row.switch_id == self.id
                and doubtful
                and self._link.api(plain.uuid_exists(row.uuid)).strip() != "true"
            ):
                self._settle(row.uuid, self._by_own_book(row.uuid), now)

    def _wrap_up(self, view: StoreView, seen: dict[str, QueueAgent], now_m: float) -> None:
        """The time after a call that was handed over, of which the queue knows nothing."""
        beside = beside_the_queue(view, seen, talking=True)
        for row in view.agents:
            if (
                row.extension in self._beside - beside
                and row.extension in seen
                and seen[row.extension].state != IN_CALL
            ):
                self._busy_until_m[row.extension] = now_m + row.wrap_up_s
        self._beside = beside

    def _agree(
        self, view: StoreView, seen: dict[str, QueueAgent], holding: set[str], now: int, now_m: float
    ) -> None:
        wanted = []
        for row in view.agents:
            contact = agent_contact(row, self.name, view, self._clips.path("fa", "agent_press_one"))
            if contact:
                wanted.append(
                    WantedAgent(
                        row.extension,
                        row.state,
                        contact,
                        row.wrap_up_s,
                        view.rules.max_no_answer,
                        row.extension in holding,
                        departments.of(row),
                    )
                )
        found = agree(wanted, seen.values(), self._told, self._placed)
        if found.frames:
            self._link.post(found.frames)
        self._told = {each.extension: each.status for each in wanted}
        self._placed = {each.extension: each.departments for each in wanted if each.extension in seen}
        # So that an agent who comes back at once is not paused again.
        self._told |= dict.fromkeys(found.unanswering, "On Break")
        words = self._telephones.seen(self.id, words_of_agents(view, seen, self._busy_until_m, now, now_m))
        changed = {row.extension: words[row.extension] for row in view.agents
                   if words.get(row.extension, row.seen) != row.seen}  # fmt: skip
        if found.unanswering or changed:

            def work() -> None:
                for extension in found.unanswering:
                    agents.pause_unanswering(extension, now)
                agents.note_seen(changed, now)

            self._writer.call(work)

    # -- call-backs ---------------------------------------------------------------------

    def _call_back(
        self, view: StoreView, seen: dict[str, QueueAgent], away: set[str], now: int, now_m: float
    ) -> None:
        free = free_for_call_backs(view, seen, away, self._busy_until_m, now, now_m)
        if not free:
            return
        # From here on the queue no longer rings them; a call that rings already shows in the state below.
        names = {row.id: row.extension for row in view.agents}
        for agent_id in free:
            self._told[names[agent_id]] = "On Break"
            self._link.api(commands.agent_status(names[agent_id], "On Break"))
        for placing in self._writer.call(lambda: call_backs.take(free, self.id, self.core_uuid, now)):
            gateway = routes.gateway_for(placing.number, self.name, view.gateways)
            state = self._link.api(commands.agent_state(placing.extension)).strip()
            if gateway is None or state != "Waiting":
                self._settle(placing.uuid, Evidence.NOT_PLACED, now)
                continue
            self._place(placing, gateway, view)

    def _place(self, placing: Placing, gateway: Gateway, view: StoreView) -> None:
        row = next(each for each in view.agents if each.extension == placing.extension)
        frame = commands.call_back(
            placing.uuid,
            placing.caller_uuid,
            agent_contact(row, self.name, view, self._clips.path("fa", "agent_press_one")),
            gateway=gateway.name,
            digits=routes.shown_digits(placing.number),
            dialled=routes.dialled_on(gateway, placing.number),
            ring_s=view.rules.ring_caller_s,
            language=placing.language,
        )
        self._tries.add(placing.uuid)
        self._link.post([frame])
        log.info("action=call_back_placed try=%d switch=%s", placing.try_id, self.name)
