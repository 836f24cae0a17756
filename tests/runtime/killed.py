"""An engine in a process of its own that a test kills (-9) and starts again, and its books from beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.bench.engine_process import EngineProcess
from engine.bench.kit import tone
from engine.clock import wall_ms
from engine.config import load_settings
from engine.runtime.opening import open_store
from engine.services.accounts import accounts, permissions
from engine.services.campaigns import secure_calls
from engine.services.messages import prompts
from engine.services.money import ledger, ledger_check
from engine.services.numbering.numbers import NormalNumber, normalise
from engine.services.onboarding import first_start
from engine.store.tables.core import Attempt
from engine.store.tables.sends import SecureCall
from engine.store.threads import close_readers, read, write
from tests.policies import ANYTHING
from tests.waits import wait_for

CREDIT = 1_000_000
DAY_MS = 86_400_000


class KilledHouse:
    """A customer who may join people, with credit and a message of four seconds."""

    def __init__(self, folder: Path, engine: EngineProcess) -> None:
        self.folder, self.engine = folder, engine
        settings = load_settings(data_dir=folder, database_url="")
        open_store(settings)
        sound = folder / "sound.wav"
        sound.write_bytes(tone(4))
        self.prompt, length_ms = prompts.store_prompt(sound, settings.prompts_dir)

        def setup() -> tuple[int, int]:
            first_start.ensure_first(wall_ms(), "a password of this test")
            account_id = accounts.open_by_staff("firm", wall_ms() + DAY_MS, None, wall_ms())
            accounts.grant(account_id, [permissions.SECURE_CALLS, permissions.OWN_VOICE], None, wall_ms())
            ledger.top_up(account_id, CREDIT, "payment/1", wall_ms())
            return account_id, prompts.add(account_id, "hold", self.prompt, length_ms, wall_ms())

        self.account_id, self.message_id = write(setup)

    def join(self, first: str, second: str) -> int:
        """Begin a secure call; its id."""
        a, b = (each for each in map(normalise, (first, second)) if isinstance(each, NormalNumber))
        return write(
            lambda: secure_calls.start(self.account_id, a, b, self.message_id, (), wall_ms(), ANYTHING)
        )

    def call(self, call_id: int) -> SecureCall:
        return read(lambda: SecureCall.get_by_id(call_id))

    def wait_for(self, call_id: int, state: str) -> None:
        wait_for(lambda: self.call(call_id).state == state, f"the call to be {state}", 45)

    def legs(self, call_id: int) -> list[Attempt]:
        """The attempts of both, oldest first."""
        row = self.call(call_id)
        ids = [each for each in (row.first_id, row.second_id) if each is not None]
        return read(lambda: list(Attempt.select().where(Attempt.recipient_id.in_(ids)).order_by(Attempt.id)))

    def assert_books_are_closed(self, charged: int) -> None:
        """What is not charged came back, and every figure of the books agrees."""
        wait_for(
            lambda: read(lambda: ledger.spendable(self.account_id)) == CREDIT - charged, "what was set aside"
        )
        found = read(ledger_check.check)
        assert found.is_clean, found.findings


@contextmanager
def killed_house(folder: Path, switches: str) -> Iterator[KilledHouse]:
    """The engine runs on `switches` (as AVANAK_SWITCHES names them), at any hour of the day."""
    settings = {"AVANAK_HOURS_SERVICE": "", "AVANAK_SLA_PROBE_S": "0", "AVANAK_OWN_NETWORKS": "127.0.0.0/8"}
    engine = EngineProcess(folder, "", switches, **settings)
    try:
        yield KilledHouse(folder, engine)
    finally:
        engine.kill()
        close_readers()
