"""What all items of a region folder have in common."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Code = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Address = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[a-z]+$", max_length=200)]
Language = Literal["nl", "sv", "en"]
Cents = Annotated[int, Field(ge=0, le=10**15)]
Minutes = Annotated[int, Field(ge=0, le=10**9)]
From = Annotated[date, Field(alias="from")]
Until = Annotated[date, Field(alias="until")]
UntilAny = Annotated[date | None, Field(alias="until")]
_NOT_SENT = frozenset({"provenance", "source"})


class Part(BaseModel):
    """A part of the folder; unknown names are refused, so that a typing error is not silently left out."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True)

    def body(self, *without: str) -> dict[str, Any]:
        """What is sent to a service: everything that is filled in, but not where it comes from."""
        shown = self.model_dump(mode="json", by_alias=True, exclude=set(without), exclude_none=True)
        return {name: _sent(value) for name, value in shown.items() if name not in _NOT_SENT}


class Item(Part):
    """Something that says where it comes from."""

    provenance: Literal["public", "invented"]
    source: str | None = None

    @model_validator(mode="after")
    def _public_has_a_source(self) -> Self:
        if self.provenance == "public" and not self.source:
            raise ValueError("what is public names its source. Add `source`, or say `provenance: invented`.")
        return self


def _sent(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sent(inner) for name, inner in value.items() if name not in _NOT_SENT}
    if isinstance(value, list):
        return [_sent(inner) for inner in value]
    return value
