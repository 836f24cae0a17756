"""`bench hostile`: a campaign at full rate during one attack on the web UI after another.

Engine and web run as under `serve`.  Everything is measured from outside: the times of calls from the switch's own
log, the delay of other users' pages by requesting them, memory from the system.
"""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.bench.attacks import ATTACKS, Scene, Visitor
from engine.bench.kit import Bench, data_dir, make_campaign, put_prompt, settings_for
from engine.bench.onlooker import children
from engine.bench.web import free_port
from engine.call_end import CDR_COLUMNS
from engine.clock import wall_ms
from engine.errors import SwitchUnavailable
from engine.runtime.opening import open_store
from engine.services.accounts import access_tokens, people
from engine.services.accounts.access_tokens import NewToken
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns import campaigns
from engine.services.campaigns.rules import CampaignRules
from engine.services.compliance import traffic_caps
from engine.services.compliance.policy import Policy
from engine.services.money import ledger
from engine.services.onboarding import first_start
from engine.services.trunks import gateways, switches
from engine.states import AccountState, CampaignState
from engine.store.tables.core import Account, Campaign, User
from engine.store.threads import close_readers, read, write

PASSWORD = "a password of the bench"  # noqa: S105 - of people who exist for a minute
ELSEWHERE = 10  # nice: in reality the attacker's work is done by another machine
AUTOGROUP = Path(
    "/proc/self/autogroup"
)  # where Linux weighs sessions, not processes; nice counts inside one only
SETTLE_S = 6.0  # after an attack, before the next
WARM_S = 8.0
LONG_S = 300.0  # of further calls, as files that are being read are read to their end
STARTED = CDR_COLUMNS.index("start_uepoch")


@dataclass
class Window:
    """The measurements during one attack."""

    name: str
    began: float
    ended: float
    pages: list[float] = field(default_factory=list)  # seconds that other users waited for a page
    web_mb: float = 0.0
    workers_mb: float = 0.0
    answers: Counter[int] = field(default_factory=Counter)
    taken: str = ""  # the attack's own report


def run_hostile(bench: Bench, seconds: float, only: tuple[str, ...]) -> list[dict[str, Any]]:
    """One row of figures for each attack."""
    chosen = {
        name: attack for name, attack in ATTACKS.items() if not only or name in only or name == "nothing"
    }
    with data_dir() as folder:
        data, port = folder / "data", free_port()
        token, draft = _furnish(bench, data, seconds * 4 * len(chosen) + LONG_S)
        with _served(data, port) as parts:
            attacker, other = Visitor(port, "203.0.113.1"), Visitor(port, "203.0.113.2")
            if not (attacker.log_in("attacker", PASSWORD) and other.log_in("other", PASSWORD)):
                raise SwitchUnavailable("The people of the bench could not log in.")
            _wait_for_calls(data)
            scene, windows = Scene(port, attacker, draft, token, seconds), []
            with _behind():
                time.sleep(WARM_S)
                for name, attack in chosen.items():
                    windows.append(
                        _watch(name, lambda attack=attack: attack(scene), attacker, other, parts)  # type: ignore[misc]
                    )
                    time.sleep(SETTLE_S)
            time.sleep(2.0)
        starts = _starts(data / "log")
        calm = _rates(starts, windows[0])
        rate = statistics.mean(calm) if calm else 0.0
        return [_row(window, starts, rate) for window in windows]


@contextmanager
def _behind() -> Iterator[None]:
    """Run with a lower priority than what is attacked."""
    os.nice(ELSEWHERE)
    with suppress(OSError):
        AUTOGROUP.write_text(str(ELSEWHERE))
    try:
        yield
    finally:
        with suppress(OSError):
            AUTOGROUP.write_text("0")


def _furnish(bench: Bench, data: Path, seconds: float) -> tuple[str, int]:
    """Create a campaign that lasts long enough, an attacker and another customer; returns the attacker's token and draft."""
    bench.messages = int(bench.cps * (seconds + WARM_S + 60))
    bench.gateway = "embedded"
    settings = settings_for(data)
    open_store(settings)
    hashed, policy = people.hash_of(PASSWORD), Policy.of_settings(settings)

    def work() -> tuple[str, int]:
        now = wall_ms()
        first_start.ensure_first(now, PASSWORD)
        switches.register("embedded", "", True, now)
        gateways.add("embedded", bench.cps, bench.channels, None, now, switch_name="embedded")
        for name in ("attacker", "other"):
            row = Account.create(
                name=name, created_at=now - 10**10, state=AccountState.ACTIVE, permissions="web_service any_hour",
            )  # fmt: skip
            traffic_caps.set_caps(row.id, 100_000_000, None, now, None)
            ledger.top_up(row.id, 10_000_000, f"bench/{name}", now)
            people.add_hashed(name, hashed, "owner", now, row.id)
        found = User.get(User.username == "attacker")
        made = access_tokens.make(found, NewToken("bench", tuple(Scope)), now).secret
        campaign_id = make_campaign(bench)
        campaigns.pause(campaign_id, "the bench begins")
        draft = campaigns.create(
            int(found.account_id or 0), CampaignRules(name="of the attacker"), None, now, policy
        )
        return str(made), draft

    made = write(work)
    put_prompt(bench, settings)
    close_readers()
    return made


@contextmanager
def _served(data: Path, port: int) -> Iterator[dict[str, int]]:
    """`serve` with its campaign running; the pids of its parts."""
    environment = {
        **os.environ,
        "AVANAK_DATA_DIR": str(data),
        "AVANAK_WEB_PORT": str(port),
        "AVANAK_WEB_TRUSTED_PROXIES": "1",
        "AVANAK_INBOUND_SHARE": "0",
        "AVANAK_DRAIN_S": "5",
        "AVANAK_LOG_LEVEL": "WARNING",
    }
    words = [sys.executable, "-m", "engine", "serve", "--switch", "embedded", "--log-file"]
    child = subprocess.Popen(words, env=environment, start_new_session=True)  # noqa: S603 - our own interpreter
    try:
        visitor, until = Visitor(port, "203.0.113.9"), time.monotonic() + 60
        while visitor.ask("GET", "/healthz", timeout=2)[0] != 200:
            if child.poll() is not None or time.monotonic() > until:
                raise SwitchUnavailable("The service of the bench did not come up.")
            time.sleep(0.1)
        now, policy = wall_ms(), Policy.of_settings(settings_for(data))
        campaign_id = read(lambda: Campaign.get(Campaign.state == CampaignState.PAUSED).id)
        write(lambda: campaigns.resume(campaign_id, now, policy))
        yield _parts(child.pid)
    finally:
        close_readers()
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(40)
        except subprocess.TimeoutExpired:
            child.kill()


def _parts(supervisor: int) -> dict[str, int]:
    found = {}
    for pid in children(supervisor):
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        found["web" if b"--web-only" in words else "engine"] = pid
    return found


def _wait_for_calls(data: Path) -> None:
    until = time.monotonic() + 30
    while not _starts(data / "log"):
        if time.monotonic() > until:
            raise SwitchUnavailable("Nobody was called within 30 s.")
        time.sleep(0.2)


def _watch(name: str, attack: Any, attacker: Visitor, other: Visitor, parts: dict[str, int]) -> Window:
    """Run the attack while another process requests other users' pages and measures memory."""
    attacker.answers.clear()
    words = [sys.executable, "-m", "engine.bench.onlooker", str(other.port), str(parts["web"])]
    onlooker = subprocess.Popen(  # noqa: S603 - our own interpreter
        [*words, json.dumps(other.cookies)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # does not inherit the attacker's lower priority
    )
    seen = Window(name, time.time(), 0.0)
    seen.taken = attack() or ""
    seen.ended = time.time()
    told = json.loads(onlooker.communicate()[0])
    seen.pages, seen.web_mb, seen.workers_mb = told["pages"], told["web_mb"], told["workers_mb"]
    seen.answers = Counter(attacker.answers)
    return seen


def _starts(folder: Path) -> list[float]:
    """When each call began (s since 1970), from the switch's own log."""
    path = folder / "embedded-cdr.csv"
    if not path.exists():
        return []
    return sorted(
        int(line.split(",")[STARTED]) / 1e6
        for line in path.read_text("utf-8").splitlines()
        if re.fullmatch(r"\d+", line.split(",")[STARTED] if line.count(",") > STARTED else "")
    )


def _rates(starts: list[float], window: Window) -> list[int]:
    """The number of calls in each whole second of a window."""
    seconds = int(window.ended - window.began)
    counts = Counter(int(at - window.began) for at in starts if at >= window.began)
    return [counts[n] for n in range(seconds)]


def _row(window: Window, starts: list[float], calm: float) -> dict[str, Any]:
    rates = _rates(starts, window) or [0]
    pages = sorted(window.pages) or [0.0]
    return {
        "attack": window.name,
        "seconds": window.ended - window.began,
        "calls_a_second": statistics.mean(rates),
        "lowest_second": min(rates),
        "share_mean": statistics.mean(rates) / calm if calm else 0.0,
        "share_lowest": min(rates) / calm if calm else 0.0,
        "seconds_under_98": sum(rate < 0.98 * calm for rate in rates),
        "page_longest_ms": pages[-1] * 1000,
        "page_median_ms": statistics.median(pages) * 1000,
        "web_mb": window.web_mb,
        "workers_mb": window.workers_mb,
        "taken": window.taken,
        "answers": " ".join(f"{status or 'cut'}:{count}" for status, count in sorted(window.answers.items())),
    }
