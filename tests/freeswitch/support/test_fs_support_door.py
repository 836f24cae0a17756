"""At the door of agents' telephones, on a real FreeSWITCH: who guesses passwords is refused, others are not."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.freeswitch.phone import Phone
from tests.freeswitch.support.house import NUMBER, PASSWORD, House, call_of, engine_with_agents
from tests.freeswitch.support.sipp import guessers
from tests.waits import wait_for


def telephone(house: House, host: str, password: str) -> Phone:
    phone = Phone(("127.0.0.1", house.agents_port), "501", password=password, host=host)
    phone.start()
    house.phones.append(phone)
    return phone


def said(phone: Phone) -> int:
    """What the switch answers to a registration: the challenge does not count."""
    before = len(phone.statuses)
    phone.register()
    return int(
        wait_for(
            lambda: next((status for _, status in phone.statuses[before:] if status != 401), 0), "answer", 5
        )
    )


def test_who_guesses_passwords_is_refused_also_with_the_right_one(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with engine_with_agents(house, tmp_path):
        guesser = telephone(house, "127.0.0.9", "a wrong one")
        assert said(telephone(house, "127.0.0.9", PASSWORD)) == 200
        assert [said(guesser) for _ in range(12)] == [403] * 12
        late = telephone(house, "127.0.0.9", PASSWORD)
        wait_for(lambda: said(late) == 403, "the refusal of the right password from there", 5)
        assert said(telephone(house, "127.0.0.8", PASSWORD)) == 200
        lines = [line for line in caplog.messages if "action=telephones_refused" in line]
        assert len(lines) == 1
        assert "network=127.0.0.9/32 seconds=60 step=1" in lines[0]
        line = house.switch.connect()
        assert line.api("acl 127.0.0.9 agents").strip() == "false"
        line.close()
    with engine_with_agents(house, tmp_path):  # an engine that starts knows of nobody
        line = house.switch.connect()
        wait_for(lambda: line.api("acl 127.0.0.9 agents").strip() == "true", "the empty list", 5)
        line.close()
        assert said(late) == 200


@pytest.mark.skipif(shutil.which("sipp") is None, reason="SIPp (Debian: sip-tester) is not installed")
def test_two_thousand_guesses_from_ten_addresses_disturb_nobody(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each address is refused after ten; who talks, who waits, who rings and who registers meanwhile are served."""
    hosts = [f"127.0.0.{number}" for number in range(20, 30)]
    with engine_with_agents(house, tmp_path):
        house.agent("501", tone_hz=500)
        talking, waiting, late = (house.caller(f"0912115100{n}", tone_hz=800) for n in range(3))
        talking.call(NUMBER)
        wait_for(lambda: talking.heard.get(500, 0) > 10, "the talk", 30)
        waiting.call(NUMBER)
        wait_for(lambda: (c := call_of("+989121151001")) and c.state == "waiting", "the queue", 15)
        flood = guessers(house.agents_port, tmp_path, hosts, 200)
        wait_for(
            lambda: any("telephones_refused" in line for line in caplog.messages), "the first refusal", 20
        )
        late.call(NUMBER)
        second = Phone(("127.0.0.1", house.agents_port), "502", password=PASSWORD, tone_hz=650)
        second.start()
        house.phones.append(second)
        heard = talking.heard[500], waiting.packets

        def registered() -> bool:
            second.register()  # as a telephone does that had no answer
            time.sleep(0.5)
            return ("REGISTER", 200) in second.statuses

        wait_for(registered, "an honest telephone", 20)
        wait_for(lambda: (c := call_of("+989121151002")) and c.state == "waiting", "who rings meanwhile", 15)
        wait_for(lambda: waiting.heard.get(650, 0) > 10, "who waited to be put through", 30)
        assert talking.heard[500] > heard[0]
        assert waiting.packets > heard[1]
        for process in flood:
            process.wait(60)
        refused = {
            line.split("network=")[1].split("/")[0]
            for line in caplog.messages
            if "telephones_refused" in line
        }
        assert refused == set(hosts)


def test_no_header_and_no_request_of_a_caller_opens_a_way_out(house: House, tmp_path: Path) -> None:
    """A stranger takes over no call, a caller's and an agent's requests ring nobody, forwarded calls are plain calls."""
    with engine_with_agents(house, tmp_path):
        rung = len(house.far.rang)
        phone = house.agent("501", tone_hz=500)
        caller = house.caller("09121150001", tone_hz=800)
        talk = caller.call(NUMBER)
        wait_for(lambda: caller.heard.get(500, 0) > 10, "the talk", 30)
        taken = (
            f"Replaces: {talk.call_id};to-tag={talk.remote_tag};from-tag={talk.tag}",
            f"Join: {talk.call_id};to-tag={talk.remote_tag};from-tag={talk.tag}",
            "Referred-By: <sip:501@avanak.support>",
        )
        for header in taken:
            for host, port in (("127.0.0.3", house.switch.sip_port), ("127.0.0.3", house.agents_port)):
                stranger = Phone(("127.0.0.1", port), "501", host=host)
                stranger.start()
                house.phones.append(stranger)
                leg = stranger.call("501", (header,))
                wait_for(lambda leg=leg: leg.state == "over", "the refusal", 5)
                assert leg.status in (401, 403, 407)
        other = house.caller("09121150002", tone_hz=1000)
        for header in taken[1:]:  # from the carrier's address, to a number that is nobody's
            leg = other.call("501", (header,))
            wait_for(lambda leg=leg: leg.state == "over", "the end of a call that replaces", 5)
            assert leg.status not in range(200, 300)
        for one, leg in ((caller, talk), (phone, phone.up)):
            one.request("REFER", leg, f"Refer-To: <sip:09121234567@127.0.0.1:{house.switch.sip_port}>")
        own = phone.call("09121234567", ("Diversion: <sip:02191001234@127.0.0.1>;reason=unconditional",))
        wait_for(lambda: own.state == "over", "the refusal of an agent's call", 5)
        heard = (caller.heard[500], phone.heard[800])
        wait_for(lambda: caller.heard[500] > heard[0] + 25, "the talk to go on", 5)
        assert talk.state == "up"
        assert len(house.far.rang) == rung
        assert phone.heard.get(1000, 0) == 0
        caller.hang_up(talk)


def test_a_shown_number_gives_no_rights(house: House, tmp_path: Path) -> None:
    """A caller who shows an agent's extension, our own number or words is a caller; a forwarded call is one, too."""
    with engine_with_agents(house, tmp_path):
        rung = len(house.far.rang)
        for shown, extra in (
            ("501", ()),
            (NUMBER, ()),
            ("anonymous", ("Privacy: id",)),
            ("09121150003", ("Diversion: <sip:09121234567@127.0.0.1>;reason=no-answer",
                             "History-Info: <sip:09121234567@127.0.0.1>;index=1")),
        ):  # fmt: skip
            caller = house.caller(shown)
            leg = caller.call(NUMBER, extra)
            wait_for(lambda leg=leg: leg.state == "up", "the line", 10)
            caller.hang_up(leg)
            out = caller.call("09121234567", extra)
            wait_for(lambda out=out: out.state == "over", "the refusal of another number", 5)
            assert out.status not in range(200, 300)
        wait_for(lambda: call_of("+989121150003"), "the forwarded call in the books", 5)
        assert len(house.far.rang) == rung
