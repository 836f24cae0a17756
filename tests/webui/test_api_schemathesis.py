"""The description of /api/v1 and its answers agree, whatever is asked: schemathesis over every operation, for a bounded time."""

from __future__ import annotations

import time
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks

from tests.webui.programs import token_of

BUDGET_S = 40.0
EXAMPLES = 12  # of an operation
# Not looked at: whether all that fits the schema is accepted (a number that nobody has fits it).
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture
def secret(app, world, unlimited) -> str:
    return token_of("owner", permissions="web_service own_voice any_hour")


@pytest.mark.timeout(300)
def test_whatever_is_asked(app, world, secret: str) -> None:
    app.config["TESTING"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    schema: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    found = [result.ok() for result in schema.get_all_operations()]
    assert len(found) > 50
    ends, wrong = time.monotonic() + BUDGET_S, []
    for number, operation in enumerate(found):
        until = time.monotonic() + (ends - time.monotonic()) / (len(found) - number)
        try:
            asker(operation, secret, until)()
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - gathered: one run tells all
            wrong.append((operation.label, [str(each) for each in getattr(error, "exceptions", [error])][:3]))
    assert wrong == []


def asker(operation: Any, secret: str, until: float) -> Any:
    """What asks an operation in many ways, until its time is over."""

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        if time.monotonic() > until:
            return
        if case.path.endswith("/events"):
            case.query = {**(case.query or {}), "seconds": 0}
        case.call_and_validate(headers={"Authorization": f"Bearer {secret}"}, checks=CHECKS)

    return ask
