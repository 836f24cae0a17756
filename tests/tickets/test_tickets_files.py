"""Attachments by content, remote help that forgets its id, and satisfaction."""

from __future__ import annotations

import io
import logging
import os
import zipfile
from pathlib import Path

import pytest

from engine.config import load_settings
from engine.errors import BadInput, Conflict, NotAllowed, NotFound
from engine.services.tickets import remote_help, satisfaction, tickets, views, watch
from engine.services.tickets.attachments import Attachments, Received, discard
from engine.store.tables.support import RemoteHelp
from engine.store.threads import read, write
from tests.pictures import jpeg, png
from tests.tickets.cast import Cast, at

NOW = at("1405-08-30 09:00")
PNG = png()


def office_file(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Attachments:
    return Attachments(load_settings(data_dir=tmp_path, attachment_max_mb=1, attachment_quota_mb=1))


def receive(folder: Attachments, content: bytes, name: str) -> Received:
    return folder.receive(io.BytesIO(content), name)


@pytest.mark.parametrize(
    ("content", "name", "media_type", "kept"),
    [
        (PNG, "screen.png", "image/png", "screen.png"),
        (PNG, "invoice.exe", "image/png", "invoice.exe.png"),
        (PNG, "../../etc/passwd", "image/png", "passwd.png"),
        (jpeg(), "C:\\temp\\a b.JPG", "image/jpeg", "a b.JPG"),
        (b"%PDF-1.7 ...", "قرارداد.pdf", "application/pdf", "قرارداد.pdf"),
        ("سلام،\u200cدنیا\n1,2".encode(), "list.csv", "text/plain", "list.csv"),
        (
            office_file("[Content_Types].xml", "xl/workbook.xml"),
            "a.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "a.xlsx",
        ),
    ],
)
def test_what_a_file_is_says_its_content(
    folder: Attachments, content: bytes, name: str, media_type: str, kept: str
) -> None:
    got = receive(folder, content, name)
    assert (got.media_type, got.name, got.size) == (media_type, kept, len(content))
    assert got.file.read_bytes() == content
    assert folder.folder in got.file.parents
    assert Path(got.path).suffix == ""


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.png"),
        (b"MZ\x90\0\x03", "program.png"),
        (b"\x7fELF\x02\x01\x01\0", "song.mp3"),
        (b"<html><script>alert(1)</script>", "note.txt"),
        (b'  <?xml version="1.0"?><svg onload="x"/>', "picture.svg"),
        (office_file("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "macro.xlsx"),
        (office_file("evil.exe"), "archive.zip"),
        (b"PK\x03\x04broken", "a.docx"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * (1 << 20), "large.png"),
    ],
)
def test_other_files_are_refused_and_leave_nothing(folder: Attachments, content: bytes, name: str) -> None:
    with pytest.raises(BadInput):
        receive(folder, content, name)
    assert [file for file in folder.folder.rglob("*") if file.is_file()] == []


def test_files_belong_to_a_ticket_within_the_quota_and_to_nobody_else(
    cast: Cast, folder: Attachments
) -> None:
    half = PNG + b"\0" * 600_000
    first = receive(folder, half, "a.png")
    ticket = write(
        lambda: tickets.open_ticket(
            cast.owner, cast.account, "support", "Subject", "Text", NOW, files=[first]
        )
    )
    second = receive(folder, half, "b.png")
    with pytest.raises(Conflict, match="at most 1 MB"):
        write(lambda: tickets.reply(cast.owner, ticket, "More", NOW, files=[second]))
    discard([second])
    note = receive(folder, PNG, "internal.png")
    write(lambda: tickets.reply(cast.agent, ticket, "Note", NOW, files=[note], internal=True))
    mine = read(lambda: views.one(cast.owner, ticket, NOW)).messages
    assert [[file.name for file in each.files] for each in mine] == [["a.png"]]
    file_id = mine[0].files[0].id
    row, path = read(lambda: folder.file_of(cast.owner, file_id))
    assert (row.name, path.read_bytes()) == ("a.png", half)
    with pytest.raises(NotFound):
        read(lambda: folder.file_of(cast.stranger, file_id))
    with pytest.raises(NotFound):
        read(lambda: folder.file_of(cast.owner, file_id + 1))
    orphan = receive(folder, PNG, "orphan.png")
    for file in (orphan.file, path):
        os.utime(file, (NOW / 1000 - 200_000,) * 2)
    assert folder.sweep(NOW) == 1
    assert (orphan.file.exists(), path.exists()) == (False, True)


# -- remote help --------------------------------------------------------------------------

START, END = at("1405-08-30 12:00"), at("1405-08-30 13:00")
SECRET = "987 654 321"


def appointment(cast: Cast) -> tuple[int, int]:
    ticket = write(
        lambda: tickets.open_ticket(cast.owner, cast.account, "remote_help", "Subject", "Text", NOW)
    )
    remote = write(lambda: remote_help.propose(cast.agent, ticket, "anydesk", START, END, NOW))
    return ticket, remote


def stored(remote: int) -> RemoteHelp:
    return read(lambda: RemoteHelp.get_by_id(remote))


def test_both_sides_agree_and_the_id_is_seen_by_the_agent_only_and_forgotten(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="engine")
    ticket, remote = appointment(cast)
    with pytest.raises(Conflict):
        write(lambda: remote_help.give_id(cast.owner, remote, SECRET, NOW))  # nothing is agreed yet
    with pytest.raises(Conflict):
        write(lambda: remote_help.agree(cast.agent, remote, NOW))  # its own proposal
    with pytest.raises(NotFound):
        write(lambda: remote_help.agree(cast.stranger, remote, NOW))
    write(lambda: remote_help.agree(cast.owner, remote, NOW))
    write(lambda: remote_help.give_id(cast.owner, remote, SECRET, NOW))
    for other in (cast.operator, cast.owner):
        with pytest.raises(NotAllowed):
            write(lambda person=other: remote_help.read_id(person, remote, START))
    assert write(lambda: remote_help.read_id(cast.agent, remote, START)) == SECRET
    assert not read(lambda: remote_help.of_ticket(ticket))[0].secret
    write(lambda: remote_help.finish(cast.agent, remote, START + 60_000))
    assert (stored(remote).state, stored(remote).secret) == ("done", "")
    with pytest.raises(NotFound):
        write(lambda: remote_help.read_id(cast.agent, remote, START + 60_000))
    steps = read(lambda: views.one(cast.agent, ticket, NOW)).steps
    assert "remote_id_read" in [step.what for step in steps]
    assert SECRET not in caplog.text + repr([(s.old, s.new, s.reason) for s in steps])


def test_an_id_is_wiped_when_its_time_is_over_and_when_it_is_called_off(cast: Cast) -> None:
    _, remote = appointment(cast)
    write(lambda: remote_help.agree(cast.owner, remote, NOW))
    write(lambda: remote_help.give_id(cast.owner, remote, SECRET, NOW))
    write(lambda: watch.watch(END - 1))
    assert stored(remote).secret == SECRET
    with pytest.raises(NotFound):
        write(lambda: remote_help.read_id(cast.agent, remote, END))  # also before anybody wiped it
    write(lambda: watch.watch(END))
    assert (stored(remote).state, stored(remote).secret) == ("missed", "")
    ticket, first = appointment(cast)
    write(lambda: remote_help.agree(cast.owner, first, NOW))
    write(lambda: remote_help.give_id(cast.owner, first, SECRET, NOW))
    write(lambda: remote_help.propose(cast.owner, ticket, "teamviewer", START, END, NOW))
    assert (stored(first).state, stored(first).secret) == ("cancelled", "")
    with pytest.raises(BadInput):
        write(lambda: remote_help.propose(cast.owner, ticket, "vnc", START, END, NOW))


# -- satisfaction -------------------------------------------------------------------------


def test_satisfaction_is_said_once_after_closing(cast: Cast) -> None:
    ticket = write(lambda: tickets.open_ticket(cast.owner, cast.account, "support", "Subject", "Text", NOW))
    with pytest.raises(Conflict, match="after it is closed"):
        write(lambda: satisfaction.rate(cast.owner, ticket, 5, "", NOW))
    write(lambda: tickets.close(cast.agent, ticket, NOW, "Done."))
    for wrong in (0, 6, True):
        with pytest.raises(BadInput):
            write(lambda score=wrong: satisfaction.rate(cast.owner, ticket, score, "", NOW))
    with pytest.raises(NotFound):
        write(lambda: satisfaction.rate(cast.stranger, ticket, 5, "", NOW))
    write(lambda: satisfaction.rate(cast.owner, ticket, 4, "Quick.", NOW))
    with pytest.raises(Conflict, match="before"):
        write(lambda: satisfaction.rate(cast.owner, ticket, 1, "", NOW))
    said = read(lambda: satisfaction.of_ticket(ticket))
    assert (said.score, said.text) == (4, "Quick.")
