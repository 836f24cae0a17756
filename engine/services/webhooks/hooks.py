"""The addresses where an account's programs listen, and the secrets that sign the events.

The secrets are sealed in the database (`engine.sealing`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass

from engine.errors import BadInput, Conflict, NotFound
from engine.sealing import SecretBox
from engine.services.accounts import accounts, audit_log
from engine.services.accounts.permissions import Actor, require
from engine.services.outbox import signing
from engine.store.tables.webhooks import Webhook, WebhookEvent
from engine.store.webhook_events import KINDS as KINDS  # which the web offers

log = logging.getLogger(__name__)

MOST = 10  # of one account
MOST_BATCH = 100
OVERLAP_MS = 24 * 3_600_000  # for which a replaced secret signs too


@dataclass(frozen=True, slots=True)
class MadeHook:
    """A hook and its secret, which is shown once."""

    hook_id: int
    secret: str


def add(
    person: Actor, account_id: int, url: str, kinds: Collection[str], box: SecretBox, now: int, batch: int = 1
) -> MadeHook:
    """Make a hook; `url` was checked (`outside.check_url`).  BadInput; Conflict when there are `MOST`."""
    require(person, "webhook.change", account_id)
    accounts.one_at_a_time(account_id)
    if Webhook.select().where(Webhook.account_id == account_id).count() >= MOST:
        raise Conflict("An account has at most %(n)s web hooks.", n=MOST)
    secret = signing.new_secret()
    row = Webhook.create(
        account_id=account_id, url=url, kinds=_kinds(kinds), secret="", batch=_batch(batch), created_at=now,
        created_by=person.id,
    )  # fmt: skip
    Webhook.update(secret=box.seal(secret, _purpose(row.id))).where(Webhook.id == row.id).execute()
    audit_log.record(person.id, account_id, "webhook.add", f"web hook {row.id}", now, "", url)
    return MadeHook(int(row.id), secret)


def change(
    person: Actor, account_id: int, hook_id: int, now: int, *, url: str, kinds: Collection[str], batch: int,
    is_active: bool,
) -> None:  # fmt: skip
    """Change a hook; one that is switched off gets no further events, and what waits for it waits."""
    require(person, "webhook.change", account_id)
    row = get(account_id, hook_id)
    Webhook.update(url=url, kinds=_kinds(kinds), batch=_batch(batch), is_active=is_active).where(
        Webhook.id == row.id
    ).execute()
    audit_log.record(person.id, account_id, "webhook.change", f"web hook {hook_id}", now, row.url, url)


def rotate(person: Actor, account_id: int, hook_id: int, box: SecretBox, now: int) -> MadeHook:
    """Give a hook a new secret; the old one signs too for a day."""
    require(person, "webhook.change", account_id)
    row = get(account_id, hook_id)
    secret = signing.new_secret()
    sealed = box.seal(secret, _purpose(row.id))
    Webhook.update(secret=sealed, old_secret=row.secret, old_secret_until=now + OVERLAP_MS).where(
        Webhook.id == row.id
    ).execute()
    audit_log.record(person.id, account_id, "webhook.rotate", f"web hook {hook_id}", now)
    return MadeHook(hook_id, secret)


def remove(person: Actor, account_id: int, hook_id: int, now: int) -> None:
    """Remove a hook and its pending events."""
    require(person, "webhook.change", account_id)
    row = get(account_id, hook_id)
    WebhookEvent.delete().where(WebhookEvent.webhook_id == row.id).execute()
    Webhook.delete().where(Webhook.id == row.id).execute()
    audit_log.record(person.id, account_id, "webhook.remove", f"web hook {hook_id}", now, row.url)


def get(account_id: int, hook_id: int) -> Webhook:
    """A hook of an account; NotFound."""
    row: Webhook | None = Webhook.get_or_none(Webhook.id == hook_id, Webhook.account_id == account_id)
    if row is None:
        raise NotFound("There is no web hook %(id)s.", id=hook_id)
    return row


def of_account(account_id: int) -> list[Webhook]:
    """An account's hooks, in the order in which they were made."""
    return list(Webhook.select().where(Webhook.account_id == account_id).order_by(Webhook.id))


def active() -> list[Webhook]:
    """The hooks that are to be told, of all accounts."""
    return list(Webhook.select().where(Webhook.is_active).order_by(Webhook.id))


def keys_of(row: Webhook, box: SecretBox, now: int) -> list[bytes]:
    """The keys that sign for a hook now; none when the box opens none of its secrets."""
    is_old_valid = row.old_secret and now < row.old_secret_until
    kept = [row.secret, row.old_secret] if is_old_valid else [row.secret]
    found = [box.unseal(sealed, _purpose(row.id)) for sealed in kept]
    if None in found:
        log.error("action=webhook_secret_unreadable webhook=%d", row.id)
    return [signing.key_of(secret) for secret in found if secret is not None]


def seal_all(box: SecretBox) -> int:
    """Seal what is not sealed with the key of now, in a transaction; how many hooks had such a secret.

    What no known key opens stays: an earlier key may be named again, or the customer makes a new secret.
    """
    changed = 0
    for row in Webhook.select(Webhook.id, Webhook.secret, Webhook.old_secret):
        anew = {name: _sealed_anew(row.id, getattr(row, name), box) for name in ("secret", "old_secret")}
        if anew != {name: getattr(row, name) for name in anew}:
            Webhook.update(**anew).where(Webhook.id == row.id).execute()
            changed += 1
    if changed:
        log.info("action=webhook_secrets_sealed count=%d", changed)
    return changed


def _sealed_anew(hook_id: int, kept: str, box: SecretBox) -> str:
    anew = kept and box.sealed_anew(kept, _purpose(hook_id), lambda text: text.startswith(signing.PREFIX))
    if anew is None:
        log.error("action=webhook_secret_unreadable webhook=%d", hook_id)
    return kept if anew is None else anew


def _purpose(hook_id: int) -> str:
    """A sealed secret opens for its own hook alone."""
    return f"web hook {hook_id}"


def _kinds(kinds: Collection[str]) -> str:
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise BadInput(
            "There are no events «%(unknown)s»; known are %(known)s.", unknown=unknown, known=list(KINDS)
        )
    if not kinds:
        raise BadInput("A web hook needs at least one kind of event.")
    return " ".join(kind for kind in KINDS if kind in kinds)


def _batch(batch: int) -> int:
    if not 1 <= batch <= MOST_BATCH:
        raise BadInput("A request holds 1 to %(n)s events.", n=MOST_BATCH)
    return batch
