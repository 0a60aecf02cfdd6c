"""Applications over HTTP: drafted by the office, handed in by another person, and what became of them."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, model_validator
from starlette.responses import Response

from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.scheme_terms import Cents
from services.funding.api.speaking import READ, READERS, WRITE, Code, CodeText, Sentence
from services.funding.commands import applications as commands
from services.funding.domain.application import Application, Item, Outcome, PaidFrom
from services.funding.store import applications as store

router = APIRouter(prefix="/v1", tags=["applications"])
Reader = Annotated[Call, may(*READERS, scope=READ)]
Quantity = Annotated[Decimal, Field(ge=0, le=10**9, max_digits=13, decimal_places=3)]
Unit = Annotated[str, Field(min_length=1, max_length=40)]


class ItemBody(ApiModel):
    """A price times a quantity (three decimals at most), for a line in a calendar year, and who pays it."""

    line: CodeText
    year: Annotated[int, Field(ge=1990, le=2200)]
    description: Sentence
    unit: Unit
    price_cents: Cents
    quantity: Quantity
    paid_from: PaidFrom = "subsidy"

    def item(self) -> Item:
        return Item(
            self.line,
            self.year,
            self.description,
            self.unit,
            self.price_cents,
            int(self.quantity * 1000),
            self.paid_from,
        )


class ItemView(ApiModel):
    line: str
    year: int
    description: str
    unit: str
    price_cents: int
    quantity: str
    paid_from: PaidFrom
    cents: int

    @classmethod
    def of(cls, item: Item) -> "ItemView":
        return cls(
            line=item.line,
            year=item.year,
            description=item.description,
            unit=item.unit,
            price_cents=item.price_cents,
            quantity=f"{item.quantity_thousandths // 1000}.{item.quantity_thousandths % 1000:03}",
            paid_from=item.paid_from,
            cents=item.cents,
        )


class ApplicationBody(ApiModel):
    """What is asked, for which scheme and days."""

    scheme: CodeText
    title: Sentence
    from_: Annotated[date, Field(alias="from")]
    until: date
    items: Annotated[tuple[ItemBody, ...], Field(max_length=2_000)]


class SubmissionBody(ApiModel):
    """The day on which it was handed in."""

    submitted_on: date


class OutcomeBody(ApiModel):
    """What became of it, on which day and why; an award names the grant that it led to."""

    outcome: Outcome
    decided_on: date
    reason: Sentence = ""
    grant: CodeText | None = None

    @model_validator(mode="after")
    def grant_with_award(self) -> Self:
        if (self.outcome == "awarded") != (self.grant is not None):
            raise ValueError("name the grant with an award, and only then")
        return self


class TotalView(ApiModel):
    """What a line plans in a year: asked of the subsidy, and in all."""

    line: str
    year: int
    asked_cents: int
    total_cents: int


class ApplicationView(ApiModel):
    code: str
    scheme: str
    title: str
    from_: Annotated[date, Field(alias="from")]
    until: date
    state: Literal["draft", "submitted", "awarded", "rejected", "withdrawn"]
    asked_cents: int
    cofinancing_cents: int
    total_cents: int
    totals: tuple[TotalView, ...]
    items: tuple[ItemView, ...]
    drafted_by: UUID
    submitted_by: UUID | None
    submitted_on: date | None
    decided_on: date | None
    grant: str | None
    reason: str
    version: int

    @classmethod
    def of(cls, found: Application) -> "ApplicationView":
        computed = {"asked_cents", "cofinancing_cents", "total_cents", "totals", "items"}
        return cls(
            **{name: getattr(found, name) for name in cls.model_fields if name not in computed},
            asked_cents=found.cents("subsidy"),
            cofinancing_cents=found.cents("cofinancing"),
            total_cents=found.cents(),
            totals=tuple(
                TotalView(line=line, year=year, asked_cents=asked, total_cents=total)
                for line, year, asked, total in found.totals()
            ),
            items=tuple(ItemView.of(item) for item in found.items),
        )


@router.get("/applications")
async def list_applications(call: Reader) -> list[ApplicationView]:
    """The region's applications by code."""
    return [ApplicationView.of(found) for found in await call.read(store.applications)]


@router.get("/applications/{code}")
async def get_application(code: Code, call: Reader) -> ApplicationView:
    """One application with its items and their totals per line and year."""
    found = await call.read(lambda tx: store.applications(tx, code))
    if not found:
        raise NotFound(what="application with this code")
    return ApplicationView.of(found[0])


@router.put("/applications/{code}", response_model=ApplicationView)
async def put_application(
    code: Code, body: ApplicationBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """Puts a draft on record, or changes it. What was handed in is not edited."""
    by, items = await call.person(), tuple(item.item() for item in body.items)

    async def command(tx: Tx) -> Upserted[Application]:
        return Upserted(
            *await commands.put_application(
                tx, code, body.scheme, body.title, body.from_, body.until, items, by=by, at=call.at
            )
        )

    return await call.run(command, lambda done: ApplicationView.of(done.thing), version=lambda done: done.thing.version)


@router.post("/applications/{code}/submission", response_model=ApplicationView)
async def submit_application(
    code: Code, body: SubmissionBody, call: Annotated[Call, may("controller", scope=WRITE)]
) -> Response:
    """Hands an application in. Refused to the person who changed it last."""
    by = await call.person()
    return await call.run(
        lambda tx: commands.submit_application(tx, code, body.submitted_on, by=by, at=call.at),
        ApplicationView.of,
        version=lambda submitted: submitted.version,
    )


@router.post("/applications/{code}/outcome", response_model=ApplicationView)
async def decide_application(
    code: Code, body: OutcomeBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """Records what became of an application."""
    return await call.run(
        lambda tx: commands.decide_application(
            tx, code, body.outcome, body.decided_on, body.reason, body.grant, at=call.at
        ),
        ApplicationView.of,
        version=lambda decided: decided.version,
    )
