"""Contact lists in the web UI: kept, used again, those of programs, and reading that is cut."""

from __future__ import annotations

import json
import re

from engine.clock import wall_ms
from engine.errors import EngineBusy
from engine.services.campaigns import list_shelf
from engine.services.lists import contact_lists
from engine.services.lists.contact_lists import NewContact
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.store.tables.programs import ContactList, ListedContact
from engine.store.threads import read, write
from tests.webui.wizard import (
    base_of,
    begin,
    bring_in,
    importer,
    settings,
)

__all__ = ["importer", "settings"]  # fixtures


def test_a_list_is_kept_and_used_again(owner, outsider, cast, importer) -> None:
    base = base_of(begin(owner, cast.sahar))
    owner.post(f"{base}/list/keep", {"name": "مشترکان"}, page=f"{base}/list")
    kept = read(lambda: ContactList.get())
    assert (
        begin(owner, cast.sahar, b"", "", contact_list=str(kept.id)).status_code == 400
    )  # it is still coming in
    bring_in(importer)
    kept = read(lambda: ContactList.get())
    assert (kept.name, kept.numbers, kept.account_id, kept.token) == ("مشترکان", 2, cast.sahar, "")
    assert not list((importer._shelf.path("x").parent).iterdir())
    owner.post(f"{base}/discard", page=f"{base}/list")
    assert owner.get(f"{base}/list").status_code == 404
    again = begin(owner, cast.sahar, b"", "", contact_list=str(kept.id))
    assert re.search(r"To be called</dt><dd><bdi>2</bdi>", owner.get(again.location).text)
    assert begin(outsider, cast.other, b"", "", contact_list=str(kept.id)).status_code == 400
    assert outsider.post(f"/lists/{kept.id}/remove").status_code == 404
    assert "مشترکان" in owner.get("/lists").text
    assert "مشترکان" in owner.get("/lists?text=%D9%85%D8%B4%D8%AA%D8%B1%D9%83").text  # with an Arabic kaf
    assert "مشترکان</bdi>" not in owner.get("/lists?text=other").text
    owner.post(f"/lists/{kept.id}/remove", page="/lists")
    assert "مشترکان</bdi>" not in owner.get("/lists").text
    bring_in(importer)
    assert read(lambda: (ContactList.select().count(), ListedContact.select().count())) == (0, 0)


def test_a_list_of_a_program_makes_a_campaign_in_the_web(owner, cast, importer) -> None:
    number = normalise("09123456789")
    assert isinstance(number, NormalNumber)
    contact = NewContact(number, "=A-17", {"نام": "سارا", "شهر": 'ری، "تهران"\n'})

    def work() -> int:
        list_id = contact_lists.make(cast.sahar, "parents.xlsx", wall_ms())
        contact_lists.add(list_id, [contact])
        return list_id

    list_id = write(work)
    answer = begin(owner, cast.sahar, b"", "", contact_list=str(list_id))
    page = owner.get(answer.location).text
    assert re.search(r"To be called</dt><dd><bdi>1</bdi>", page)
    assert "=A-17" in page
    # It is kept once more, and nothing is lost or changed on the way.
    base = base_of(answer)
    owner.post(f"{base}/list/keep", {"name": "again"}, page=f"{base}/list")
    bring_in(importer)
    again = read(lambda: ListedContact.get(ListedContact.list_id != list_id))
    assert json.loads(again.variables) == {"نام": "سارا", "شهر": 'ری، "تهران"', "reference": "=A-17"}


def test_a_list_that_is_cut_while_it_comes_in_is_whole_in_the_end(owner, cast, importer, monkeypatch) -> None:
    base = base_of(begin(owner, cast.sahar))
    owner.post(f"{base}/list/keep", {"name": "l"}, page=f"{base}/list")
    put = list_shelf._put

    def killed(list_id: int, contacts: list[NewContact]) -> None:
        put(list_id, contacts[:1])
        raise EngineBusy("The process ended.")

    with monkeypatch.context() as patched:
        patched.setattr(list_shelf, "_put", killed)
        bring_in(importer)
    assert read(lambda: ContactList.get().token)
    bring_in(importer)
    row = read(lambda: ContactList.get())
    assert (row.token, row.numbers, read(lambda: ListedContact.select().count())) == ("", 2, 2)
