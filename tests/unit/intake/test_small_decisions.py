"""Keys, fingerprints, the register, pauses, the deadline: each in a few lines."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.adapters.files import (
    SchoolsRegisterError,
    load_fingerprints,
    load_schools,
    new_fingerprint_key,
)
from services.intake.api.deadline import Deadline
from services.intake.domain.client import Client, KeyRecord, client_of, key_text, read_key, secret_hash
from services.intake.domain.emission import LONGEST_PAUSE, pause_after
from services.intake.domain.fingerprint import Fingerprints
from services.kit.errors import InfrastructureError
from services.kit.sealing import KeyFileError, write_private_file

CLIENT = Client("c", frozenset({"917001"}), "live")
TEXTS = st.text(max_size=10)


@given(st.binary(min_size=6, max_size=6), st.binary(min_size=32, max_size=32), st.sampled_from(["live", "test"]))
def test_a_key_that_was_given_is_recognised(prefix: bytes, secret: bytes, mode: str) -> None:
    presented = read_key(key_text(mode, prefix, secret))  # type: ignore[arg-type]
    assert presented is not None
    assert presented.prefix == prefix.hex()
    assert client_of(presented, KeyRecord(CLIENT, secret_hash(secret), revoked=False)) == CLIENT
    assert client_of(presented, KeyRecord(CLIENT, secret_hash(secret), revoked=True)) is None
    assert client_of(presented, KeyRecord(CLIENT, secret_hash(secret + b"x"), revoked=False)) is None
    assert client_of(presented, None) is None


@given(st.text())
def test_other_text_is_no_key(text: str) -> None:
    assert read_key(text) is None


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_fingerprints_of_different_purposes_and_clients_never_meet(a: str, b: str, c: str, d: str) -> None:
    make, other = Fingerprints(b"k" * 32), Fingerprints(b"o" * 32)
    prints = {make.body(a, b), make.idempotency_key(a, b), make.record(a, b, c, d), other.body(a, b)}
    assert len(prints) == 4
    assert make.record(a, b, c, d) == make.record(a, b, c, d)
    assert (make.idempotency_key(a, b) == make.idempotency_key(c, d)) == ((a, b) == (c, d))


def test_a_body_is_the_same_in_any_order_of_fields() -> None:
    make = Fingerprints(b"k" * 32)
    assert make.body("c", {"a": 1, "b": [1, 2]}) == make.body("c", {"b": [1, 2], "a": 1})
    assert make.body("c", {"a": [1, 2]}) != make.body("c", {"a": [2, 1]})
    assert make.body("c", {}) != make.body("d", {})


def test_the_fingerprint_key_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_private_file(path, new_fingerprint_key())
    assert "_key" not in repr(load_fingerprints(path))
    path.chmod(0o644)
    with pytest.raises(KeyFileError):
        load_fingerprints(path)
    short = tmp_path / "short"
    write_private_file(short, "00")
    with pytest.raises(KeyFileError, match="64"):
        load_fingerprints(short)


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_pauses_grow_and_end_at_ten_minutes(emissions: int, seconds: int) -> None:
    stall = dt.timedelta(seconds=seconds)
    pause = pause_after(emissions, stall)
    assert stall <= pause <= max(LONGEST_PAUSE, stall)
    assert pause <= pause_after(emissions + 1, stall)


def test_the_register_of_schools_knows_districts_and_doubts_strangers(tmp_path: Path) -> None:
    path = tmp_path / "edubasealldata.csv"
    path.write_bytes(
        "URN,EstablishmentName,DistrictAdministrative (name),PhaseOfEducation (name)\n"
        "917001,Samphire Bay,Thanet,Primary\n917002,Saint André,Folkestone & Hythe,Not applicable\n".encode("cp1252")
    )
    register = load_schools(path)
    school = register.find("917001")
    assert school is not None
    assert (school.district, school.phase) == ("Thanet", "Primary")
    assert register.find("917002").phase is None  # type: ignore[union-attr]
    assert not register.doubts("917001")
    assert register.doubts("917003")
    assert register.districts == {"thanet", "folkestone and hythe"}
    assert not load_schools(None).doubts("917003")


@pytest.mark.parametrize("content", [b"", b"URN,Name\n1,x\n"])
def test_a_register_with_other_columns_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    with pytest.raises(SchoolsRegisterError):
        load_schools(path)
    with pytest.raises(SchoolsRegisterError):
        load_schools(tmp_path / "missing.csv")


async def test_an_answer_does_not_wait_for_work_that_will_not_even_stop() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            await asyncio.sleep(0.5)

    began = time.monotonic()
    with pytest.raises(InfrastructureError):
        await Deadline(0.05).wait_for(stubborn())
    assert time.monotonic() - began < 0.4


async def test_work_in_time_is_answered_and_its_error_passed_on() -> None:
    async def answer() -> int:
        return 7

    async def fail() -> int:
        raise KeyError("k")

    assert await Deadline(1).wait_for(answer()) == 7
    with pytest.raises(KeyError):
        await Deadline(1).wait_for(fail())
