"""Recordings of what callees said: the list of a campaign, and the sound of one."""

from __future__ import annotations

from flask import Response, send_file
from pydantic import BaseModel

from engine.clock import wall_ms
from engine.errors import FileGone
from engine.services.accounts.token_scopes import Scope
from engine.services.campaigns import recordings
from engine.store.threads import read
from webui.api.campaigns import CampaignPath, own
from webui.api.models import At, Id, Paged, PageQuery, at, page_of
from webui.api.operations import operation
from webui.request.context import web
from webui.request.programs import caller

TAG = "Recordings"


class RecordingPath(CampaignPath):
    attempt_id: Id


class RecordingAnswer(BaseModel):
    """A call that was recorded."""

    id: Id
    number: str
    answered_at: At | None
    seconds: float
    is_there: bool


@operation(
    "get",
    "/campaigns/<int:campaign_id>/recordings",
    Scope.RECORDINGS_READ,
    TAG,
    Paged[RecordingAnswer],
    right="recording.listen",
)
def list_recordings(path: CampaignPath, query: PageQuery) -> Paged[RecordingAnswer]:
    """The recorded calls of a campaign, the newest first."""
    account_id, before, folder = caller().account_id, query.after, web().settings.recordings_folder

    def look() -> list[recordings.Recorded]:
        own(path.campaign_id, account_id, wall_ms())
        return recordings.of_campaign(path.campaign_id, before, query.limit + 1)

    found, cursor = page_of(read(look), query.limit, lambda row: row.attempt_id)
    rows = [
        RecordingAnswer(
            id=row.attempt_id,
            number=row.number,
            answered_at=at(row.answered_at),
            seconds=row.record_ms / 1000,
            is_there=recordings.is_there(folder, row.uuid),
        )
        for row in found
    ]
    return Paged[RecordingAnswer](data=rows, next_cursor=cursor)


_WAV = {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}}


@operation(
    "get",
    "/campaigns/<int:campaign_id>/recordings/<int:attempt_id>/audio",
    Scope.RECORDINGS_READ,
    TAG,
    _WAV,
    right="recording.listen",
)
def get_recording_audio(path: RecordingPath) -> Response:
    """The sound of a recorded call, WAV."""
    account_id, now, settings = caller().account_id, wall_ms(), web().settings

    def look() -> recordings.Attempt:
        own(path.campaign_id, account_id, now)
        return recordings.get(path.campaign_id, path.attempt_id)

    row = read(look)
    file = recordings.sound(settings.recordings_folder, row, settings.recording_days, now)
    try:
        return send_file(file.absolute(), mimetype="audio/wav", conditional=True, max_age=0)
    except FileNotFoundError as error:  # deleted a moment ago
        raise FileGone(
            "The recording of call %(id)s is not in the folder of recordings.", id=row.id
        ) from error
