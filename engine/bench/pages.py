"""`bench pages`: every page of a large installation, as staff and as a customer: the server's time and the size."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any

from engine.bench.kit import PROMPT, data_dir, settings_for, tone
from engine.bench.page_data import OWNER, House, Made, add_owner, fill
from engine.bench.web import USER, Browser, served
from engine.clock import wall_ms
from engine.runtime.opening import open_store
from engine.services.accounts import accounts
from engine.store.threads import close_readers, write

TIMES = 5  # each page is requested so often; the median counts
MOST_MS, MOST_KB = 150.0, 100.0

# Pages that show much data; {campaign}, {account}, {ticket}, {message} are ids.
COMMON = (
    "/", "/live", "/campaigns", "/campaigns?show=open", "/campaigns?text=کارزار", "/campaigns/rows", "/campaigns/{campaign}",
    "/campaigns/{campaign}/live?state=finished", "/campaigns/{campaign}/votes", "/campaigns/{campaign}/charts",
    "/campaigns/{campaign}/results", "/campaigns/{campaign}/results?order=cost",
    "/campaigns/{campaign}/results?order=cheapest",
    "/campaigns/{campaign}/results?outcome=delivered&order=cost", "/campaigns/{campaign}/results?outcome=busy&order=latest",
    "/campaigns/{campaign}/results?order=tries", "/campaigns/{campaign}/results?after=0,900000", "/campaigns/new", "/tickets",
    "/tickets/{ticket}", "/tickets/new", "/do-not-call", "/availability", "/agreement", "/people", "/me",
)  # fmt: skip
STAFF = (
    "/alarms", "/accounts", "/accounts?text=شرکت", "/accounts/{account}", "/accounts/{account}/money",
    "/accounts/choose?text=۱۲", "/accounts/audit", "/accounts/new", "/identities", "/messages/approval", "/payments",
    "/payments/prices", "/destinations", "/trunks", "/trunks/live", "/incidents", "/incidents/new", "/exclusions",
    "/maintenance", "/notices", "/notices/new", "/committee", "/committee/new", "/availability/statements", "/calendar",
    "/audit-findings", "/tickets?queue=support", "/outage-reports/telephone", "/line", "/line/calls",
    "/line/agents", "/line/agents/settings", "/line/reports",
)  # fmt: skip
CUSTOMER = (
    "/messages", "/messages?text=پیام", "/balance", "/claims", "/claims/new", "/contacts", "/tokens",
    "/outage-reports", "/tickets?state=closed",
    "/webhooks", "/quick", "/ledger",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PageSeen:
    """The figures of one page for one user."""

    who: str
    path: str
    status: int
    ms: float  # the median
    kb: float

    @property
    def is_missed(self) -> bool:
        return self.status != 200 or self.ms > MOST_MS or self.kb > MOST_KB


def run_pages(house: House) -> dict[str, Any]:
    """Fill an installation, serve it, request every page; returns the slowest, the largest, and those over the targets."""
    with data_dir() as folder:
        settings = settings_for(folder / "data")
        began = time.monotonic()
        open_store(settings)
        settings.prompts_dir.mkdir(parents=True, exist_ok=True)
        (settings.prompts_dir / f"{PROMPT}.wav").write_bytes(tone(12))
        write(lambda: accounts.ensure_house(wall_ms()))
        made = write(lambda: fill(house, PROMPT))
        filled_s = time.monotonic() - began
        with served(folder) as (staff, _process):
            write(lambda: add_owner(made.account, USER))
            customer = Browser(staff.port)
            customer.send("/login", {"username": OWNER, "password": staff.password}, "/login")
            seen = _walk("staff", staff, made, (*COMMON, *STAFF)) + _walk(
                "customer", customer, made, (*COMMON, *CUSTOMER)
            )
        close_readers()
    slowest, largest = max(seen, key=lambda one: one.ms), max(seen, key=lambda one: one.kb)
    return {
        "filled_s": filled_s,
        "pages": len(seen),
        "median_ms": statistics.median(one.ms for one in seen),
        "slowest_ms": slowest.ms,
        "slowest": f"{slowest.path} ({slowest.who})",
        "largest_kb": largest.kb,
        "largest": f"{largest.path} ({largest.who})",
        "missed": [f"{one.path} ({one.who}): {one.status}, {one.ms:.0f} ms, {one.kb:.0f} kB" for one in seen if one.is_missed],
        "all": [f"{one.ms:.0f} ms {one.kb:.0f} kB {one.path} ({one.who})" for one in sorted(seen, key=lambda one: -one.ms)],
    }  # fmt: skip


def _walk(who: str, browser: Browser, made: Made, paths: tuple[str, ...]) -> list[PageSeen]:
    ids = {"account": made.account, "campaign": made.campaign, "ticket": made.ticket, "message": made.message}
    return [_ask(who, browser, path.format(**ids)) for path in paths]


def _ask(who: str, browser: Browser, path: str) -> PageSeen:
    took, status, size = [], 0, 0
    for _time in range(TIMES):
        began = time.monotonic()
        answer, text = browser.get(path)
        took.append((time.monotonic() - began) * 1000)
        status, size = answer.status, len(text.encode())
    return PageSeen(who, path, status, statistics.median(took), size / 1000)
