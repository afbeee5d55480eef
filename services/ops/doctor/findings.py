"""What a look at a deployment brought, and how figures become findings. Pure: no file, no network, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.ops.broker_plan import AddRule, MakeTopic, MakeUser, Plan, SetTopic, in_words

Level = Literal["ok", "warning", "fault"]

SKEW_SECONDS = 2.0
"""Clocks this far apart are worth a look; a kept clock is off by milliseconds."""
WRONG_CLOCK_SECONDS = 30.0
"""From here an alert that must leave within its minute is late or early by half of it."""
CONTACTS_DAYS = 180
"""Half a year in which nobody has rung a number of the pack; as the alert ContactsStale has it."""
STALLED_SECONDS = 900.0
"""As the alert ReferralStalled has it."""
LEAST_DISTINCT_BYTES = 12
"""Of 32. Random keys have 24 or more; fewer than this does not happen by chance, only by hand."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `means` is what was seen and what follows; `todo` is empty where all is well.

    Neither holds a secret or anything about a person: files, topics and services are named, counts are given.
    """

    level: Level
    check: str
    means: str
    todo: str = ""


def ok(check: str, means: str) -> Finding:
    return Finding("ok", check, means)


def warning(check: str, means: str, todo: str) -> Finding:
    return Finding("warning", check, means, todo)


def fault(check: str, means: str, todo: str) -> Finding:
    return Finding("fault", check, means, todo)


def not_named(check: str, setting: str) -> Finding:
    """Something that nobody told the doctor of: silence about it would look like health."""
    return warning(check, "not looked at", f"name it in {setting}")


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one look."""

    findings: tuple[Finding, ...]

    def count(self, level: Level) -> int:
        return sum(one.level == level for one in self.findings)

    @property
    def exit_code(self) -> int:
        """1 where something does not work or will not; warnings alone are 0."""
        return 1 if self.count("fault") else 0

    @property
    def verdict(self) -> str:
        return f"{self.count('fault')} faults, {self.count('warning')} warnings, {self.count('ok')} as they should be"


def made_by_hand(key: bytes) -> bool:
    """Whether a key is an example or a typed pattern instead of random bytes."""
    return len(set(key)) < LEAST_DISTINCT_BYTES


def key_pair(public_id: str, newest_private: str, private_ids: Collection[str]) -> Finding:
    """Whether redaction can open what intake seals."""
    check = "keys/sealing-pair"
    if public_id not in private_ids:
        return fault(
            check,
            "redaction has no private key for what intake seals: every referral will be held",
            "give redaction the private half of intake's sealing key first, then restart it (runbook key-rotation)",
        )
    if public_id != newest_private:
        return warning(
            check,
            "intake still seals to an older key than redaction's newest",
            "give intake the public half of the newest key and restart it (runbook key-rotation)",
        )
    return ok(check, f"redaction opens what intake seals; it holds {len(private_ids)} private keys")


def role(service: str, *, superuser: bool, creates: bool, bypasses: bool) -> Finding:
    """Whether a service's database role may do no more than its work."""
    check = f"database/{service}/role"
    powers = [words for has, words in ((superuser, "is superuser"), (creates, "may make roles or databases"),
                                       (bypasses, "passes by row-level security")) if has]  # fmt: skip
    if powers:
        return fault(
            check,
            f"the role of {service} {' and '.join(powers)}: a fault in {service} would reach everything",
            "run `databases apply`, which makes roles without such powers, and use the URLs that init.sh made",
        )
    return ok(check, "the role may do its own work and no more")


def revision(service: str, found: str | None, newest: str | None) -> Finding:
    """Whether the tables are as the code expects them."""
    check = f"database/{service}/migrations"
    if newest is None:
        return warning(check, "this image does not hold the service's migrations", "look with the service's own image")
    if found != newest:
        return fault(
            check,
            f"the database stands at revision {found or 'none'}, the code expects {newest}",
            f"run `python -m services.{service} migrate` (compose: run --rm migrate-{service})",
        )
    return ok(check, f"the database stands at the newest revision, {newest}")


def clock(check: str, ahead_seconds: float) -> Finding:
    """How far a clock is ahead of ours."""
    off = abs(ahead_seconds)
    direction = "ahead of" if ahead_seconds > 0 else "behind"
    words = f"its clock is {off:.0f} s {direction} this machine's"
    todo = "set both machines' clocks by NTP: deadlines and escalations are told by them"
    if off > WRONG_CLOCK_SECONDS:
        return fault(check, words, todo)
    if off > SKEW_SECONDS:
        return warning(check, words, todo)
    return ok(check, "its clock agrees with this machine's")


def topics(plan: Plan) -> tuple[Finding, ...]:
    """What the declared topics say of those that are there."""
    check = "kafka/topics"
    missing = [one.name for one in plan.changes if isinstance(one, MakeTopic)]
    different = [one for one in plan.changes if isinstance(one, SetTopic)]
    todo = "run `kafka apply` (compose: run --rm topics)"
    found = [fault(check, f"the topic {name} is missing: what belongs there cannot leave its service", todo)
             for name in missing]  # fmt: skip
    found += [fault(check, f"the broker differs: one would {in_words(one)}", todo) for one in different]
    found += [fault(check, words, "make a new topic version; partitions cannot be taken away") for words in plan.faults]
    return tuple(found) or (ok(check, "every topic is as declared: partitions, retention, leader election"),)


def access(plan: Plan) -> tuple[Finding, ...]:
    """What the declared permissions say of those that are there."""
    check = "kafka/access"
    users = [one.name for one in plan.changes if isinstance(one, MakeUser)]
    rules = [one.rule for one in plan.changes if isinstance(one, AddRule)]
    todo = "run `kafka apply` (compose: run --rm topics)"
    found = [fault(check, f"the user {name} is missing: it cannot sign in", todo) for name in users]
    found += [fault(check, f"a permission is missing: {rule.in_words()}", todo) for rule in rules]
    found += [
        fault(check, f"a permission that nobody declared: {rule.in_words()}", "run `kafka apply --prune`")
        for rule in plan.undeclared
    ]
    return tuple(found) or (ok(check, "users and permissions are as declared, and no more"),)


def auto_create(value: str | None) -> Finding:
    """Whether a typing error in a topic's name would make a topic."""
    check = "kafka/auto-create"
    if value == "false":
        return ok(check, "topics are made by declaration alone")
    if value is None:
        return warning(check, "the broker does not say whether it makes topics by itself", "let doctor describe it")
    return fault(
        check,
        "the broker makes a topic of whatever name it hears, without retention or permission",
        "set auto.create.topics.enable=false on every broker",
    )


def dead_letters(waiting: Mapping[tuple[str, str], int]) -> tuple[Finding, ...]:
    """`waiting` by topic and failure code."""
    check = "kafka/dead-letters"
    todo = "look with `dead-letters show`, mend the cause, then `dead-letters replay` (runbook dead-letter-replay)"
    found = tuple(
        warning(check, f"{count} events wait in {topic} ({code}): a service gave up on them", todo)
        for (topic, code), count in sorted(waiting.items())
        if count
    )
    return found or (ok(check, "no event waits that a service gave up on"),)


def ledger(open_: int, stalled: int, oldest_seconds: float) -> Finding:
    """Referrals that intake has accepted and notify has not taken over."""
    check = "intake/ledger"
    if oldest_seconds > STALLED_SECONDS:
        return fault(
            check,
            f"{open_} referrals are on their way, the oldest for {oldest_seconds / 60:.0f} minutes: nobody was told",
            "find the service that stands still (runbook stalled-referrals); nothing is lost while the ledger has it",
        )
    if stalled:
        return warning(
            check, f"{stalled} referrals had to be published again", "look again in two minutes (stalled-referrals)"
        )
    return ok(check, f"{open_} referrals on their way, none for long")


def unanswered(immediate: int, others: int) -> Finding:
    """Notifications past the time by which somebody must have acknowledged; tests left out."""
    check = "notify/unanswered"
    todo = "ring the destination now (runbook unanswered)"
    if immediate:
        return fault(check, f"{immediate} referrals with immediate danger are past their time unanswered", todo)
    if others:
        return warning(check, f"{others} referrals are past their time unanswered", todo)
    return ok(check, "nobody is late with an answer")


def contacts(oldest: dt.date | None, today: dt.date) -> Finding:
    """How long ago the contact verified longest ago was verified."""
    check = "policy/contacts"
    if oldest is None:
        return fault(check, "the pack in force today has no contact at all", "put a pack in place that has")
    days = (today - oldest).days
    if days > CONTACTS_DAYS:
        return warning(
            check, f"a contact was last verified {days} days ago", "ring and write to each, then renew verified_on"
        )
    return ok(check, f"every contact was verified within {CONTACTS_DAYS} days")


def rota(faults: Sequence[str]) -> tuple[Finding, ...]:
    """What keeps the pack from reaching somebody at any hour."""
    check = "policy/rota"
    todo = "give the pack somebody to tell; until then notify refuses it"
    return tuple(fault(check, words, todo) for words in faults) or (
        ok(check, "at any hour somebody on duty is told, and the last step of every ladder reaches a person"),
    )


def readiness(service: str, status: int | None, failing: Sequence[str]) -> Finding:
    """What a service says of itself. `status` None: nobody answered."""
    check = f"service/{service}"
    if status is None:
        return fault(check, "no replica answers", f"look at its log and start it (runbook service-down): {service}")
    if status != 200:
        parts = ", ".join(failing) or "something"
        return fault(check, f"it runs but cannot reach: {parts}", f"mend {parts}; the service comes back by itself")
    return ok(check, "ready")
