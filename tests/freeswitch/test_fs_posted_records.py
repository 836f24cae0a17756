"""A switch on another machine: mod_json_cdr posts its records to the web part, `send-records` what was left.

Engine, web part, switch and sender are processes of their own, set up by `avanakctl` as an admin would.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.clock import wall_ms
from engine.config import load_settings
from engine.runtime.opening import open_store
from engine.services.messages import prompts as messages
from engine.services.onboarding import first_start
from engine.services.trunks import gateways
from engine.store.tables.cdr import CallRecord
from engine.store.tables.core import Account, Attempt, Recipient
from engine.store.threads import close_readers, read, write
from engine.switch_conf.settings import GatewaySettings
from tests.freeswitch import prompts
from tests.freeswitch.engine_lab import switch_words
from tests.freeswitch.switch import (
    ROOT,
    CarrierProcess,
    Switch,
    free_port,
    running_carrier,
    running_switch,
)
from tests.policies import ANYTHING
from tests.runtime.lab import Lab
from tests.waits import wait_for

SECRET = "only-this-switch-knows-7"


@dataclass
class Far:
    """The switch «real» with its carrier, and the processes of the site that its records go to."""

    carrier: CarrierProcess
    switch: Switch
    web_port: int
    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def spool(self) -> Path:
        return self.switch.folder / "cdr" / "unsent"

    @property
    def unsent(self) -> list[Path]:
        return sorted(self.spool.glob("*.cdr.json"))

    def start(self, name: str) -> None:
        """Start ``engine``, ``web`` or ``sender``."""
        words = {
            "engine": [sys.executable, "-m", "engine", "serve", "--no-web"],
            "web": [sys.executable, "-m", "engine", "serve", "--web-only"],
            "sender": [str(self.switch.folder / "conf" / "send-records")],
        }[name]
        environment = {
            **os.environ,
            "AVANAK_DATA_DIR": str(self.folder),
            "AVANAK_SWITCHES": switch_words(self.switch, "posted"),
            "AVANAK_RECORDS_SECRET": SECRET,
            "AVANAK_WEB_PORT": str(self.web_port),
            "AVANAK_INBOUND_SHARE": "0",
            "AVANAK_TEST_PAYMENTS": "true",
        }
        with (self.folder / f"{name}.log").open("ab") as output:
            self.running[name] = subprocess.Popen(
                words, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        if name == "web":
            wait_for(self._web_listens, "the web part's start", 20)

    def _web_listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.web_port)) == 0

    def kill(self, name: str) -> None:
        """kill -9."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def calls_up(self) -> int:
        line = self.switch.connect()
        try:
            return int(line.api("show channels count").split()[0])
        finally:
            line.close()

    def rung(self, lab: Lab, campaign_id: int) -> Counter[str]:
        """How often each recipient of a campaign was rung, by the carrier's own count."""
        mine = set(read(lambda: [one.number for one in _recipients(campaign_id)]))
        return Counter(call["number"] for call in self.carrier.arrived if f"+{call['number']}" in mine)


def _recipients(campaign_id: int) -> list[Recipient]:
    return list(Recipient.select().where(Recipient.campaign_id == campaign_id))


@pytest.fixture(scope="module")
def site(
    freeswitch_binary: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[CarrierProcess, Switch, int]]:
    folder = tmp_path_factory.mktemp("posting")
    secret = folder / "secret"
    secret.write_text(SECRET)
    port = free_port()
    with running_carrier(folder / "carrier") as carrier:
        trunks = (GatewaySettings("lab", f"127.0.0.1:{carrier.port}"),)
        posting = {
            "records_url": f"http://127.0.0.1:{port}", "records_name": "real", "records_secret_file": secret,
        }  # fmt: skip
        with running_switch(freeswitch_binary, folder / "switch", trunks, **posting) as switch:
            prompts.write_message(switch.prompts, "six", prompts.sweep(6.0))
            yield carrier, switch, port


@pytest.fixture
def far(site: tuple[CarrierProcess, Switch, int], tmp_path: Path) -> Iterator[Far]:
    found = Far(*site, tmp_path)
    with ExitStack() as at_end:
        at_end.callback(close_readers)
        at_end.callback(lambda: [found.kill(name) for name in list(found.running)])
        yield found


@pytest.fixture
def lab(far: Far) -> Lab:
    """The books, from beside the engine."""
    (far.folder / "prompts").symlink_to(far.switch.prompts)
    open_store(load_settings(data_dir=far.folder, database_url=""))

    def setup() -> int:
        first_start.ensure_first(wall_ms(), "a password of this test")
        gateways.ensure("lab", 8, 100, wall_ms())
        return messages.add(Account.select().first().id, "six", "six", 6000, wall_ms())

    return Lab(SimpleNamespace(policy=ANYTHING), far.folder, write(setup))  # type: ignore[arg-type]


def test_calls_that_ended_without_an_engine_are_settled_from_posted_records(far: Far, lab: Lab) -> None:
    far.start("web")
    far.start("sender")
    far.start("engine")
    numbers = [f"989181{place:02d}0000" for place in range(14)]
    campaign_id = lab.campaign(["989181990007", "989181980001", *numbers], gateways=["lab"])
    wait_for(lambda: len(far.carrier.arrived) >= 10, "ten calls", 20)
    far.kill("engine")
    wait_for(lambda: far.calls_up() == 0, "the end of the calls without an engine", 20)
    posted = read(lambda: CallRecord.select().count())
    assert posted >= 10
    assert far.unsent == []
    far.start("engine")
    wait_for(lambda: lab.state(campaign_id) == "finished", "the end of the campaign", 60)
    states = {row.number: row.state for row in read(lambda: _recipients(campaign_id))}
    assert states.pop("+989181980001") == "exhausted"
    assert states.pop("+989181990007") == "exhausted"
    assert set(states.values()) == {"delivered"}
    assert set(far.rung(lab, campaign_id).values()) == {1}
    assert len(far.rung(lab, campaign_id)) == 16
    attempts = {row.recipient_id: row for row in lab.attempts(campaign_id)}
    by_record = [row for row in attempts.values() if row.settled_by == "record"]
    assert len(by_record) >= 8
    left_early = attempts[lab.recipient(campaign_id, "+989181990007").id]
    # What was heard, not what the switch had read ahead (six seconds).
    assert 500 <= left_early.heard_ms <= 1_600


def test_what_could_not_be_posted_waits_on_the_switchs_disk_and_is_sent_on(far: Far, lab: Lab) -> None:
    far.start("web")
    far.start("engine")
    numbers = [f"989182{place:02d}0000" for place in range(8)]
    campaign_id = lab.campaign(numbers, gateways=["lab"])
    wait_for(lambda: far.calls_up() >= 8, "the calls", 20)
    far.kill("engine")
    far.kill("web")
    wait_for(lambda: far.calls_up() == 0, "the end of the calls without anybody", 20)
    assert len(far.unsent) == 8
    torn = far.spool / "11111111-1111-4111-8111-111111111111.cdr.json"
    torn.write_text('{"core-uuid": "torn by the death of a swit')
    os.utime(torn, (time.time() - 300,) * 2)
    far.start("web")
    far.start("engine")
    # Nothing was said of the calls yet, and nobody is rung again.
    wait_for(
        lambda: "action=attempts_learned" in (far.folder / "engine.log").read_text(), "the engine's books", 20
    )
    assert {row.state for row in read(lambda: list(Attempt.select()))} <= {
        "created",
        "originating",
        "answered",
    }
    far.start("sender")
    wait_for(lambda: lab.state(campaign_id) == "finished", "the end of the campaign", 60)
    assert {row.settled_by for row in lab.attempts(campaign_id)} == {"record"}
    assert lab.counts(campaign_id).delivered == 8
    assert list(far.rung(lab, campaign_id).values()) == [1] * 8
    assert far.unsent == []
    assert [path.name for path in (far.spool / "refused").iterdir()] == [torn.name]
