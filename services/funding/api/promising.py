"""What forms, answers and pledges have in common over HTTP: how a line of one looks, and whose it is."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from runtime.http import ApiModel
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.speaking import CodeText
from services.funding.domain.pledge import Promised
from services.funding.domain.terms import Term
from services.funding.store import partners

MOST_LINES = 300
Amount = Annotated[int, Field(ge=0, le=10**12)]
Year = Annotated[int, Field(ge=1990, le=2100)]


class PromiseBody(ApiModel):
    """Minutes of work, and in cents material, facilities (at rental value) and cash, for one spearhead or location.

    For one `term` of a `year` (1 is January to April, 2 is May to August, 3 is September to December), or with neither
    spread evenly over the whole period.
    """

    line: CodeText
    year: Year | None = None
    term: Annotated[int | None, Field(ge=1, le=3)] = None
    minutes: Amount = 0
    material_cents: Amount = 0
    facilities_cents: Amount = 0
    cash_cents: Amount = 0

    @model_validator(mode="after")
    def _both(self) -> "PromiseBody":
        if (self.year is None) is not (self.term is None):
            raise ValueError("give year and term, or neither of them")
        return self

    def promised(self) -> Promised:
        term = Term(self.year, self.term) if self.year is not None and self.term is not None else None
        return Promised(self.line, self.minutes, self.material_cents, self.facilities_cents, self.cash_cents, term)

    @classmethod
    def of(cls, line: Promised) -> "PromiseBody":
        return cls(
            line=line.line,
            year=line.term.year if line.term else None,
            term=line.term.number if line.term else None,
            minutes=line.minutes,
            material_cents=line.material_cents,
            facilities_cents=line.facilities_cents,
            cash_cents=line.cash_cents,
        )


async def named(tx: Tx, code: str | None) -> UUID | None:
    """The organisation with this code; None without one. Raises NotFound."""
    if code is None:
        return None
    found = await partners.organisation_by_reference(tx, code)
    if found is None:
        raise NotFound(what="organisation with this code")
    return found.id


async def codes_of(tx: Tx, organisations: set[UUID]) -> dict[UUID, str]:
    """The codes of these organisations; the id for one whose copy is gone."""
    known = {each.id: each.code for each in await partners.organisations(tx, organisations)}
    return {each: known.get(each, str(each)) for each in organisations}
