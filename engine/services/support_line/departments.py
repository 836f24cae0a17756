"""Departments of the support line: those whose tickets lie in a queue of their own, each with a queue on the switch.

Callers reach «support»; calls get to the others by a transfer.  An agent belongs to one or several.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import BadInput
from engine.sentences import Sentence
from engine.services.support_line import QUEUE
from engine.services.tickets.department_rules import QUEUES
from engine.store.tables.support_line import SupportAgent

TITLES: dict[str, Sentence] = {name: title for name, (title, _, _) in QUEUES.items()}


def of(agent: SupportAgent) -> tuple[str, ...]:
    """The departments of an agent, in the order of `TITLES`."""
    have = agent.departments.split()
    return tuple(name for name in TITLES if name in have)


def takes_callers(agent: SupportAgent) -> bool:
    """Whether the agent answers calls to the line and places call-backs."""
    return QUEUE in of(agent)


def written(names: Iterable[str]) -> str:
    """Departments as they are stored; BadInput for none, or for an unknown one."""
    chosen = set(names)
    if not chosen or not chosen <= TITLES.keys():
        raise BadInput(
            "An agent belongs to at least one of the departments %(known)s.", known=tuple(TITLES.values())
        )
    return " ".join(name for name in TITLES if name in chosen)
