"""The common set-up of benches: a data folder, numbers, a message, a switch."""

from __future__ import annotations

import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import gevent
import numpy as np

from engine.clock import wall_ms
from engine.config import Settings, load_settings
from engine.embedded.options import EmbeddedOptions
from engine.errors import BadInput, SwitchUnavailable
from engine.runtime.controller import Engine
from engine.runtime.switchboard import EMBEDDED, SwitchSpec, parse_switches
from engine.services.campaigns import campaigns
from engine.services.campaigns.rules import CampaignRules
from engine.services.compliance import traffic_caps
from engine.services.compliance.policy import Policy
from engine.services.messages import audio, g711
from engine.services.messages import prompts as messages
from engine.services.money import ledger, pricing
from engine.services.trunks import gateways
from engine.states import AccountState
from engine.store.counts import add_counts
from engine.store.database import db
from engine.store.sql import to_dialect
from engine.store.tables.core import Account

# Everybody answers at once and hears everything: such calls have the most events.
ALL_ANSWER = "answer=1,hang_up=0,vote=0,opt_out=0,repeat=0,early_media=0,ring_min_s=0.2,ring_max_s=1"
PROMPT = "bench"
TERMINATED = 128 + signal.SIGTERM  # exit status, as in shells
CHUNK = 20_000
MOBILES = 9_000_000
STRIDE = 4_567_891  # coprime to MOBILES: the numbers are in no order, as in real lists


@dataclass
class Bench:
    """The parameters of a dialling bench; by default the embedded switch at the rate of the design."""

    messages: int = 30_000
    cps: float = 1_200.0
    channels: int = 10_000
    switches: tuple[str, ...] = ()
    gateway: str = "embedded"
    message_s: float = 1.0
    speed: float = 1.0  # of the embedded switch's clock
    people: str = ""  # habits of the embedded switch's callees; empty: all answer
    prompts: Path | None = None  # the path of the prompts on a real switch
    database_url: str = ""  # empty: a new SQLite file
    ending: str = ""  # last digits of every number, by which a test carrier chooses what happens
    listed: int = 0  # recipients in the campaign, of which `messages` are dialled; 0: equal to `messages`
    priced: bool = False  # use an account that pays for its calls, not the house account
    beside_web: bool = False  # run a web process, which sends web hooks, and a receiver of them too
    hooks: int = 0  # web hooks that hear of each recipient's end; only with `beside_web`


@contextmanager
def data_dir() -> Iterator[Path]:
    """A folder for one bench, removed afterwards; also on SIGTERM, all processes of the bench end before."""
    ending = gevent.signal_handler(signal.SIGTERM, gevent.kill, gevent.getcurrent(), SystemExit(TERMINATED))
    folder = Path(tempfile.mkdtemp(prefix="avanak-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        ending.cancel()


def settings_for(folder: Path, database_url: str = "") -> Settings:
    """Settings of a bench: its own folder, and no head-room, so that the requested cap is the real cap."""
    return load_settings(data_dir=folder, database_url=database_url, inbound_share=0.0, log_level="WARNING")


@contextmanager
def dialling(bench: Bench, folder: Path, stop_s: float = 0.0) -> Iterator[tuple[Engine, list[float]]]:
    """An engine with the bench's switch and message, and the times of its originates (monotonic seconds).

    Live calls get `stop_s` to end when it stops.  Raises SwitchUnavailable without a switch.
    """
    engine = Engine(settings_for(folder, bench.database_url))
    sent: list[float] = []
    engine.dialer.on_sending.append(lambda batch: sent.extend(call.sent_m for call in batch))
    try:
        engine.start(specs_of(bench), embedded_options(bench, folder))
        if not engine.wait_for_switch(10):
            raise SwitchUnavailable(engine.switchboard.last_error() or "No switch answered within 10 s.")
        put_prompt(bench, engine.settings)
        yield engine, sent
    finally:
        engine.stop(stop_s)


def specs_of(bench: Bench) -> list[SwitchSpec]:
    return parse_switches(" ".join(bench.switches) or EMBEDDED)


def embedded_options(bench: Bench, folder: Path) -> EmbeddedOptions:
    """Options of an embedded switch that never is the bottleneck."""
    return EmbeddedOptions(
        password=secrets.token_urlsafe(16),
        gateways=(bench.gateway,),
        message_seconds=bench.message_s,
        speed=bench.speed,
        sps=max(100, int(bench.cps * 2) + 10),
        max_sessions=bench.channels * 2 + 100,
        people=bench.people or ALL_ANSWER,
        log=folder / "rung.log",
        cdr=folder / "cdr.csv",
    )


def numbers(count: int, ending: str = "", skip: int = 0) -> Iterator[str]:
    """Distinct E.164 mobiles; none has an ending with a meaning for test carriers, unless `ending` is given.

    `skip` leaves out that many from the beginning of the series.
    """
    return islice(_series(count + skip, ending), skip, None)


def _series(count: int, ending: str) -> Iterator[str]:
    if ending and not (ending.isdigit() and len(ending) <= 6):
        raise BadInput("The ending of the bench's numbers is up to 6 digits.")
    made = 0
    at = 0
    while made < count:
        if ending:
            body = f"{at:09d}"[-(9 - len(ending)) :]
            number = "+989" + body + ending
            at += 1
            if at > 10 ** (9 - len(ending)):
                raise BadInput(
                    "There are not %(count)s numbers that end with %(ending)s.", count=count, ending=ending
                )
        else:
            number = f"+9891{at // MOBILES:01d}{1_000_000 + at * STRIDE % MOBILES:07d}"
            at += 1
            if number[-4:-2] == "00":
                continue
        made += 1
        yield number


def tone(seconds: float) -> bytes:
    """A WAV file with a tone of `seconds`."""
    t = np.arange(int(audio.RATE * seconds)) / audio.RATE
    return audio.wav_bytes((np.sin(2 * np.pi * 440 * t) * 8_000).astype(np.int16))


def make_campaign(bench: Bench, **rules: Any) -> int:
    """Create a gateway, a message and a running campaign of `bench.messages` numbers; inside a transaction."""
    now, policy = wall_ms(), Policy.of_settings(load_settings(max_call_s=7200))
    account = paying_account(bench, now) if bench.priced else Account.select().order_by(Account.id).first()
    gateways.ensure(bench.gateway, bench.cps, bench.channels, now)
    message_id = messages.add(account.id, "bench", PROMPT, int(bench.message_s * 1000), now)
    campaign_id = campaigns.create(account.id, CampaignRules(name="bench", **rules), message_id, now, policy)
    add_recipients(campaign_id, max(bench.messages, bench.listed), bench.ending)
    campaigns.start(campaign_id, now, policy)
    return campaign_id


def paying_account(bench: Bench, now: int) -> Account:
    """Create an account that pays default prices and has credit for the whole bench; inside a transaction."""
    row = Account.create(name="bench", created_at=now, state=AccountState.ACTIVE, permissions="any_hour")
    traffic_caps.set_caps(row.id, 100_000_000, None, now, None)  # the new account calls more than usual
    pulses = pricing.price_of(row.id, now).of_call(int(bench.message_s * 1000) + 1000, True)
    # A crash bench keeps adding recipients.
    ledger.top_up(row.id, 100 * pulses * max(bench.messages, bench.listed, 1), f"bench/{row.id}", now)
    return row


def add_recipients(campaign_id: int, count: int, ending: str = "", skip: int = 0) -> None:
    """Add `count` mobiles to a campaign, directly in its table; inside a transaction."""
    insert = to_dialect(
        "INSERT INTO recipient (campaign_id, line, number, is_mobile, state, reason, variables, prompt, tries,"
        " uncounted_tries, next_at, avoid_gateway_id, disposition)"
        " VALUES (?, ?, ?, ?, 'pending', '', '', '', 0, 0, 0, 0, '')"
    )
    chunk: list[tuple[Any, ...]] = []
    for line, number in enumerate(numbers(count, ending, skip), start=1):
        chunk.append((campaign_id, line, number, True))
        if len(chunk) == CHUNK or line == count:
            db.cursor().executemany(insert, chunk)
            chunk.clear()
    add_counts(campaign_id, {"total": count, "waiting": count, "mobiles": count})


def put_prompt(bench: Bench, settings: Settings) -> None:
    """Write the bench's message to the switch's folder of prompts."""
    folder = bench.prompts or settings.prompts_dir
    folder.mkdir(parents=True, exist_ok=True)
    data = tone(max(1.0, bench.message_s))
    (folder / f"{PROMPT}.wav").write_bytes(data)
    samples = np.frombuffer(data[44:], dtype="<i2")
    (folder / f"{PROMPT}.PCMA").write_bytes(g711.to_alaw(samples))
