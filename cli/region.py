"""A region folder, read and checked before anything is started."""

from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel


class RegionUnusable(Exception):
    """The folder cannot be loaded; the message names the file, the place in it and the reason."""


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True, frozen=True)

    provenance: Literal["public", "invented"]
    source: str | None = None

    def body(self, *without: str) -> dict[str, Any]:
        """What is sent to a service: everything but where it comes from."""
        leave_out = {"provenance", "source", *without}
        return self.model_dump(mode="json", by_alias=True, exclude=leave_out, exclude_none=True)


class Consortium(_Item):
    name: str
    zone: str
    currency: str
    language: str
    standing_policy: list[str]


class Spearhead(_Item):
    code: str
    title: str
    hub_organisation: str | None = None


class Location(_Item):
    code: str
    title: str
    branch_code: str | None = None
    organisation: str | None = None


class Programme(_Item):
    code: str
    title: str
    first_day: date = Field(alias="from")
    last_day: date = Field(alias="until")
    spearheads: list[Spearhead]
    locations: list[Location]

    def body(self, *without: str) -> dict[str, Any]:
        shown = super().body(*without, "code", "spearheads", "locations")
        shown["spearheads"] = [each.body() for each in self.spearheads]
        shown["locations"] = [each.body() for each in self.locations]
        return shown


class Organisation(_Item):
    code: str
    name: str
    kind: str
    municipality: str | None = None
    registry_numbers: dict[str, str] = {}


class Grant(_Item):
    code: str
    scheme: str
    cents: int
    first_day: date = Field(alias="from")
    last_day: date = Field(alias="until")
    awarded_on: date


class Allocation(_Item):
    code: str
    effective_on: date
    reason: str
    envelopes: list[dict[str, Any]]


class Offer(_Item):
    code: str
    kind: str
    company: str
    line: str
    title: str
    subject: str
    levels: list[str]
    max_group: int
    minutes: int
    preparation_minutes: int = 0


class LessonRequest(_Item):
    code: str
    kind: str
    school: str
    line: str
    subject: str
    level: str
    group_size: int
    minutes: int
    from_day: date
    until_day: date


class Region(BaseModel):
    """All that one region folder says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    consortium: Consortium
    programme: Programme
    organisations: list[Organisation]
    grant: Grant
    allocation: Allocation
    offers: list[Offer]
    request: LessonRequest


def read(folder: Path) -> Region:
    """The region in a folder. Raises RegionUnusable with file, path and reason for everything that is wrong."""
    path = folder / "region.yaml"
    try:
        return Region.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RegionUnusable(f"{path}: cannot be read ({error.strerror}). Name a folder with a region.yaml.") from error
    except yaml.YAMLError as error:
        raise RegionUnusable(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        wrong = [f"{path}: {'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors()]
        raise RegionUnusable("\n".join(wrong)) from error
