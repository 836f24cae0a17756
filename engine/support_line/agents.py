"""The commands that bring the queue's agents into their wanted state.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.esl import support_line as commands
from engine.services.support_line import routes
from engine.states import AgentState
from engine.store.tables.support_line import SupportAgent
from engine.support_line.answers import IN_CALL, QueueAgent
from engine.support_line.view import StoreView

SEEN = {"Waiting": "waiting", "Receiving": "receiving", IN_CALL: "in_call", "Idle": "idle"}
DELAY_S = 10  # after a call that was not answered, was rejected or found the telephone busy


@dataclass(frozen=True, slots=True)
class WantedAgent:
    """The wanted state of an agent; `is_held` keeps queue calls away, for a present or coming call-back."""

    extension: str
    state: str
    contact: str
    wrap_up_s: int
    max_no_answer: int
    is_held: bool = False
    departments: tuple[str, ...] = ("support",)

    @property
    def status(self) -> str:
        """The queue's word."""
        if self.state == AgentState.SIGNED_OUT:
            return "Logged Out"
        return "Available" if self.state == AgentState.AVAILABLE and not self.is_held else "On Break"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What to send, and which agents the queue has paused."""

    frames: list[bytes]
    unanswering: list[str]


def agree(
    wanted: Iterable[WantedAgent],
    seen: Iterable[QueueAgent],
    told: Mapping[str, str],
    placed: Mapping[str, tuple[str, ...]],
) -> Agreement:
    """Compare; `told` has the status that this connection last set for each agent, `placed` the departments.

    An agent whom we set to available and who is On Break was paused by the queue for not answering calls; this is taken
    over into the store.  Everything else follows the store.
    """
    frames: list[bytes] = []
    unanswering: list[str] = []
    there = {each.extension: each for each in seen}
    for each in wanted:
        known = there.pop(each.extension, None)
        if known is None:
            if each.state == AgentState.SIGNED_OUT:
                continue
            frames += commands.agent_add(each.extension)
        elif known.status == "On Break" and each.status == told.get(each.extension) == "Available":
            unanswering.append(each.extension)
            continue
        if known is None or placed.get(each.extension) != each.departments:
            frames += commands.agent_departments(each.extension, each.departments)
        if known is None or known.contact != each.contact:
            frames.append(commands.agent_contact(each.extension, each.contact))
        if known is None or known.wrap_up_s != each.wrap_up_s:
            frames.append(commands.agent_number(each.extension, "wrap_up_time", each.wrap_up_s))
        if known is None or known.max_no_answer != each.max_no_answer:
            frames.append(commands.agent_number(each.extension, "max_no_answer", each.max_no_answer))
        if known is None or each.extension not in placed:  # the queue may know an agent of an earlier version
            for key in ("reject_delay_time", "busy_delay_time", "no_answer_delay_time"):
                frames.append(commands.agent_number(each.extension, key, DELAY_S))
        if known is None or known.status != each.status:
            frames.append(commands.agent_status(each.extension, each.status))
    for extension in there:
        if commands.EXTENSION.fullmatch(extension):
            frames += commands.agent_remove(extension)
    return Agreement(frames, unanswering)


def agent_contact(row: SupportAgent, switch_name: str, view: StoreView, press_one: str) -> str:
    """An agent's contact on a switch; empty when no gateway of it takes the outside number.

    `press_one` is the path of the prompt that asks an outside telephone for the key 1.
    """
    if not row.outside_number:
        return commands.contact_of(row.extension, view.rules.ring_agent_s)
    gateway = routes.gateway_for(row.outside_number, switch_name, view.gateways)
    if gateway is None:
        return ""
    return commands.contact_of(
        row.extension,
        view.rules.ring_agent_s,
        gateway.name,
        routes.dialled_on(gateway, row.outside_number),
        press_one,
    )
