"""Whose lists come in first: one of an account at a time, and nobody waits behind another's hundred."""

from __future__ import annotations

import io

import gevent
from gevent.event import Event

from engine.clock import wall_ms
from engine.runtime.list_importer import Importer
from engine.services.campaigns import campaigns, list_imports
from engine.services.campaigns.rules import CampaignRules
from engine.services.campaigns.uploads import Uploads
from engine.store.tables.core import Account
from engine.store.threads import read, write
from tests.policies import ANYTHING
from tests.waits import wait_for


def note(settings, account: int, count: int) -> None:
    uploads = Uploads(settings.data_dir / "uploads", 1_000_000)
    campaign_id = write(
        lambda: campaigns.create(account, CampaignRules(name=f"c{account}"), None, wall_ms(), ANYTHING)
    )
    for _ in range(count):
        pending = uploads.new(1, account, wall_ms())
        pending.list_name = "a.csv"
        uploads.save(pending, "list", "a.csv", io.BytesIO(b"number\n09121110000\n"))
        uploads.take(pending)
        write(lambda pending=pending: list_imports.note(campaign_id, pending, wall_ms()))


def test_lists_of_accounts_take_turns(lab, monkeypatch) -> None:
    settings = lab.engine.settings
    importer = Importer(settings)
    ids = [write(lambda name=name: Account.create(name=name, created_at=1).id) for name in "abc"]
    for account, count in zip(ids, (5, 5, 2), strict=True):
        note(settings, account, count)
    begun: list[int] = []
    ended = {account: Event() for account in ids}

    def bring_in(row) -> None:
        account = read(lambda: campaigns.get(row.campaign_id).account_id)
        begun.append(account)
        ended[account].wait()
        ended[account].clear()
        write(lambda: list_imports.fail_by_our_fault(row, wall_ms()))

    monkeypatch.setattr(importer, "_import", bring_in)
    importer.loop()
    wait_for(lambda: sorted(begun) == ids[:2], "one list of each of two accounts")
    ended[ids[0]].set()
    wait_for(lambda: any(each.dead for each in importer._working.values()), "the end of the first")
    importer.loop()
    wait_for(lambda: begun[2:] == ids[2:], "the third account's list before the first account's next one")
    gevent.killall(list(importer._working.values()))
