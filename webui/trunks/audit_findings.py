"""The auditor's findings, for staff, newest first."""

from __future__ import annotations

from flask import Blueprint, render_template

from engine.clock import wall_ms
from engine.store.findings import recent_findings
from engine.store.threads import read
from webui.request.access import for_staff

blueprint = Blueprint("audit_findings", __name__, url_prefix="/audit-findings", template_folder="templates")

DAYS = 30


@blueprint.get("")
@for_staff
def index() -> str:
    """Findings of the last `DAYS` days: each kind and subject once, with how often it was found."""
    rows = read(lambda: recent_findings(wall_ms() - DAYS * 86_400_000))
    return render_template("audit_findings/index.html", rows=rows, days=DAYS)
