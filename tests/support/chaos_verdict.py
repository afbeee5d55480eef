"""What the evidence proves about every promise that a 202 is. Pure: the promises and the facts are arguments."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.events.referral_quarantined import ReferralQuarantinedV1
from contracts.events.referral_received import ReferralReceivedV1
from contracts.events.referral_redacted import ReferralRedactedV1
from contracts.events.referral_routed import ReferralRoutedV1
from tests.support.chaos_evidence import Evidence, Said, Told
from tests.support.chaos_load import Accepted

RECEIVED: Final = ReferralReceivedV1.type
READ: Final = frozenset({ReferralRedactedV1.type, ReferralQuarantinedV1.type})
DECIDED: Final = frozenset({f"{ReferralRoutedV1.type}/full", f"{ReferralRoutedV1.type}/held"})
TOLD_STATES: Final = frozenset({"notified", "acknowledged"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts for the table, and the references behind those that must be empty."""

    accepted: int
    revisions: int
    mails: int
    copies: int
    held: int
    waiting: int
    lost: tuple[str, ...]
    lost_at: Mapping[str, int]
    untold_updates: tuple[str, ...]
    duplicates: tuple[str, ...]
    out_of_order: tuple[str, ...]
    odd_statuses: tuple[str, ...]
    unaccounted: tuple[str, ...]
    dead_letters: int
    outbox: int

    def violations(self) -> list[str]:
        """Every broken promise in words; empty where all were kept."""
        broken = {
            "lost": self.lost,
            "later versions that nobody was told of": self.untold_updates,
            "told twice": self.duplicates,
            "out of order": self.out_of_order,
            "status does not fit": self.odd_statuses,
            "told of but never accepted": self.unaccounted,
        }
        words = [f"{what}: {len(which)} ({', '.join(which[:5])})" for what, which in broken.items() if which]
        words += [f"unexpected dead letters: {self.dead_letters}"] if self.dead_letters else []
        return words + ([f"left in the outbox: {self.outbox}"] if self.outbox else [])


def judge(
    accepted: Sequence[Accepted], evidence: Evidence, known: Iterable[str] = (), *, wiped: bool = False
) -> Verdict:
    """What became of `accepted`. `known` are references of other arms, whose mails are none of this one's business.

    `wiped`: the broker lost its data. Then an early step is known only from when it was repeated, which may be after
    the steps that follow it: a decision that was on its way to the broker arrives, the event it stands on is gone.
    """
    newest: dict[str, Accepted] = {}
    for one in accepted:
        newest[one.reference] = max(one, newest.get(one.reference, one), key=lambda each: each.revision)
    ids = {one.referral_id: one.reference for one in accepted}
    said = [one for one in evidence.said if one.referral_id in ids]
    told = [one for one in evidence.told if one.reference in newest]
    lost = sorted(newest.keys() - {one.reference for one in told} - evidence.waiting)
    others = {one.reference for one in evidence.told} - newest.keys() - set(known)
    held = {one.referral_id for one in said if one.step == ReferralQuarantinedV1.type}
    return Verdict(
        accepted=len(newest),
        revisions=len(accepted),
        mails=len({one.message_id for one in told}),
        copies=len(told) - len({one.message_id for one in told}),
        held=len(held),
        waiting=len(evidence.waiting & newest.keys()),
        lost=tuple(lost),
        lost_at=_lost_at([newest[one] for one in lost], said),
        untold_updates=_untold_updates(newest, said, told, evidence.waiting | set(lost)),
        duplicates=_duplicates(told),
        out_of_order=_out_of_order(said, ids),
        odd_statuses=_odd_statuses(newest, evidence.statuses, ordered=not wiped),
        unaccounted=tuple(sorted(others)),
        dead_letters=evidence.dead_letters,
        outbox=evidence.outbox,
    )


def _lost_at(lost: Iterable[Accepted], said: Sequence[Said]) -> Counter[str]:
    """The step that each lost referral never took: which service lost it."""
    steps: dict[str, set[str]] = defaultdict(set)
    for one in said:
        steps[one.referral_id].add(one.step)
    return Counter(_missing_step(steps[one.referral_id]) for one in lost)


def _missing_step(steps: set[str]) -> str:
    if RECEIVED not in steps:
        return "intake"
    if not steps & READ:
        return "redaction"
    return "notify" if steps & DECIDED else "routing"


def _untold_updates(
    newest: Mapping[str, Accepted], said: Sequence[Said], told: Sequence[Told], excused: frozenset[str] | set[str]
) -> tuple[str, ...]:
    """Referrals whose newest version nobody can have heard of.

    A mail about it says so, or the first notice came after a decision about it was published: whoever opens the link
    then finds the newest version.
    """
    decided: dict[tuple[str, int], float] = {}
    for one in said:
        if one.step.startswith(ReferralRoutedV1.type):
            known = decided.get((one.referral_id, one.revision), one.at)
            decided[one.referral_id, one.revision] = min(known, one.at)
    named: Counter[str] = Counter()
    latest: dict[str, float] = defaultdict(float)
    for mail in told:
        named[mail.reference] = max(named[mail.reference], mail.update)
        latest[mail.reference] = max(latest[mail.reference], mail.at)
    untold = []
    for reference, last in newest.items():
        if last.revision == 1 or reference in excused or named[reference] >= last.revision:
            continue
        published = decided.get((last.referral_id, last.revision))
        if published is None or latest[reference] < published:
            untold.append(reference)
    return tuple(untold)


def _duplicates(told: Sequence[Told]) -> tuple[str, ...]:
    """References of which somebody was told the same twice, in two mails that no mail program folds into one."""
    ids: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for one in told:
        ids[one.reference, one.recipient, one.purpose].add(one.message_id)
    return tuple(sorted({reference for (reference, _, _), different in ids.items() if len(different) > 1}))


def _out_of_order(said: Sequence[Said], ids: Mapping[str, str]) -> tuple[str, ...]:
    """References of which a version first appeared on a topic after a later version of the same."""
    seen: set[tuple[str, str]] = set()
    newest: dict[tuple[str, str], int] = defaultdict(int)
    wrong: set[str] = set()
    for one in said:
        if (one.step, one.event_id) in seen:
            continue
        seen.add((one.step, one.event_id))
        if one.revision < newest[one.step, one.referral_id]:
            wrong.add(ids[one.referral_id])
        newest[one.step, one.referral_id] = max(one.revision, newest[one.step, one.referral_id])
    return tuple(sorted(wrong))


def _odd_statuses(
    newest: Mapping[str, Accepted], statuses: Mapping[str, dict[str, Any]], *, ordered: bool
) -> tuple[str, ...]:
    """References whose status, as the school reads it, does not fit what happened; only those that were asked for."""
    asked = [one for one in newest.values() if one.referral_id in statuses]
    return tuple(one.reference for one in asked if not _fits(one, statuses[one.referral_id], ordered=ordered))


def _fits(one: Accepted, status: Mapping[str, Any], *, ordered: bool) -> bool:
    """Told, in the newest version, each version received once; `ordered`: no step before the one that it follows."""
    if status.get("status") not in TOLD_STATES or status.get("revision") != one.revision:
        return False
    first: dict[tuple[str, int], str] = {}
    received: Counter[int] = Counter()
    for entry in status["timeline"]:
        first.setdefault((entry["event"], entry["revision"]), entry["at"])
        received[entry["revision"]] += entry["event"] == "received"
    if any(received[revision] != 1 for revision in range(1, one.revision + 1)):
        return False
    steps = [first.get((event, one.revision), "") for event in ("received", "redacted", "routed")]
    held = ("held_for_review", one.revision) in first
    return held or (all(steps) and (steps == sorted(steps) or not ordered))
