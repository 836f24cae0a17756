"""The little SIP that a carrier needs: requests apart, answers and SDP together.  No sockets here.

After RFC 3261 (messages), RFC 3264 and 4566 (SDP), RFC 4733 (telephone-event); what FreeSWITCH sends, no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.freeswitch import carrier_srtp

PAYLOADS = {"PCMA": "8", "PCMU": "0", "G729": "18"}
REASONS = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 302: "Moved Temporarily", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 407: "Proxy Authentication Required",
    480: "Temporarily Unavailable", 481: "Call Does Not Exist", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 501: "Not Implemented", 503: "Service Unavailable", 603: "Decline",
}  # fmt: skip


@dataclass(slots=True)
class Message:
    """A SIP message: its first line, its headers in order with lower-case names, and the body."""

    start: str
    headers: list[tuple[str, str]]
    body: str

    def get(self, name: str) -> str:
        """The first header of that (lower-case) name, or an empty text."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def method(self) -> str:
        """``INVITE``, ``BYE`` ...; ``SIP/2.0`` for an answer."""
        return self.start.split(" ", 1)[0]

    @property
    def status(self) -> int:
        """The status of an answer."""
        return int(self.start.split(" ", 2)[1])

    @property
    def number(self) -> str:
        """The user part of the request's address."""
        found = re.match(r"\S+ sips?:([^@;>\s]+)@", self.start)
        return found[1] if found else ""


def parse(data: bytes) -> Message | None:
    """The message in a datagram; None for a keep-alive or rubbish."""
    head, separator, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
    if not separator:
        return None
    start, *lines = head.split("\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(":")
        headers.append((name.strip().lower(), value.strip()))
    return Message(start, headers, body)


def answer(request: Message, status: int, tag: str, extra: tuple[str, ...] = (), sdp: str = "") -> bytes:
    """An answer to ``request`` with our ``tag`` in To; ``extra`` are whole header lines."""
    to = request.get("to")
    if status > 100 and ";tag=" not in to:
        to += f";tag={tag}"
    lines = [f"SIP/2.0 {status} {REASONS.get(status, 'Refused')}"]
    lines += [f"Via: {value}" for name, value in request.headers if name == "via"]
    lines += [f"Record-Route: {value}" for name, value in request.headers if name == "record-route"]
    lines += [f"From: {request.get('from')}", f"To: {to}", f"Call-ID: {request.get('call-id')}",
              f"CSeq: {request.get('cseq')}", *extra]  # fmt: skip
    if sdp:
        lines.append("Content-Type: application/sdp")
    lines.append(f"Content-Length: {len(sdp)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + sdp).encode()


def request(
    method: str, invite: Message, tag: str, here: str, transport: str, cseq: int, sdp: str = ""
) -> bytes:
    """A request of the callee inside the call: a BYE, or an INVITE with another offer."""
    uri = re.sub(r"^<|>.*$", "", invite.get("contact"))
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: SIP/2.0/{transport.upper()} {here};rport;branch=z9hG4bK-{cseq}-{tag}",
        "Max-Forwards: 70",
        f"From: {invite.get('to')};tag={tag}",
        f"To: {invite.get('from')}",
        f"Call-ID: {invite.get('call-id')}",
        f"CSeq: {cseq} {method}",
    ]
    if method == "BYE":
        lines.append('Reason: Q.850;cause=16;text="NORMAL_CLEARING"')
    if method == "INVITE":
        lines.append(f"Contact: <sip:carrier@{here};transport={transport}>")
    if sdp:
        lines.append(
            "Content-Type: application/sdp"
            if sdp.startswith("v=")
            else "Content-Type: application/dtmf-relay"
        )
    lines.append(f"Content-Length: {len(sdp)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + sdp).encode()


@dataclass(slots=True)
class Offer:
    """What an INVITE's SDP offers: where to send voice, the codecs in order, packet time, payload of keys.

    ``crypto`` is the tag and the ``inline:`` of AES_CM_128_HMAC_SHA1_80, empty without; ``is_secure`` that it insists,
    ``has_choice`` that it offers the same audio in the open on a second line.
    """

    address: tuple[str, int]
    codecs: list[str]
    ptime_ms: int
    key_payload: int
    crypto: tuple[str, str] = ("", "")
    is_secure: bool = False
    has_choice: bool = False


def read_offer(sdp: str) -> Offer:
    """Reads the audio part of an SDP; raises ValueError when there is none."""
    host = re.search(r"^c=IN IP4 (\S+)", sdp, re.M)
    media = re.search(r"^m=audio (\d+) RTP/(S?)AVP ([\d ]+)", sdp, re.M)
    if host is None or media is None:
        raise ValueError("the offer has no audio")
    names = {payload: name for name, payload in PAYLOADS.items()}
    secret = re.search(rf"^a=crypto:(\d+) {carrier_srtp.SUITE} (inline:\S+)", sdp, re.M)
    is_open = re.search(r"^m=audio \d+ RTP/AVP ", sdp, re.M) is not None
    packet = re.search(r"^a=ptime:(\d+)", sdp, re.M)
    key = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", sdp, re.M)
    return Offer(
        (host[1], int(media[1])),
        [names[one] for one in media[3].split() if one in names],
        int(packet[1]) if packet else 20,
        int(key[1]) if key else 101,
        (secret[1], secret[2]) if secret else ("", ""),
        bool(media[2]) and not is_open,
        bool(media[2]) and is_open,
    )


def write_sdp(
    host: str, port: int, codecs: list[str], *, key_payload: int = 101, ptime_ms: int = 20,
    crypto: tuple[str, str] = ("", ""), direction: str = "sendrecv", version: int = 1,
) -> str:  # fmt: skip
    """An SDP with these codecs in their order."""
    numbers = " ".join(PAYLOADS[codec] for codec in codecs)
    lines = [
        "v=0", f"o=carrier 1 {version} IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0",
        f"m=audio {port} RTP/{'S' if crypto[1] else ''}AVP {numbers} {key_payload}",
        *(f"a=rtpmap:{PAYLOADS[codec]} {codec}/8000" for codec in codecs),
        f"a=rtpmap:{key_payload} telephone-event/8000", f"a=fmtp:{key_payload} 0-15",
        f"a=ptime:{ptime_ms}", f"a={direction}",
    ]  # fmt: skip
    if crypto[1]:
        lines.append(f"a=crypto:{crypto[0]} {carrier_srtp.SUITE} {crypto[1]}")
    return "\r\n".join(lines) + "\r\n"


def write_answer(offer: Offer, host: str, port: int, codec: str = "", inline: str = "") -> str:
    """The SDP that takes a codec of the offer (the first one without ``codec``) and its packet time."""
    crypto = (offer.crypto[0], inline) if inline else ("", "")
    sdp = write_sdp(
        host,
        port,
        [codec or offer.codecs[0]],
        key_payload=offer.key_payload,
        ptime_ms=offer.ptime_ms,
        crypto=crypto,
    )
    if not offer.has_choice:
        return sdp
    head, mark, audio = sdp.partition("m=audio")
    refused = "m=audio 0 RTP/{}AVP 8\r\n"
    return head + mark + audio + refused.format("") if inline else head + refused.format("S") + mark + audio
