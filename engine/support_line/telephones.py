"""Which agents' telephones are connected, asked of each switch every few seconds in the words by which they are dialled."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.esl import support_line as commands
from engine.esl.link import Link

EVERY_S = 5.0  # and after each event of a registration
MISSING = "error/user_not_registered"  # mod_sofia's contact of a telephone that is not there
UNREGISTERED = "unregistered"
_IN_USE = ("in_call", "receiving")  # a registration that ends does not end a call


class Telephones:
    """Of all switches of one engine: a telephone is registered at one of them."""

    def __init__(self) -> None:
        self._asked_m: dict[int, float] = {}
        self._missing: dict[int, set[str]] = {}  # switch: extensions that it could not ring when it was asked
        self._known: dict[int, set[str]] = {}  # switch: extensions that it was asked about

    def ask(self, switch_id: int, link: Link, extensions: Collection[str], now_m: float) -> None:
        """Ask a switch about those telephones, unless it was asked just now.  Any other answer means that one is there."""
        known = set(extensions)
        if known == self._known.get(switch_id) and now_m < self._asked_m[switch_id] + EVERY_S:
            return
        names = sorted(known)
        said = link.apis(*(commands.where_is(name) for name in names)) if names else []
        self._asked_m[switch_id], self._known[switch_id] = now_m, known
        self._missing[switch_id] = {
            name for name, answer in zip(names, said, strict=True) if answer.strip() == MISSING
        }

    def changed(self, switch_id: int) -> None:
        """A registration came or went: ask anew at the next step."""
        self._known.pop(switch_id, None)

    def forget(self, switch_id: int) -> None:
        """The connection to a switch has ended."""
        for of_switch in (self._asked_m, self._missing, self._known):
            of_switch.pop(switch_id, None)

    def missing(self, switch_id: int) -> set[str]:
        """Extensions that this switch cannot ring."""
        return self._missing.get(switch_id, set())

    def seen(self, switch_id: int, words: Mapping[str, str]) -> dict[str, str]:
        """The queue's words for its agents, as the wallboard shows them.

        A telephone that no switch has is unregistered; one that another switch has is left to that one.
        """
        found = dict(words)
        for name in self.missing(switch_id) & words.keys():
            if words[name] in _IN_USE:
                continue
            if self._is_elsewhere(switch_id, name):
                del found[name]
            else:
                found[name] = UNREGISTERED
        return found

    def _is_elsewhere(self, switch_id: int, name: str) -> bool:
        return any(
            other != switch_id and name in known and name not in self._missing[other]
            for other, known in self._known.items()
        )
