"""The health check, for a load balancer or a container."""

from __future__ import annotations

from flask import Blueprint

from engine.store import threads
from webui.request.limits import limiter

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@limiter.exempt
def healthz() -> tuple[dict[str, str], int]:
    """200 when the database answers; StoreUnavailable becomes 503."""
    threads.reachable()
    return {"status": "ok"}, 200
