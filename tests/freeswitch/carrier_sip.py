"""The little SIP that a carrier needs: requests apart, answers and SDP together.  No sockets here.

After RFC 3261 (messages), RFC 3264 and 4566 (SDP), RFC 4733 (telephone-event); what FreeSWITCH sends, no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

REASONS = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 302: "Moved Temporarily", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 407: "Proxy Authentication Required",
    480: "Temporarily Unavailable", 481: "Call Does Not Exist", 486: "Busy Here", 487: "Request Terminated",
    501: "Not Implemented", 503: "Service Unavailable", 603: "Decline",
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
    lines = [f"SIP/2.0 {status} {REASONS[status]}"]
    lines += [f"Via: {value}" for name, value in request.headers if name == "via"]
    lines += [f"Record-Route: {value}" for name, value in request.headers if name == "record-route"]
    lines += [f"From: {request.get('from')}", f"To: {to}", f"Call-ID: {request.get('call-id')}",
              f"CSeq: {request.get('cseq')}", *extra]  # fmt: skip
    if sdp:
        lines.append("Content-Type: application/sdp")
    lines.append(f"Content-Length: {len(sdp)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + sdp).encode()


def bye(invite: Message, tag: str, here: str) -> tuple[bytes, tuple[str, int]]:
    """The BYE with which the callee ends the call, and where it goes."""
    contact = re.search(r"sips?:(?:[^@>;]+@)?([^:;>]+)(?::(\d+))?", invite.get("contact"))
    if contact is None:
        raise ValueError(f"no address in Contact: {invite.get('contact')!r}")
    uri = re.sub(r"^<|>.*$", "", invite.get("contact"))
    lines = [
        f"BYE {uri} SIP/2.0",
        f"Via: SIP/2.0/UDP {here};rport;branch=z9hG4bK-bye-{tag}",
        "Max-Forwards: 70",
        f"From: {invite.get('to')};tag={tag}",
        f"To: {invite.get('from')}",
        f"Call-ID: {invite.get('call-id')}",
        "CSeq: 1 BYE",
        'Reason: Q.850;cause=16;text="NORMAL_CLEARING"',
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode(), (contact[1], int(contact[2] or 5060))


@dataclass(slots=True)
class Offer:
    """What an INVITE's SDP offers: where to send voice, the codecs in order, packet time, payload of keys."""

    address: tuple[str, int]
    codecs: list[str]
    ptime_ms: int
    key_payload: int


def read_offer(sdp: str) -> Offer:
    """Reads the audio part of an SDP; raises ValueError when there is none."""
    host = re.search(r"^c=IN IP4 (\S+)", sdp, re.M)
    media = re.search(r"^m=audio (\d+) RTP/AVP ([\d ]+)", sdp, re.M)
    if host is None or media is None:
        raise ValueError("the offer has no audio")
    names = {"8": "PCMA", "0": "PCMU"}
    packet = re.search(r"^a=ptime:(\d+)", sdp, re.M)
    key = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", sdp, re.M)
    return Offer(
        (host[1], int(media[1])),
        [names[one] for one in media[2].split() if one in names],
        int(packet[1]) if packet else 20,
        int(key[1]) if key else 101,
    )


def write_answer(offer: Offer, host: str, port: int) -> str:
    """The SDP that takes the offer's first codec and its packet time."""
    codec = offer.codecs[0]
    payload = {"PCMA": 8, "PCMU": 0}[codec]
    lines = [
        "v=0", f"o=carrier 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0",
        f"m=audio {port} RTP/AVP {payload} {offer.key_payload}", f"a=rtpmap:{payload} {codec}/8000",
        f"a=rtpmap:{offer.key_payload} telephone-event/8000", f"a=fmtp:{offer.key_payload} 0-15",
        f"a=ptime:{offer.ptime_ms}",
    ]  # fmt: skip
    return "\r\n".join(lines) + "\r\n"
