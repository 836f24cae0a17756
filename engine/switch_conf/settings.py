"""The settings of a switch's configuration, checked before anything is written."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from engine import codecs
from engine.errors import BadInput

# Passwords that everybody tries first; FreeSWITCH's own examples among them.
WELL_KNOWN = frozenset(
    ("cluecon", "worksnot", "password", "changeme", "change-me", "secret", "1234", "12345", "123456", "admin",
     "freeswitch", "avanak", "default", "test", "sample")
)  # fmt: skip
MIN_PASSWORD = 12
PACKET_MS = (20, 40, 60)
LOG_LEVELS = ("debug", "info", "notice", "warning", "err", "crit", "alert")
_URL = re.compile(r"(https?)://([A-Za-z0-9.-]{1,253})(:\d{1,5})?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SUPPORT_NUMBER = re.compile(r"\+?[0-9]{3,15}")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
# FreeSWITCH pastes the values of vars.xml as text: none may end a quote, open a tag or name a variable.
_PLAIN = re.compile(r"""[^\s"'<>&$\\,;{}]+""")


def is_weak(password: str) -> bool:
    """Whether a password is empty, short or one of those that everybody tries."""
    return len(password) < MIN_PASSWORD or password.lower() in WELL_KNOWN


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """One SIP trunk.

    ``proxy`` is host or host:port; user name and password stay empty on a trunk known by its address.
    ``ptime_ms`` 20, 40 or 60, if the carrier takes it.  ``ping_s`` seconds between OPTIONS, 0 for none.
    ``codecs`` are offered in their order; ``transport`` is that of its SIP (udp, tcp, tls), ``srtp`` whether its voice
    is encrypted (none, optional, mandatory; its keys travel in the SIP, so only tls keeps it secret).
    ``voice_to`` is where voice is sent: ``sdp`` where the carrier's SDP says, ``source`` where its voice comes from.
    ``inbound`` are the networks (CIDR) that this carrier may call us from.
    """

    name: str
    proxy: str
    username: str = ""
    password: str = ""
    register: bool = False
    ptime_ms: int = 20
    caller_id_in_from: bool = True
    ping_s: int = 0
    codecs: str = "PCMA"
    transport: str = "udp"
    srtp: str = "none"
    voice_to: str = "sdp"
    inbound: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises BadInput, naming the gateway and what is wrong with it."""
        where = f"gateway '{self.name}'"
        _require(
            _NAME.fullmatch(self.name), f"{where}: a name is made of letters, digits, _ . and -, 64 at most"
        )
        _require(_HOST.fullmatch(self.proxy), f"{where}: proxy must be host or host:port, not '{self.proxy}'")
        _require(
            self.ptime_ms in PACKET_MS, f"{where}: packet time must be 20, 40 or 60 ms, not {self.ptime_ms}"
        )
        _require(0 <= self.ping_s <= 3600, f"{where}: ping must be 0 to 3600 s, not {self.ping_s}")
        codecs.read(self.codecs)
        for word, given, known in (
            ("transport", self.transport, codecs.TRANSPORTS),
            ("SRTP", self.srtp, codecs.SRTP),
            ("where voice goes", self.voice_to, codecs.VOICE_TO),
        ):
            _require(given in known, f"{where}: {word} is one of {', '.join(known)}, not '{given}'")
        for what, value in (("user name", self.username), ("password", self.password)):
            bad = any(character < " " for character in value) or "$" in value
            _require(not bad, f"{where}: the {what} may hold neither control characters nor $")
        if self.register:
            _require(
                self.username and self.password, f"{where}: to register, it needs a user name and a password"
            )
        if self.password:
            _require(
                self.password.lower() not in WELL_KNOWN,
                f"{where}: the password is one that everybody tries first",
            )
        for network in self.inbound:
            _check_network(where, network)


@dataclass(frozen=True, slots=True)
class InstallSettings:
    """Everything that differs from switch to switch; the defaults are those of freeswitch-conf/vars.xml.

    An empty ``event_socket_password`` leaves it to AVANAK_ESL_PASSWORD in the switch's environment.
    ``event_socket_allow`` is who may connect: ``loopback.auto`` or a network such as ``10.0.0.5/32``.
    With a ``records_url`` (``https://avanak.example``, the web part) the switch, which the engine calls
    ``records_name``, posts its call records there with ``records_secret`` (AVANAK_RECORDS_SECRET).
    ``support_numbers`` are the support line's, blank separated (``02191001234``); empty: there is none.
    ``support_days`` are the days of the next year (``2026-11-28``) with the hours in which support is open, in
    seconds of the local day: what the dialplan goes by while no engine answers.  Empty: the usual week.
    ``tls_certificate`` (PEM, with its key) is who we are to carriers by TLS, if they ask, and to agents' telephones
    with ``agents_tls``; ``tls_authorities`` (PEM) vouch for carriers', and are needed for a trunk by TLS.
    ``owner`` is the user that the switch runs as: files are given to it, if set.
    """

    event_socket_ip: str = "127.0.0.1"
    event_socket_port: int = 8021
    event_socket_password: str = ""
    event_socket_allow: str = "loopback.auto"
    sip_ip: str = "127.0.0.1"
    sip_port: int = 5080
    rtp_start: int = 16384
    rtp_end: int = 32767
    sessions_per_second: int = 200
    max_sessions: int = 3000
    prompts_dir: str = "/var/lib/avanak/prompts"
    recordings_dir: str = "/var/lib/avanak/recordings"
    cdr_dir: str = "/var/lib/avanak/cdr"
    log_dir: str = ""
    loglevel: str = "warning"
    records_url: str = ""
    records_name: str = ""
    records_secret: str = ""
    gateways: tuple[GatewaySettings, ...] = ()
    owner: str = ""
    agents_port: int = 5070
    agents_tls: bool = False
    agents_tls_port: int = 5071
    tls_port: int = 5081
    tls_certificate: str = ""
    tls_authorities: str = ""
    support_numbers: str = ""
    support_days: tuple[tuple[str, tuple[tuple[int, int], ...]], ...] = ()

    def check(self) -> None:
        """Raises BadInput with one sentence about the first thing that is wrong."""
        for what, value in (("event socket address", self.event_socket_ip), ("SIP address", self.sip_ip)):
            _require(_is_address(value), f"{what} must be an IP address, not '{value}'")
        for what, port in (("event socket port", self.event_socket_port), ("SIP port", self.sip_port),
                           ("agents' SIP port", self.agents_port), ("SIP port of TLS", self.tls_port),
                           ("agents' SIP port of TLS", self.agents_tls_port),
                           ("first RTP port", self.rtp_start), ("last RTP port", self.rtp_end)):  # fmt: skip
            _require(1 <= port <= 65535, f"{what} must be 1 to 65535, not {port}")
        _require(
            self.rtp_end - self.rtp_start >= 3,
            f"RTP ports {self.rtp_start} to {self.rtp_end} leave no room for a call",
        )
        _require(
            2 <= self.sessions_per_second <= 10_000, "sessions per second must be 2 to 10000 (N admits N-1)"
        )
        _require(2 <= self.max_sessions <= 100_000, "the most sessions must be 2 to 100000 (N admits N-1)")
        _require(
            self.loglevel in LOG_LEVELS,
            f"log level must be one of {', '.join(LOG_LEVELS)}, not '{self.loglevel}'",
        )
        if self.event_socket_password:
            _require(_PLAIN.fullmatch(self.event_socket_password), "the event socket password may not hold blanks,"
                     " quotes or any of < > & $ \\ , ; { }")  # fmt: skip
            _require(not is_weak(self.event_socket_password), f"the event socket password must have {MIN_PASSWORD}"
                     " characters or more and not be a well-known one: it is as good as a root shell")  # fmt: skip
        if self.event_socket_allow != "loopback.auto":
            _check_network("event socket", self.event_socket_allow)
        for what, path in (("prompts", self.prompts_dir), ("recordings", self.recordings_dir),
                           ("call records", self.cdr_dir), ("logs", self.log_dir)):  # fmt: skip
            if path or what != "logs":
                _check_folder(what, path)
        _require("." not in self.prompts_dir, f"the folder of prompts may have no dot in its path ('{self.prompts_dir}'):"
                 " FreeSWITCH would take what follows it for the file's type")  # fmt: skip
        self._check_records()
        for number in self.support_numbers.split():
            _require(
                _SUPPORT_NUMBER.fullmatch(number), f"a support number has 3 to 15 digits, not '{number}'"
            )
        seen: set[str] = set()
        for gateway in self.gateways:
            gateway.check()
            _require(gateway.name not in seen, f"gateway '{gateway.name}' is there twice")
            seen.add(gateway.name)
        _require(
            not self.has_tls or "BEGIN CERTIFICATE" in self.tls_authorities,
            "a trunk by TLS needs --tls-authorities-file, the certificates (PEM) that vouch for the carrier's",
        )
        _require(
            not self.agents_tls or self.tls_certificate,
            "agents' telephones by TLS need --tls-certificate-file: who the switch is to them",
        )
        _require(
            not self.tls_certificate or "PRIVATE KEY" in self.tls_certificate,
            "the file of our certificate must hold its private key, too (PEM)",
        )

    @property
    def has_tls(self) -> bool:
        return any(gateway.transport == "tls" for gateway in self.gateways)

    def _check_records(self) -> None:
        """Raises BadInput when these settings for posting records cannot work."""
        if not self.records_url:
            _require(
                not self.records_name and not self.records_secret, "posting call records needs --records-url"
            )
            return
        found = _URL.fullmatch(self.records_url)
        _require(found, f"the records' URL must be like https://avanak.example, not '{self.records_url}'")
        assert found is not None
        is_near = found[2] in ("127.0.0.1", "localhost")
        _require(
            found[1] == "https" or is_near,
            "the records' URL must begin with https: a secret travels with them",
        )
        _require(
            _NAME.fullmatch(self.records_name),
            "the records' name must be that of the switch in AVANAK_SWITCHES",
        )
        _require(_PLAIN.fullmatch(self.records_secret) and ":" not in self.records_secret and "%" not in self.records_secret,
                 "the records' secret may not hold blanks, quotes or any of < > & $ \\ , ; { } : %")  # fmt: skip
        _require(not is_weak(self.records_secret), f"the records' secret must have {MIN_PASSWORD} characters or more and"
                 " not be a well-known one")  # fmt: skip

    def variables(self) -> dict[str, str]:
        """The global variables of vars.xml that these settings fill in."""
        found = {
            "avanak_dialplan_dir": "dialplan",
            "avanak_event_socket_ip": self.event_socket_ip,
            "avanak_event_socket_port": str(self.event_socket_port),
            "avanak_event_socket_allow": self.event_socket_allow,
            "avanak_sip_ip": self.sip_ip,
            "avanak_sip_port": str(self.sip_port),
            "avanak_agents_port": str(self.agents_port),
            "avanak_agents_tls": str(self.agents_tls).lower(),
            "avanak_agents_tls_port": str(self.agents_tls_port),
            "avanak_agents_srtp": "optional" if self.agents_tls else "forbidden",
            "avanak_support_numbers": support_expression(self.support_numbers),
            "avanak_rtp_start": str(self.rtp_start),
            "avanak_rtp_end": str(self.rtp_end),
            "avanak_sessions_per_second": str(self.sessions_per_second),
            "avanak_max_sessions": str(self.max_sessions),
            "avanak_prompts_dir": self.prompts_dir,
            "avanak_recordings_dir": self.recordings_dir,
            "avanak_cdr_dir": self.cdr_dir,
            "avanak_loglevel": self.loglevel,
            "avanak_tls": str(self.has_tls).lower(),
            "avanak_tls_port": str(self.tls_port),
        }
        if self.event_socket_password:
            found["avanak_event_socket_password"] = self.event_socket_password
        if self.log_dir:
            found["avanak_log_dir"] = self.log_dir
        return found


def support_expression(numbers: str) -> str:
    """The expression of what carriers send for these numbers: with +98, 0098, 98, 0 or none of them."""
    nationals = [re.sub(r"^(\+98|0098|0)", "", number) for number in numbers.split()]
    return rf"^(?:\+98|0098|98|0)?(?:{'|'.join(nationals)})$" if nationals else "^none$"


def _require(condition: object, sentence: str) -> None:
    if not condition:
        raise BadInput(sentence)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _check_network(where: str, text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise BadInput(
            "%(where)s: '%(text)s' is not a network such as 192.0.2.0/24", where=where, text=text
        ) from None


def _check_folder(what: str, path: str) -> None:
    _require(
        PurePosixPath(path).is_absolute() and _PLAIN.fullmatch(path),
        f"the folder of {what} must be an absolute path without blanks, quotes or any of < > & $ \\ , ; {{ }},"
        f" not '{path}'",
    )
