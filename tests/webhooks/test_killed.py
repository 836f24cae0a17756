"""A sender that is killed again and again: counted at the receiver, none is lost, and what comes twice has one id."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path

from engine.clock import wall_ms
from engine.services.outbox import signing
from engine.services.webhooks.events import LEASE_MS
from engine.store import database
from engine.store.database import db
from engine.store.tables.webhooks import Webhook, WebhookEvent
from engine.store.webhook_events import RECIPIENT_ENDED, Happened, add
from tests.waits import wait_for
from tests.webhooks.conftest import Receiver

EVENTS, KILLS = 200, 2


def test_kill_9_loses_none(tmp_path: Path, receiver: Receiver) -> None:
    url = f"sqlite:///{tmp_path / 'hooks.db'}"
    database.open_database(url)
    database.upgrade()
    with db.connection_context():
        hook = Webhook.create(
            account_id=1, url=receiver.url, kinds=RECIPIENT_ENDED, secret=signing.new_secret(), created_at=1
        )
        made = [
            (hook.id, Happened(1, RECIPIENT_ENDED, f"recipient/{n % 100}", {"n": n})) for n in range(EVENTS)
        ]
        add(made, wall_ms())
    for life in range(KILLS + 1):
        arrived = len(receiver.requests)
        command = [
            sys.executable,
            "-m",
            "tests.webhooks.sending_process",
            url,
            str(life * (LEASE_MS + 1_000)),
        ]
        sender = subprocess.Popen(command)
        try:
            wait_for(partial(done, receiver, arrived, life), f"the events of life {life}")
        finally:
            sender.kill()  # SIGKILL: in the middle of requests, but the last time
            sender.wait(10)
    told = receiver.bodies
    by_id = Counter(body["id"] for body in told)
    assert {body["data"]["n"] for body in told} == set(range(EVENTS))
    assert len(by_id) == EVENTS
    assert {(body["id"], body["data"]["n"]) for body in told} == {(f"evt_{n + 1}", n) for n in range(EVENTS)}
    first: dict[int, list[int]] = {}
    for n in dict.fromkeys(body["data"]["n"] for body in told):
        first.setdefault(n % 100, []).append(n)
    assert all(order == sorted(order) for order in first.values())  # in order for each recipient


def done(receiver: Receiver, arrived: int, life: int) -> bool:
    """Enough for this life; in the last one, all."""
    if life < KILLS:
        return len(receiver.requests) >= arrived + 50
    with db.connection_context():
        return not WebhookEvent.select().where(WebhookEvent.state == "pending").exists()
