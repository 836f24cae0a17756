"""The recorded words of a real FreeSWITCH, as bytes.

Recordings mark each line with «< » (received) or «> » (sent).  Two paths in them were
shortened after recording, so each Content-Length is counted again.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent / "transcripts"
NAMES = sorted(path.stem for path in FOLDER.glob("*.esl"))
_LENGTH = re.compile(r"Content-Length: ([0-9]+)")


def received_frames(name: str) -> list[bytes]:
    """Each frame that the switch sent in this recording, head and body, lengths re-counted."""
    return [frame for run in _runs(name, "<") for frame in _frames_of(run)]


def sent_lines(name: str) -> list[str]:
    """The lines that were sent, without empty ones."""
    return [line for run in _runs(name, ">") for line in run if line]


def _runs(name: str, mark: str) -> list[list[str]]:
    """The lines of one direction, in runs that the other direction's lines separate."""
    runs: list[list[str]] = []
    last = ""
    for line in (FOLDER / f"{name}.esl").read_bytes().decode().split("\n"):
        if line[:1] == mark:
            if last != mark:
                runs.append([])
            runs[-1].append(line[2:])
        last = line[:1]
    return runs


def _begins_frame(lines: list[str], at: int) -> bool:
    if lines[at].startswith("Content-Type: "):
        return True
    follows = lines[at + 1] if at + 1 < len(lines) else ""
    return bool(_LENGTH.fullmatch(lines[at])) and follows.startswith("Content-Type: ")


def _frames_of(lines: list[str]) -> list[bytes]:
    frames = []
    at = 0
    while at < len(lines):
        assert _begins_frame(lines, at), lines[at]
        end_of_head = lines.index("", at)
        end = end_of_head + 1
        head = lines[at:end_of_head]
        declared = next((int(m[1]) for line in head if (m := _LENGTH.fullmatch(line))), None)
        if declared is None:
            frames.append(("\n".join(head) + "\n\n").encode())
            at = end
            continue
        while end < len(lines) and not _begins_frame(lines, end):
            end += 1
        body = "\n".join(lines[end_of_head + 1 : end]).encode()
        # The recording cannot show whether the last line ended with a line feed:
        # the plain events' always does, of the others the declared length tells.
        if "Content-Type: text/event-plain" in head or len(body) + 1 == declared:
            body += b"\n"
        head = [_LENGTH.sub(f"Content-Length: {len(body)}", line) for line in head]
        frames.append(("\n".join(head) + "\n\n").encode() + body)
        at = end
    return frames
