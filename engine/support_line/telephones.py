"""Which agents' telephones can be rung, asked of each switch every few seconds in the words by which they are dialled."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.esl import support_line as commands
from engine.esl.link import Link

EVERY_S = 5.0  # and after each event of a registration
MISSING = "error/user_not_registered"  # mod_sofia's contact of a telephone that is not there
UNREGISTERED = "unregistered"
UNUSABLE = "unusable"  # registered with a contact that the directory's dial-string refuses
_IN_USE = ("in_call", "receiving")  # a registration that ends does not end a call


class Telephones:
    """Of all switches of one engine: a telephone is registered at one of them."""

    def __init__(self) -> None:
        self._asked_m: dict[int, float] = {}
        self._away: dict[int, dict[str, str]] = {}  # switch: extension that it could not ring, and why
        self._known: dict[int, set[str]] = {}  # switch: extensions that it was asked about

    def ask(self, switch_id: int, link: Link, extensions: Collection[str], now_m: float) -> None:
        """Ask a switch about those telephones, unless it was asked just now.  Any other answer means that one is there."""
        known = set(extensions)
        if known == self._known.get(switch_id) and now_m < self._asked_m[switch_id] + EVERY_S:
            return
        names = sorted(known)
        said = link.apis(*(commands.where_is(name) for name in names)) if names else []
        missing = {name for name, answer in zip(names, said, strict=True) if answer.strip() == MISSING}
        unusable = _unusable(link, [name for name in names if name not in missing])
        self._asked_m[switch_id], self._known[switch_id] = now_m, known
        self._away[switch_id] = dict.fromkeys(missing, UNREGISTERED) | dict.fromkeys(unusable, UNUSABLE)

    def changed(self, switch_id: int) -> None:
        """A registration came or went: ask anew at the next step."""
        self._known.pop(switch_id, None)

    def forget(self, switch_id: int) -> None:
        """The connection to a switch has ended."""
        for of_switch in (self._asked_m, self._away, self._known):
            of_switch.pop(switch_id, None)

    def missing(self, switch_id: int) -> set[str]:
        """Extensions that this switch cannot ring."""
        return set(self._away.get(switch_id, ()))

    def seen(self, switch_id: int, words: Mapping[str, str]) -> dict[str, str]:
        """The queue's words for its agents, as the wallboard shows them.

        A telephone that no switch has is unregistered, or unusable; one that another switch has is left to that one.
        """
        found = dict(words)
        for name, why in self._away.get(switch_id, {}).items():
            if name not in words or words[name] in _IN_USE:
                continue
            if self._is_elsewhere(switch_id, name):
                del found[name]
            else:
                found[name] = why
        return found

    def _is_elsewhere(self, switch_id: int, name: str) -> bool:
        """Whether another switch has it, or knows better than «unregistered» why it cannot be rung."""
        ours = self._away[switch_id][name]
        return any(
            other != switch_id and name in known and self._away[other].get(name) not in (UNREGISTERED, ours)
            for other, known in self._known.items()
        )


def _unusable(link: Link, registered: list[str]) -> list[str]:
    """Which of the registered telephones the switch's own dial-string rings nowhere, whatever they are registered as.

    A switch with another directory, whose words hold no `sofia_contact`, is taken at its word.
    """
    if not registered:
        return []
    (words,) = link.apis(commands.dial_string(registered[0]))
    words = words.strip()
    if "sofia_contact(" not in words or not commands.LINE.fullmatch(words):
        return []
    said = link.apis(*(commands.rung_at(name, words) for name in registered))
    # Behind {variables}: a place, MISSING (it left just now), or nothing, as no contact may be dialled as it came.
    return [
        name
        for name, answer in zip(registered, said, strict=True)
        if answer.startswith("{") and not answer.partition("}")[2].strip()
    ]
