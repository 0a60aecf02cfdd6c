"""What the routes of partners have in common: who may read and write, and how codes and texts look."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import Field

from runtime import ids
from runtime.http import Call
from runtime.postgres import Tx
from services.partners.domain.regions import RegionNotFounded
from services.partners.store import regions

READ, WRITE = "partners:read", "partners:write"
READERS = ("office", "controller", "school", "company", "accountant", "operator", "service")

CODE = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Code = Annotated[str, Path(pattern=CODE, max_length=80, description="Lower case, with dashes")]
CodeText = Annotated[str, Field(pattern=CODE, max_length=80)]
Title = Annotated[str, Field(min_length=1, max_length=200)]
OnDay = Annotated[date | None, Query(description="The day that is asked about; today in the region when left out")]


def organisation_id(call: Call, code: str) -> UUID:
    """The id of the organisation with this code in the caller's region."""
    return ids.coded_id(call.consortium_id, "organisation", code)


def named(call: Call, codes: Iterable[str | None]) -> dict[UUID, str]:
    """The organisations with these codes, by id, so that a refusal can name the code."""
    return {organisation_id(call, code): code for code in codes if code is not None}


async def day_or_today(tx: Tx, call: Call, on: date | None) -> date:
    """The day asked about, else today in the region. Raises RegionNotFounded."""
    if on is not None:
        return on
    region = await regions.consortium(tx)
    if region is None:
        raise RegionNotFounded()
    return region.day(call.at)
