"""mod_callcenter: queues such as ``support@avanak``, their agents and members, as recorded from a real one.

Times of agents are seconds since the epoch, as in its tables.
"""

from __future__ import annotations

import time
import uuid as uuids
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.embedded.event_templates import Header
from engine.embedded.support.channels import Channel, Task

if TYPE_CHECKING:
    from engine.embedded.support.house import SupportHouse

QUEUES = ("support@avanak", "billing@avanak", "technical@avanak", "quality@avanak")  # of callcenter.conf.xml
SUPPORT = QUEUES[0]  # the queue without a longest wait
MOST_WAIT_MS = 180_000  # in a department's queue
LOOK_MS = 100  # between two searches for an agent while somebody waits
SYSTEM = "single_box"


@dataclass(slots=True)
class Agent:
    """An agent; the attributes have the names of mod_callcenter's columns."""

    name: str
    instance_id: str = SYSTEM
    uuid: str = ""
    type: str = "Callback"
    contact: str = ""
    status: str = "Logged Out"
    state: str = "Waiting"
    max_no_answer: int = 0
    wrap_up_time: int = 0
    reject_delay_time: int = 0
    busy_delay_time: int = 0
    no_answer_delay_time: int = 0
    last_bridge_start: int = 0
    last_bridge_end: int = 0
    last_offered_call: int = 0
    last_status_change: int = 0
    no_answer_count: int = 0
    calls_answered: int = 0
    talk_time: int = 0
    ready_time: int = 0
    external_calls_count: int = 0
    queues: set[str] = field(default_factory=set)  # those in which it has a tier

    def row(self) -> dict[str, str]:
        """The agent's row in ``agent list``."""
        return {name: str(getattr(self, name)) for name in self.__slots__ if name != "queues"}

    def is_free(self, now: float) -> bool:
        """Whether the agent can be rung: available, without a call, and the delay after the last call is over."""
        return (
            bool(self.queues)
            and self.status == "Available"
            and self.state == "Waiting"
            and self.ready_time <= now
            and self.last_bridge_end + self.wrap_up_time <= now
        )


@dataclass(slots=True)
class Member:
    """A caller in a queue."""

    channel: Channel
    queue: str
    base_score: int
    uuid: str = field(default_factory=lambda: str(uuids.uuid4()))
    joined: int = field(default_factory=lambda: int(time.time()))
    called: int = 0
    bridged: int = 0
    state: str = "Waiting"  # Waiting, Trying, Answered
    agent: Agent | None = None
    leg: Channel | None = None  # of the agent who is rung or talks

    def score(self, now: float) -> int:
        return int(now) - self.joined + self.base_score

    def row(self, now: float) -> dict[str, str]:
        """The member's row in ``queue list members``."""
        number = self.channel.number
        serving = self.agent.name if self.agent and self.state != "Waiting" else ""
        return {
            "queue": self.queue, "instance_id": SYSTEM, "uuid": self.uuid, "session_uuid": self.channel.uuid,
            "cid_number": number, "cid_name": number, "system_epoch": str(self.channel.created_us // 1_000_000),
            "joined_epoch": str(self.joined), "rejoined_epoch": "0", "bridge_epoch": str(self.bridged),
            "abandoned_epoch": "0", "base_score": str(self.base_score), "skill_score": "0",
            "serving_agent": serving, "serving_system": SYSTEM if serving else "", "state": self.state,
            "score": str(self.score(now)),
        }  # fmt: skip

    def headers(self) -> list[Header]:
        return [
            ("CC-Member-UUID", self.uuid), ("CC-Member-Session-UUID", self.channel.uuid),
            ("CC-Member-CID-Name", self.channel.number), ("CC-Member-CID-Number", self.channel.number),
        ]  # fmt: skip


class CallCenter:
    """The queues with their waiting callers and agents."""

    def __init__(self, house: SupportHouse) -> None:
        self._house = house
        self.agents: dict[str, Agent] = {}
        self.members: list[Member] = []
        self._looks = False

    def fire(
        self, action: str, headers: list[Header], channel: Channel | None = None, queue: str = ""
    ) -> None:
        """Send CUSTOM callcenter::info, about a queue or only about an agent."""
        of_channel = [] if channel is None else channel.headers()
        of_queue = [("CC-Queue", queue)] if queue else []
        self._house.custom("callcenter::info", [*of_channel, *of_queue, ("CC-Action", action), *headers])

    def set_state(self, agent: Agent, state: str) -> None:
        agent.state = state
        self.fire("agent-state-change", [("CC-Agent", agent.name), ("CC-Agent-State", state)])

    def set_status(self, agent: Agent, status: str) -> None:
        agent.status, agent.last_status_change = status, int(time.time())
        if status == "Available":
            agent.no_answer_count = 0
        self.fire("agent-status-change", [("CC-Agent", agent.name), ("CC-Agent-Status", status)])

    # -- a caller in the queue --------------------------------------------------------------

    def wait(self, channel: Channel, queue: str) -> Task:
        """The application ``callcenter``: waits until an agent has talked, a key is pressed, the caller leaves, or (in a
        department) the longest wait is over.
        """
        member = Member(channel, queue, int(channel.variables.get("cc_base_score") or 0))
        channel.variables.pop("cc_agent_bridged", None)
        self.members.append(member)
        self.fire("member-queue-start", member.headers(), channel, queue)
        self._count(queue)
        self._look_soon()
        reason = "BREAK_OUT"
        exit_keys = channel.variables.get("cc_exit_keys", "")
        try:
            until = time.monotonic() + self._house.quick(MOST_WAIT_MS) / 1000
            while True:
                left_ms = None
                if queue != SUPPORT and member.state != "Answered":
                    left_ms = max(0.0, 1000 * (until - time.monotonic()))
                    if not left_ms:
                        reason = "TIMEOUT"
                        return
                why = yield left_ms
                if why == "peer" and member.state == "Answered":
                    return
                if why == "break":
                    exit_keys = channel.variables.get("cc_exit_keys", "")
                while channel.keys and member.state != "Answered":
                    key = channel.keys.pop(0)
                    if key in exit_keys:
                        channel.variables["cc_exit_key"], reason = key, "EXIT_WITH_KEY"
                        return
        finally:
            self._leaves(member, reason)

    def _leaves(self, member: Member, reason: str) -> None:
        """End a member: its ringing stops, and the agent is free again."""
        self.members.remove(member)
        channel, agent, leg, now = member.channel, member.agent, member.leg, int(time.time())
        times = [("CC-Member-Leaving-Time", str(now)), ("CC-Member-Joined-Time", str(member.joined))]
        if member.state == "Answered" and agent is not None:
            channel.variables["cc_agent_bridged"] = "true"
            agent.last_bridge_end = now
            agent.talk_time += now - member.bridged
            served = [("CC-Agent", agent.name), ("CC-Agent-System", SYSTEM), ("CC-Agent-UUID", agent.uuid)]
            agent.uuid = ""
            served += [
                ("CC-Agent-Called-Time", str(member.called)),
                ("CC-Agent-Answered-Time", str(member.bridged)),
            ]
            head = [("CC-Hangup-Cause", "SUCCESS"), *served]
            ended = [("CC-Agent-Bridged", "true"), times[1], ("CC-Bridge-Terminated-Time", str(now))]
            self.fire("bridge-agent-end", [*head, *ended, *member.headers()], leg, member.queue)
            tail = [("CC-Cause", "Terminated"), *times, *member.headers()]
            self.fire("member-queue-end", [*head, *tail], channel, member.queue)
        else:
            tail = [("CC-Cause", "Cancel"), ("CC-Cancel-Reason", reason), *member.headers()]
            self.fire("member-queue-end", [*times, *tail], channel, member.queue)
        if leg is not None and not leg.ended_us:
            self._house.end_soon(leg, "NORMAL_CLEARING" if leg.answered_us else "ORIGINATOR_CANCEL")
        if agent is not None and member.state != "Waiting":
            self.set_state(agent, "Waiting")
        self._count(member.queue)

    def _count(self, queue: str) -> None:
        members = sum(one.queue == queue for one in self.members)
        told = [("CC-Count", str(members)), ("CC-Selection", "Single-Queue")]
        self.fire("members-count", told, queue=queue)

    # -- agents are rung ------------------------------------------------------------------

    def _look_soon(self) -> None:
        if not self._looks:
            self._looks = True
            self._house.after(LOOK_MS / 1000, self._look)

    def _look(self) -> None:
        """For each caller, those with the highest score first, ring the agent who has been idle longest."""
        self._looks = False
        now = time.time()
        waiting = [one for one in self.members if one.state == "Waiting"]
        free = [one for one in self.agents.values() if one.is_free(now)]
        free.sort(key=lambda one: (one.last_bridge_end, one.last_offered_call))
        waiting.sort(key=lambda one: -one.score(now))
        for member in waiting:
            if agent := next((one for one in free if member.queue in one.queues), None):
                free.remove(agent)
                self._offer(member, agent)
        if self.members:
            self._look_soon()

    def _offer(self, member: Member, agent: Agent) -> None:
        called = agent.last_offered_call = int(time.time())
        self.set_state(agent, "Receiving")
        member.state, member.agent, member.called = "Trying", agent, called
        self.fire(
            "agent-offering",
            [("CC-Agent", agent.name), ("CC-Agent-Type", agent.type), ("CC-Agent-System", SYSTEM),
             *member.headers(), ("CC-Member-DNIS", member.channel.destination)],
            queue=member.queue,
        )  # fmt: skip

        def done(cause: str, leg: Channel | None) -> None:
            if member not in self.members or member.agent is not agent:
                return
            if cause == "SUCCESS" and leg is not None:
                self._answered(member, agent, leg, called)
            else:
                self._not_answered(member, agent, cause, called)

        variables = {"cc_queue": member.queue, "cc_agent": agent.name, "cc_member_uuid": member.uuid}
        member.leg = self._house.dial(agent.contact, variables, member.channel.number, done)

    def _answered(self, member: Member, agent: Agent, leg: Channel, called: int) -> None:
        now = int(time.time())
        member.state, member.bridged = "Answered", now
        agent.uuid, agent.last_bridge_start, agent.no_answer_count = leg.uuid, now, 0
        agent.calls_answered += 1
        self._house.join(member.channel, leg)
        self.fire(
            "bridge-agent-start",
            [("CC-Agent", agent.name), ("CC-Agent-System", SYSTEM), ("CC-Agent-UUID", leg.uuid),
             ("CC-Agent-Called-Time", str(called)), ("CC-Agent-Answered-Time", str(now)),
             ("CC-Member-Joined-Time", str(member.joined)), *member.headers(),
             ("CC-Member-DNIS", member.channel.destination)],
            leg,
            member.queue,
        )  # fmt: skip
        self._count(member.queue)
        self.set_state(agent, "In a queue call")

    def _not_answered(self, member: Member, agent: Agent, cause: str, called: int) -> None:
        now = int(time.time())
        member.state, member.agent, member.leg = "Waiting", None, None
        if cause == "USER_BUSY":
            agent.ready_time = now + agent.busy_delay_time
        elif cause == "CALL_REJECTED":
            agent.ready_time = now + agent.reject_delay_time
        else:
            agent.ready_time = now + agent.no_answer_delay_time
            if cause != "USER_NOT_REGISTERED":
                agent.no_answer_count += 1
        count = agent.no_answer_count
        if agent.max_no_answer and count >= agent.max_no_answer:
            told = [("CC-Agent", agent.name), ("CC-Agent-No-Answer-Count", str(count)),
                    ("CC-Agent-No-Answer-Status", "On Break")]  # fmt: skip
            self.fire("agent-max-no-answer", [*told, *member.headers()[:2]])
            self.set_status(agent, "On Break")
        self.fire(
            "bridge-agent-fail",
            [("CC-Hangup-Cause", cause), ("CC-Agent", agent.name), ("CC-Agent-System", SYSTEM),
             ("CC-Agent-Called-Time", str(called)), ("CC-Agent-Aborted-Time", str(now)), *member.headers(),
             ("CC-Member-Joined-Time", str(member.joined))],
            queue=member.queue,
        )  # fmt: skip
        self.set_state(agent, "Waiting")
