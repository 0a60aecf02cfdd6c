"""Statements (the co-financing form) over HTTP: the office asks one organisation, or everybody in an audience."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, Others, Page, PageQuery, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.asking import audience, organisation, programme_with
from services.funding.api.promising import MOST_LINES, PromiseBody, codes_of, named
from services.funding.api.speaking import READ, READERS, WRITE, Code, CodeText, Sentence
from services.funding.commands import statements as commands
from services.funding.commands.statements import IssuedRound
from services.funding.domain.statement import REMIND_DAYS, Apart, Round, Statement
from services.funding.store import statements as store
from services.funding.store.statements import Issued, RoundState

router = APIRouter(prefix="/v1", tags=["statements"])
Organisation = Annotated[str | None, Query(max_length=80, description="Code of one organisation")]
Reminders = Annotated[tuple[Annotated[int, Field(ge=0, le=365)], ...], Field(max_length=10)]
Expected = Annotated[tuple[PromiseBody, ...], Field(max_length=MOST_LINES)]
Audience = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}(:[A-Za-z0-9._-]{1,80})?$")]


class StatementBody(ApiModel):
    """To whom the form goes, what is expected, and until when it can be answered. Without days: those of the programme.

    `remindDaysBefore` are the days before the deadline on which its contacts are reminded, until it is signed.
    """

    organisation: CodeText
    deadline: date
    title: Sentence = ""
    from_: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None
    expected: Expected = ()
    remind_days_before: Reminders = REMIND_DAYS


class StatementView(ApiModel):
    """A form, how far it is, and the codes of the pledges that answer it. `round` is the round it was issued in."""

    id: UUID
    code: str
    organisation: str
    title: str
    deadline: date
    from_: Annotated[date | None, Field(alias="from")]
    until: date | None
    expected: tuple[PromiseBody, ...]
    remind_days_before: tuple[int, ...]
    round: str | None
    state: Literal["issued", "filled-in", "signed"]
    pledges: tuple[str, ...]
    version: int

    @classmethod
    def of(cls, form: Statement, organisation: str, issued: Issued | None = None) -> "StatementView":
        pledges = issued.pledges if issued else ()
        return cls(
            id=form.id,
            code=form.code,
            organisation=organisation,
            title=form.title,
            deadline=form.deadline,
            from_=form.from_,
            until=form.until,
            expected=tuple(PromiseBody.of(each) for each in form.expected),
            remind_days_before=form.remind_days,
            round=issued.round if issued else None,
            state="signed" if pledges or form.answered else "filled-in" if issued and issued.filled else "issued",
            pledges=pledges,
            version=form.version,
        )


class ExceptionBody(ApiModel):
    """What is different for one organisation of a round: left out, another deadline, or asked otherwise."""

    organisation: CodeText
    left_out: bool = False
    deadline: date | None = None
    expected: Expected | None = None


class RoundBody(ApiModel):
    """A form for every organisation in one of the audiences, of these kinds only when there are any.

    Audiences are those of partners: `planning` (members, and whoever applied), `members`, `parties`, `companies`,
    `schools`, `everyone`, or `umbrella:` (who gave it a mandate), `group:`, `agreement:`, `organisation:` with a code
    or an id.
    """

    title: Sentence
    deadline: date
    audiences: Annotated[tuple[Audience, ...], Field(min_length=1, max_length=20)]
    kinds: Annotated[tuple[CodeText, ...], Field(max_length=20)] = ()
    from_: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None
    expected: Expected = ()
    remind_days_before: Reminders = REMIND_DAYS
    exceptions: Annotated[tuple[ExceptionBody, ...], Field(max_length=1_000)] = ()

    def round(self, consortium_id: UUID, code: str) -> Round:
        return Round(
            ids.coded_id(consortium_id, "statement-round", code),
            code,
            self.title,
            self.deadline,
            tuple(sorted(set(self.audiences))),
            tuple(sorted(set(self.kinds))),
            self.from_,
            self.until,
            tuple(each.promised() for each in self.expected),
            self.remind_days_before,
            tuple(
                Apart(
                    each.organisation,
                    each.left_out,
                    each.deadline,
                    None if each.expected is None else tuple(line.promised() for line in each.expected),
                )
                for each in self.exceptions
            ),
        )


class RoundView(ApiModel):
    """A round: how many forms it has, how many of them are filled in and signed."""

    code: str
    title: str
    deadline: date
    audiences: tuple[str, ...]
    kinds: tuple[str, ...]
    from_: Annotated[date | None, Field(alias="from")]
    until: date | None
    expected: tuple[PromiseBody, ...]
    remind_days_before: tuple[int, ...]
    exceptions: tuple[ExceptionBody, ...]
    forms: int
    filled_in: int
    signed: int
    version: int

    @classmethod
    def of(cls, found: RoundState) -> "RoundView":
        said = found.round
        return cls(
            code=said.code,
            title=said.title,
            deadline=said.deadline,
            audiences=said.audiences,
            kinds=said.kinds,
            from_=said.from_,
            until=said.until,
            expected=tuple(PromiseBody.of(each) for each in said.expected),
            remind_days_before=said.remind_days,
            exceptions=tuple(
                ExceptionBody(
                    organisation=each.organisation,
                    left_out=each.left_out,
                    deadline=each.deadline,
                    expected=None if each.expected is None else tuple(PromiseBody.of(line) for line in each.expected),
                )
                for each in said.exceptions
            ),
            forms=found.forms,
            filled_in=found.filled,
            signed=found.signed,
            version=said.version,
        )


class IssuedRoundView(ApiModel):
    """What issuing a round did: how many organisations it reaches, how many forms are new, how many read otherwise."""

    code: str
    reached: int
    new: int
    changed: int
    version: int

    @classmethod
    def of(cls, done: IssuedRound) -> "IssuedRoundView":
        return cls(
            code=done.round.code,
            reached=done.reached,
            new=done.new,
            changed=done.changed,
            version=done.round.version,
        )


@router.put("/statements/{code}", response_model=StatementView)
async def put_statement(code: Code, body: StatementBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Issues a form to an organisation; again when it reads otherwise."""
    asked = await organisation(call, body.organisation)
    expected = tuple(each.promised() for each in body.expected)
    bounded = expected or body.from_ or body.until
    programme = await programme_with(call, {each.line for each in expected}) if bounded else None
    form = Statement(
        ids.coded_id(call.consortium_id, "statement", code),
        code,
        asked.id,
        body.title,
        body.deadline,
        body.from_,
        body.until,
        expected,
        body.remind_days_before,
    )

    async def command(tx: Tx) -> Upserted[Statement]:
        return Upserted(*await commands.put_statement(tx, form, programme, at=call.at))

    return await call.run(
        command,
        lambda done: StatementView.of(done.thing, asked.code),
        location=lambda done: f"/v1/statements/{done.thing.code}",
        version=lambda done: done.thing.version,
    )


@router.get("/statements")
async def list_statements(
    call: Annotated[Call, may(*READERS, "company", scope=READ, others=Others.HIDDEN)],
    paging: Annotated[PageQuery, Depends()],
    organisation: Organisation = None,
    round_code: Annotated[str | None, Query(alias="round", max_length=80, description="Code of one round")] = None,
) -> Page[StatementView]:
    """Forms in order of code; a company sees its own."""

    async def found(tx: Tx) -> list[tuple[Issued, str]]:
        only = await named(tx, organisation)
        own = call.own if only is None else {only} if call.own is None else {only} & call.own
        after = paging.after[0] if paging.after else ""
        rows = await store.statements(tx, after=after, organisations=own, round_code=round_code, limit=paging.limit + 1)
        codes = await codes_of(tx, {row.statement.organisation_id for row in rows})
        return [(row, codes[row.statement.organisation_id]) for row in rows]

    return paging.page(
        await call.read(found),
        lambda row: StatementView.of(row[0].statement, row[1], row[0]),
        lambda row: [row[0].statement.code],
    )


@router.get("/statements/{code}")
async def get_statement(
    code: Code, call: Annotated[Call, may(*READERS, "company", scope=READ, others=Others.HIDDEN)]
) -> StatementView:
    """A form; a company sees its own."""
    found = await issued(call, code)
    (organisation_code,) = (await call.read(lambda tx: codes_of(tx, {found.statement.organisation_id}))).values()
    return StatementView.of(found.statement, organisation_code, found)


async def issued(call: Call, code: str) -> Issued:
    """The form with this code. Raises NotFound, also when it is another organisation's."""
    rows = await call.read(lambda tx: store.statements(tx, code=code, limit=1))
    if not rows or (call.own is not None and rows[0].statement.organisation_id not in call.own):
        raise NotFound(what="statement with this code")
    return rows[0]


@router.put("/statement-rounds/{code}", response_model=IssuedRoundView)
async def put_round(code: Code, body: RoundBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Issues a form to everybody in the audiences; again to whoever joined since and where a form reads otherwise."""
    asked = body.round(call.consortium_id, code)
    lines = [*asked.expected, *(line for each in asked.exceptions for line in each.expected or ())]
    programme = await programme_with(call, {each.line for each in lines})
    reached = await audience(call, asked.audiences)

    async def command(tx: Tx) -> Upserted[IssuedRound]:
        return Upserted(*await commands.put_round(tx, asked, reached, programme, at=call.at))

    return await call.run(
        command,
        lambda done: IssuedRoundView.of(done.thing),
        location=lambda done: f"/v1/statement-rounds/{done.thing.round.code}",
        version=lambda done: done.thing.round.version,
    )


@router.get("/statement-rounds")
async def list_rounds(
    call: Annotated[Call, may(*READERS, scope=READ)], paging: Annotated[PageQuery, Depends()]
) -> Page[RoundView]:
    """Rounds in order of code, with how far they are."""
    after = paging.after[0] if paging.after else ""
    rows = await call.read(lambda tx: store.rounds(tx, after=after, limit=paging.limit + 1))
    return paging.page(rows, RoundView.of, lambda row: [row.round.code])


@router.get("/statement-rounds/{code}")
async def get_round(code: Code, call: Annotated[Call, may(*READERS, scope=READ)]) -> RoundView:
    """One round, with how far it is."""
    rows = await call.read(lambda tx: store.rounds(tx, code=code, limit=1))
    if not rows:
        raise NotFound(what="round with this code")
    return RoundView.of(rows[0])
