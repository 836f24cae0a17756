"""Callers and guessers of passwords by SIPp (a Debian package: sip-tester), as many at once as one likes."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.freeswitch.support.house import NUMBER
from tests.freeswitch.switch import Switch

# Rings, is answered by the line, waits, and hangs up; whoever was answered by an agent is hung up by them before.
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
    m=audio VOICE_PORT RTP/AVP 8 101
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
  <recv request="BYE" timeout="PATIENCE" ontimeout="patience"/>
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


VOICE_PORT = 30000


@contextmanager
def ears(host: str = "127.0.0.2") -> Iterator[None]:
    """Where the callers' voice goes: a socket that nobody reads, or the system would answer each packet by one of ICMP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listening.bind((host, VOICE_PORT))
        yield


def crowd(switch: Switch, folder: Path, callers: int, *, patience_s: int) -> subprocess.Popen[bytes]:
    """SIPp with so many callers, ten a second, each of whom hangs up after `patience_s`."""
    (folder / "caller.xml").write_text(
        SCENARIO.replace("PATIENCE", str(patience_s * 1000)).replace("VOICE_PORT", str(VOICE_PORT))
    )
    rows = [f"0935{number:07d};" for number in range(callers)]
    (folder / "callers.csv").write_text("SEQUENTIAL\n" + "\n".join(rows) + "\n")
    words = ["sipp", f"127.0.0.1:{switch.sip_port}", "-i", "127.0.0.2", "-s", NUMBER, "-sf", "caller.xml",
             "-inf", "callers.csv", "-m", str(callers), "-l", str(callers), "-r", "10", "-nostdin"]  # fmt: skip
    return subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


_REGISTER = """<send retrans="500"><![CDATA[
    REGISTER sip:avanak.support SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:[field0]@avanak.support>;tag=[pid]r[call_number]
    To: <sip:[field0]@avanak.support>
    Call-ID: [call_id]
    CSeq: NUMBER REGISTER
    Contact: <sip:[field0]@[local_ip]:[local_port]>
    PROOF
    Max-Forwards: 70
    Expires: 300
    Content-Length: 0

  ]]></send>"""
# Asked for the password, gives a wrong one; an address that is refused is told so at once.
GUESS = f"""<?xml version="1.0"?>
<scenario name="guess">
  {_REGISTER.replace("NUMBER", "1").replace("    PROOF" + chr(10), "")}
  <recv response="403" optional="true" next="9"/>
  <recv response="401" auth="true"/>
  {_REGISTER.replace("NUMBER", "2").replace("PROOF", "[field1]")}
  <recv response="401" optional="true" next="9"/>
  <recv response="403"/>
  <label id="9"/>
  <nop/>
</scenario>
"""


def guessers(port: int, folder: Path, hosts: list[str], each: int) -> list[subprocess.Popen[bytes]]:
    """SIPp at each of the hosts: so many registrations with wrong passwords, fifty a second."""
    (folder / "guess.xml").write_text(GUESS)
    rows = [
        f"{name};[authentication username={name} password=wrong]" for name in ("501", "502", "999", "admin")
    ]
    (folder / "guesses.csv").write_text("SEQUENTIAL\n" + "\n".join(rows) + "\n")
    return [
        subprocess.Popen(
            ["sipp", f"127.0.0.1:{port}", "-i", host, "-sf", "guess.xml", "-inf", "guesses.csv", "-m", str(each),
             "-r", "50", "-recv_timeout", "8000", "-nostdin"],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for host in hosts
    ]  # fmt: skip
