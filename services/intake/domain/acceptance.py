"""Whether a post is a new referral, news about a known one, or a repetition: decided before anything is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Post:
    """What identifies a post: fingerprints of its key, its body and, where it names one, the school's record.

    `version` is the record's version in the school's system, or None where that system counts none.
    """

    client_id: str
    key: bytes
    body: bytes
    record: bytes | None
    version: int | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What this Idempotency-Key was answered before, and for which body."""

    body: bytes
    answer: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is known of the school's record: its referral, and the last version of it that was taken."""

    referral_id: str
    reference: str
    revision: int
    version: int | None
    body: bytes
    answer: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """A referral that nobody has posted before."""


@dataclass(frozen=True, slots=True)
class Update:
    """News about a known referral: its next revision."""

    referral_id: str
    reference: str
    revision: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same post again: it gets the stored answer. `remember` where this key has not had it yet."""

    answer: str
    remember: bool


@dataclass(frozen=True, slots=True)
class KeyReused:
    """The key was used for another body."""


@dataclass(frozen=True, slots=True)
class VersionBehind:
    """A newer version of the record was taken already."""


@dataclass(frozen=True, slots=True)
class VersionReused:
    """This version of the record was taken with another body: to answer as if it were the same would lose words."""


Verdict = Fresh | Update | Repeat | KeyReused | VersionBehind | VersionReused


def judge(post: Post, answered: Answered | None, recorded: Recorded | None) -> Verdict:
    """What to do with a post, given what is known of its key and of its record."""
    if answered is not None:
        return Repeat(answered.answer, remember=False) if answered.body == post.body else KeyReused()
    if recorded is None:
        return Fresh()
    if recorded.body == post.body:
        return Repeat(recorded.answer, remember=True)
    if post.version is not None and recorded.version is not None:
        if post.version < recorded.version:
            return VersionBehind()
        if post.version == recorded.version:
            return VersionReused()
    return Update(recorded.referral_id, recorded.reference, recorded.revision + 1)
