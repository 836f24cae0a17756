"""The secret of somebody's app does not lie in the database, whichever it is."""

from __future__ import annotations

import pyotp

from engine.sealing import SecretBox
from engine.services.accounts import people, second_factor
from engine.store.tables.core import User
from engine.store.threads import read, write
from engine.store.writer import Writer

NOW = 1_790_000_000_000


def test_a_secret_is_sealed_and_sealed_anew_by_the_next_key(store: Writer) -> None:
    box = SecretBox(["the first key"])
    made = write(lambda: people.add_hashed("somebody", people.UNSET, "operator", NOW))
    person = read(lambda: people.get(made))
    secret = write(lambda: second_factor.propose(person, box))
    code = pyotp.TOTP(secret).at(NOW // 1000)
    assert len(write(lambda: second_factor.confirm(people.get(made), code, box, NOW))) == 10
    before = read(lambda: people.get(made)).totp_secret
    assert secret not in before
    both = SecretBox(["the second key", "the first key"])
    assert write(lambda: second_factor.seal_all(both)) == 1
    assert read(lambda: people.get(made)).totp_secret != before
    second = SecretBox(["the second key"])
    later = NOW + 60_000
    code = pyotp.TOTP(secret).at(later // 1000)
    assert write(lambda: second_factor.take(people.get(made), code, second, later))
    assert not write(lambda: second_factor.take(people.get(made), code, second, later))  # once
    stranger = SecretBox(["a key that never was"])
    assert write(lambda: second_factor.seal_all(stranger)) == 0
    assert not write(lambda: second_factor.take(people.get(made), code, stranger, later + 90_000))
    assert read(lambda: User.get_by_id(made)).totp_secret != ""
