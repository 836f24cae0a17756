"""What the callees of the tests' carrier do while they listen: press keys, speak, hold the line, hang up."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from tests.freeswitch import carrier_auth, carrier_rtp, carrier_sip, carrier_steps
from tests.freeswitch.carrier_call import Call
from tests.freeswitch.carrier_scripts import script_of
from tests.freeswitch.carrier_sip import Message
from tests.freeswitch.carrier_steps import Step
from tests.freeswitch.carrier_wire import Peer

if TYPE_CHECKING:
    from tests.freeswitch.carrier import Carrier

_AFTER_BYE = {"": 200, "refuses": 481, "challenges": 407, "fails": 500, "is_silent": 0}


class Callees:
    """The people behind all numbers of one carrier; each acts as the ending or the script of its call says."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier

    def act(self, call: Call) -> None:
        """Does what the callee does at this point of the message."""
        if call.answered_at is None:
            return
        voice = call.voice
        if call.ending.hangs_up and voice.voice_ms >= self.carrier.listen_ms:
            self.carrier.hang_up(call)
        elif voice.voice_ms >= 400 and call.ending.hold_ms and not call.said:
            codecs = [call.codec]
            self.carrier.reinvite(call, codecs, "sendonly")
            self.carrier.later(call.ending.hold_ms / 1000, lambda: self.carrier.reinvite(call, codecs))
        elif voice.voice_ms >= 400 and call.ending.reoffers and not call.said:
            self.carrier.reinvite(call, call.ending.reoffers.split(","))
        elif call.during and voice.voice_ms >= 400:
            keys, call.during = call.during, ""
            for place, key in enumerate(keys):
                self.press(call, key, 0.25 * place)
        elif call.after and voice.fresh_ms > 0 and voice.quiet_ms >= 400:
            count = len(call.after) if call.ending.together else 1
            keys, call.after = call.after[:count], call.after[count:]
            voice.mark()
            for place, key in enumerate(keys):
                self.press(call, key, 0.25 * place)
        elif call.ending.speaks and not call.keys and voice.fresh_ms > 0 and voice.quiet_ms >= 100:
            call.keys = 1
            for place in range(75):
                packet = carrier_rtp.speech_packet(place, 0x5EED)
                self.carrier.later(0.02 * place, lambda packet=packet: self._send_voice(call, packet))  # type: ignore[misc]

    def cancelled(self, call: Call, how: str) -> None:
        """Ends a call that we gave up, as the script says (`Script.on_cancel`), or with 487."""
        if how == "is_busy":
            self.carrier.final(call, 486, "486")
        elif how == "answers":
            self.carrier.follow(call, Step(0, 200, "plain"))
        elif how in ("", "is_late"):
            if how:
                late = carrier_steps.message(
                    Step(0, 200, "plain", tag="late"), call.invite, call.tag, call.known_offer,
                    (self.carrier.host, self.carrier.port), self.carrier.sink.getsockname()[1],
                )  # fmt: skip
                self.carrier.later(0.3, lambda: call.peer.send(late))
            self.carrier.final(call, 487, "cancelled")

    @staticmethod
    def hung_up(call: Call | None, request: Message, peer: Peer) -> None:
        """Answers our BYE, as the script says (`Script.on_bye`)."""
        script = script_of(call.number) if call else None
        status = _AFTER_BYE[script.on_bye if script else ""] if call else 481
        if status:
            peer.send(
                carrier_sip.answer(request, status, "c", carrier_auth.CHALLENGE if status == 407 else ())
            )

    def speak(self, call: Call) -> None:
        """Says what the script says, from the call's port or from another one."""
        script = script_of(call.number)
        voice = script.voice if script else ""
        for at, packet in carrier_rtp.spoken(voice, 0x5EED) if voice else ():
            speaker = self.carrier.speakers.get(voice)
            self.carrier.later(
                at,
                lambda packet=packet, speaker=speaker: self._send_voice(call, packet, speaker),  # type: ignore[misc]
            )

        if voice == "goodbye":
            self.carrier.later(0.6, lambda: self._send_voice(call, carrier_rtp.goodbye(0x5EED), beside=1))

    def speak_early(self, call: Call) -> None:
        """Speaks and presses keys in the early media, as the script says."""
        script = script_of(call.number)
        if script is None or call.has_spoken:
            return
        call.has_spoken = True
        for place in range(script.early_voice_ms // 20):
            packet = carrier_rtp.speech_packet(place, 0x5EED)
            self.carrier.later(0.02 * place, lambda packet=packet: self._send_voice(call, packet))  # type: ignore[misc]
        for place, key in enumerate(script.early):
            self.press(call, key, max(0.2, script.early_voice_ms / 1000 - 0.5) + 0.25 * place)

    def press(self, call: Call, key: str, after_s: float) -> None:
        """Sends the packets of one key, the first `after_s` seconds from now."""
        assert call.offer is not None
        timestamp = 160_000 + call.keys * 8000
        packets = carrier_rtp.key_packets(key, call.offer.key_payload, call.keys * 20, timestamp, 0x5EED)
        if call.ending.in_voice:
            packets = carrier_rtp.tone_packets(key, 0x5EED)
        call.keys += 1
        if call.ending.is_cut:
            packets = [*packets[:-3], packets[-1]]
        if call.ending.repeats_end:
            later = (
                packet[:2] + (int.from_bytes(packet[2:4]) + 10).to_bytes(2) + packet[4:]
                for _, packet in packets[-3:]
            )
            packets = [*packets, *((0.35, packet) for packet in later)]
        if call.ending.informs:
            body = f"Signal={key}\r\nDuration=100\r\n"
            self.carrier.later(after_s, lambda: call.peer.send(self.carrier.request(call, "INFO", body)))
        self.carrier.later(after_s, lambda: self._note_press(call, key))
        for at, packet in packets:
            self.carrier.later(after_s + at, lambda packet=packet: self._send_voice(call, packet))  # type: ignore[misc]

    def _note_press(self, call: Call, key: str) -> None:
        self.carrier.write(
            self.carrier.presses,
            at=time.time(),
            number=call.number,
            call_id=call.invite.get("call-id"),
            key=key,
        )

    def _send_voice(
        self, call: Call, packet: bytes, speaker: socket.socket | None = None, beside: int = 0
    ) -> None:
        """To the port of the offer, or so many ports `beside` it (1: that of RTCP)."""
        if call.rtp is not None and call.offer is not None:
            host, port = call.offer.address
            (speaker or call.rtp).sendto(
                call.sealed.seal(packet) if call.sealed else packet, (host, port + beside)
            )
