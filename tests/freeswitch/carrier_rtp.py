"""The voice of one call at the carrier: what arrived, whether a voice is heard, and keys pressed.

G.711 by its own rule (ITU-T G.711), so that the test needs nothing but Python.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Callable

VOICE_FLOOR = 200  # mean height of a packet above which somebody is talking (16 bit samples)
LONGEST = 8000 * 120  # samples kept of one call
KEYS = "0123456789*#"


def _decode(byte: int) -> int:
    byte ^= 0x55
    exponent = (byte >> 4) & 7
    value = ((byte & 15) << 4) + 8
    if exponent:
        value = (value + 0x100) << (exponent - 1)
    return value if byte & 0x80 else -value


ALAW = tuple(_decode(byte) for byte in range(256))
ULAW = tuple(
    (-1 if byte < 0x80 else 1) * (((((~byte & 15) << 3) + 132) << (~byte >> 4 & 7)) - 132)
    for byte in range(256)
)
# By payload; what is said in G729 counts as voice, whatever it is.
_BYTES_A_MS = {8: 8, 0: 8, 18: 1}
_HEIGHTS = {8: tuple(abs(value) for value in ALAW), 0: tuple(abs(value) for value in ULAW)}


class Voice:
    """Joins the packets of one stream; loopback loses none and keeps their order, ``gaps`` counts where it did not.

    ``voice_ms`` is how much of it was louder than silence, ``fresh_ms`` the same since the last ``mark``,
    ``quiet_ms`` how long it has been quiet.  ``late_ms`` is by how much a packet came later than its stamp says, at
    most: what a telephone that plays by the stamps must wait for.
    """

    def __init__(self) -> None:
        self.audio = bytearray()
        self.packets = 0
        self.payloads: Counter[int] = Counter()
        self.packet_bytes: set[int] = set()
        self.voice_ms = 0.0
        self.fresh_ms = 0.0
        self.quiet_ms = 0.0
        self.gaps = 0
        self.late_ms = 0.0
        self._next: int | None = None
        self._began: tuple[float, int] | None = None

    def mark(self) -> None:
        """Begins to wait for the next message."""
        self.fresh_ms = self.quiet_ms = 0.0

    def take(self, packet: bytes, at: float) -> None:
        """Takes one RTP packet that came ``at`` (monotonic s); payloads but 8 (PCMA), 0 (PCMU) and 18 (G729) are passed over."""
        if len(packet) <= 12 or packet[1] & 0x7F not in _BYTES_A_MS:
            return
        self.payloads[packet[1] & 0x7F] += 1
        sequence, stamp = struct.unpack_from("!HI", packet, 2)
        began, first = self._began = self._began or (at, stamp)
        self.late_ms = max(self.late_ms, (at - began) * 1000 - ((stamp - first) & 0xFFFFFFFF) / 8)
        payload = packet[12:]
        self.gaps += self._next is not None and sequence != self._next
        self._next = (sequence + 1) & 0xFFFF
        self.packets += 1
        self.packet_bytes.add(len(payload))
        if len(self.audio) < LONGEST:
            self.audio += payload
        heights, ms = _HEIGHTS.get(packet[1] & 0x7F), len(payload) / _BYTES_A_MS[packet[1] & 0x7F]
        if heights is None or sum(map(heights.__getitem__, payload)) / len(payload) > VOICE_FLOOR:
            self.voice_ms += ms
            self.fresh_ms += ms
            self.quiet_ms = 0.0
        else:
            self.quiet_ms += ms


def key_packets(
    key: str, payload: int, sequence: int, timestamp: int, ssrc: int
) -> list[tuple[float, bytes]]:
    """The packets of one key held for 100 ms, each with the second at which it is sent (RFC 4733)."""
    event = KEYS.index(key)
    packets = []
    for step in range(1, 9):
        over = step > 5  # the end is said three times
        duration = 160 * min(step, 6)
        marker = 0x80 if step == 1 else 0
        head = struct.pack("!BBHII", 0x80, marker | payload, (sequence + step) & 0xFFFF, timestamp, ssrc)
        packets.append(
            (0.02 * min(step - 1, 5), head + struct.pack("!BBH", event, (0x80 if over else 0) | 10, duration))
        )
    return packets


def speech_packet(place: int, ssrc: int) -> bytes:
    """The packet at ``place`` of a hum of 250 Hz, 20 ms of A-law."""
    tone = bytes(
        (0xB5, 0x8F, 0x82, 0x80, 0x80, 0x82, 0x8F, 0xB5) * 2
        + (0x35, 0x0F, 0x02, 0x00, 0x00, 0x02, 0x0F, 0x35) * 2
    )
    head = struct.pack("!BBHII", 0x80, 8, place & 0xFFFF, place * 160, ssrc)
    return head + tone * 5


_SOUNDS = {
    "busy": (425, 425, 0, 425), "special": (950, 1400, 1800, 0),
    "called_fax": (2100, 2100, 2100, 2100), "calling_fax": (1100, 0, 0, 0),
}  # fmt: skip


def spoken(what: str, ssrc: int) -> list[tuple[float, bytes]]:
    """Two seconds of what a callee says, each packet with its second.

    ``noise`` (comfort noise alone, RFC 3389), ``busy`` (425 Hz), ``special`` (950, 1400 and 1800 Hz), ``elsewhere``,
    ``here``, ``stranger`` and ``goodbye`` (a hum), ``two`` (two of them at once), ``key`` (a 1), ``called_fax`` (2100 Hz)
    and ``calling_fax`` (1100 Hz), ``late`` (a hum after 1.5 s), ``long`` (in packets of 60 ms), ``unknown`` (payload 77),
    ``rubbish`` (no RTP), ``event96`` (a 1 as an event of payload 96); ``sources`` (another one after a second), ``jumps``
    (sequence and time), ``padded`` (with all that a header can have), ``stun``, ``dtls``, ``flood`` (500 packets a second)
    and ``samples`` (of one sample each).
    """
    if what in _ODD:
        gap_s = 0.002 if what == "flood" else 0.02
        return [
            (gap_s * place, _ODD[what](place, speech_packet(place, ssrc))) for place in range(int(2 / gap_s))
        ]
    if what.startswith("event"):
        packets = key_packets("1", int(what[5:]), 0, 8000, ssrc)
        return [(0.8 + at, packet) for at, packet in packets]
    if what == "rubbish":
        return [(0.02 * place, bytes((place,)) * (place * 7 % 300)) for place in range(100)]
    if what == "two":
        return [
            (0.02 * place, speech_packet(place, ssrc + which)) for place in range(100) for which in (0, 1)
        ]
    if what == "key":
        return [(0.8 + at, packet) for at, packet in tone_packets("1", ssrc)]
    if what == "noise":
        head = [
            struct.pack("!BBHII", 0x80, 13, place, place * 1600, ssrc) + bytes((60,)) for place in range(10)
        ]
        return [(0.2 * place, packet) for place, packet in enumerate(head)]
    if what in ("elsewhere", "here", "stranger", "goodbye", "late"):
        begin = 1.5 if what == "late" else 0.0
        return [(begin + 0.02 * place, speech_packet(place, ssrc)) for place in range(100)]
    if what == "unknown":
        return [(0.02 * place, b"\x80\x4d" + speech_packet(place, ssrc)[2:]) for place in range(100)]
    if what == "long":
        hum = speech_packet(0, ssrc)[12:] * 3
        heads = (struct.pack("!BBHII", 0x80, 8, place, place * 480, ssrc) for place in range(33))
        return [(0.06 * place, head + hum) for place, head in enumerate(heads)]
    tones = _SOUNDS[what]
    coded = {
        tone: _coded([6000 * math.sin(2 * math.pi * tone * n / 8000) for n in range(160)]) for tone in tones
    }
    return [
        (
            0.02 * place,
            struct.pack("!BBHII", 0x80, 8, place, place * 160, ssrc) + coded[tones[place // 25]],
        )
        for place in range(100)
    ]


def _padded(_: int, packet: bytes) -> bytes:
    """Two contributing sources, an extension of four bytes, and three bytes behind the voice."""
    return b"\xb2" + packet[1:12] + bytes(8) + b"\xbe\xde\0\1" + bytes(4) + packet[12:] + b"\0\0\3"


def _jumping(place: int, packet: bytes) -> bytes:
    head = struct.pack("!HI", place * 7919 & 0xFFFF, place * 999_983 & 0xFFFFFFFF)
    return packet[:2] + head + packet[8:]


# Packets by their place, made of those of a hum.
_ODD: dict[str, Callable[[int, bytes], bytes]] = {
    "sources": lambda place, packet: packet[:8] + struct.pack("!I", 0x5EED + place // 50) + packet[12:],
    "jumps": _jumping,
    "padded": _padded,
    "stun": lambda place, _: struct.pack("!HHI", 1, 0, 0x2112A442) + struct.pack("!III", place, 1, 2),
    "dtls": lambda place, _: b"\x16\xfe\xff\0\0" + struct.pack("!IHH", 0, place, 50) + b"\1" * 50,
    "flood": lambda _, packet: packet,
    "samples": lambda _, packet: packet[:13],
}


def goodbye(ssrc: int) -> bytes:
    """An RTCP BYE of this source (RFC 3550)."""
    return struct.pack("!BBHI", 0x80, 201, 1, ssrc) + struct.pack("!BBHI", 0x81, 203, 1, ssrc)


def _coded(samples: list[float]) -> bytes:
    return bytes(min(range(256), key=lambda byte: abs(ALAW[byte] - sample)) for sample in samples)


_TONES = {key: (low, high) for low, row in ((697, "123"), (770, "456"), (852, "789"), (941, "*0#"))
          for key, high in zip(row, (1209, 1336, 1477), strict=True)}  # fmt: skip


def tone_packets(key: str, ssrc: int) -> list[tuple[float, bytes]]:
    """The packets of one key as a tone in the voice for 100 ms, each with the second at which it is sent (Q.23)."""
    low, high = _TONES[key]
    samples = [
        6000 * (math.sin(2 * math.pi * low * place / 8000) + math.sin(2 * math.pi * high * place / 8000))
        for place in range(800)
    ]
    coded = _coded(samples)
    return [
        (
            0.02 * step,
            struct.pack("!BBHII", 0x80, 8, step, step * 160, ssrc) + coded[step * 160 : step * 160 + 160],
        )
        for step in range(5)
    ]
