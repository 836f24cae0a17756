"""`avanakctl campaign …`"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from engine.clock import wall_ms
from engine.commands import common, lists, progress, reporting, rules, running, sending, trunks
from engine.commands.interrupts import Interrupts
from engine.commands.send import INTERRUPTED, conclude, reach, run_and_follow
from engine.config import Settings
from engine.runtime.switchboard import parse_switches
from engine.services.campaigns import campaigns
from engine.services.campaigns import clone as campaigns_clone
from engine.services.campaigns import view as campaign_view
from engine.services.campaigns.view import CampaignView
from engine.services.campaigns.why import BY_COMMAND
from engine.services.compliance.policy import Policy
from engine.services.messages.sounds.whole import FORMATS
from engine.states import CampaignState
from engine.store.threads import read, write
from engine.text import one_line

_id = click.argument("campaign_id", metavar="ID", type=click.IntRange(1))


@click.group()
def campaign() -> None:
    """Create, start, pause, resume, stop, explain, report and clone campaigns."""


@campaign.command()
@click.argument("list_path", metavar="LIST")
@click.option("--message", "message_path", required=True, metavar="AUDIO", help=f"{FORMATS}.")
@common.trim_option
@common.switch_option
@common.account_option
@rules.rules_options
@lists.list_options
@common.json_option
def create(
    list_path: str,
    message_path: str,
    trims: bool,
    switches: tuple[str, ...],
    account_id: int | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Create a draft from LIST and AUDIO; nobody is called before `campaign start`."""
    settings = common.settings_and_store()
    specs = parse_switches(common.switch_words(settings, switches))
    choices = lists.choices_of_options(options)
    wanted = rules.build_rules(settings.delivered_share, list_path, options)
    following = rules.following_texts(options, settings, account_id)
    policy = Policy.of_settings(settings)
    wanted.check(policy.max_call_s)
    trunks.is_embedded(specs)
    with sending.open_numbers(list_path, choices, settings) as reader:
        prompt, sheet = sending.store_message(message_path, settings, trims)
        account = common.account_for(settings, account_id)
        made = sending.make_campaign(
            policy,
            account,
            wanted,
            reader,
            prompt,
            Path(message_path).stem,
            lambda draft: trunks.make_gateways(draft, specs, settings),
            following,
        )
        imported = sending.fill_campaign(made, reader, lambda lines: None)
    refused = dict(imported.refused)
    document = {
        "campaign": made,
        "state": "draft",
        "added": imported.added,
        "set_aside": refused,
        "message": sending.message_document(sheet),
    }
    common.answer(
        document,
        as_json,
        lambda: click.echo(
            f"Campaign {made}: {imported.added:,} to be called, {sum(refused.values()):,} set aside."
            f"  Start it: avanakctl campaign start {made}\n{sending.message_text(sheet)}"
        ),
    )


@campaign.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=common.words(CampaignState),
    help="Only these states; repeatable.",
)
@click.option("--archived", is_flag=True, help="Archived campaigns only.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@common.json_option
def list_(states: tuple[str, ...], archived: bool, limit: int, as_json: bool) -> None:
    """All campaigns, newest first."""
    settings = common.settings_and_store()
    found = read(lambda: campaign_view.views(wall_ms(), states=states, archived=archived, limit=limit))
    columns = ("id", "name", "state", "to call", "done", "delivered", "calls/s", "why")
    common.answer(
        [_document(one, settings) for one in found],
        as_json,
        lambda: common.table(
            columns,
            [
                (
                    one.id,
                    one.row.name,
                    one.state,
                    one.callable,
                    one.done,
                    one.counts.delivered,
                    round(one.calls_per_second, 1),
                    _sentence(one, settings),
                )
                for one in found
            ],
            "There is no campaign.",
        ),
    )


@campaign.command()
@_id
@common.json_option
def show(campaign_id: int, as_json: bool) -> None:
    """Show a campaign: its rules, counts, votes and current state."""
    settings = common.settings_and_store()
    seen, refused, votes = read(
        lambda: (
            campaign_view.view(campaign_id, wall_ms()),
            reporting.refused_counts(campaign_id),
            campaign_view.votes(campaign_id),
        )
    )
    document = {**_document(seen, settings), "set_aside": refused, "votes": votes}

    def text() -> None:
        for name, value in document["rules"].items():
            if value not in ("", None, False, []):
                click.echo(f"{name:<16} {one_line(str(value))}")
        Console(highlight=False).print(progress.summary(seen, refused))
        for key, number in votes.items():
            click.echo(f"vote {key}: {number:,}")
        click.echo(document["why"])

    common.answer(document, as_json, text)


@campaign.command()
@_id
@common.json_option
def why(campaign_id: int, as_json: bool) -> None:
    """Explain in one sentence why a campaign is or is not dialling now, and when it will end."""
    settings = common.settings_and_store()
    seen = read(lambda: campaign_view.view(campaign_id, wall_ms()))
    sentence = _sentence(seen, settings)
    document = {
        "campaign": campaign_id,
        "state": seen.state,
        "reason": seen.reason,
        "why": sentence,
        "ends_at": common.iso(seen.ends_at),
    }

    def text() -> None:
        click.echo(sentence)
        if seen.ends_at is not None:
            click.echo(f"Expected end: {common.local(seen.ends_at, settings)}.")

    common.answer(document, as_json, text)


def _run_command(name: str, help_text: str) -> None:
    @campaign.command(name, help=help_text)
    @_id
    @common.switch_option
    @click.option("--no-engine", is_flag=True, help="Only mark it as started; a running engine dials it.")
    @click.option(
        "--report", metavar="FILE.csv|.xlsx", help="Result file.  Default: a file in data_dir/reports."
    )
    @click.option("--speed", type=float, default=1.0, show_default=True, help="Speed of the embedded switch.")
    @common.json_option
    def command(
        campaign_id: int,
        switches: tuple[str, ...],
        no_engine: bool,
        report: str | None,
        speed: float,
        as_json: bool,
    ) -> int:
        settings = common.settings_and_store()
        rules.check_report_path(report)
        names = [spec.name for spec in parse_switches(common.switch_words(settings, switches))]
        if no_engine or running.is_engine_running(settings, names):
            return _only_begin(campaign_id, settings, as_json)
        return _run_here(campaign_id, settings, switches, speed, report, as_json)


_run_command(
    "start",
    "Start a draft; by an engine in this process, if none runs, which goes on until the campaign has ended.",
)
_run_command(
    "resume", "Continue where it stopped, after a pause, Ctrl-C or a crash; otherwise the same as `start`."
)


def _only_begin(campaign_id: int, settings: Settings, as_json: bool) -> int:
    now, policy = wall_ms(), Policy.of_settings(settings)

    def work() -> CampaignView:
        _begin(campaign_id, now, policy)
        campaign_view.expect_pulse(campaign_id, now)
        return campaign_view.view(campaign_id, now)

    seen = write(work)
    hint = (
        "" if running.is_engine_running(settings) else "  No engine runs: `avanakctl serve` makes the calls."
    )
    common.answer(
        _document(seen, settings),
        as_json,
        lambda: click.echo(f"Campaign {campaign_id} is {seen.state}.{hint}"),
    )
    return 0


def _run_here(
    campaign_id: int,
    settings: Settings,
    switches: tuple[str, ...],
    speed: float,
    report: str | None,
    as_json: bool,
) -> int:
    specs = parse_switches(common.switch_words(settings, switches))

    def checked() -> list[str]:
        row = campaigns.get(campaign_id)
        trunks.check_kind(row, specs)
        return list(row.gateways.split())

    names = read(checked)
    embedded, policy = trunks.embedded_options(settings, specs, names, speed), Policy.of_settings(settings)
    if embedded is not None:
        common.note(trunks.CALLS_NOBODY)
    with (
        Interrupts() as interrupts,
        progress.Progress(lambda at: common.local(at, settings), is_quiet=as_json) as view,
        running.engine_here_or_elsewhere(settings, specs, embedded, interrupts) as engine,
    ):
        if engine is not None:
            reach(engine, campaign_id, names)
        last = run_and_follow(
            campaign_id, lambda made, now: _begin(made, now, policy), view, interrupts, engine
        )
        ended_by = INTERRUPTED if interrupts.first.is_set() else 0
    return conclude(settings, last, None, report, ended_by, as_json)


def _begin(campaign_id: int, now: int, policy: Policy) -> None:
    """In a transaction: start a draft, resume anything else that can be."""
    if campaigns.get(campaign_id).state == CampaignState.DRAFT:
        campaigns.start(campaign_id, now, policy)
    else:
        campaigns.resume(campaign_id, now, policy)


@campaign.command()
@_id
@click.option("--reason", default="", help="Reason, as `campaign why` and the web UI show it.")
@common.json_option
def pause(campaign_id: int, reason: str, as_json: bool) -> None:
    """Place no new calls; calls in progress continue.  `resume` continues the campaign."""
    settings = common.settings_and_store()
    write(lambda: campaigns.pause(campaign_id, reason or BY_COMMAND.kept()))
    _tell(campaign_id, settings, as_json)


@campaign.command()
@_id
@common.json_option
def stop(campaign_id: int, as_json: bool) -> None:
    """End the campaign for good: recipients not called yet are cancelled.  Calls in progress continue."""
    settings = common.settings_and_store()
    write(lambda: campaigns.stop(campaign_id, wall_ms()))
    _tell(campaign_id, settings, as_json)


@campaign.command()
@_id
@click.argument("path", metavar="[FILE.csv|.xlsx]", required=False)
@common.json_option
def report(campaign_id: int, path: str | None, as_json: bool) -> None:
    """Write the results, one line for each line of the list; without FILE, to data_dir/reports."""
    settings = common.settings_and_store()
    rules.check_report_path(path)
    made = reporting.write_campaign_report(settings, campaign_id, path)
    common.answer({"campaign": campaign_id, "report": str(made)}, as_json, lambda: click.echo(str(made)))


@campaign.command()
@_id
@click.option(
    "--only",
    "only",
    type=click.Choice(list(campaigns_clone.CHOICES)),
    multiple=True,
    help="Which recipients to take; repeatable.  Default: all.",
)
@click.option("--name", default="", help="Name of the new campaign.")
@common.json_option
def clone(campaign_id: int, only: tuple[str, ...], name: str, as_json: bool) -> None:
    """Create a draft with the same message and rules, for all or some of the recipients.

    ``--only not-reached`` takes the recipients that no attempt reached.
    """
    settings = common.settings_and_store()
    chosen = only or (campaigns_clone.ALL,)
    made = campaigns_clone.clone(campaign_id, wall_ms(), Policy.of_settings(settings), write, chosen, name)
    seen = read(lambda: campaign_view.view(made, wall_ms()))
    common.answer(
        _document(seen, settings),
        as_json,
        lambda: click.echo(
            f"Campaign {made}: {seen.callable:,} to be called.  Start it: avanakctl campaign start {made}"
        ),
    )


def _tell(campaign_id: int, settings: Settings, as_json: bool) -> None:
    seen = read(lambda: campaign_view.view(campaign_id, wall_ms()))
    common.answer(
        _document(seen, settings),
        as_json,
        lambda: click.echo(f"Campaign {campaign_id}: {_sentence(seen, settings)}"),
    )


def _sentence(seen: CampaignView, settings: Settings) -> str:
    return seen.sentence.english(lambda at: common.local(at, settings))


def _document(seen: CampaignView, settings: Settings) -> dict[str, Any]:
    row = seen.row
    hidden = ("id", "name", "state", "state_reason", "account", "message", "columns", "source_name")
    return {
        "campaign": seen.id,
        "name": row.name,
        "account": seen.account,
        "state": seen.state,
        "reason": seen.reason,
        "why": _sentence(seen, settings),
        "message": seen.message.title if seen.message is not None else None,
        "message_ms": seen.message.duration_ms if seen.message is not None else None,
        "list": row.source_name,
        "to_call": seen.callable,
        "done": seen.done,
        "calls_up": seen.calls_up,
        "calls_per_second": round(seen.calls_per_second, 2),
        "ends_at": common.iso(seen.ends_at),
        "counts": {name: value for name, value in seen.counts.__data__.items() if name != "campaign"},
        "rules": common.row_values(row, hidden),
    }
