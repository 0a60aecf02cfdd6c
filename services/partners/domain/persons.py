"""Persons: who can be reached, as what; and audiences, which name persons without naming anybody."""

import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from runtime.problems import Kind, Problem


class AudienceUnknown(Problem, kind=Kind.INVALID):
    """There is no such audience. Use one of: everyone, parties, members, planning, lead-partner, office, companies,
    schools, or organisation:<id>, person:<id>, group:<id>, umbrella:<id>, agreement:<id>."""


class PersonRole(StrEnum):
    """As what a person is reached."""

    CONTACT = "contact"
    SIGNATORY = "signatory"
    OFFICE = "office"
    TEACHER = "teacher"
    AMBASSADOR = "ambassador"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be reached. Name and address are kept here and nowhere else, and stand in no fact."""

    id: UUID
    code: str
    name: str
    email: str
    language: str
    organisation_id: UUID | None
    roles: tuple[PersonRole, ...]
    version: int = 0


class AudienceKind(StrEnum):
    """Whom a message is for."""

    EVERYONE = "everyone"
    PARTIES = "parties"
    MEMBERS = "members"
    PLANNING = "planning"
    LEAD_PARTNER = "lead-partner"
    OFFICE = "office"
    COMPANIES = "companies"
    SCHOOLS = "schools"
    ORGANISATION = "organisation"
    PERSON = "person"
    GROUP = "group"
    UMBRELLA = "umbrella"
    AGREEMENT = "agreement"


OF_ONE = frozenset(
    {
        AudienceKind.ORGANISATION,
        AudienceKind.PERSON,
        AudienceKind.GROUP,
        AudienceKind.UMBRELLA,
        AudienceKind.AGREEMENT,
    },
)
"""The kinds that name one thing by its id."""


@dataclass(frozen=True, slots=True)
class Audience:
    """A kind of people; `id` of the one thing it is about, where it is about one."""

    kind: AudienceKind
    id: UUID | None = None


def audience(text: str) -> Audience:
    """The audience with this name. Raises AudienceUnknown."""
    match = re.fullmatch(r"([a-z-]+?)(?::([0-9a-f-]{36}))?", text)
    try:
        if match is None:
            raise ValueError
        kind, of = AudienceKind(match[1]), UUID(match[2]) if match[2] else None
    except ValueError:
        raise AudienceUnknown() from None
    if (kind in OF_ONE) is (of is None):
        raise AudienceUnknown()
    return Audience(kind, of)
