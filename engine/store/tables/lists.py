"""The table of lists on their way into campaigns.  Conventions: engine/store/tables/core.py."""

from __future__ import annotations

from peewee import BigAutoField, BigIntegerField, BooleanField, CharField, IntegerField, TextField

from engine.states import ImportState
from engine.store.tables.core import Table


class ListImport(Table):
    """An uploaded list that is brought into a campaign outside the request (engine.services.campaigns.list_imports).

    `chunks` is written in the transaction that brings a chunk in, so an import that was
    cut goes on behind the last one.
    """

    id = BigAutoField()
    campaign_id = BigIntegerField(index=True)
    person_id = BigIntegerField()
    token = CharField(80, unique=True)  # the folder of the upload; unique: confirmed once
    source_name = CharField(255)  # what people call the file
    sha256 = CharField(64, default="")  # of the file that was checked; empty: one of before
    choices = TextField(default="")  # how it is to be read (engine.services.lists.choices), JSON
    expected = IntegerField(default=0)  # rows that the pre-flight counted; 0: not counted
    starts = BooleanField(default=False)  # the campaign is started when all rows are in
    awaits_approval = BooleanField(default=False)  # and if its message is not approved then, as soon as it is
    state = CharField(10, default=ImportState.WAITING)
    chunks = IntegerField(default=0)  # that are in
    added = IntegerField(default=0)
    refused = TextField(default="{}")  # JSON: how many were set aside, by reason
    sentence = TextField(default="")  # why it failed, or why the campaign was not started
    created_at = BigIntegerField()
    began_at = BigIntegerField(null=True)
    finished_at = BigIntegerField(null=True)


class CampaignDraft(Table):
    """A campaign that is being put together: its files and choices lie in the folder of the upload.

    The row is what lists and quotas go by; it is removed with the folder.
    """

    token = CharField(80, primary_key=True)  # the folder of the upload
    account_id = BigIntegerField(index=True)
    person_id = BigIntegerField()
    name = CharField(200, default="")
    list_name = CharField(255, default="")
    created_at = BigIntegerField()
    changed_at = BigIntegerField(index=True)
