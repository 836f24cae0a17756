"""A hundred callers and five agents on a real FreeSWITCH: everyone is answered, called back or counted as gone.

The callers are SIPp's (a Debian package), and telephones of ours that press `*` in the offer, whom a carrier's
callees stand for when they are called back.  AVANAK_SUPPORT_CROWD says how many callers there are (20), and
AVANAK_SUPPORT_PATIENCE after how many seconds those of SIPp hang up (75): so long this takes, and some more.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.support_line import agents, call_backs, figures
from engine.services.support_line.agents import SYSTEM
from engine.states import CallBackState
from engine.store.tables.core import User
from engine.store.tables.support_line import CallBack, SupportAgent, SupportCall
from engine.store.threads import read, write
from tests.freeswitch.phone import Phone
from tests.freeswitch.support.house import NUMBER, call_of, engine_with_agents, running_house
from tests.freeswitch.support.sipp import crowd
from tests.freeswitch.switch import running_carrier
from tests.waits import wait_for

log = logging.getLogger(__name__)

CALLERS = int(os.environ.get("AVANAK_SUPPORT_CROWD", "20"))
PATIENCE_S = int(os.environ.get("AVANAK_SUPPORT_PATIENCE", "75"))
KEEPERS = CALLERS // 5  # more, who take the offer
EXTENSIONS = ("501", "502", "503", "504", "505")
AGAIN_S = 12
TALK_S = (
    len(EXTENSIONS) * PATIENCE_S / (0.95 * CALLERS)
)  # so that the last of the crowd have no patience left


class Keeper(Phone):
    """A caller who presses `*` in the offer and 1 when the number is read back."""

    confirm_m = 0.0
    stars = 0
    again_m = 0.0  # who is not understood hears that the place is kept, and presses again

    def _hear(self, packet: bytes) -> None:
        """What is said to them does not matter, and listening to it would take the processor of all."""

    def step(self) -> None:
        """What they do now, if anything."""
        call = call_of("+98" + self.user[1:])
        now_m = time.monotonic()
        if self.confirm_m and now_m > self.confirm_m:
            self.press("1")
            self.confirm_m = 0.0
        elif now_m > self.again_m and call is not None and call.state == "waiting" and call.asked_at:
            self.press("*")
            self.stars += 1
            self.confirm_m, self.again_m = now_m + 2, now_m + AGAIN_S


@pytest.mark.timeout(240 + 3 * PATIENCE_S)
def test_everybody_is_answered_called_back_or_counted_as_gone(freeswitch_binary: str, tmp_path: Path) -> None:
    if shutil.which("sipp") is None:
        pytest.skip("no sipp: apt install sip-tester")
    with (
        running_carrier(tmp_path / "carrier") as carrier,
        running_house(
            freeswitch_binary, tmp_path / "house", EXTENSIONS, f"127.0.0.1:{carrier.port}"
        ) as house,
        engine_with_agents(house, tmp_path, record_calls=0),
    ):
        write(_more_agents)
        phones = [house.agent(name, talk_s=TALK_S) for name in EXTENSIONS]
        begun, looks, most, most_tries = wall_ms() - 1, 0, 0, 0
        sipp = crowd(house.switch, tmp_path, CALLERS, patience_s=PATIENCE_S)
        keepers: list[Keeper] = []
        # Behind half of the crowd: in front of it agents would answer them before the offer comes.
        wait_for(lambda: read(SupportCall.select().where(SupportCall.joined_at.is_null(False)).count) >= CALLERS // 2,
              "half of the crowd", 60)  # fmt: skip
        for n in range(KEEPERS):  # whose numbers press 1 at the carrier
            keepers.append(Keeper(("127.0.0.1", house.switch.sip_port), f"0912{n:03d}0053", host="127.0.0.2"))
            keepers[-1].start()
            keepers[-1].call(NUMBER)
        house.phones += keepers
        over = (CallBackState.DONE, CallBackState.MISSED)
        still_open = CallBack.select().where(CallBack.state.not_in(over))
        while True:
            now = wall_ms()
            found, tries, owed = read(
                lambda now=now: (
                    figures.total(begun, now + 1, now), call_backs.open_tries(), still_open.count()
                )
            )  # fmt: skip
            assert found.offered == found.answered + found.abandoned + found.called_back + found.waiting
            assert len(tries) <= len(EXTENSIONS)
            looks, most, most_tries = looks + 1, max(most, found.waiting), max(most_tries, len(tries))
            if sipp.poll() is not None and not found.waiting and not owed:
                break
            for one in keepers:
                one.step()
            time.sleep(0.1)
        wait_for(lambda: read(call_backs.open_tries) == [], "the end of the last talk", 30)
        rows = read(lambda: list(CallBack.select()))
        assert found.offered == CALLERS + KEEPERS
        assert found.answered <= sum(len(phone.rang) for phone in phones)
        assert found.called_back == len(rows)
        pressed = Counter(
            number for number, _ in {(one["number"], one["call_id"]) for one in carrier.presses}
        )
        assert set(pressed.values()) <= {1}
        assert {row.number[1:] for row in rows if row.state == "done"} == pressed.keys()
        assert all(row.ticket_id for row in rows if row.state == "missed")
        log.info(
            "%d callers, %d answered, %d gave up, %d asked for a call-back (pressed %d times), %d talked; %d looks, at most"
            " %d waited and %d call-backs at once, longest wait %d s",
            found.offered, found.answered, found.abandoned, len(rows), sum(one.stars for one in keepers),
            len(pressed), looks, most, most_tries, found.longest_wait_s,
        )  # fmt: skip
        assert len(pressed) > KEEPERS // 4
        assert found.answered + len(pressed) > CALLERS // 4


def _more_agents() -> None:
    for name in EXTENSIONS[2:]:
        if not SupportAgent.select().where(SupportAgent.extension == name).exists():
            person = User.create(
                username=f"agent{name}", password_hash="-", role="agent", created_at=wall_ms()
            )
            agents.add(SYSTEM, person.id, name, wall_ms(), wrap_up_s=0)
            agents.sign_in(person, wall_ms())
