"""Tables of imports and of campaigns that are being put together.  Conventions: engine/store/tables/core.py."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, BooleanField, CharField, IntegerField, TextField

from engine.states import ImportState
from engine.store.tables.core import Table


class ListImport(Table):
    """The import of an uploaded list, outside the request (engine.services.campaigns.list_imports).

    `chunks` is written in the transaction that imports a chunk, so that an interrupted import continues after the last
    one.
    """

    id = BigAutoField()
    campaign_id = BigIntegerField(index=True)
    person_id = BigIntegerField()
    token = CharField(80, unique=True)  # the folder of the upload; unique, so that it is confirmed once
    source_name = CharField(255)  # the file's name for people
    sha256 = CharField(64, default="")  # of the file that was checked; empty in old rows
    choices = TextField(default="")  # how to read it (engine.services.lists.choices), JSON
    expected = IntegerField(default=0)  # rows counted by the check before the import; 0: not counted
    starts = BooleanField(default=False)  # start the campaign when all rows are imported
    awaits_approval = BooleanField(default=False)  # if not approved by then, start it when it is
    state = CharField(10, default=ImportState.WAITING)
    chunks = IntegerField(default=0)  # imported so far
    added = IntegerField(default=0)
    refused = TextField(default="{}")  # JSON: how many lines were set aside, by reason
    sentence = TextField(default="")  # why it failed, or why the campaign did not start
    created_at = BigIntegerField()
    began_at = BigIntegerField(null=True)
    finished_at = BigIntegerField(null=True)


class CampaignDraft(Table):
    """A campaign that is being put together; its files and choices are in the folder of the upload.

    Lists and quotas use this row; it is removed with the folder.
    """

    token = CharField(80, primary_key=True)  # the folder of the upload
    account_id = BigIntegerField(index=True)
    person_id = BigIntegerField()
    name = CharField(200, default="")
    list_name = CharField(255, default="")
    created_at = BigIntegerField()
    changed_at = BigIntegerField(index=True)
