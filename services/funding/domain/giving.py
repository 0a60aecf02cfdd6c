"""The grants of a region as 360Giving publishes grants: what the lead partner was given, and what it gave on.

The 360Giving Data Standard, version 1.4 (standard.threesixtygiving.org), for organisations only: nobody is named, and
no text that a person typed leaves with it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from runtime.problems import Kind, Problem
from services.funding.domain.grant import Grant

VERSION = "1.4"
PREFIX = re.compile(r"360G-[A-Za-z0-9_]{1,40}")
"""What 360Giving registers for a publisher, and every identifier of its grants begins with."""

REGISTERS = {"kvk": "NL-KVK", "kbo": "BE-BCE_KBO", "orgnr": "SE-BLV"}
"""The registers that have a code on org-id.guide. One in another register goes by the publisher's own identifier."""

NO_GRANTS_TO = frozenset({"company"})
"""What a company is paid is the price of what it delivers. That is no grant, whatever it is called in the books."""


class PrefixMissing(Problem, kind=Kind.CONFLICT):
    """360Giving identifies grants by the prefix that it registered for their publisher, as 360G-example. Give it as
    `prefix`, or have it set for this installation."""


class LeadPartnerUnclear(Problem, kind=Kind.CONFLICT):
    """{count} organisations are lead partner of this region today, and grants go to one. Say which in `leadPartner`."""


class NothingGranted(Problem, kind=Kind.NOT_FOUND):
    """No grant was awarded in this region yet, so that there is nothing to publish."""


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation that gives or receives: its identifier in the style of org-id.guide, and its name."""

    identifier: str
    name: str

    @property
    def shown(self) -> dict[str, str]:
        return {"id": self.identifier, "name": self.name}


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that moved: under which code, when, in cents."""

    code: str
    day: date
    cents: int


@dataclass(frozen=True, slots=True)
class GivenOn:
    """Money of a line that is committed to an organisation: what of it stands, in cents, and what was paid of it."""

    code: str
    line: str
    title: str
    cents: int
    day: date
    until: date | None
    recipient: Party
    payments: tuple[Payment, ...] = ()


@dataclass(frozen=True, slots=True)
class Publication:
    """What all grants of a file have in common."""

    prefix: str
    region: str
    currency: str
    language: str
    funder: Party
    lead_partner: Party
    at: datetime


_WORDS = {
    "nl": ("Subsidie {0}", "Subsidie voor het programma van regio {0}.", "Bijdrage uit het programma: {0}"),
    "sv": ("Bidrag {0}", "Bidrag till programmet i regionen {0}.", "Bidrag ur programmet: {0}"),
    "en": ("Grant {0}", "Grant for the programme of region {0}.", "Grant from the programme: {0}"),
}


def org_id(code: str, registry_numbers: Iterable[tuple[str, str]], prefix: str) -> str:
    """The identifier of an organisation: register and number (NL-KVK-12345678), else the publisher's own."""
    numbers = dict(registry_numbers)
    for register, listed in REGISTERS.items():
        if register in numbers:
            return f"{listed}-{numbers[register]}"
    return f"{prefix}-ORG:{code}"


def amount(cents: int) -> int | float:
    """Cents as an amount with two decimals at most. Exact: a float prints 15 digits as they were put in."""
    whole, rest = divmod(cents, 100)
    return whole if not rest else float(f"{whole}.{rest:02}")


def package(about: Publication) -> dict[str, Any]:
    """The file around its grants."""
    return {
        "version": VERSION,
        "identifier": f"{about.prefix}-{about.region}",
        "title": _words(about, 0).format(about.region),
        "issued": about.at.date().isoformat(),
        "modified": _instant(about),
        "publisher": {"identifier": about.lead_partner.identifier, "name": about.lead_partner.name},
    }


def to_lead_partner(grant: Grant, scheme_title: str, received: Sequence[Payment], about: Publication) -> dict[str, Any]:
    """A grant to the lead partner: what was awarded, supplements included, and the instalments that stand."""
    first, *_ = awards = [
        Payment("award", grant.awarded_on, grant.awarded_cents),
        *(Payment(each.code, each.awarded_on, each.cents) for each in grant.supplements),
    ]
    return {
        **_common(_grant_id(about, grant.code), grant.cents, first.day, received, about),
        "title": _words(about, 0).format(grant.code),
        "description": _words(about, 1).format(about.region),
        "plannedDates": [{"startDate": grant.from_.isoformat(), "endDate": grant.until.isoformat()}],
        "recipientOrganization": [about.lead_partner.shown],
        "fundingOrganization": [about.funder.shown],
        "grantProgramme": [{"code": grant.scheme, "title": scheme_title}],
        "commitmentTransaction": _transactions(_grant_id(about, grant.code), awards, about),
    }


def given_on(given: GivenOn, grants: Sequence[Grant], about: Publication) -> dict[str, Any]:
    """What the lead partner gave on, with the grants that it can be of: those whose days it falls on."""
    identifier = f"{about.prefix}-{about.region}-commitment-{given.code}"
    of = [_grant_id(about, each.code) for each in grants if each.from_ <= given.day <= each.until]
    dates = {"startDate": given.day.isoformat()} | ({"endDate": given.until.isoformat()} if given.until else {})
    return {
        **_common(identifier, given.cents, given.day, given.payments, about),
        "title": _words(about, 2).format(given.title)[:140],
        "description": _words(about, 2).format(f"{given.title} ({given.line})"),
        "plannedDates": [dates],
        "recipientOrganization": [given.recipient.shown],
        "fundingOrganization": [about.lead_partner.shown],
        **({"relatedActivity": of} if of else {}),
    }


def _common(identifier: str, cents: int, day: date, paid: Sequence[Payment], about: Publication) -> dict[str, Any]:
    return {
        "id": identifier,
        "currency": about.currency,
        "amountAwarded": amount(cents),
        "amountDisbursed": amount(sum(each.cents for each in paid)),
        "awardDate": day.isoformat(),
        "disbursementTransaction": _transactions(identifier, paid, about),
        "dateModified": _instant(about),
    }


def _transactions(of: str, moved: Iterable[Payment], about: Publication) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{of}-{each.code}",
            "transactionDate": each.day.isoformat(),
            "currency": about.currency,
            "value": amount(each.cents),
        }
        for each in moved
    ]


def _grant_id(about: Publication, code: str) -> str:
    return f"{about.prefix}-{about.region}-grant-{code}"


def _words(about: Publication, which: int) -> str:
    return _WORDS.get(about.language, _WORDS["en"])[which]


def _instant(about: Publication) -> str:
    return about.at.strftime("%Y-%m-%dT%H:%M:%SZ")


def recipient(organisation_id: UUID, code: str | None, name: str | None, numbers: dict[str, str], prefix: str) -> Party:
    """Who received. An organisation that has not arrived here yet goes by its id."""
    known = code or str(organisation_id)
    return Party(org_id(known, numbers.items(), prefix), name or known)
