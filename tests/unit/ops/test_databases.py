"""What a service's URL must name, and that its password never stands in a statement."""

from __future__ import annotations

import pytest

from services.ops.databases import DatabaseRefusedError, account_of, scram_verifier


def test_a_url_names_role_database_and_password() -> None:
    account = account_of("postgresql://notify:p%40ss@postgres:5432/notify\n")
    assert (account.role, account.database, account.password) == ("notify", "notify", "p@ss")
    assert "p@ss" not in repr(account)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://notify@postgres/notify",
        "postgresql://notify:x@postgres/",
        'postgresql://no"tify:x@postgres/notify',
        "postgresql://notify:x@postgres/notify;drop",
        "",
    ],
)
def test_a_url_that_could_not_stand_in_a_statement_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(DatabaseRefusedError) as refusal:
        account_of(url)
    assert "notify:" not in str(refusal.value)


def test_the_verifier_is_the_one_of_rfc_7677() -> None:
    """Stored and server key of the RFC's example exchange (password `pencil`)."""
    salt = bytes.fromhex("5b6d99689d12358e ec a04b14123 6fa81".replace(" ", ""))
    assert scram_verifier("pencil", salt) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )
