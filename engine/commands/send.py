"""`avanakctl send LIST --message AUDIO`: the main job in one go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from engine.clock import wall_ms
from engine.commands import common, lists, progress, reporting, rules, running, sending, trunks
from engine.commands.dry_run import dry_run as say_what_would_happen
from engine.commands.follow import NO_SWITCH, follow
from engine.commands.interrupts import Interrupts
from engine.config import Settings
from engine.errors import BadInput, SwitchUnavailable
from engine.runtime.controller import Engine
from engine.runtime.switchboard import SwitchSpec, parse_switches
from engine.sentences import sentence_of
from engine.services.campaigns import campaigns
from engine.services.campaigns.recipients import Imported
from engine.services.campaigns.rules import CampaignRules
from engine.services.campaigns.view import CampaignView, expect_pulse
from engine.services.compliance.policy import Policy
from engine.services.messages.sounds.whole import FORMATS
from engine.states import CampaignState
from engine.store.tables.core import Campaign
from engine.store.threads import read, write

INTERRUPTED, NO_SWITCH_STATUS = 130, SwitchUnavailable.exit_status


@click.command()
@click.argument("list_path", metavar="LIST")
@click.option("--message", "message_path", required=True, metavar="AUDIO", help=f"{FORMATS}.")
@common.trim_option
@common.switch_option
@common.account_option
@rules.rules_options
@lists.list_options
@click.option("--report", metavar="FILE.csv|.xlsx", help="Result file.  Default: a file in data_dir/reports.")
@click.option("--dry-run", is_flag=True, help="Show what would happen; nothing is called or stored.")
@click.option(
    "--speed",
    type=float,
    default=1.0,
    show_default=True,
    help="Speed of the embedded switch, as a multiple of real time.",
)
@common.json_option
def send(
    list_path: str,
    message_path: str,
    trims: bool,
    switches: tuple[str, ...],
    account_id: int | None,
    report: str | None,
    dry_run: bool,
    speed: float,
    as_json: bool,
    **options: Any,
) -> int:
    """Call every number of LIST, play AUDIO to whoever answers, and write a result for each.

    LIST is text or a workbook (CSV, TSV, TXT, XLSX, XLS, XLSB, ODS).  Exit status 0: done; 2: bad input; 3: no switch reachable;
    130: interrupted (the first Ctrl-C lets calls finish, a second ends them).
    """
    settings = common.settings_and_store()
    specs = parse_switches(common.switch_words(settings, switches))
    choices = lists.choices_of_options(options)
    wanted = rules.build_rules(settings.delivered_share, list_path, options)
    following = rules.following_texts(options, settings, account_id)
    policy = Policy.of_settings(settings)
    _check(wanted, specs, speed, report, policy.max_call_s)
    if dry_run:
        return say_what_would_happen(
            settings, specs, wanted, list_path, message_path, trims, choices, account_id, as_json, following
        )
    with sending.open_numbers(list_path, choices, settings) as reader:
        prompt, _sheet = sending.store_message(message_path, settings, trims)
        account = common.account_for(settings, account_id)
        if trunks.is_embedded(specs):
            common.note(trunks.CALLS_NOBODY)
        embedded = trunks.embedded_options(settings, specs, wanted.gateways, speed)
        with (
            Interrupts() as interrupts,
            progress.Progress(lambda at: common.local(at, settings), is_quiet=as_json) as view,
            running.engine_here_or_elsewhere(settings, specs, embedded, interrupts) as engine,
        ):
            if engine is None:
                view.say(
                    "An engine runs on this database already; it makes the calls, through its own switches."
                )
            title = Path(message_path).stem
            campaign_id = sending.make_campaign(
                policy,
                account,
                wanted,
                reader,
                prompt,
                title,
                lambda draft: trunks.make_gateways(draft, specs, settings),
                following,
            )

            def on_progress(lines: int) -> None:
                interrupts.check()
                view.lines_read(lines)

            imported = sending.fill_campaign(campaign_id, reader, on_progress)
            if engine is not None:
                named = read(lambda: campaigns.get(campaign_id).gateways.split())
                reach(engine, campaign_id, named)
            last = run_and_follow(
                campaign_id,
                lambda made, now: campaigns.start(made, now, policy),
                view,
                interrupts,
                engine,
            )
            ended_by = INTERRUPTED if interrupts.first.is_set() else 0
    return conclude(settings, last, imported, report, ended_by, as_json)


def _check(
    wanted: CampaignRules, specs: Sequence[SwitchSpec], speed: float, report: str | None, max_call_s: int
) -> None:
    """Refuse what can be refused before anything is opened."""
    is_embedded = trunks.is_embedded(specs)
    if not 0.1 <= speed <= 1000:
        raise BadInput("--speed must be from 0.1 to 1000, not %(speed)s.", speed=f"{speed:g}")
    if speed != 1 and not is_embedded:
        raise BadInput("--speed is for the embedded switch; real telephones ring as fast as they do.")
    wanted.check(max_call_s)
    rules.check_report_path(report)


def reach(engine: Engine, campaign_id: int, names: Sequence[str]) -> None:
    """Have a switch with the gateways, or say that the campaign is kept for later."""
    try:
        running.reach_switch(engine)
    except Exception:
        common.note(
            f"Nobody was called. Campaign {campaign_id} is kept: `avanakctl campaign resume {campaign_id}`."
        )
        raise
    trunks.check_gateways(engine, names)


def run_and_follow(
    campaign_id: int,
    begin: Callable[[int, int], None],
    view: progress.Progress,
    interrupts: Interrupts,
    engine: Engine | None,
) -> CampaignView:
    """Set a campaign running by `begin(id, now)` and follow it to its end, naming those that run beside it."""
    others = read(_running_ids)
    if others and engine is not None:
        view.say(
            f"Running before, and dialled too while this command runs: campaign {', '.join(map(str, others))}."
        )
    now = wall_ms()

    def work() -> None:
        begin(campaign_id, now)
        expect_pulse(campaign_id, now)

    write(work)
    return follow(campaign_id, view, interrupts, engine)


def _running_ids() -> list[int]:
    return [row.id for row in Campaign.select(Campaign.id).where(Campaign.state == CampaignState.RUNNING)]


def conclude(
    settings: Settings,
    last: CampaignView,
    imported: Imported | None,
    report: str | None,
    ended_by: int,
    as_json: bool,
) -> int:
    """Write the report, print the summary and how to go on; the exit status."""
    campaign = last.row
    refused = (
        dict(imported.refused)
        if imported is not None
        else read(lambda: reporting.refused_counts(campaign.id))
    )
    path = reporting.write_campaign_report(settings, campaign.id, report)
    document = progress.document(last, refused, str(path))
    common.answer(document, as_json, lambda: Console(highlight=False).print(progress.summary(last, refused)))
    if not as_json:
        click.echo(f"Results: {path}")
    if campaign.state != CampaignState.PAUSED:
        return ended_by
    common.note(
        f"Paused ({sentence_of(campaign.state_reason)}). To go on where it stopped: avanakctl campaign resume {campaign.id}"
    )
    return NO_SWITCH_STATUS if campaign.state_reason == NO_SWITCH else ended_by or 1
