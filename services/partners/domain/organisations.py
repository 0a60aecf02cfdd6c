"""The rules of organisations: what they are, and how their numbers in public registers are checked."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from runtime.problems import Kind, Problem
from services.partners.events import OrganisationRegistered


class RegistryNumberMalformed(Problem, kind=Kind.INVALID):
    """The {registry} number is not well formed: {rule} Copy it again from the register."""


class UnknownRegistry(Problem, kind=Kind.INVALID):
    """There is no register called '{registry}' here. Use one of: kvk, brin, rsin, kbo, orgnr."""


class OrganisationUnknown(Problem, kind=Kind.INVALID):
    """There is no organisation with the code {code} in this region. Register it first, or mend the code."""


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


SCHOOLS = (OrganisationKind.VMBO, OrganisationKind.MBO, OrganisationKind.HOGESCHOOL, OrganisationKind.UNIVERSITY)
COMPANIES = (OrganisationKind.COMPANY, OrganisationKind.TRAINING_COMPANY)


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
