"""Every field of every form and query, filled with what nobody in his right mind writes: no answer of 500.

Requests at random (test_hostile_requests) seldom fill one field badly and the others well.  The usual run
writes one bad value into each field that a person fills in, with ``--hostile-fields=all`` every one into every field.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

from tests.hostile.fields import HOSTILE, encoded, forms_of, query_names
from tests.webui.conftest import Browser, logged_in
from tests.webui.test_pages_walk import routes

ASKED = "application/x-www-form-urlencoded"
MIN_FIELDS = {"owner": 60, "admin": 150}


def bad_values(number: int, wanted: str) -> tuple[str, ...]:
    """What is written into the field of that number."""
    return HOSTILE if wanted == "all" else (HOSTILE[number % len(HOSTILE)],)


@pytest.fixture
def wanted(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--hostile-fields"))


def fields(app, world, browser: Browser, wanted: str) -> Iterator[tuple[str, str, dict[str, str], str]]:
    """(method, address, untouched values, field) of all that the pages of somebody take."""
    seen = set()
    for endpoint, path in routes(app, world, "GET"):
        answer = browser.get(path)
        if answer.status_code != 200:
            continue
        names = query_names(app.view_functions[endpoint])
        if wanted == "all":
            yield from (("get", path, {}, name) for name in names)
        else:
            number = len(path) + len(names)  # a value to each, all at once
            query = {name: HOSTILE[(number + 7 * place) % len(HOSTILE)] for place, name in enumerate(names)}
            yield "get", path, query, names[0]
        if "html" not in answer.content_type:
            continue
        for form in forms_of(answer.text):
            action = form.action or path
            for name in sorted(form.typed if wanted != "all" else set(form.values) - {"csrf_token"}):
                key = (re.sub(r"\d+", "1", action), form.method, frozenset(form.values), name)
                if key not in seen and "logout" not in action:
                    seen.add(key)
                    yield form.method, action, form.values, name


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("who", ["owner", "admin"])
def test_no_value_of_a_field_crashes_its_page(app, world, unlimited, caplog, wanted: str, who: str) -> None:
    app.config["TESTING"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    caplog.set_level(logging.ERROR)
    browser, wrong, number = logged_in(app, who), [], 0
    for number, (method, address, values, name) in enumerate(fields(app, world, browser, wanted), start=1):
        for value in bad_values(number, wanted):
            sent = encoded({**values, name: value})
            if method == "post":
                answer = browser.client.post(address, data=sent, content_type=ASKED)
            else:
                answer = browser.get(address.partition("?")[0], query_string=sent)
            answer.close()
            if answer.status_code >= 500:
                errors = [str(each.exc_info[1])[:200] for each in caplog.records if each.exc_info]
                wrong.append((method, address, name, value[:40], errors[-1:]))
            if (answer.location or "").startswith("/login"):
                browser.client = logged_in(app, who).client
    assert wrong == []
    assert number >= MIN_FIELDS[who]
