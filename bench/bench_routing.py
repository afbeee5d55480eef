"""Decisions a second on one core, with p50, p99 and p99.9, and the time of a whole `policy check`.

    python bench/bench_routing.py [--decisions 200000]

Two loads: "any facts" draws every fact from all its values, so that hardly two referrals meet the same rules and no
cache helps (the worst case); "ordinary" draws each fact at its most ordinary value nine times in ten, as schools do.
Instants lie over two years. Time is the process's own, because other work on the machine is not routing's; two busy
threads on one physical core still slow each other, so `a bare loop` says how fast this core is at the moment.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from contracts.facts import OpenFacts
from contracts.policy import Pack
from contracts.policy.conditions import SCALAR_FACTS, SET_FACTS
from services.kit.policy_files import load_pack
from services.routing.domain import decide
from services.routing.domain.cases import run_cases
from services.routing.domain.soundness import check_pack

KENT = Path(__file__).parents[1] / "services" / "routing" / "policies" / "kent"
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DISTRICTS = (None, "Canterbury", "Folkestone and Hythe", "Dartford", "Maidstone", "Medway")


def draw(rng: random.Random, ordinary: float) -> tuple[OpenFacts, dt.datetime]:
    """One referral's facts and its instant; each fact is at its first value with the chance `ordinary`."""

    def one(values: Sequence[object]) -> object:
        return values[0] if rng.random() < ordinary else rng.choice(values)

    facts = {fact: one(values) for fact, values in SCALAR_FACTS.items() if fact not in ("area", "residence")}
    if facts["support_level"] == "unknown":
        facts["support_level"] = None
    sets = {
        fact: tuple(rng.sample(members, 0 if rng.random() < ordinary else rng.randint(0, 3)))
        for fact, members in SET_FACTS.items()
    }
    place = {"district": rng.choice(DISTRICTS), "home_la": rng.choice((None, "886", "886", "887"))}
    at = START + dt.timedelta(minutes=rng.randrange(2 * 365 * 1440))
    return OpenFacts.model_validate({**facts, **sets, **place}), at


def measure(pack: Pack, count: int, name: str, ordinary: float) -> None:
    """Decide `count` referrals and print the figures."""
    rng = random.Random(20261121)
    work = [draw(rng, ordinary) for _ in range(min(count, 50_000))]
    for facts, at in work[:2_000]:
        decide(facts, at, pack)
    single: list[int] = []
    for facts, at in work:
        begun = time.thread_time_ns()
        decide(facts, at, pack)
        single.append(time.thread_time_ns() - begun)
    begun_cpu = time.process_time()
    for number in range(count):
        facts, at = work[number % len(work)]
        decide(facts, at, pack)
    seconds = time.process_time() - begun_cpu
    cuts = statistics.quantiles(single, n=1000)
    print(f"{name}: {count:,} decisions in {seconds:.2f} s of one core: {count / seconds:,.0f}/s")
    print(
        f"one decision: p50 {cuts[499] / 1000:.1f} µs, p99 {cuts[989] / 1000:.1f} µs, p99.9 {cuts[998] / 1000:.1f} µs"
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=200_000)
    count = parser.parse_args().decisions
    begun = time.perf_counter()
    pack = load_pack(KENT)
    loaded = time.perf_counter()
    sound = check_pack(pack, dt.date(2026, 11, 21))
    checked = time.perf_counter()
    cases = run_cases(pack)
    tested = time.perf_counter()
    print(f"load {loaded - begun:.2f} s, check {checked - loaded:.3f} s, {len(cases)} cases {tested - checked:.3f} s")
    print(f"space: {sound.proof.size:,} combinations in {sound.proof.classes:,} classes, {len(sound.errors)} errors")
    measure(pack, count, "any facts", 0.0)
    measure(pack, count, "ordinary", 0.9)
    begun_cpu = time.process_time()
    sum(number for number in range(5_000_000))
    print(f"a bare loop of 5,000,000 additions: {time.process_time() - begun_cpu:.2f} s of one core")


if __name__ == "__main__":
    main()
