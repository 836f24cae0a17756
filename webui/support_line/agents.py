"""Agents of the support line, their telephones and passwords, and the settings of the line."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from engine.clock import wall_ms
from engine.services.accounts import people
from engine.services.support_line import agents, departments, settings
from engine.services.support_line.agents import Secret
from engine.store.threads import read, write
from webui.forms.pages import Answer, attempt, pages_blueprint, refused
from webui.request.access import needs, person
from webui.support_line.forms import AgentChangeForm, AgentForm, SettingsForm

blueprint = pages_blueprint(__name__, "line_agents", "/line/agents")


@blueprint.get("")
@needs("line.view")
def index() -> str:
    return render_template("line/agents.html", **_shown())


@blueprint.post("")
@needs("line.manage")
def add() -> str | Answer:
    """Make somebody an agent; only the page that answers shows the telephone's password."""
    form, me, now = AgentForm(), person(), wall_ms()
    form.offer(read(_candidates))
    made: list[tuple[int, Secret]] = []

    def work() -> None:
        made.append(
            agents.add(
                me, form.person_id.data, form.extension.data, now,
                outside_number=form.outside_number.data or "", wrap_up_s=form.wrap_up_s.data,
                belongs_to=form.departments.data or (),
            )
        )  # fmt: skip

    if not attempt(form, work):
        return refused("line/agents.html", **_shown(form))
    return render_template("line/agents.html", **_shown(secret=made[-1][1]))


@blueprint.route("/<int:agent_id>", methods=["GET", "POST"])
@needs("line.manage")
def change(agent_id: int) -> str | Answer | Response:
    row = read(lambda: agents.get(agent_id))
    form, me, now = (
        AgentChangeForm(  # no `obj`: the row's text of departments would be read letter by letter
            outside_number=row.outside_number,
            departments=departments.of(row),
            wrap_up_s=row.wrap_up_s,
            is_active=row.is_active,
        ),
        person(),
        wall_ms(),
    )
    if not form.is_submitted():
        return render_template("line/agent.html", row=row, form=form)

    def work() -> None:
        agents.change(
            me, agent_id, now, outside_number=form.outside_number.data or "",
            wrap_up_s=form.wrap_up_s.data, is_active=form.is_active.data,
            belongs_to=form.departments.data or (),
        )  # fmt: skip

    if not attempt(form, work):
        return refused("line/agent.html", row=row, form=form)
    flash(_("The agent was changed."), "success")
    return redirect(url_for("line_agents.index"))


@blueprint.post("/<int:agent_id>/password")
@needs("line.manage")
def renew(agent_id: int) -> str:
    """Give a telephone a new password, shown on the page that answers."""
    me, now = person(), wall_ms()
    secret: Secret = write(lambda: agents.new_secret(me, agent_id, now))
    return render_template("line/agents.html", **_shown(secret=secret))


@blueprint.post("/<int:agent_id>/sign-out")
@needs("line.manage")
def sign_out(agent_id: int) -> Response:
    """Sign out an agent who forgot to do it."""
    me, now = person(), wall_ms()
    write(lambda: agents.sign_out_other(me, agent_id, now))
    flash(_("The agent is signed out."), "success")
    return redirect(url_for("line_agents.index"))


@blueprint.route("/settings", methods=["GET", "POST"])
@needs("line.manage")
def line_settings() -> str | Answer | Response:
    """The settings of the line; the engine applies them at once."""
    form = SettingsForm(data=asdict(read(settings.current)))
    me, now = person(), wall_ms()
    if not form.is_submitted():
        return render_template("line/settings.html", form=form)
    if not attempt(form, lambda: settings.change(me, form.values(), now)):
        return refused("line/settings.html", form=form)
    flash(_("The settings were changed."), "success")
    return redirect(url_for("line_agents.line_settings"))


def _candidates() -> list[tuple[int, str]]:
    taken = {row.person_id for row in agents.everybody()}
    return [
        (row.id, row.username) for row in people.of_account(None) if row.is_active and row.id not in taken
    ]


def _shown(form: AgentForm | None = None, secret: Secret | None = None) -> dict[str, Any]:
    rows, candidates = read(lambda: (agents.everybody(), _candidates()))
    form = form or AgentForm.blank(wrap_up_s=15)
    form.offer(candidates)
    return {"rows": rows, "form": form, "secret": secret, "candidates": candidates, "reasons": agents.REASONS,
            "departments_of": lambda row: [departments.TITLES[name] for name in departments.of(row)]}  # fmt: skip
