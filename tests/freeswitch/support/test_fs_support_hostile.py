"""Callers of bad will or with bad telephones on a real FreeSWITCH: none gets more than a caller, and the line goes on."""

from __future__ import annotations

import time
from pathlib import Path

from engine.clock import wall_ms
from engine.services.support_line import figures
from engine.store.tables.support_line import CallBack, SupportCall
from engine.store.threads import read
from tests.freeswitch.phone import Phone
from tests.freeswitch.support.house import NUMBER, House, call_of, engine_with_agents
from tests.waits import wait_for

OFFERED_S = 40


class Deaf(Phone):
    """What is said to these does not matter, and listening to it would take the processor of all."""

    def _hear(self, packet: bytes) -> None:
        pass


class Named(Deaf):
    """Shows a name, too."""

    shown = '"علی ☎ $(id) ${api(hupall)} ^,;|\'" '

    def _head(self, *words: str) -> list[str]:
        return [line.replace("From: <", f"From: {self.shown}<") for line in super()._head(*words)]


def last_of(number: str) -> SupportCall:
    found = call_of(number)
    assert found is not None
    return found


def test_keys_shown_numbers_and_names_of_any_kind(house: House, tmp_path: Path) -> None:
    """All at once, in the offer; then somebody rings as people do, and is answered."""
    with engine_with_agents(house, tmp_path):
        rung = len(house.far.rang)
        shown = {
            "mad": "09121160001", "long": "09121160002", "hash": "09121160003", "silent": "09121160004",
            "leaves": "09121160005", "premium": "09121160006", "twin": "09121160007", "plus": "+989121160008",
            "withheld": "anonymous", "foreign": "+442079460000", "short": "110", "nothing": "+",
        }  # fmt: skip
        shown["other twin"], shown["named"] = shown["twin"], "09121160009"
        callers = {}
        for word, number in shown.items():
            kind = Named if word == "named" else Deaf
            callers[word] = kind(("127.0.0.1", house.switch.sip_port), number, host="127.0.0.2")
            callers[word].start()
        house.phones += callers.values()
        legs = {word: caller.call(NUMBER) for word, caller in callers.items()}
        everybody = SupportCall.select().where(SupportCall.asked_at.is_null(False))
        wait_for(lambda: everybody.count() == len(callers), "the offer to all", OFFERED_S)
        time.sleep(0.5)
        callers["mad"].press("0*#98765432" * 20, 0.06)  # 200 keys
        callers["long"].press("9" * 50, 0.1)
        callers["hash"].press("#####", 0.2)
        callers["premium"].press("9092301234#", 0.2)
        for word in (
            "leaves",
            "twin",
            "other twin",
            "plus",
            "withheld",
            "foreign",
            "short",
            "nothing",
            "named",
        ):
            callers[word].press("*")
        time.sleep(1.5)
        callers["leaves"].hang_up(legs["leaves"])
        for word in ("twin", "other twin", "plus", "named"):
            callers[word].press("1")
        wait_for(lambda: CallBack.select().count() == 3, "the rows", 10)
        time.sleep(16)
        kept = {row.number for row in CallBack.select()}
        assert kept == {"+989121160007", "+989121160008", "+989121160009"}
        for word in ("mad", "long", "hash", "silent", "premium", "withheld", "foreign", "short", "nothing"):
            assert legs[word].state == "up", word
        assert {last_of("+98912116000" + end).state for end in "12346"} == {"waiting"}
        assert last_of("+989121160005").state == "abandoned"
        assert all(legs[word].state == "over" for word in ("twin", "other twin", "plus", "named"))
        assert len(house.far.rang) == rung
        now = wall_ms()
        found = read(lambda: figures.total(0, now + 1, now))
        assert found.offered == found.answered + found.abandoned + found.called_back + found.waiting
        assert found.offered == len(callers)
        for word, leg in legs.items():
            callers[word].hang_up(leg)
        wait_for(
            lambda: SupportCall.select().where(SupportCall.ended_at.is_null()).count() == 0, "all ends", 10
        )
