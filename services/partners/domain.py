"""The rules of partners: what makes a region, a programme and an organisation fit to be registered."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runtime.problems import Kind, Problem
from services.partners.events import (
    ConsortiumFounded,
    OrganisationRegistered,
    PlannedLocation,
    PlannedSpearhead,
    ProgrammePlanned,
)


class UnknownZone(Problem, kind=Kind.INVALID):
    """There is no such time zone. Name one as in the tz database, for instance Europe/Amsterdam."""


class PeriodBackwards(Problem, kind=Kind.INVALID):
    """The programme ends ({last_day}) before it starts ({first_day}). Swap the two days, or mend one."""


class LineTwice(Problem, kind=Kind.INVALID):
    """Two lines have the code {code}. Hours and money are booked by that code, so give one of them another."""


class RegistryNumberMalformed(Problem, kind=Kind.INVALID):
    """The {registry} number is not well formed: {rule} Copy it again from the register."""


class UnknownRegistry(Problem, kind=Kind.INVALID):
    """There is no register called '{registry}' here. Use one of: kvk, brin, rsin, kbo, orgnr."""


class OrganisationKind(StrEnum):
    """What an organisation is."""

    VMBO = "vmbo"
    MBO = "mbo"
    HOGESCHOOL = "hogeschool"
    UNIVERSITY = "university"
    COMPANY = "company"
    BRANCH_ORGANISATION = "branch-organisation"
    TRAINING_COMPANY = "training-company"
    MUNICIPALITY = "municipality"
    GOVERNMENT = "government"
    FOUNDATION = "foundation"
    OTHER = "other"


class Ground(StrEnum):
    """Why an organisation may count as a partner; which of these suffice is the region's policy."""

    PARTY = "party"
    UMBRELLA = "umbrella"
    PLEDGE = "pledge"


@dataclass(frozen=True, slots=True)
class Consortium:
    """A region: the tenant. Its days are counted in its own zone."""

    id: UUID
    code: str
    name: str
    zone: str
    currency: str
    language: str
    standing_policy: tuple[Ground, ...]
    version: int = 0

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UnknownZone() from None

    def founded(self) -> ConsortiumFounded:
        return ConsortiumFounded(
            code=self.code,
            name=self.name,
            zone=self.zone,
            currency=self.currency,
            language=self.language,
            standing_policy=tuple(self.standing_policy),
        )


@dataclass(frozen=True, slots=True)
class Programme:
    """What a region does in a period, over spearheads and locations."""

    id: UUID
    code: str
    title: str
    first_day: date
    last_day: date
    spearheads: tuple[PlannedSpearhead, ...]
    locations: tuple[PlannedLocation, ...]
    version: int = 0

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise PeriodBackwards(first_day=self.first_day, last_day=self.last_day)
        seen: set[str] = set()
        for code in [line.code for line in self.spearheads] + [line.code for line in self.locations]:
            if code in seen:
                raise LineTwice(code=code)
            seen.add(code)

    def planned(self) -> ProgrammePlanned:
        return ProgrammePlanned(
            programme_id=self.id,
            code=self.code,
            title=self.title,
            first_day=self.first_day,
            last_day=self.last_day,
            spearheads=self.spearheads,
            locations=self.locations,
        )


@dataclass(frozen=True, slots=True)
class Organisation:
    """A school, company, municipality or foundation as one region knows it."""

    id: UUID
    code: str
    name: str
    kind: OrganisationKind
    registry_numbers: tuple[tuple[str, str], ...]
    municipality: str | None = None
    version: int = 0

    def registered(self) -> OrganisationRegistered:
        return OrganisationRegistered(
            organisation_id=self.id,
            code=self.code,
            name=self.name,
            kind=self.kind,
            registry_numbers=dict(self.registry_numbers),
            municipality=self.municipality,
        )


def registry_number(registry: str, value: str) -> str:
    """The number in its normal form. Raises RegistryNumberMalformed or UnknownRegistry.

    KvK: 8 digits. BRIN: two digits, two letters, and two digits for a branch. RSIN: 9 digits, eleven-test. KBO: 10
    digits of which the last two are 97 minus the rest modulo 97. Swedish organisationsnummer: 10 digits, Luhn.
    """
    plain = re.sub(r"[\s.\-]", "", value).upper()
    rule = _RULES.get(registry)
    if rule is None:
        raise UnknownRegistry(registry=registry)
    sentence, check = rule
    if not check(plain):
        raise RegistryNumberMalformed(registry=registry, rule=sentence)
    return plain


def _eleven_test(digits: str) -> bool:
    if not re.fullmatch(r"\d{9}", digits) or digits == "000000000":
        return False
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 11 == 0


def _kbo(digits: str) -> bool:
    return bool(re.fullmatch(r"[01]\d{9}", digits)) and int(digits[8:]) == 97 - int(digits[:8]) % 97


def _luhn(digits: str) -> bool:
    if not re.fullmatch(r"\d{10}", digits):
        return False
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def _kvk(digits: str) -> bool:
    return bool(re.fullmatch(r"\d{8}", digits))


def _brin(text: str) -> bool:
    return bool(re.fullmatch(r"\d{2}[A-Z]{2}(\d{2})?", text))


_RULES: dict[str, tuple[str, Callable[[str], bool]]] = {
    "kvk": ("it has 8 digits.", _kvk),
    "brin": ("it has 2 digits and 2 letters, with 2 more digits for a branch.", _brin),
    "rsin": ("it has 9 digits that pass the eleven-test.", _eleven_test),
    "kbo": ("it has 10 digits of which the last two check the others.", _kbo),
    "orgnr": ("it has 10 digits that pass the Luhn test.", _luhn),
}
