"""Recordings of a campaign's callees: the list, listening, and downloading."""

from __future__ import annotations

from flask import Blueprint, render_template, request, send_file
from werkzeug.wrappers import Response

from engine.clock import wall_ms
from engine.errors import FileGone
from engine.services.campaigns import campaigns, recordings, view
from engine.store.threads import read, write
from webui.forms.number_fields import row_id
from webui.request.access import account_scope, needs, person
from webui.request.context import web

blueprint = Blueprint(
    "recordings", __name__, url_prefix="/campaigns/<int:campaign_id>/recordings", template_folder="templates"
)

PAGE = 50


@blueprint.get("")
@needs("recording.listen")
def index(campaign_id: int) -> str:
    """The recorded calls, newest first."""
    scope, before, now = account_scope(), request.args.get("before", type=row_id), wall_ms()
    one, found, (count, length_ms) = read(
        lambda: (
            view.view(campaign_id, now, scope),
            recordings.of_campaign(campaign_id, before, PAGE + 1),
            recordings.total(campaign_id),
        )
    )
    folder = web().settings.recordings_folder
    return render_template(
        "recordings/index.html",
        one=one,
        shown=[(row, recordings.is_there(folder, row.uuid)) for row in found[:PAGE]],
        older=found[PAGE - 1].attempt_id if len(found) > PAGE else None,
        count=count,
        length_ms=length_ms,
        days=web().settings.recording_days,
    )


@blueprint.get("/<int:attempt_id>.wav")
@needs("recording.listen")
def sound(campaign_id: int, attempt_id: int) -> Response:
    """One recording; with ``?take=1`` as a download.  If staff listen, the audit log has it first."""
    me, scope, now = person(), account_scope(), wall_ms()
    settings = web().settings
    campaign, row = read(lambda: (campaigns.get(campaign_id, scope), recordings.get(campaign_id, attempt_id)))
    path = recordings.sound(settings.recordings_folder, row, settings.recording_days, now)
    write(lambda: recordings.note_listening(me.id, campaign.account_id, campaign_id, attempt_id, now))
    try:
        return send_file(
            path.absolute(),
            mimetype="audio/wav",
            conditional=True,
            max_age=0,
            as_attachment="take" in request.args,
            download_name=f"avanak-recording-{campaign_id}-{attempt_id}.wav",
        )
    except FileNotFoundError as error:  # deleted a moment ago
        raise FileGone(
            "The recording of call %(id)s is not in the folder of recordings.", id=row.id
        ) from error
