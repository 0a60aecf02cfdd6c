"""Accepting many contributions on a sample of them: proposed with a seed, looked at one by one, then all accepted."""

from datetime import datetime
from uuid import UUID

from runtime import outbox
from runtime.event import Change, Fact
from runtime.ids import coded_id
from runtime.postgres import Tx
from runtime.problems import Kind, NotFound, Problem, SamePerson
from services.funding.commands import contributions
from services.funding.commands.contributions import Acceptance
from services.funding.commands.days import local_day
from services.funding.domain.bounds import sample_on
from services.funding.domain.contribution import Hands
from services.funding.domain.rejection import Code
from services.funding.domain.sampling import SUBJECT, Batch, Choice, Outcome, items_hash
from services.funding.domain.scheme import Sample
from services.funding.events import SOURCE
from services.funding.store import acceptances as store
from services.funding.store import contributions as kept
from services.funding.store import schemes

MOST_CONTRIBUTIONS = 100_000


class NoSampleRule(Problem, kind=Kind.CONFLICT):
    """The schemes of this region ask no sample on {day}. Accept with /v1/contribution-acceptances, or record a rule
    `sample` first."""


class NothingToPropose(Problem, kind=Kind.CONFLICT):
    """Nothing that was verified up to {day} waits outside an open batch. Choose a later day, or settle that batch."""


class BatchFixed(Problem, kind=Kind.CONFLICT):
    """There is a batch with this code that takes other contributions, and what a batch takes is fixed. Choose another
    code."""


async def propose(tx: Tx, code: str, choice: Choice, *, seed: str, by: UUID, at: datetime) -> tuple[Batch, bool]:
    """A batch of what is verified now, its sample drawn by the seed; and whether it is new.

    The same code and choice again is the batch as it stands, whatever was verified since. It takes 100,000 at most;
    what is more is for the next one. Raises BatchFixed, NoSampleRule and NothingToPropose.
    """
    await store.lock_code(tx, code)
    before = await store.one(tx, code)
    if before is not None:
        if before.choice != choice:
            raise BatchFixed()
        return before, False
    today = await local_day(tx, at)
    rule = sample_on([each for scheme in await schemes.schemes(tx) for each in scheme.rules], choice.up_to, today)
    if rule is None or not isinstance(rule.terms, Sample):
        raise NoSampleRule(day=choice.up_to)
    ids = await store.lock_to_propose(tx, choice, MOST_CONTRIBUTIONS)
    if not ids:
        raise NothingToPropose(day=choice.up_to)
    batch_id = coded_id(tx.consortium_id, "acceptance", code)
    batch = Batch(batch_id, code, choice, seed, rule.code, rule.terms, len(ids), items_hash(ids), by, at)
    await store.add(tx, batch, ids)
    await _tell(tx, batch, batch.proposed(), at=at)
    made = await store.one(tx, code)
    assert made is not None
    return made, True


async def judge(
    tx: Tx,
    code: str,
    contribution_id: UUID,
    outcome: Outcome,
    reason: Code | None,
    note: str,
    *,
    hands: Hands,
    at: datetime,
) -> Batch:
    """Somebody who neither declared nor verified it looked at one of the sample. What is wrong is rejected at once.

    Raises NotFound, BatchSettled, NotInSample, JudgedAlready, NotThereAnyMore and SamePerson.
    """
    batch = await store.one(tx, code, lock=True)
    if batch is None:
        raise NotFound(what="batch with this code")
    after, fact = batch.judge(contribution_id, outcome, hands.person)
    found = await kept.one(tx, contribution_id)
    assert found is not None
    hands.refuse_own(found, "Looking at a sample", "look at this one")
    if outcome == "wrong" and found.state in ("declared", "verified", "accepted", "held"):
        await contributions.reject(tx, contribution_id, reason or "other", note, hands=hands, controls=False, at=at)
    await store.judge(tx, after, next(each for each in after.items if each.contribution_id == contribution_id))
    await store.move(tx, after)
    await _tell(tx, after, fact, at=at)
    return after


async def accept(tx: Tx, code: str, *, hands: Hands, at: datetime) -> tuple[Batch, Acceptance]:
    """Accepts what of a batch is verified, once all of its sample was looked at; a few statements, whatever its size.

    What this person had a hand in waits for another, and so does what two must accept. Again, it changes nothing.
    Raises NotFound, BatchStopped, SampleUnfinished, and SamePerson when all that waits is this person's own work.
    """
    batch = await store.one(tx, code, lock=True)
    if batch is None:
        raise NotFound(what="batch with this code")
    if batch.state == "accepted":
        return batch, Acceptance((), (), 0)
    batch.check_acceptable()
    due = await store.lock_due(tx, batch.id, hands)
    done = await contributions.accept_all(tx, due, batch_id=batch.id, hands=hands, at=at)
    left = await store.waiting(tx, batch.id)
    if left and not done:
        raise SamePerson(what="Accepting a batch", do="accept what is left of it")
    accepted = [each for each in done if each.state == "accepted"]
    after, facts = batch.took(len(accepted), left)
    await store.move(tx, after)
    await _tell(tx, after, *facts, at=at)
    return after, Acceptance(accepted, [each for each in done if each.state == "verified"], left)


async def _tell(tx: Tx, batch: Batch, *facts: Fact, at: datetime) -> None:
    if facts:
        await outbox.append(tx, Change(SUBJECT, batch.id, batch.version, facts), source=SOURCE, at=at)
