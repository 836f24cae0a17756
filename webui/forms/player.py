"""The player of a message: its sound as callees hear it, its waveform and level, and remarks about it."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

from flask import Flask, send_file
from werkzeug.wrappers import Response

from engine.errors import NotFound
from engine.services.messages.audio import telephone_wav
from engine.services.messages.sound_sheet import Sheet, read_sheet
from webui.i18n.sentences import said
from webui.request.context import web

HEIGHT = 100  # of the waveform's picture, which is one unit wide per point


def init_app(app: Flask) -> None:
    """Register what the player's template needs."""
    app.add_template_filter(said, "said")
    app.add_template_filter(wave)
    app.add_template_global(sheet_of)


def sheet_of(prompt: str) -> Sheet | None:
    """The properties of a stored message; None if its sound is missing."""
    return read_sheet(web().settings.prompts_dir, prompt)


def wave(sheet: Sheet) -> str:
    """The outline of a message's waveform as the path of an SVG picture."""
    middle = HEIGHT // 2
    highs = [max(1, round(peak * middle / 100)) for peak in sheet.peaks]
    if not highs:
        return ""
    steps = [after - before for before, after in pairwise(highs)]
    upper = "".join(f"l1 {-step}" for step in steps)
    lower = "".join(f"l-1 {-step}" for step in reversed(steps))
    return f"M0 {middle - highs[0]}{upper}v{2 * highs[-1]}{lower}Z".replace(" -", "-")


def send_prompt(folder: Path, prompt: str) -> Response:
    """A message as callees hear it: 8 kHz, with the losses of A-law."""
    try:
        sound = web().apart(lambda: telephone_wav(folder, prompt))
    except FileNotFoundError as error:
        raise NotFound("The message's file is not there.") from error
    return send_file(io.BytesIO(sound), mimetype="audio/wav", conditional=True, max_age=0)
