"""Every route asked by nobody, customers and staff with whatever comes: no crash, no answer of 500, no growth.

The usual run asks some; ``pytest tests/webui/test_hostile_requests.py --hostile-requests=10000`` asks them all, and with
``--hostile-areas=api,rest`` those of programs alone.
"""

from __future__ import annotations

import gc
import logging
from collections import Counter
from pathlib import Path

import pytest

from engine.store.tables.core import User
from engine.store.tables.customers import AccessToken
from engine.store.threads import read, write
from tests.hostile.asking import make
from tests.webui.conftest import Browser, csrf_of, logged_in
from tests.webui.programs import token_of

MAX_GROWTH_MB = (
    60.0  # from the first tenth to the end: caches that are filled once (templates, catalogs, months)
)
AGAIN = 100  # after so many requests those who were shut out are let in again


# What answers in each part of the product when its routes are truly reached, and not only turned away.
EXPECTED = {"pages": {200, 302, 400, 404, 405}, "api": {200, 201, 204, 400, 404}, "rest": {200}}


def resident_mb() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


@pytest.fixture
def count(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--hostile-requests"))


@pytest.fixture
def areas(request: pytest.FixtureRequest) -> list[str]:
    named = [area for area in request.config.getoption("--hostile-areas").split(",") if area]
    assert set(named) <= set(EXPECTED)
    return named


@pytest.mark.timeout(7200)
def test_no_request_crashes_anything(app, world, unlimited, caplog, count: int, areas: list[str]) -> None:
    app.config["TESTING"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    caplog.set_level(logging.ERROR)
    people: dict[str | None, Browser] = {}
    tokens: dict[str | None, str] = {}
    statuses: Counter[int] = Counter()
    of_programs: Counter[int] = Counter()
    findings, early = [], 0.0
    kept = read(lambda: [(row.id, row.role, row.password_hash) for row in User.select()])

    def let_in() -> None:
        """Those who were shut out, and the program whose token was revoked."""
        for person_id, role, password_hash in kept:
            User.update(is_active=True, role=role, password_hash=password_hash, language="en").where(
                User.id == person_id
            ).execute()

    for number in range(count):
        if number % AGAIN == 0:
            write(let_in)
            write(lambda: AccessToken.delete().execute())
            secret = token_of("owner", permissions="web_service own_voice any_hour recording")
            people.clear()
        if number == count // 10:
            early = resident_mb()
        asked = make(number, app, world.ids, areas)
        if asked.who not in people:
            people[asked.who] = logged_in(app, asked.who) if asked.who else Browser(app)
            page = people[asked.who].get("/tickets" if asked.who else "/login").text
            tokens[asked.who] = csrf_of(page) if 'name="csrf_token"' in page else ""
        data = asked.body
        if asked.fields is not None:
            fields = {_whole(name): _whole(value) for name, value in asked.fields.items()}
            data = {**fields, "csrf_token": tokens[asked.who]}
        if asked.is_program:
            asked.headers["Authorization"] = f"Bearer {secret}"
        sent = {"data": data} if asked.json is None else {"json": asked.json}
        before = len(caplog.records)
        try:
            answer = people[asked.who].client.open(
                asked.path, method=asked.method, headers=_sendable(asked.headers), **sent
            )
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            findings.append((number, asked.who, asked.method, asked.path[:200], repr(error)[:300]))
            continue
        statuses[answer.status_code] += 1
        if asked.is_program:
            of_programs[answer.status_code] += 1
            if answer.is_json and b"-500" in answer.data[:60]:  # the older web service says 200 to all
                findings.append((number, asked.method, asked.path[:200], asked.fields, answer.data[:100]))
        answer.close()
        if answer.status_code >= 500:
            said = [record.getMessage() for record in caplog.records[before:]]
            why = [str(record.exc_info[1])[:200] for record in caplog.records[before:] if record.exc_info]
            findings.append(
                (number, asked.who, asked.method, asked.path[:200], answer.status_code, said[:2], why[:2])
            )
        if asked.who and answer.status_code == 302 and "/login" in (answer.location or ""):
            del people[asked.who]  # logged out, or a password was changed
    grown = resident_mb() - early
    said_of = f"{dict(sorted(statuses.items()))}; of programs {dict(sorted(of_programs.items()))}"
    print(f"\n{count} requests: {said_of}; grown by {grown:.1f} MB")  # noqa: T201
    assert findings == []
    if areas != ["pages"]:
        assert of_programs[200] > of_programs[401]
    for area in areas or EXPECTED:
        assert EXPECTED[area] <= set(statuses), area
    assert grown < MAX_GROWTH_MB


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    """Without what the test client itself refuses to send."""
    return {name: value.encode("latin-1", "replace").decode("latin-1") for name, value in headers.items()}
