#!/usr/bin/env python3
"""Weighs a first visit: what each page and all of its files take on the wire, headers too, in a browser without a cache.

    .venv/bin/python scripts/weights.py [--all]

Needs what pictures.py needs, and serves the same house.  The main pages are weighed; with --all those of the bench.
"""

from __future__ import annotations

import argparse
from typing import Any

from pictures import COMMON, CUSTOMER, MAIN, STAFF, WIDTHS, entered, visited
from playwright.sync_api import Page


def weigh(page: Page, path: str) -> tuple[int, int, int]:
    """Bytes of the page itself, of all that came with it, and the number of files."""
    found: list[int] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.clearBrowserCache")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def ended(event: dict[str, Any]) -> None:
        found.append(int(event["encodedDataLength"]))

    wire.on("Network.loadingFinished", ended)
    page.goto(path, wait_until="load")
    page.wait_for_timeout(1500)  # what is fetched after the first picture counts too
    wire.detach()
    return found[0] if found else 0, sum(found), len(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--all", action="store_true")
    chosen = parser.parse_args()
    pages = {who: ["/login", *named.values()] for who, named in MAIN.items()}
    if chosen.all:
        pages = {"staff": [*COMMON, *STAFF], "customer": [*COMMON, *CUSTOMER]}
    with visited() as (browser, address, ids):
        for who, paths in pages.items():
            page = entered(browser, address, who, "fa", WIDTHS["wide"], dark=False)
            for path in paths:
                if path == "/login":
                    other = browser.new_context(base_url=address, locale="fa-IR").new_page()
                    own, whole, files = weigh(other, path)
                    other.context.close()
                else:
                    own, whole, files = weigh(page, path.format(**ids))
                print(f"{who:9}{path:44}{own / 1000:8.1f}{whole / 1000:8.1f} kB {files:4}", flush=True)


if __name__ == "__main__":
    main()
