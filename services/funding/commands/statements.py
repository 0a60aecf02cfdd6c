"""Asking organisations what they will contribute: one, or everybody in an audience; and what they answer and sign."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import Kind, NotFound, Problem
from services.funding.commands.days import local_day
from services.funding.commands.pledges import put_pledge
from services.funding.domain import answer as answers
from services.funding.domain.answer import Answer, Signature, Via
from services.funding.domain.capacity import Need, Place, check_needs, plan
from services.funding.domain.pledge import Promised
from services.funding.domain.programme import NoProgramme, Programme
from services.funding.domain.statement import Addressee, Round, Statement, issue
from services.funding.events import SOURCE
from services.funding.store import outlooks, partners, programmes
from services.funding.store import statements as store

Result = Literal["created", "changed", "unchanged"]


class IssuedMeanwhile(Problem, kind=Kind.IN_PROGRESS):
    """Somebody issued this statement at the same moment. Read it, and send yours again if it differs."""


class AudienceNotHere(Problem, kind=Kind.UNAVAILABLE):
    """{count} organisations of this audience have not arrived here from partners yet. Try again in a moment."""


async def put_statement(
    tx: Tx, asked: Statement, programme: Programme | None, *, at: datetime
) -> tuple[Statement, Result]:
    """Issues a form to an organisation; again with the same content: unchanged.

    Raises OtherOrganisation, FormOfRound, and what `Statement.check` raises.
    """
    if programme is not None:
        asked.check(programme)
    before = await store.lock(tx, asked.code)
    issued, facts = asked.issue(before)
    if not facts:
        return issued, "unchanged"
    if await store.save(tx, [issued]) != 1:
        raise IssuedMeanwhile()
    await store.plan_reminders(tx, {issued.id: issued.reminders(await local_day(tx, at))})
    await outbox.append(tx, Change("statement", issued.id, issued.version, facts), source=SOURCE, at=at)
    return issued, "created" if before is None else "changed"


@dataclass(frozen=True, slots=True)
class IssuedRound:
    """A round as it was issued: how many organisations it reaches, and how many forms are new or read otherwise."""

    round: Round
    reached: int
    new: int
    changed: int


async def put_round(
    tx: Tx, asked: Round, reached: Collection[UUID], programme: Programme, *, at: datetime
) -> tuple[IssuedRound, Result]:
    """Issues a form to every organisation that is reached: a fact for each whose form is new or reads otherwise.

    A few statements, however many they are. Issued again it reaches who joined since; a form that is out stays out.
    Raises AudienceNotHere, ExceptionTwice, FormCodeTaken, IssuedMeanwhile, and what `Statement.check` raises.
    """
    known = await partners.organisations(tx, reached)
    if len(known) < len(reached):
        raise AudienceNotHere(count=len(reached) - len(known), retry_after_seconds=1)
    forms = asked.forms(tx.consortium_id, [Addressee(each.id, each.code, each.kind) for each in known])
    asked.check(programme)
    before = await store.lock_round(tx, asked.id, asked.code)
    kept = asked if before is None or not before.says(asked) else before
    if kept is asked:
        kept = replace(asked, version=before.version + 1 if before else 1)
        await store.save_round(tx, kept)
    on_record = await store.lock_all(tx, [form.id for form in forms])
    issued = issue(forms, on_record)
    if await store.save(tx, [each.form for each in issued]) != len(issued):
        raise IssuedMeanwhile()
    today = await local_day(tx, at)
    await store.plan_reminders(tx, {each.form.id: each.form.reminders(today) for each in issued})
    changes = [Change("statement", each.form.id, each.form.version, (each.fact,)) for each in issued]
    await outbox.append(tx, *changes, source=SOURCE, at=at)
    new = sum(each.form.id not in on_record for each in issued)
    done = IssuedRound(kept, len(forms), new, len(issued) - new)
    if before is None:
        return done, "created"
    return done, "changed" if issued or kept.version != before.version else "unchanged"


async def remind(tx: Tx, statement_id: UUID, *, at: datetime) -> bool:
    """Publishes that a form's deadline comes near, once per reminder, unless it is signed; whether it did.

    When several fell due while nobody looked, only the last is told.
    """
    form = (await store.lock_all(tx, [statement_id])).get(statement_id)
    due = await store.take_reminders(tx, statement_id, await local_day(tx, at))
    if form is None or form.answered or not due:
        return False
    of = ids.coded_id(form.id, "reminder", f"{form.version}/{due[0]}")
    fact = Change("statement-reminder", of, 1, (form.remind(due[0]),), key=str(form.id))
    await outbox.append(tx, fact, source=SOURCE, at=at)
    return True


async def fill_in(
    tx: Tx,
    code: str,
    lines: Sequence[Promised],
    programme: Programme,
    *,
    by: UUID,
    office: bool,
    via: Via,
    at: datetime,
) -> tuple[Statement, Answer, Result]:
    """Keeps what an organisation fills in on its form; it promises nothing until it is signed.

    Raises NotFound, FormClosed, and what `answers.filled` raises.
    """
    form = await _locked(tx, code)
    answers.check_open(form, await local_day(tx, at), office=office)
    before = await store.answer(tx, form.id)
    after, new = answers.filled(form, tuple(lines), programme, by=by, at=at, via=via, before=before)
    if not new:
        return form, after, "unchanged"
    await store.save_answer(tx, after)
    return form, after, "created" if before is None else "changed"


async def sign(
    tx: Tx,
    code: str,
    sha256: str,
    signed_on: date,
    place: str,
    programme: Programme,
    *,
    by: UUID,
    office: bool,
    at: datetime,
) -> Signature:
    """Signs what is filled in by its hash, which makes a pledge; the same again gives the signature that is there.

    Raises NotFound, FormClosed, NotFilledIn, AnswerChanged, SignedAhead, and what `put_pledge` raises.
    """
    form = await _locked(tx, code)
    today = await local_day(tx, at)
    answers.check_open(form, today, office=office)
    first, last = form.days(programme)
    found = answers.check_signature(form, await store.answer(tx, form.id), sha256, signed_on, today, first, last)
    pledge, _ = await put_pledge(
        tx, form.code, form.organisation_id, form.code, signed_on, first, last, found.lines, programme, at=at
    )
    made = await store.signatures(tx, form.id)
    if made and made[-1].pledge_version == pledge.version:
        return made[-1]
    signature = Signature(
        form.id,
        len(made) + 1,
        by,
        signed_on,
        at,
        place,
        sha256,
        answers.text_of(form, found, first, last),
        found.form_version,
        pledge.id,
        pledge.version,
    )
    await store.add_signature(tx, signature)
    return signature


async def put_needs(
    tx: Tx, line: str, needs: Sequence[Need], programme: Programme
) -> tuple[tuple[tuple[Need, ...], int], Result]:
    """Keeps how many minutes a line needs in each term, all of them at once. Raises what `check_needs` raises."""
    check_needs(line, needs, programme)
    before = await store.needs(tx, line)
    version = await store.save_needs(tx, line, needs)
    (_, kept, now), *_ = await store.needs(tx, line)
    if version is None:
        return (kept, now), "unchanged"
    return (kept, now), "changed" if before else "created"


async def capacity(tx: Tx, as_of: date, year: int | None) -> Sequence[Place]:
    """The capacity plan by the pledges that hold on a day, of one year when given. Raises NoProgramme."""
    programme = await programmes.programme(tx)
    if programme is None:
        raise NoProgramme()
    needs = [need for _, of_line, _ in await store.needs(tx) for need in of_line]
    return plan(programme, needs, await outlooks.promises_by_term(tx, as_of), as_of, year)


async def _locked(tx: Tx, code: str) -> Statement:
    form = await store.lock(tx, code)
    if form is None:
        raise NotFound(what="statement with this code")
    return form
