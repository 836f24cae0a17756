"""A SIP carrier for tests: answers FreeSWITCH's calls as the end of the number says, and writes down each.

It runs as a process of its own, on one UDP socket of loopback and one thread, and prints ``PORT n`` when it
is ready.  ``--log FILE`` gets one JSON line for every call that arrived, at once: the truth of the far end,
which crash tests count.  ``--ends FILE`` gets one line when a call is over, with what was heard; ``--audio
DIR`` the voice of each call as raw A-law.  With ``--user`` and ``--password`` it challenges REGISTER (401) and
INVITE (407), and ``--registers FILE`` gets one line for each REGISTER that was let in or turned away.
``--presses FILE`` gets one line for each key that a callee presses.

What each callee does is in carrier_endings.py and carrier_scripts.py, by the last digits.  Any other number
rings for ``--ring-ms`` and answers; its voice goes to a socket that nobody reads, so that a load test costs the
carrier little.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import random
import re
import selectors
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tests.freeswitch import carrier_auth, carrier_sip, carrier_srtp, carrier_steps
from tests.freeswitch.carrier_call import Call
from tests.freeswitch.carrier_callees import Callees
from tests.freeswitch.carrier_endings import ENDINGS, FIRST_TIME, Ending
from tests.freeswitch.carrier_options import read_options
from tests.freeswitch.carrier_scripts import script_of
from tests.freeswitch.carrier_sip import Message
from tests.freeswitch.carrier_srtp import Srtp
from tests.freeswitch.carrier_steps import Step
from tests.freeswitch.carrier_wire import Connection, Datagrams, Listener, Peer, Stray

T1_S = 0.5  # first gap between retransmissions


class Carrier:
    """The carrier's only thread: messages, voices and clocks in one loop."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.host = options.host
        self.ring_ms: int = options.ring_ms
        self.listen_ms: int = options.listen_ms
        self.everybody: Ending | None = ENDINGS[options.everybody] if options.everybody else None
        self.transport: str = options.transport
        self.selector = selectors.DefaultSelector()
        self.wire: Datagrams | Listener = (
            Datagrams(self._socket(options.port, 8 << 20))
            if self.transport == "udp"
            else Listener(self.host, options.port, options.certificate, self.selector)
        )
        self.port: int = self.wire.socket.getsockname()[1]
        self.wants_srtp: bool = options.srtp
        self.takes: list[str] = options.codecs.split(",")
        self.sink = self._socket(0, 4096)
        self.speakers = {"elsewhere": self.sink, "stranger": self._socket(0, 4096, "127.0.0.77")}
        self.gate = carrier_auth.Gate(options.user, options.password)
        self.log, self.ends = self._open(options.log), self._open(options.ends)
        self.registers, self.presses = self._open(options.registers), self._open(options.presses)
        self.audio: Path | None = options.audio
        self.calls: dict[str, Call] = {}
        self.times_called: dict[str, int] = {}
        self.clocks: list[tuple[float, int, Callable[[], None]]] = []
        self.order = itertools.count()
        self.callees = Callees(self)
        self.selector.register(self.wire.socket, selectors.EVENT_READ, self.wire)

    def _socket(self, port: int, buffer: int, host: str = "") -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        made.bind((host or self.host, port))
        made.setblocking(False)
        return made

    @staticmethod
    def _open(path: Path | None) -> IO[str] | None:
        return path.open("a", buffering=1) if path else None

    def run(self) -> None:
        """Serves until the process is ended."""
        while True:
            wait = max(0.0, self.clocks[0][0] - time.monotonic()) if self.clocks else None
            for key, _ in self.selector.select(wait):
                if isinstance(key.data, Call):
                    self._read_voice(key.data)
                else:
                    self._read_sip(key.data)
            now = time.monotonic()
            while self.clocks and self.clocks[0][0] <= now:
                heapq.heappop(self.clocks)[2]()

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self.clocks, (time.monotonic() + seconds, next(self.order), what))

    # -- signalling

    def _read_sip(self, source: Datagrams | Listener | Connection) -> None:
        for data, peer in source.read():
            message = carrier_sip.parse(data)
            if message is not None:
                self._take(message, peer)

    def _take(self, message: Message, peer: Peer) -> None:
        call = self.calls.get(message.get("call-id"))
        method = message.method
        if method == "INVITE":
            if call is None:
                if self._is_let_in(message, peer):
                    self._new_call(message, peer)
            elif call.final == 200 and message.get("cseq") != call.invite.get("cseq"):
                script = script_of(call.number)
                status = script.on_invite if script else 200
                self._answer(call, status, message)  # a refresh inside the call
            elif call.last_answer:
                peer.send(call.last_answer)
        elif method == "ACK":
            script = script_of(call.number) if call else None
            if call and script and call.deaf_acks < script.deaf_acks:
                call.deaf_acks += 1
            elif call:
                call.acknowledged = True
                if call.over:
                    self._forget(call)
        elif method == "SIP/2.0":
            if call and message.get("cseq").endswith("INVITE") and message.status >= 200:
                call.reinvited = message.status
                here = f"{self.host}:{self.port}"
                number = int(message.get("cseq").partition(" ")[0])
                sdp = (
                    self._answer_of(call, message.body) if call.wants_offer and message.status == 200 else ""
                )
                peer.send(
                    carrier_sip.request("ACK", call.invite, call.tag, here, self.transport, number, sdp)
                )
                if message.status == 200 and message.body:
                    call.codec = next(iter(carrier_sip.read_offer(message.body).codecs), call.codec)
            elif call and message.get("cseq").endswith("BYE"):
                call.acknowledged = True
                self._forget(call)
        elif method == "CANCEL":
            script = script_of(call.number) if call else None
            how = script.on_cancel if script else ""
            peer.send(carrier_sip.answer(message, 200 if call and how != "refuses" else 481, "c"))
            if call and not call.final:
                self.callees.cancelled(call, how)
        elif method == "BYE":
            self.callees.hung_up(call, message, peer)
            if call:
                self._over(call, "bye")
                self._forget(call)
        elif method != "REGISTER" or self._is_let_in(message, peer):  # OPTIONS too: we are here
            extra = tuple(f"Contact: {value}" for name, value in message.headers if name == "contact")
            peer.send(carrier_sip.answer(message, 200, "o", extra))

    def _is_let_in(self, request: Message, peer: Peer) -> bool:
        refusal = self.gate.check(request)
        if refusal is not None:
            peer.send(carrier_sip.answer(request, refusal[0], "a", refusal[1]))
        if request.method == "REGISTER":
            self.write(self.registers, at=time.time(), status=refusal[0] if refusal else 200)
        return refusal is None

    def _new_call(self, invite: Message, peer: Peer) -> None:
        number = invite.number
        suffix = number[-4:]
        times = self.times_called[number] = self.times_called.get(number, 0) + 1
        ending = self.everybody or ENDINGS.get(suffix) or Ending(self.ring_ms)
        if times == 1 and not self.everybody:
            ending = FIRST_TIME.get(suffix, ending)
        call = Call(invite, peer, ending, number, f"{random.getrandbits(40):x}", time.monotonic(),
                    during=ending.during, after=ending.after)  # fmt: skip
        try:
            call.offer = carrier_sip.read_offer(invite.body)
        except ValueError:
            call.ending = ending = Ending(0, 503, rings=False)
        self.calls[invite.get("call-id")] = call
        if call.offer is not None and not self._agree(call):
            call.ending = ending = Ending(0, 488, rings=False)
        self.write(self.log, at=time.time(), number=number, call_id=invite.get("call-id"), times=times,
                    caller=invite.get("from").partition(";")[0], codecs=call.offer and call.offer.codecs,
                    ptime_ms=call.offer and call.offer.ptime_ms, is_secure=call.offer and call.offer.is_secure)  # fmt: skip
        script = script_of(number)
        for step in script.steps if script and call.offer else ():
            self.later(step.at_ms / 1000, lambda step=step: self.follow(call, step))  # type: ignore[misc]
        if ending.is_silent or script:
            return
        self._answer(call, 100)
        if ending.early_media:
            self._open_voice(call)
            self._answer(call, 183, sdp=True)
        elif ending.rings:
            self._answer(call, ending.progress)
        if ending.answers:
            self.later(ending.ring_ms / 1000, lambda: self._decide(call))

    def follow(self, call: Call, step: Step) -> None:
        """Does what a script says next; a call that is over can still be answered, as carriers do."""
        if call.over and (step.status == 0 or call.over == "cancelled"):
            return
        if step.status == 0 and step.method == "BYE":
            self.hang_up(call, step.extra)
            return
        if step.sdp and not call.over:
            self._open_voice(call)
        assert call.offer is not None
        port = (call.rtp or self.sink).getsockname()[1]
        here = (self.host, self.port)
        if step.status == 0:
            sdp = carrier_steps.body(step.sdp, call.offer, self.host, port) if step.sdp else ""
            sdp = carrier_steps.edited(sdp, step.sdp_edits, {})
            script = script_of(call.number)
            call.wants_offer = not sdp and script is not None and not script.has_no_answer
            data = self.request(call, step.method, sdp)
            call.peer.send(carrier_steps.with_lines(data, step.extra, here))
            return
        data = carrier_steps.message(step, call.invite, call.tag, call.offer, here, port)
        if not step.is_lost:
            (Stray(call.peer) if step.by_tcp else call.peer).send(data)
        if step.status == 183:
            self.callees.speak_early(call)
        if step.status >= 200 and not step.branch and not step.raw and not call.final and step.status != 299:
            call.final, call.last_answer = step.status, data
            if step.status == 200:
                call.answered_at = time.monotonic()
                call.tag += step.tag
                self.callees.speak(call)
            else:
                self._over(call, str(step.status))
            self._repeat(call, T1_S)

    def _agree(self, call: Call) -> bool:
        """Whether there is a codec, and a secret where one is wanted, that both can have."""
        assert call.offer is not None
        call.codec = next((codec for codec in call.offer.codecs if codec in self.takes), "")
        if self.wants_srtp and call.offer.crypto[1]:
            call.inline = carrier_srtp.new_inline()
            call.sealed, call.opened = Srtp.of_inline(call.inline), Srtp.of_inline(call.offer.crypto[1])
        return bool(call.codec) and call.offer.is_secure <= bool(call.inline)

    def _decide(self, call: Call) -> None:
        if call.final:
            return
        if call.ending.status != 200:
            self.final(call, call.ending.status, str(call.ending.status))
            return
        self._open_voice(call)
        call.answered_at = time.monotonic()
        call.final = 200
        self._answer(call, 200, sdp=True)
        self._repeat(call, T1_S)
        for place, key in enumerate(call.ending.at_once):
            self.callees.press(call, key, call.ending.first_s + 0.25 * place)

    def final(self, call: Call, status: int, how: str) -> None:
        call.final = status
        self._answer(call, status)
        self._over(call, how)
        self._repeat(call, T1_S)

    def _answer_of(self, call: Call, offer: str) -> str:
        port = (call.rtp or self.sink).getsockname()[1]
        return carrier_sip.write_answer(carrier_sip.read_offer(offer), self.host, port, call.codec)

    def _answer(self, call: Call, status: int, request: Message | None = None, sdp: bool = False) -> None:
        body = ""
        if call.offer and (sdp or request is not None):
            port = (call.rtp or self.sink).getsockname()[1]
            body = carrier_sip.write_answer(call.offer, self.host, port, call.codec, call.inline)
        extra = (
            (f"Contact: <sip:carrier@{self.host}:{self.port};transport={self.transport}>",)
            if status in (180, 183, 200)
            else ()
        )
        if call.ending.header and status == call.ending.status:
            extra = (*extra, call.ending.header)
        if call.ending.is_mute:
            body = (
                body.replace("PCMA/8000", "G729/8000")
                .replace(" 8 101", " 18 101")
                .replace("rtpmap:8 ", "rtpmap:18 ")
            )
        data = carrier_sip.answer(request or call.invite, status, call.tag, extra, body)
        if request is None:
            call.last_answer = data
        call.peer.send(data)

    def _repeat(self, call: Call, gap_s: float) -> None:
        """Says the final answer again until it is acknowledged, for 32 s at most."""

        def again() -> None:
            if call.acknowledged:
                return
            if gap_s > 16:
                self._over(call, "unacknowledged")
                self._forget(call)
                return
            call.peer.send(call.last_answer)
            self._repeat(call, gap_s * 2)

        self.later(gap_s, again)

    def hang_up(self, call: Call, extra: tuple[str, ...] = ()) -> None:
        if call.over:
            return
        data = self.request(call, "BYE")
        for line in extra:  # a Reason of its own
            data = re.sub(rb"Reason: [^\r]*", line.encode(), data)
        self._over(call, "callee")
        call.last_answer, call.acknowledged = data, False
        call.peer.send(data)
        self._repeat(call, T1_S)

    def request(self, call: Call, method: str, body: str = "") -> bytes:
        call.said += 1
        here = f"{self.host}:{self.port}"
        return carrier_sip.request(method, call.invite, call.tag, here, self.transport, call.said, body)

    def reinvite(self, call: Call, codecs: list[str], direction: str = "sendrecv") -> None:
        """Offers other codecs, or holds the line."""
        if call.over or call.rtp is None:
            return
        port = call.rtp.getsockname()[1]
        sdp = carrier_sip.write_sdp(self.host, port, codecs, direction=direction, version=call.said + 2)
        call.peer.send(self.request(call, "INVITE", sdp))

    def _over(self, call: Call, how: str) -> None:
        if call.over:
            return
        call.over = how
        now = time.monotonic()
        path = None
        if call.rtp is not None:
            self._drain(call)  # the BYE may be read before the last packets
            self.selector.unregister(call.rtp)
            call.rtp.close()
            call.rtp = None
            if self.audio and call.voice.audio:
                path = self.audio / f"{call.number}-{self.times_called[call.number]}.alaw"
                path.write_bytes(call.voice.audio)
        talked = now - call.answered_at if call.answered_at is not None else None
        self.write(self.ends, at=time.time(), number=call.number, call_id=call.invite.get("call-id"), how=how,
                    talked_s=talked, voice_ms=call.voice.voice_ms, packets=call.voice.packets,
                    gaps=call.voice.gaps, late_ms=call.voice.late_ms,
                    codec=call.codec, reinvited=call.reinvited, sealed=call.opened is not None,
                    payloads=dict(call.voice.payloads), packet_bytes=sorted(call.voice.packet_bytes), keys=call.keys,
                    audio=str(path) if path else None)  # fmt: skip

    def _forget(self, call: Call) -> None:
        self.calls.pop(call.invite.get("call-id"), None)

    @staticmethod
    def write(file: IO[str] | None, **values: object) -> None:
        if file:
            file.write(json.dumps(values) + "\n")

    # -- voice

    def _open_voice(self, call: Call) -> None:
        if call.rtp is None and (call.number[-4:] in ENDINGS or script_of(call.number)):
            call.rtp = self._socket(0, 1 << 20)
            self.selector.register(call.rtp, selectors.EVENT_READ, call)

    def _read_voice(self, call: Call) -> None:
        if call.rtp is not None:
            self._drain(call)
            self.callees.act(call)

    @staticmethod
    def _drain(call: Call) -> None:
        assert call.rtp is not None
        while True:
            try:
                packet = call.rtp.recv(2048)
            except BlockingIOError:
                return
            call.voice.take(call.opened.open(packet) if call.opened else packet, time.monotonic())


def main() -> None:
    """Reads the command line and serves."""
    carrier = Carrier(read_options(__doc__))
    sys.stdout.write(f"PORT {carrier.port}\n")
    sys.stdout.flush()
    try:
        carrier.run()
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
