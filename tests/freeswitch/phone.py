"""A SIP telephone for tests: registers, rings the switch or is rung, presses keys, speaks a tone and hears one.

One thread a telephone, one UDP socket (or TLS connection) for SIP and one for voice, which is encrypted where that
is offered to a telephone by TLS; loopback only.  After RFC 3261, 2617, 3711, 4733.
"""

from __future__ import annotations

import hashlib
import math
import re
import secrets
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.freeswitch import carrier_rtp, carrier_sip, carrier_srtp
from tests.freeswitch.carrier_sip import Message
from tests.freeswitch.carrier_srtp import Srtp
from tests.freeswitch.phone_wire import Sealed

BLOCK = 160  # samples of a packet


@dataclass
class Leg:
    """One call of a telephone."""

    call_id: str
    invite: Message | None = None  # of a call that came in
    number: str = ""
    state: str = "new"  # ringing, up, over
    status: int = 0
    tag: str = field(default_factory=lambda: secrets.token_hex(6))
    remote_tag: str = ""
    contact: str = ""
    voice_to: tuple[str, int] | None = None
    up_at: float = 0.0
    over_at: float = 0.0


class Phone(threading.Thread):
    """Answers (after `answer_after_s`; never, if None) and calls; `heard` counts packets by the tone in them."""

    def __init__(
        self,
        server: tuple[str, int],
        user: str,
        *,
        password: str = "",
        realm: str = "avanak.support",
        host: str = "127.0.0.1",
        tone_hz: int = 0,
        answer_after_s: float | None = 0.2,
        busy: bool = False,
        redirect: str = "",
        talk_s: float | None = None,
        authorities: Path | None = None,
    ) -> None:
        """With `authorities` (PEM) it speaks TLS to a switch whose certificate they vouch for."""
        super().__init__(daemon=True)
        self.server, self.user, self.password, self.realm, self.host = server, user, password, realm, host
        self.tone_hz, self.answer_after_s, self.busy, self.redirect = tone_hz, answer_after_s, busy, redirect
        self.talk_s = talk_s  # a call that came in is hung up so long after the answer
        self.sip: socket.socket | Sealed
        if authorities is None:
            self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sip.bind((host, 0))
        else:
            self.sip = Sealed(server, authorities)
        self._via, self._by = ("UDP", "") if authorities is None else ("TLS", ";transport=tls")
        self.sealed: tuple[Srtp, Srtp] | None = None  # how voice is read and sent in the call that is up
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind((host, 0))
        self.here = f"{host}:{self.sip.getsockname()[1]}"
        self.legs: list[Leg] = []
        self.statuses: list[tuple[str, int]] = []  # answers to our requests: (method, status)
        self.rang: list[float] = []  # when calls came in
        self.heard: dict[int, int] = {}
        self.packets = 0
        self._keys: list[tuple[float, str]] = []
        self._out: list[tuple[float, bytes]] = []
        self._sequence, self._stamp = 1000, 0
        self._next_packet = 0.0
        self._running = True
        self._cseq, self._expires, self._is_mute = 0, 300, False
        self._pending: dict[str, str] = {}  # Call-ID: what a challenge is answered with
        self._period = _tone(tone_hz)

    # -- what a test does ---------------------------------------------------------------

    def register(self, expires: int = 300) -> None:
        """Sends REGISTER; a challenge is answered by itself.  0 seconds end the registration."""
        self._expires = expires
        self._send_register(secrets.token_hex(8), expires, "")

    def call(self, number: str, extra: tuple[str, ...] = ()) -> Leg:
        """Rings the switch."""
        leg = Leg(secrets.token_hex(8), number=number)
        self.legs.append(leg)
        self._send_invite(leg, "", extra)
        return leg

    def press(self, keys: str, gap_s: float = 0.25) -> None:
        """Presses keys, one after the other."""
        start = time.monotonic()
        for place, key in enumerate(keys):
            self._keys.append((start + place * gap_s, key))

    def hang_up(self, leg: Leg) -> None:
        """BYE."""
        if leg.state == "up":
            self._end(leg)
            self._request("BYE", leg)

    def request(self, method: str, leg: Leg, *extra: str) -> None:
        """Any request in a dialog: REFER, INVITE with Replaces …"""
        self._request(method, leg, *extra)

    def mute(self) -> None:
        """From now on it answers nothing, as one that fell off its network; what it would have heard is noted still."""
        self._is_mute = True

    def stop(self) -> None:
        """Ends the thread, as a telephone whose cable is pulled."""
        self._running = False
        self.join(2)
        self.sip.close()
        self.rtp.close()

    @property
    def up(self) -> Leg | None:
        """The call that is up, or None."""
        return next((leg for leg in self.legs if leg.state == "up"), None)

    # -- the thread ---------------------------------------------------------------------

    def run(self) -> None:
        while self._running:
            ready, _, _ = select.select([self.sip, self.rtp], [], [], 0.01)
            if self.sip in ready:
                for data, peer in self._read():
                    message = carrier_sip.parse(data)
                    if message is not None:
                        self._take(message, peer)
            while select.select([self.rtp], [], [], 0)[0]:
                self._hear(self.rtp.recv(2048))
            now = time.monotonic()
            for leg in self.legs:
                if leg.state == "ringing" and leg.up_at and now >= leg.up_at:
                    self._answer(leg)
                elif self.talk_s is not None and leg.state == "up" and now >= leg.up_at + self.talk_s:
                    self.hang_up(leg)
            for at, data in [one for one in self._out if one[0] <= now]:
                self._out.remove((at, data))
                if (leg := self.up) and leg.voice_to:
                    self._speak(data, leg.voice_to)
            for at, key in [one for one in self._keys if one[0] <= now]:
                self._keys.remove((at, key))
                packets = carrier_rtp.key_packets(key, 101, self._sequence, self._stamp, 0x77)
                self._sequence = (self._sequence + 10) & 0xFFFF
                self._out += [(now + after, data) for after, data in packets]
            if (leg := self.up) and leg.voice_to and now >= self._next_packet:
                self._next_packet = max(self._next_packet + 0.02, now - 0.1)
                self._sequence = (self._sequence + 1) & 0xFFFF
                self._stamp += BLOCK
                start = self._stamp % len(self._period)
                sound = (self._period * 3)[start : start + BLOCK]
                head = struct.pack("!BBHII", 0x80, 8, self._sequence, self._stamp, 0x77)
                self._speak(head + sound, leg.voice_to)

    def _read(self) -> list[tuple[bytes, tuple[str, int]]]:
        if isinstance(self.sip, Sealed):
            return [(data, self.server) for data in self.sip.read()]
        return [self.sip.recvfrom(65536)]

    def _speak(self, packet: bytes, to: tuple[str, int]) -> None:
        self.rtp.sendto(packet if self.sealed is None else self.sealed[1].seal(packet), to)

    def _hear(self, packet: bytes) -> None:
        if self.sealed is not None:
            packet = self.sealed[0].open(packet)
        if len(packet) < 12 + BLOCK or packet[1] & 0x7F != 8:
            return
        self.packets += 1
        samples = [carrier_rtp.ALAW[byte] for byte in packet[12 : 12 + BLOCK]]
        loud = sum(map(abs, samples)) / BLOCK
        if loud < 200:
            return
        for hz in (350, 500, 650, 800, 1000):
            if _power(samples, hz) > 0.6:
                self.heard[hz] = self.heard.get(hz, 0) + 1

    # -- SIP ------------------------------------------------------------------------------

    def _take(self, message: Message, peer: tuple[str, int]) -> None:
        if self._is_mute:
            self.rang += [time.monotonic()] if message.method == "INVITE" else []
            return
        if message.method == "SIP/2.0":
            self._take_answer(message)
            return
        call_id = message.get("call-id")
        leg = next((one for one in self.legs if one.call_id == call_id), None)
        if message.method == "INVITE" and leg is None:
            self._ring(message, peer)
        elif message.method == "ACK":
            return
        elif message.method == "CANCEL" and leg is not None:
            self.sip.sendto(carrier_sip.answer(message, 200, leg.tag), peer)
            if leg.state == "ringing" and leg.invite is not None:
                self.sip.sendto(carrier_sip.answer(leg.invite, 487, leg.tag), peer)
                self._end(leg)
        else:
            self.sip.sendto(carrier_sip.answer(message, 200, leg.tag if leg else "x"), peer)
            if message.method == "BYE" and leg is not None:
                self._end(leg)

    def _ring(self, message: Message, peer: tuple[str, int]) -> None:
        self.rang.append(time.monotonic())
        leg = Leg(message.get("call-id"), message, state="ringing")
        leg.contact = re.sub(r"^<|>.*$", "", message.get("contact"))
        self.legs.append(leg)
        if self.redirect:
            extra = (f"Contact: <sip:{self.redirect}>",)
            self.sip.sendto(carrier_sip.answer(message, 302, leg.tag, extra), peer)
            self._end(leg)
        elif self.busy or self.up is not None:
            self.sip.sendto(carrier_sip.answer(message, 486, leg.tag), peer)
            self._end(leg)
        else:
            self.sip.sendto(
                carrier_sip.answer(
                    message, 180, leg.tag, (f"Contact: <sip:{self.user}@{self.here}{self._by}>",)
                ),
                peer,
            )
            if self.answer_after_s is not None:
                leg.up_at = time.monotonic() + self.answer_after_s

    def _answer(self, leg: Leg) -> None:
        assert leg.invite is not None
        offer = carrier_sip.read_offer(leg.invite.body)
        leg.voice_to = offer.address
        inline = carrier_srtp.new_inline() if offer.crypto[1] and self._by else ""
        self.sealed = (Srtp.of_inline(offer.crypto[1]), Srtp.of_inline(inline)) if inline else None
        body = carrier_sip.write_answer(offer, self.host, self.rtp.getsockname()[1], inline=inline)
        data = carrier_sip.answer(
            leg.invite, 200, leg.tag, (f"Contact: <sip:{self.user}@{self.here}{self._by}>",), body
        )
        self.sip.sendto(data, self.server)
        leg.state = "up"

    def _take_answer(self, message: Message) -> None:
        method = message.get("cseq").split()[-1]
        self.statuses.append((method, message.status))
        call_id = message.get("call-id")
        leg = next((one for one in self.legs if one.call_id == call_id), None)
        if message.status in (401, 407) and self.password and call_id not in self._pending:
            self._pending[call_id] = "done"
            name = "www-authenticate" if message.status == 401 else "proxy-authenticate"
            if method == "REGISTER":
                uri = f"sip:{self.realm}"
                self._send_register(call_id, self._expires, self._proof(message.get(name), method, uri))
                return
            if leg is not None:
                self._ack(leg, message)
                self._send_invite(leg, self._proof(message.get(name), method, self._uri(leg)), ())
                return
        if method != "INVITE" or leg is None:
            return
        leg.status = message.status
        if message.status >= 200:
            found = re.search(r"tag=([^;>\s]+)", message.get("to"))
            leg.remote_tag = found[1] if found else ""
            leg.contact = re.sub(r"^<|>.*$", "", message.get("contact")) or self._uri(leg)
            self._ack(leg, message)
            if message.status < 300 and leg.state == "new":
                leg.voice_to = carrier_sip.read_offer(message.body).address
                leg.state, leg.up_at = "up", time.monotonic()
            elif message.status >= 300:
                self._end(leg)

    def _end(self, leg: Leg) -> None:
        leg.state, leg.over_at = "over", time.monotonic()

    def _uri(self, leg: Leg) -> str:
        return f"sip:{leg.number}@{self.server[0]}:{self.server[1]}"

    def _send(self, lines: list[str], body: str = "") -> None:
        head = [*lines, f"Content-Length: {len(body)}"]
        self.sip.sendto(("\r\n".join(head) + "\r\n\r\n" + body).encode(), self.server)

    def _head(self, method: str, uri: str, call_id: str, tag: str, to: str) -> list[str]:
        self._cseq += 1
        return [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self._via} {self.here};rport;branch=z9hG4bK{secrets.token_hex(6)}",
            "Max-Forwards: 70",
            f"From: <sip:{self.user}@{self.realm if self.password else self.host}>;tag={tag}",
            f"To: {to}",
            f"Call-ID: {call_id}",
            f"CSeq: {self._cseq} {method}",
            f"Contact: <sip:{self.user}@{self.here}{self._by}>",
        ]

    def _send_register(self, call_id: str, expires: int, proof: str) -> None:
        uri = f"sip:{self.realm}"
        lines = self._head("REGISTER", uri, call_id, "reg", f"<sip:{self.user}@{self.realm}>")
        lines.append(f"Expires: {expires}")
        if proof:
            lines.append(f"Authorization: {proof}")
        self._send(lines)

    def _send_invite(self, leg: Leg, proof: str, extra: tuple[str, ...]) -> None:
        uri = self._uri(leg)
        lines = [*self._head("INVITE", uri, leg.call_id, leg.tag, f"<{uri}>"), *extra]
        if proof:
            lines.append(f"Proxy-Authorization: {proof}")
        port = self.rtp.getsockname()[1]
        body = "\r\n".join(
            ["v=0", f"o=phone 1 1 IN IP4 {self.host}", "s=-", f"c=IN IP4 {self.host}", "t=0 0",
             f"m=audio {port} RTP/AVP 8 101", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000",
             "a=fmtp:101 0-15", "a=ptime:20", ""]
        )  # fmt: skip
        self._send([*lines, "Content-Type: application/sdp"], body)

    def _ack(self, leg: Leg, message: Message) -> None:
        via = message.get("via")  # the ACK of a refusal belongs to the INVITE
        if message.status < 300:
            via = f"SIP/2.0/{self._via} {self.here};branch=z9hG4bK{secrets.token_hex(6)}"
        lines = [
            f"ACK {leg.contact or self._uri(leg)} SIP/2.0",
            f"Via: {via}",
            "Max-Forwards: 70",
            f"From: {message.get('from')}",
            f"To: {message.get('to')}",
            f"Call-ID: {leg.call_id}",
            f"CSeq: {message.get('cseq').split()[0]} ACK",
        ]
        self._send(lines)

    def _request(self, method: str, leg: Leg, *extra: str) -> None:
        if leg.invite is not None:
            found = re.search(r"tag=([^;>\s]+)", leg.invite.get("from"))
            to = leg.invite.get("from")
            lines = self._head(method, leg.contact, leg.call_id, leg.tag, to)
            lines[3] = f"From: {leg.invite.get('to')};tag={leg.tag}"
            assert found is not None
        else:
            lines = self._head(
                method, leg.contact, leg.call_id, leg.tag, f"<{self._uri(leg)}>;tag={leg.remote_tag}"
            )
        self._send([*lines, *extra])

    def _proof(self, challenge: str, method: str, uri: str) -> str:
        words = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
        realm, nonce = words["realm"], words["nonce"]
        cnonce, count = secrets.token_hex(4), "00000001"
        one = _md5(f"{self.user}:{realm}:{self.password}")
        two = _md5(f"{method}:{uri}")
        proof = _md5(f"{one}:{nonce}:{count}:{cnonce}:auth:{two}")
        return (
            f'Digest username="{self.user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{proof}", '
            f'algorithm=MD5, cnonce="{cnonce}", qop=auth, nc={count}'
        )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _tone(hz: int) -> bytes:
    """At least a second of a tone in A-law; silence for 0."""
    if not hz:
        return b"\xd5" * 8000
    coded = {}
    out = bytearray()
    for place in range(8000):
        sample = int(5000 * math.sin(2 * math.pi * hz * place / 8000))
        if sample not in coded:
            coded[sample] = min(range(256), key=lambda byte: abs(carrier_rtp.ALAW[byte] - sample))
        out.append(coded[sample])
    return bytes(out)


def _power(samples: list[int], hz: int) -> float:
    """The share of a packet's power at one frequency (Goertzel), 0 to 1."""
    total = sum(value * value for value in samples)
    turn = 2 * math.pi * hz / 8000
    cosine = sum(value * math.cos(turn * place) for place, value in enumerate(samples))
    sine = sum(value * math.sin(turn * place) for place, value in enumerate(samples))
    return 2 * (cosine * cosine + sine * sine) / (len(samples) * total) if total else 0.0
