"""`avanakctl send --dry-run`: what would happen, without calls or writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from engine.clock import wall_ms
from engine.commands import common, lists, sending, trunks
from engine.commands.progress import span_text
from engine.config import Settings
from engine.runtime.switchboard import SwitchSpec
from engine.services.accounts import accounts, permissions
from engine.services.campaigns.preflight import (
    BINDINGS,
    Ground,
    Preflight,
    count_list,
    estimate_end,
    ground_of,
    limits_of_switches,
)
from engine.services.campaigns.rules import CampaignRules, call_length_s
from engine.services.compliance import caller_ids
from engine.services.compliance.policy import Policy
from engine.services.lists.choices import Choices
from engine.services.messages import audio
from engine.services.money import pricing
from engine.services.money.pricing import Quote
from engine.services.money.reservations import longest_heard_ms
from engine.services.outbox import texts
from engine.services.outbox.texts import TextWanted
from engine.store.tables.core import Gateway, Switch
from engine.store.threads import read


def dry_run(
    settings: Settings,
    specs: Sequence[SwitchSpec],
    wanted: CampaignRules,
    list_path: str,
    message_path: str,
    trims: bool,
    choices: Choices,
    account_id: int | None,
    as_json: bool,
    following: Sequence[TextWanted] = (),
) -> int:
    """Read list and message, estimate the end, and print all of it.  Raises BadInput as the real thing would.

    The price is that of the account `account_id`; without one it is the operator's own, which pays nothing.
    """
    with sending.open_numbers(list_path, choices, settings) as reader:
        prompt = audio.load_prompt(message_path, trims=trims)
        sending.warn_of(prompt.sheet)
        gateways = _gateways(wanted, specs, settings)
        names = {spec.name for spec in specs}
        limits = read(
            lambda: limits_of_switches(Switch.select().where(Switch.name.in_(names)), settings.inbound_share)
        )
        now, policy = wall_ms(), Policy.of_settings(settings)
        found = count_list(reader)
        quote = _quote(account_id, found, wanted, prompt.duration_ms, policy.max_call_s, now, following)
        ground = Ground(gateways, limits, caller_range=caller_ids.range_of(wanted.kind, policy))
        if account_id is not None:
            known = read(lambda: ground_of(account_id, wanted.kind, settings.inbound_share, now, policy))
            ground = replace(known, gateways=gateways, switch_limits=limits)
        estimate_end(
            found, wanted, prompt.duration_ms, ground, now, policy.zone, quote.average_call if quote else 0.0
        )
    if wanted.record_s and account_id is not None:
        read(lambda: accounts.require_grant(account_id, permissions.RECORDING))
    if wanted.caller_id and account_id is not None:
        read(lambda: caller_ids.require_own(account_id, wanted.caller_id, gateways))
    caller_ids.check_with(wanted.kind, _number_of(wanted, account_id), gateways, policy)

    def tell() -> None:
        lists.print_count(found)
        click.echo(sending.message_text(prompt.sheet))
        _print_end(found, settings)
        if quote is not None:
            _print_quote(quote)
        click.echo("Nobody was called.")

    document = {
        **_document(found, prompt.duration_ms),
        "message": sending.message_document(prompt.sheet),
        "price": _price(quote),
    }
    common.answer(document, as_json, tell)
    return 0


def _number_of(wanted: CampaignRules, account_id: int | None) -> str:
    """The number that its calls would show, whichever gateway they leave by; empty: the gateway's."""
    if wanted.caller_id or account_id is None:
        return wanted.caller_id
    return str(read(lambda: accounts.get(account_id)).caller_id)


def _quote(
    account_id: int | None,
    found: Preflight,
    rules: CampaignRules,
    message_ms: int,
    max_call_s: int,
    now: int,
    following: Sequence[TextWanted],
) -> Quote | None:
    if account_id is None:
        return None
    longest_s = call_length_s(rules, message_ms, has_variables=False, max_call_s=max_call_s)
    heard_ms = longest_heard_ms(message_ms, longest_s, repeats=bool(rules.repeat_key))
    parts = texts.most_parts(each.text for each in following)
    return read(
        lambda: pricing.quote(account_id, found.mobiles, found.valid - found.mobiles, heard_ms, now, parts)
    )


def _price(quote: Quote | None) -> dict[str, object] | None:
    if quote is None:
        return None
    return {
        "rials_at_most": quote.total,
        "rials_a_mobile": quote.mobile_call,
        "rials_a_landline": quote.landline_call,
        "rials_a_text": quote.text,
        "pulses_a_call": quote.pulses,
        "available": quote.available,
        "is_enough": quote.is_enough,
    }


def _print_quote(quote: Quote) -> None:
    text = f", and {quote.texts:,} for text messages, {quote.text:,} each" if quote.text else ""
    click.echo(
        f"It costs {quote.total:,} Rials if everybody hears all of it once ({quote.pulses} pulses a call:"
        f" {quote.mobile_call:,} a mobile, {quote.landline_call:,} a landline{text}); {quote.available:,} are available"
        f"{'.' if quote.is_enough else ', which is not enough for all of them.'}"
    )


def _gateways(wanted: CampaignRules, specs: Sequence[SwitchSpec], settings: Settings) -> list[Gateway]:
    """The gateways that it would go by, those that would be made included."""
    known = {row.name: row for row in read(lambda: list(Gateway.select()))}
    is_embedded = trunks.is_embedded(specs)
    names = wanted.gateways or ([spec.name for spec in specs] if is_embedded else list(known))
    cps = wanted.cps if wanted.cps is not None else settings.default_cps
    channels = wanted.channels if wanted.channels is not None else settings.default_channels
    shown = {name: known[name].caller_id if name in known else "" for name in names}
    made = {
        name: Gateway(name=name, cps=cps, channels=channels, caller_id=shown[name], created_at=wall_ms())
        for name in names
    }
    return [made[name] if is_embedded else known.get(name, made[name]) for name in names]


def _document(found: Preflight, message_ms: int) -> dict[str, object]:
    return {
        **found.document(),
        "message_ms": message_ms,
        "calls_expected": found.calls,
        "calls_per_second": round(found.calls_per_second, 2),
        "starts_at": common.iso(found.starts_at),
        "ends_at": common.iso(found.ends_at),
        "binding": found.binding,
    }


def _print_end(found: Preflight, settings: Settings) -> None:
    if found.ends_at is None:
        click.echo(f"It would not be done within a year; what binds it: {BINDINGS[found.binding]}.")
        return
    click.echo(
        f"About {found.calls:,} calls at {found.calls_per_second:.1f} a second, done {common.local(found.ends_at, settings)}"
        f" (in {span_text((found.ends_at - wall_ms()) / 1000)}); what binds it: {BINDINGS[found.binding]}."
    )
