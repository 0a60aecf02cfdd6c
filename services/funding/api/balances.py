"""Trial balance and statement of an account over HTTP, as of a day and as known on a day."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from runtime.http import ApiModel, Call, PageQuery, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.ledger import SealView
from services.funding.api.speaking import READ, READERS
from services.funding.commands.days import local_day
from services.funding.domain.chain import Seal
from services.funding.domain.trial_balance import Trial, balanced, by_line, total
from services.funding.store import balances as store
from services.funding.store import ledger, partners, progress
from services.funding.store.balances import AccountLine, Ends

router = APIRouter(prefix="/v1", tags=["ledger"])
Reader = Annotated[Call, may(*READERS, scope=READ)]
KnownOn = Annotated[
    date | None,
    Query(
        alias="knownOn", description="As sealed by the end of this day in the region; without it, all that is booked"
    ),
]


class TrialView(ApiModel):
    """An account: what was debited and credited, and the balance (debit positive, credit negative)."""

    account: str
    debit_cents: int
    credit_cents: int
    cents: int
    debit_minutes: int
    credit_minutes: int
    minutes: int

    @classmethod
    def of(cls, trial: Trial) -> "TrialView":
        return cls(**{name: getattr(trial, name) for name in cls.model_fields})


class LineTrialView(ApiModel):
    """A spearhead or location with its accounts: what is left, committed, claimed, paid, declared and so on."""

    line: str
    accounts: tuple[TrialView, ...]


class TrialBalanceView(ApiModel):
    """Every account as of a day; `seal` is the one it is known by, or the head of the chain. Debits equal credits."""

    as_of: date
    known_on: date | None
    seal: SealView | None
    balanced: bool
    total: TrialView
    accounts: tuple[TrialView, ...]
    lines: tuple[LineTrialView, ...]


class StatementLineView(ApiModel):
    """An entry on the account, and the balance after it. `batch` is the seal that covers it."""

    entry_id: UUID
    kind: str
    day: date
    reason: str
    recorded_at: datetime
    reverses: UUID | None
    batch: int | None
    cents: int
    minutes: int
    balance_cents: int
    balance_minutes: int

    @classmethod
    def of(cls, line: AccountLine) -> "StatementLineView":
        return cls(**{name: getattr(line, name) for name in cls.model_fields})


class AccountStatementView(ApiModel):
    """What happened on an account from one day to another, a page at a time, with the balances before and after."""

    account: str
    from_: Annotated[date, Field(alias="from")]
    until: date
    known_on: date | None
    seal: SealView | None
    opening_cents: int
    opening_minutes: int
    closing_cents: int
    closing_minutes: int
    items: list[StatementLineView]
    next: str | None


@router.get("/ledger/trial-balance")
async def get_trial_balance(
    call: Reader,
    as_of: Annotated[
        date | None, Query(alias="asOf", description="Entries of days up to it; today when absent")
    ] = None,
    known_on: KnownOn = None,
    line: Annotated[str | None, Query(max_length=80, description="Only the accounts of this line")] = None,
) -> TrialBalanceView:
    """Debits and credits per account, and per line what its accounts hold."""

    async def query(tx: Tx) -> tuple[date, Seal | None, list[Trial]]:
        day = as_of or await local_day(tx, call.at)
        seal, batch = await _known(tx, known_on)
        return day, seal, await store.trial_balance(tx, day, batch)

    day, seal, found = await call.read(query)
    shown = [each for each in found if line is None or each.line == line]
    return TrialBalanceView(
        as_of=day,
        known_on=known_on,
        seal=SealView.of(seal) if seal else None,
        balanced=balanced(found),
        total=TrialView.of(total(shown)),
        accounts=tuple(TrialView.of(each) for each in shown),
        lines=tuple(
            LineTrialView(line=code, accounts=tuple(TrialView.of(each) for each in parts.values()))
            for code, parts in by_line(shown).items()
        ),
    )


@router.get("/ledger/statement")
async def get_account_statement(
    call: Reader,
    paging: Annotated[PageQuery, Depends()],
    account: Annotated[str, Query(max_length=120)],
    first: Annotated[date, Query(alias="from")] = date(1, 1, 1),
    last: Annotated[date | None, Query(alias="until", description="Today when absent")] = None,
    known_on: KnownOn = None,
) -> AccountStatementView:
    """What happened on one account in order of day, each entry with the balance after it."""
    try:
        after = (date.fromisoformat(paging.after[0]), int(paging.after[1])) if paging.after else (date(1, 1, 1), 0)
    except (ValueError, IndexError):
        raise CursorUnreadable from None

    async def query(tx: Tx) -> tuple[date, Seal | None, Ends, list[AccountLine]]:
        until = last or await local_day(tx, call.at)
        if not await ledger.account_balances(tx, account):
            raise NotFound(what="account with this name")
        seal, batch = await _known(tx, known_on)
        ends = await store.ends(tx, account, first, until, batch)
        return until, seal, ends, await store.lines(tx, account, first, until, batch, after, paging.limit + 1)

    until, seal, ends, rows = await call.read(query)
    page = paging.page(rows, StatementLineView.of, lambda line: [line.day, line.number])
    return AccountStatementView(
        account=account,
        from_=first,
        until=until,
        known_on=known_on,
        seal=SealView.of(seal) if seal else None,
        opening_cents=ends.opening_cents,
        opening_minutes=ends.opening_minutes,
        closing_cents=ends.closing_cents,
        closing_minutes=ends.closing_minutes,
        items=page.items,
        next=page.next,
    )


async def _known(tx: Tx, known_on: date | None) -> tuple[Seal | None, int | None]:
    """The seal to know the books by, and its batch: without a day the head of the chain, and everything booked."""
    if known_on is None:
        return await ledger.latest_seal(tx), None
    zone = (await partners.consortium(tx)).zone
    seal = await progress.seal_before(tx, datetime.combine(known_on + timedelta(days=1), time(), zone))
    return seal, seal.batch if seal else 0
