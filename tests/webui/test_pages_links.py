"""Every link that a page shows leads somewhere: nobody is offered what is refused to them."""

from __future__ import annotations

import html
import re

import pytest

from tests.webui.world import STAFF, World

pytestmark = pytest.mark.usefixtures("unlimited")

LINK = re.compile(r'(?:href|src|hx-get)="(/[^"#]*)')
OF_A_KIND = 1  # so many addresses that differ in their numbers alone are followed


@pytest.mark.parametrize("who", ["owner", "colleague", *STAFF])
def test_no_link_is_dead(enter, world: World, who: str) -> None:
    browser, found, kinds = enter(who), {"/": ""}, dict[str, int]()
    dead, left = list[str](), ["/"]
    while left:
        path = left.pop()
        answer = browser.get(path)
        if answer.status_code >= 400:
            dead.append(f"{answer.status_code} {path} on {found[path]}")
        if answer.mimetype != "text/html":
            continue
        for link in map(html.unescape, LINK.findall(answer.text)):
            kind = re.sub(r"[0-9]+", "N", link)
            if link in found or link.startswith("/static/") or kinds.get(kind, 0) >= OF_A_KIND:
                continue
            kinds[kind] = kinds.get(kind, 0) + 1
            found[link] = path
            left.append(link)
    assert len(found) > 20
    assert dead == []
