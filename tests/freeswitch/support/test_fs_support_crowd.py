"""A hundred callers and five agents on a real FreeSWITCH: everyone is answered, called back or counted as gone.

The callers are SIPp's (a Debian package); AVANAK_SUPPORT_CROWD says how many there are (20).
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from engine.clock import wall_ms
from engine.services.support_line import agents, call_backs, figures
from engine.services.support_line.agents import SYSTEM
from engine.store.tables.core import User
from engine.store.tables.support_line import CallBack, SupportAgent
from engine.store.threads import read, write
from engine.switch_conf import support
from tests.freeswitch.support.house import NUMBER, PASSWORD, House, call_of, engine_with_agents
from tests.freeswitch.switch import until

log = logging.getLogger(__name__)

CALLERS = int(os.environ.get("AVANAK_SUPPORT_CROWD", "20"))
EXTENSIONS = ("501", "502", "503", "504", "505")
TALK_S = 4.0
# Rings, is answered by the line, waits for 75 seconds, and hangs up; whoever was answered by an agent
# is hung up by them before.
SCENARIO = """<?xml version="1.0"?>
<scenario name="caller">
  <send retrans="500"><![CDATA[
    INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:[field0]@[local_ip]>;tag=[pid]c[call_number]
    To: <sip:[service]@[remote_ip]>
    Call-ID: [call_id]
    CSeq: 1 INVITE
    Contact: <sip:[field0]@[local_ip]:[local_port]>
    Max-Forwards: 70
    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=caller 1 1 IN IP4 [local_ip]
    s=-
    c=IN IP4 [local_ip]
    t=0 0
    m=audio 30000 RTP/AVP 8 101
    a=rtpmap:8 PCMA/8000
    a=rtpmap:101 telephone-event/8000
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" rtd="true"/>
  <send><![CDATA[
    ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:[field0]@[local_ip]>;tag=[pid]c[call_number]
    To: <sip:[service]@[remote_ip]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: 1 ACK
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
  <recv request="BYE" timeout="75000" ontimeout="patience"/>
  <send next="over"><![CDATA[
    SIP/2.0 200 OK
    [last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    [last_CSeq:]
    Content-Length: 0

  ]]></send>
  <label id="patience"/>
  <send retrans="500"><![CDATA[
    BYE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:[field0]@[local_ip]>;tag=[pid]c[call_number]
    To: <sip:[service]@[remote_ip]>[peer_tag_param]
    Call-ID: [call_id]
    CSeq: 2 BYE
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
  <recv response="200"/>
  <label id="over"/>
  <nop/>
</scenario>
"""


def crowd(house: House, folder: Path) -> subprocess.Popen[bytes]:
    """SIPp with all callers at once, whose patience is 75 seconds."""
    (folder / "caller.xml").write_text(SCENARIO)
    rows = [f"0935{number:07d};" for number in range(CALLERS)]
    (folder / "callers.csv").write_text("SEQUENTIAL\n" + "\n".join(rows) + "\n")
    words = ["sipp", f"127.0.0.1:{house.switch.sip_port}", "-i", "127.0.0.2", "-s", NUMBER, "-sf", "caller.xml",
             "-inf", "callers.csv", "-m", str(CALLERS), "-l", str(CALLERS), "-r", "10", "-nostdin"]  # fmt: skip
    return subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.timeout(400)
def test_everybody_is_answered_called_back_or_counted_as_gone(house: House, tmp_path: Path) -> None:
    if shutil.which("sipp") is None:
        pytest.skip("no sipp: apt install sip-tester")
    hashes = [(name, agents._a1(agents.Secret(name, agents.REALM, PASSWORD))) for name in EXTENSIONS]
    support.write_agents(house.switch.folder / "conf", hashes)
    line = house.switch.connect()
    assert "OK" in line.api("reloadxml")
    line.close()
    with engine_with_agents(house, tmp_path, record_calls=0):
        write(_more_agents)
        phones = [house.agent(name, talk_s=TALK_S) for name in EXTENSIONS]
        begun, looks, most = wall_ms(), 0, 0
        sipp = crowd(house, tmp_path)
        keeper = house.caller("09121140001")
        keeper.call(NUMBER)
        kept = False
        while sipp.poll() is None:
            now = wall_ms()
            found, tries = read(
                lambda now=now: (figures.total(begun - 1, now + 1, now), call_backs.open_tries())
            )
            assert found.offered == found.answered + found.abandoned + found.called_back + found.waiting
            assert len(tries) <= len(EXTENSIONS)
            looks, most = looks + 1, max(most, found.waiting)
            call = call_of("+989121140001")
            if not kept and call is not None and call.state == "waiting" and call.asked_at:
                keeper.press("*")
                kept = True
                time.sleep(3)
                keeper.press("1")
            time.sleep(0.1)
        until(lambda: figures.total(begun - 1, wall_ms(), wall_ms()).waiting == 0, 20, "the end of the queue")
        found = read(lambda: figures.total(begun - 1, wall_ms(), wall_ms()))
        assert found.offered == CALLERS + 1
        rung = sum(len(phone.rang) for phone in phones)
        assert found.answered <= rung
        assert found.called_back == CallBack.select().count()
        log.info(
            "%d callers, %d answered, %d gave up, %d called back; %d looks, at most %d waited, longest %d s",
            found.offered, found.answered, found.abandoned, found.called_back, looks, most, found.longest_wait_s,
        )  # fmt: skip
        assert found.answered > CALLERS // 4


def _more_agents() -> None:
    for name in EXTENSIONS[2:]:
        if not SupportAgent.select().where(SupportAgent.extension == name).exists():
            person = User.create(
                username=f"agent{name}", password_hash="-", role="agent", created_at=wall_ms()
            )
            agents.add(SYSTEM, person.id, name, wall_ms(), wrap_up_s=0)
            agents.sign_in(person, wall_ms())
