"""The test of a gateway: how it dials a number, and one call by it whose course the page shows; for staff."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired

from engine.clock import wall_ms
from engine.errors import BadInput, NotFound
from engine.services.campaigns import gateway_trials
from engine.services.campaigns.gateway_trials import Trial
from engine.services.numbering.numbers import display
from engine.services.overview.alarms import engine_seen
from engine.services.trunks import gateways
from engine.services.trunks.gateways import Gateway
from engine.store.threads import read, write
from webui.forms.number_fields import TelephoneField
from webui.forms.pages import ASK_NO_MORE, Answer, PageForm, attempt, pages_blueprint
from webui.i18n.formats import digits
from webui.request.access import needs, person
from webui.request.context import web
from webui.request.limits import limiter
from webui.request.services import speech

blueprint = pages_blueprint(__name__, "trials", "/trunks/gateways/<int:gateway_id>/test")


class TrialForm(PageForm):
    """The number that is dialled."""

    number = TelephoneField(_l("Telephone number"), [InputRequired()], allow_abroad=True)


@blueprint.route("", methods=["GET", "POST"])
@needs("gateway.change")
def index(gateway_id: int) -> str | Answer:
    """The form; sent, it shows how the number is dialled, and calls nobody."""
    row, form = _gateway(gateway_id), TrialForm()
    if not form.is_submitted():
        return _page(row, form)
    return _page(row, form, form.number.data.e164) if form.validate() else (_page(row, form), 400)


@blueprint.post("/call")
@limiter.limit("30 per hour")
@needs("gateway.change")
def call(gateway_id: int) -> Response | Answer:
    """Ring the number by this gateway; the page of the call."""
    row, form, settings = _gateway(gateway_id), TrialForm(), web()
    by, policy, folder, voice = person().id, settings.policy, settings.settings.prompts_dir, speech()
    placed: list[int] = []

    def work() -> None:
        if not read(lambda: engine_seen(wall_ms()))[0]:
            raise BadInput("No engine is running that could place the call.")
        made = settings.apart(lambda: voice.make(gateway_trials.SAID, folder), waits=True)

        def ring(told: Callable[[int], None]) -> None:
            asked = (form.number.data, made.prompt, made.duration_ms, by)
            one = write(lambda: gateway_trials.place(row, *asked, wall_ms(), policy))
            told(one)
            gateway_trials.follow(one, read, write, time.sleep)

        placed.append(settings.begun(ring))

    if not attempt(form, work, writes=False):
        return _page(row, form), 400
    return redirect(url_for("trials.detail", gateway_id=row.id, recipient_id=placed[0]))


@blueprint.get("/<int:recipient_id>")
@needs("gateway.change")
def detail(gateway_id: int, recipient_id: int) -> str:
    """One call, followed to its end."""
    row = _gateway(gateway_id)
    trial = _trial(row, recipient_id)
    form = TrialForm(MultiDict({"number": digits(display(trial.number))}))
    return _page(row, form, trial.number, trial)


@blueprint.get("/<int:recipient_id>/live")
@needs("gateway.change")
def live(gateway_id: int, recipient_id: int) -> Answer:
    """The present state; at the end the page stops asking."""
    trial = _trial(_gateway(gateway_id), recipient_id)
    return render_template("trials/_live.html", **_told(trial)), ASK_NO_MORE if trial.is_over else 200


def _page(row: Gateway, form: TrialForm, e164: str = "", trial: Trial | None = None) -> str:
    """The form, how `e164` is dialled, and the call."""
    now = wall_ms()
    shown = {"row": row, "form": form, "e164": e164, **(_told(trial) if trial else {"trial": None})}
    if e164:
        shown["outlook"] = read(lambda: gateway_trials.dialling_of(row, e164, now))
    return render_template("trials/index.html", **shown)


def _told(trial: Trial) -> dict[str, Any]:
    return {"trial": trial, "sentence": gateway_trials.sentence_of(trial)}


def _gateway(gateway_id: int) -> Gateway:
    return read(lambda: gateways.by_id(gateway_id))


def _trial(row: Gateway, recipient_id: int) -> Trial:
    """A call that tested this gateway; NotFound."""

    def work() -> Trial:
        if not gateway_trials.is_of_gateway(recipient_id, row):
            raise NotFound("There is no such test of this gateway.")
        return gateway_trials.look(recipient_id, wall_ms())

    return read(work)
