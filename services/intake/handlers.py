"""The story of one referral in intake: who is posting, have we had this before, take it, say where it is.

A referral is taken when one transaction has written it, its answer, its event and the event's place in the outbox.
What becomes of it is learnt from the other services' events; until notify has taken it over, its event is published
again and again, so that even a broker that lost everything loses no referral.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

import structlog
from prometheus_client import Counter

from contracts.api_referral import ReferralIn
from contracts.codec import encode
from contracts.envelope import Envelope
from contracts.events.notification import NotificationEvent
from contracts.events.referral_quarantined import ReferralQuarantinedV1
from contracts.events.referral_redacted import ReferralRedactedV1
from contracts.events.referral_routed import ReferralRoutedV1
from contracts.model import Contract
from contracts.policy import Pack
from services.intake.adapters.clients import ClientDirectory
from services.intake.adapters.emissions import Emissions
from services.intake.adapters.ledger import Entry, Ledger, LedgerRaceError, LedgerUnit
from services.intake.adapters.seal import Sealer
from services.intake.adapters.statuses import Cursor, Statuses
from services.intake.domain.acceptance import (
    Fresh,
    KeyReused,
    Post,
    Repeat,
    Update,
    VersionBehind,
    VersionReused,
    judge,
)
from services.intake.domain.answer import State, StatusAnswer, StatusPage
from services.intake.domain.client import Client, client_of, read_key
from services.intake.domain.fingerprint import Fingerprints
from services.intake.domain.receiving import facts_of, receipt_of, received_event
from services.intake.domain.reference import RANDOM_BITS, reference_of
from services.intake.domain.schools import SchoolsRegister
from services.intake.domain.status import (
    Progress,
    StatusEvent,
    advance,
    answer_of,
    entry_of,
    is_settled,
    state_of,
)
from services.kit.clock import Clock
from services.kit.telemetry import current_traceparent

log = structlog.get_logger()

ID_BYTES = 16
"""128 random bits: an id that nobody can guess and that says nothing about a person."""
RACES_AT_MOST = 3
"""How often a post looks again after another was faster. A second loss needs a third post in the same instant."""
PAGE_ROWS = 100

ACCEPTED = Counter("saferoute_referrals_accepted_total", "Referrals durably accepted", ["change"])
REPEATED = Counter("saferoute_referrals_repeated_total", "Posts that were answered from the ledger")
REEMITTED = Counter("saferoute_referrals_reemitted_total", "Events published again because nobody had settled them")
UNKNOWN = Counter("saferoute_status_events_unknown_total", "Status events about a referral that is not in the ledger")


@dataclass(frozen=True, slots=True)
class Posted:
    """A valid post: by whom, under which Idempotency-Key, the body as parsed and as understood."""

    client: Client
    idempotency_key: str
    body: object
    referral: ReferralIn


@dataclass(frozen=True, slots=True)
class Accepted:
    """Durably written, now or before: `answer` is the JSON of a Receipt, the same bytes for every repetition."""

    answer: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class InFlight:
    """Another request with the same key is being answered at this moment."""


Outcome = Accepted | InFlight | KeyReused | VersionBehind | VersionReused


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Finds out who is asking."""

    directory: ClientDirectory

    async def __call__(self, key: str) -> Client | None:
        """The client of an API key, or None. Raises InfrastructureError."""
        presented = read_key(key)
        if presented is None:
            return None
        return client_of(presented, await self.directory.find(presented.prefix))


@dataclass(frozen=True, slots=True)
class ReceiveReferral:
    """Takes a referral. Nothing is written before everything is, and nothing is answered before it is written.

    `wake` tells the relay that the outbox has something; `pack` answers the policy in force now.
    """

    ledger: Ledger
    seal: Sealer
    fingerprints: Fingerprints
    schools: SchoolsRegister
    pack: Callable[[], Pack]
    clock: Clock
    wake: Callable[[], None]
    stall_after: dt.timedelta
    keep_keys_for: dt.timedelta

    async def __call__(self, posted: Posted) -> Outcome:
        """Raises InfrastructureError: the database is away; the client comes back with the same key."""
        post = self._identify(posted)
        for _ in range(RACES_AT_MOST):
            try:
                async with self.ledger.unit() as unit:
                    outcome = await self._settle(unit, post, posted)
            except LedgerRaceError:
                continue
            self.wake()
            return outcome
        return InFlight()

    def _identify(self, posted: Posted) -> Post:
        """The fingerprints by which this post and its record are recognised."""
        client, referral, make = posted.client.id, posted.referral, self.fingerprints
        source = referral.source
        record = None
        if source is not None and source.record_id:
            record = make.record(client, referral.school.urn, source.system, source.record_id)
        return Post(
            client_id=client,
            key=make.idempotency_key(client, posted.idempotency_key),
            body=make.body(client, posted.body),
            record=record,
            version=source.version if source else None,
        )

    async def _settle(self, unit: LedgerUnit, post: Post, posted: Posted) -> Outcome:
        """Have we had this before? If not, take it."""
        if not await unit.hold_key(post):
            return InFlight()
        verdict = judge(post, await unit.answered(post), await unit.recorded(post))
        match verdict:
            case Fresh():
                number = secrets.randbits(RANDOM_BITS)
                new = Update(secrets.token_hex(ID_BYTES), reference_of(number), revision=1)
                return await self._take(unit, post, posted, new)
            case Update():
                return await self._take(unit, post, posted, verdict)
            case Repeat(answer, remember):
                if remember:
                    await unit.remember_answer(post, answer, self.clock() + self.keep_keys_for)
                REPEATED.inc()
                return Accepted(answer, repeated=True)
            case KeyReused() | VersionBehind() | VersionReused():
                return verdict
            case _:
                assert_never(verdict)

    async def _take(self, unit: LedgerUnit, post: Post, posted: Posted, which: Update) -> Accepted:
        """Write one revision of a referral: its answer, and the event with its sealed part."""
        now = self.clock()
        pack, client, referral = self.pack(), posted.client, posted.referral
        facts = facts_of(referral, client, self.schools, pack, now)
        receipt = receipt_of(referral, facts, which, client=client, schools=self.schools, pack=pack, now=now)
        sealed = self.seal(referral, which.referral_id, which.revision)
        event = received_event(facts, sealed, which, now, current_traceparent())
        answer = receipt.model_dump_json()
        await unit.record(
            Entry(
                referral_id=which.referral_id,
                reference=which.reference,
                post=post,
                test=facts.test,
                answer=answer,
                progress=Progress(revision=which.revision, acknowledge_by=receipt.acknowledge_by),
                event_id=event.id,
                event=encode(event),
                received_at=now,
                next_emission_at=now + self.stall_after,
                key_expires_at=now + self.keep_keys_for,
            )
        )
        change = "new" if which.revision == 1 else "update"
        ACCEPTED.labels(change).inc()
        log.info("referral.accepted", referral_id=which.referral_id, revision=which.revision, stage=change)
        return Accepted(answer, repeated=False)


@dataclass(frozen=True, slots=True)
class FollowReferral:
    """Keeps what other services say about a referral, each event once, and closes the ledger's row at the end."""

    statuses: Statuses
    clock: Clock

    async def __call__(self, envelope: Envelope[Contract]) -> Sequence[Envelope[Contract]]:
        """Raises InfrastructureError."""
        event = envelope.data
        if isinstance(event, ReferralRedactedV1 | ReferralQuarantinedV1 | ReferralRoutedV1 | NotificationEvent):
            await self._count(envelope.id, envelope.subject, event)
        return ()

    async def _count(self, event_id: str, referral_id: str, event: StatusEvent) -> None:
        now = self.clock()
        async with self.statuses.unit() as unit:
            if not await unit.first_time(event_id, now):
                return
            progress = await unit.progress_of(referral_id)
            if progress is None:
                UNKNOWN.inc()
                log.warning("status.referral_unknown", referral_id=referral_id)
                return
            advanced = advance(progress, event)
            await unit.keep(referral_id, advanced, state_of(advanced), now)
            await unit.add_entry(referral_id, entry_of(event))
            if is_settled(advanced):
                await unit.settle(referral_id, advanced.revision, now)


@dataclass(frozen=True, slots=True)
class EmitAgain:
    """Publishes again what notify has not taken over in time, and drops idempotency keys past theirs."""

    emissions: Emissions
    clock: Clock
    wake: Callable[[], None]
    stall_after: dt.timedelta

    async def __call__(self) -> int:
        """Answers how many events it published again. Raises InfrastructureError."""
        now = self.clock()
        count = await self.emissions.emit_due(now, self.stall_after)
        await self.emissions.forget_expired_keys(now)
        if count:
            self.wake()
            REEMITTED.inc(count)
            log.warning("referral.emitted_again", count=count)
        return count


@dataclass(frozen=True, slots=True)
class ShowReferrals:
    """Tells a client where its referrals are."""

    statuses: Statuses
    clock: Clock

    async def one(self, client: Client, referral_id: str) -> StatusAnswer | None:
        """One referral with its timeline, or None where this client has none with this id."""
        found = await self.statuses.find(client.id, referral_id)
        return None if found is None else answer_of(found[0], found[1], self.clock())

    async def page(
        self, client: Client, state: State | None, since: dt.datetime | None, after: Cursor | None
    ) -> tuple[StatusPage, Cursor | None]:
        """A page of referrals in the order of their last change, without timelines, and where the next one begins."""
        rows = await self.statuses.page(client.id, state, since, after, PAGE_ROWS)
        now = self.clock()
        following = Cursor(rows[-1].updated_at, rows[-1].id) if len(rows) == PAGE_ROWS else None
        return StatusPage(referrals=tuple(answer_of(row, (), now) for row in rows), next_cursor=None), following
