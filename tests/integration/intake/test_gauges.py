"""What intake's ledger says about referrals that nobody has taken over."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.intake.adapters.emissions import Emissions
from services.intake.adapters.ledger_gauges import LedgerGauges
from services.intake.handlers import EmitAgain
from services.kit.database import open_pool
from services.kit.settings import DatabaseSettings
from tests.integration.intake.conftest import Intake, referral

pytestmark = pytest.mark.asyncio(loop_scope="module")


def sample(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


async def test_open_referrals_are_counted_with_the_age_of_the_oldest_and_those_published_again(
    intake: Intake, tmp_path: Path
) -> None:
    (tmp_path / "dsn").write_text(intake.dsn)
    pool = await open_pool(DatabaseSettings(dsn_file=tmp_path / "dsn"))
    measure = LedgerGauges(pool, intake.clock)
    again = EmitAgain(Emissions(pool), intake.clock, lambda: None, dt.timedelta(seconds=120))
    await measure()
    assert (sample("saferoute_ledger_oldest_open_seconds"), sample("saferoute_ledger_stalled")) == (0, 0)
    await intake.post(referral())
    intake.clock.forward(seconds=300)
    await intake.post(referral())
    await intake.database.execute("DELETE FROM outbox")
    await again()
    await measure()
    assert sample("saferoute_ledger_open", state="received") == 2
    assert sample("saferoute_ledger_oldest_open_seconds") == 300
    assert sample("saferoute_ledger_stalled") == 1
    await intake.database.execute(
        """UPDATE referral SET progress = jsonb_set(progress, '{unopened}', 'true')
            WHERE received_at = (SELECT min(received_at) FROM referral)"""
    )
    await measure()
    assert sample("saferoute_ledger_unopened") == 1
    assert sample("saferoute_ledger_oldest_open_seconds") == 0, "a box without a key hides no other referral's age"
    await intake.database.execute("DELETE FROM open_emission")
    await measure()
    assert sample("saferoute_ledger_open", state="received") is None
    await pool.close()


async def test_metrics_say_what_the_ledger_holds_and_nothing_of_whom(intake: Intake) -> None:
    await intake.post(referral())
    answer = await intake.http.get("/metrics")
    assert 'saferoute_ledger_open{state="received"} 1.0' in answer.text
    assert "saferoute_outbox_waiting 1.0" in answer.text
    assert "saferoute_policy_refused 0.0" in answer.text
    assert 'saferoute_check_ok{check="database"} 1.0' in answer.text
