"""A real FreeSWITCH with this repository's tree, and the carrier beside it, each in a process of its own."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch.eventsocket import EventSocket
from tests.waits import wait_for

ROOT = Path(__file__).resolve().parents[2]


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class CarrierProcess:
    """The running carrier: its SIP port, and its records."""

    port: int
    folder: Path
    process: subprocess.Popen[str]

    @property
    def arrived(self) -> list[dict[str, Any]]:
        """Every call that arrived, in order: the truth of the far end."""
        return _lines(self.folder / "arrived.jsonl")

    @property
    def ended(self) -> list[dict[str, Any]]:
        """Every call that is over, with what the callee heard."""
        return _lines(self.folder / "ended.jsonl")

    @property
    def presses(self) -> list[dict[str, Any]]:
        """Every key that a callee pressed, in order: also in calls that no BYE ended."""
        return _lines(self.folder / "presses.jsonl")

    @property
    def registers(self) -> list[int]:
        """What each REGISTER was answered, in order: 401 asks for the password."""
        return [one["status"] for one in _lines(self.folder / "registers.jsonl")]

    def wait_for_end(self, number: str, timeout_s: float = 10) -> dict[str, Any]:
        """The record of the last call to ``number``, once it is over."""

        def found() -> dict[str, Any] | None:
            calls = [one for one in self.arrived if one["number"] == number]
            over = {one["call_id"]: one for one in self.ended}
            return over.get(calls[-1]["call_id"]) if calls else None

        record: dict[str, Any] = wait_for(found, f"the end of the call to {number}", timeout_s)
        return record


@contextmanager
def running_carrier(folder: Path, *arguments: str) -> Iterator[CarrierProcess]:
    """Starts the carrier; its files are in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.freeswitch.carrier", "--log", str(folder / "arrived.jsonl"),
               "--ends", str(folder / "ended.jsonl"), "--audio", str(folder),
               "--registers", str(folder / "registers.jsonl"),
               "--presses", str(folder / "presses.jsonl"), *arguments]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        word, _, port = process.stdout.readline().partition(" ")
        assert word == "PORT", "the carrier did not start"
        yield CarrierProcess(int(port), folder, process)
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class Switch:
    """The running FreeSWITCH: where it listens, where its files are."""

    folder: Path
    esl_port: int
    sip_port: int
    password: str
    prompts: Path
    process: subprocess.Popen[bytes]

    @property
    def cdr(self) -> Path:
        """The call record."""
        return self.folder / "cdr" / "cdr-csv" / "Master.csv"

    @property
    def log(self) -> str:
        """What the switch wrote to its log."""
        return (self.folder / "log" / "freeswitch.log").read_text(errors="replace")

    def connect(self) -> EventSocket:
        """A new event socket, logged in."""
        return EventSocket(self.esl_port, self.password)


@contextmanager
def running_switch(
    binary: str, folder: Path, gateways: tuple[GatewaySettings, ...], password: str = "", **settings: Any
) -> Iterator[Switch]:
    """Installs the tree into ``folder``, starts FreeSWITCH with it, and stops it at the end.

    By `avanakctl conf install`, as an admin does it; the password comes by the environment, as in production.
    ``settings`` are its options: with
    the ``event_socket_port``, ``sip_port`` and ``password`` of an earlier one in the same folder, that switch
    is there again after a crash.
    """
    for name in ("log", "db", "run", "tmp", "cdr", "prompts", "recordings"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    password = password or secrets.token_hex(16)
    chosen: dict[str, Any] = {
        "event_socket_port": free_port(), "sip_port": free_port(socket.SOCK_DGRAM),
        "agents_port": free_port(socket.SOCK_DGRAM), "tls_port": free_port(), "rtp_start": 20000, "rtp_end": 32000,
        "prompts_dir": str(folder / "prompts"), "recordings_dir": str(folder / "recordings"),
        "cdr_dir": str(folder / "cdr"), "log_dir": str(folder / "log"),
        "gateway": [gateway_words(one, folder) for one in gateways], **settings,
    }  # fmt: skip
    conf_install(folder / "conf", chosen)
    command = [binary, "-nonat", "-c", "-nf", "-conf", str(folder / "conf")]
    for name in ("log", "db", "run"):
        command += [f"-{name}", str(folder / name)]
    command += ["-temp", str(folder / "tmp")]
    environment = _clean_environment()
    environment["AVANAK_ESL_PASSWORD"] = password
    with (folder / "console.txt").open("wb") as console:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, env=environment
        )
    switch = Switch(
        folder, chosen["event_socket_port"], chosen["sip_port"], password, folder / "prompts", process
    )
    try:
        wait_for(lambda: _is_ready(switch), "FreeSWITCH's start", 30)
        yield switch
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def conf_install(folder: Path, settings: dict[str, Any]) -> None:
    """`avanakctl conf install FOLDER` with these options; a list is an option given several times, True a flag."""
    words = []
    for name, value in settings.items():
        for one in value if isinstance(value, list) else [value]:
            words += [f"--{name.replace('_', '-')}", *([] if one is True else [str(one)])]
    command = [sys.executable, "-m", "engine", "conf", "install", str(folder), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=_clean_environment())
    assert done.returncode == 0, done.stderr


def gateway_words(gateway: GatewaySettings, folder: Path) -> str:
    """A trunk as `--gateway` takes it; its password goes into a file of ``folder``."""
    words = [
        gateway.name, f"proxy={gateway.proxy}", f"ptime_ms={gateway.ptime_ms}",
        f"codecs={gateway.codecs.replace(',', ':')}", f"transport={gateway.transport}", f"srtp={gateway.srtp}",
        f"ping_s={gateway.ping_s}", f"voice_to={gateway.voice_to}",
    ]  # fmt: skip
    words += [f"inbound={network}" for network in gateway.inbound]
    if gateway.username:
        path = folder / f"{gateway.name}.password"
        path.write_text(gateway.password + "\n")
        words += [f"username={gateway.username}", f"password_file={path}"]
    if gateway.register:
        words.append("register=yes")
    return ",".join(words)


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AVANAK_")}


def _is_ready(switch: Switch) -> bool:
    if switch.process.poll() is not None:
        raise AssertionError(
            f"FreeSWITCH ended at its start: {(switch.folder / 'console.txt').read_text()[-2000:]}"
        )
    try:
        line = switch.connect()
    except (OSError, PermissionError):
        return False
    try:
        return "is ready" in line.api("status") and "RUNNING" in line.api("sofia status")
    finally:
        line.close()


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
