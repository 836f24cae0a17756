"""Switches in the state that the engine last saw, and gateways with their limits; for staff."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine.clock import wall_ms
from engine.errors import BadInput
from engine.services.overview.alarms import engine_seen
from engine.services.trunks import gateway_health, gateways, registrations, switches
from engine.services.trunks.gateways import Gateway
from engine.store.threads import read, write
from webui.i18n.sentences import said
from webui.request.access import for_staff, needs, person
from webui.request.context import web
from webui.trunks.forms import GatewayForm

blueprint = Blueprint("trunks", __name__, url_prefix="/trunks", template_folder="templates")

SILENT_MS = 60_000  # a switch in state up without news for so long has no engine


@blueprint.get("")
@for_staff
def index() -> str:
    return render_template("trunks/index.html", **_seen())


@blueprint.get("/live")
@for_staff
def live() -> str:
    return render_template("trunks/_live.html", **_seen())


@blueprint.route("/gateways/new", methods=["GET", "POST"])
@needs("gateway.change")
def add() -> str | tuple[str, int] | Response:
    settings = web().settings
    form = GatewayForm(data={"cps": settings.default_cps, "channels": settings.default_channels})
    if not form.is_submitted():
        return render_template("trunks/gateway.html", form=form, row=None)
    if form.validate():
        try:
            values, by, now = form.values(), person().id, wall_ms()
            limits = (values.pop("cps"), values.pop("channels"))
            write(lambda: gateways.add(form.name.data, *limits, by, now, **values))
            flash(_("Gateway %(name)s was added.", name=form.name.data), "success")
            return redirect(url_for("trunks.index"))
        except BadInput as error:
            flash(said(error), "danger")
    return render_template("trunks/gateway.html", form=form, row=None), 400


@blueprint.route("/gateways/<int:gateway_id>", methods=["GET", "POST"])
@needs("gateway.change")
def change(gateway_id: int) -> str | tuple[str, int] | Response:
    row = _gateway(gateway_id)
    form = GatewayForm(obj=row)
    form.name.data = row.name  # it comes from the switch's configuration and cannot be changed here
    if not form.is_submitted():
        return render_template("trunks/gateway.html", form=form, row=row)
    if form.validate():
        try:
            by, now = person().id, wall_ms()
            write(lambda: gateways.change(row.name, by, now, **form.values()))
            flash(_("Gateway %(name)s was changed.", name=row.name), "success")
            return redirect(url_for("trunks.index"))
        except BadInput as error:
            flash(said(error), "danger")
    return render_template("trunks/gateway.html", form=form, row=row), 400


@blueprint.post("/gateways/<int:gateway_id>/drain")
@needs("gateway.change")
def drain(gateway_id: int) -> Response:
    """Take a gateway out of use, or back into use."""
    row = _gateway(gateway_id)
    is_draining = request.form.get("wanted") == "drain"
    by, now = person().id, wall_ms()
    write(lambda: gateways.drain(row.name, is_draining, by, now))
    flash(
        _("Gateway %(name)s takes no new call.", name=row.name)
        if is_draining
        else _("Gateway %(name)s is used again.", name=row.name),
        "success",
    )
    return redirect(url_for("trunks.index"))


@blueprint.post("/switches/<int:switch_id>/drain")
@needs("gateway.change")
def drain_switch(switch_id: int) -> Response:
    """Take a switch out of use, or back into use."""
    row = read(lambda: switches.by_id(switch_id))
    is_draining = request.form.get("wanted") == "drain"
    by, now = person().id, wall_ms()
    write(lambda: switches.drain(row.name, is_draining, by, now))
    flash(
        _("Switch %(name)s takes no new call.", name=row.name)
        if is_draining
        else _("Switch %(name)s is used again.", name=row.name),
        "success",
    )
    return redirect(url_for("trunks.index"))


def _gateway(gateway_id: int) -> Gateway:
    return read(lambda: gateways.by_id(gateway_id))


def _seen() -> dict[str, Any]:
    now = wall_ms()

    def work() -> dict[str, Any]:
        return {
            "switches": switches.all_switches(),
            "has_engine": engine_seen(now)[0],
            "not_sending": switches.senders_silent(now),
            "gateways": gateways.all_gateways(),
            "seen_by": registrations.seen_of(now),
            "found_by": gateway_health.seen_of(now),
            "calls_on": gateways.calls_on(),
        }

    seen = read(work)
    silent = {
        row.id
        for row in seen["switches"]
        if row.state == "up" and (not seen["has_engine"] or (row.seen_at and now - row.seen_at > SILENT_MS))
    }
    ill = {
        gateway_id: [(row, said(row.sentence)) for row in rows if row.sentence is not None]
        for gateway_id, rows in seen["found_by"].items()
    }
    # Calls that a stopped engine left open do not count as live.
    is_heard = any(row.state == "up" and row.id not in silent for row in seen["switches"])
    return {**seen, "silent": silent, "ill": ill, "is_heard": is_heard}
