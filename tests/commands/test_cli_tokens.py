"""Tokens from the command line."""

from __future__ import annotations

from tests.commands.ctl import Ctl


def test_add_list_rotate_revoke(ctl: Ctl) -> None:
    added, wrong, nobody, listed, rotated, revoked, again, left = ctl.run_each(
        [
            ["token", "add", "1", "--name", "the shop", "--scope", "sends:write", "--scope", "campaigns",
             "--method", "QuickSend", "--ip", "192.0.2.7", "--expires", "90d", "--json"],
            ["token", "add", "1", "--name", "the shop", "--scope", "fly", "--json"],
            ["token", "add", "9", "--name", "the shop", "--scope", "all", "--json"],
            ["token", "list", "1", "--json"],
            ["token", "rotate", "1", "--overlap", "1h", "--json"],
            ["token", "revoke", "1", "--json"],
            ["token", "revoke", "1"],
            ["token", "list", "1"],
        ]
    )  # fmt: skip
    secret = added.document["token"]
    assert secret.startswith("avk_")
    assert (wrong.status, nobody.status) == (2, 2)
    assert "campaigns:read" in wrong.document["error"]
    (row,) = listed.document
    assert (row["scopes"], row["methods"], row["addresses"], row["person_id"]) == (
        ["campaigns:read", "campaigns:write", "sends:write"], ["QuickSend"], ["192.0.2.7"], None,
    )  # fmt: skip
    assert secret not in listed.out
    assert rotated.document["token"] != secret
    assert (revoked.status, again.status) == (0, 2)
    assert "the shop" in left.out
