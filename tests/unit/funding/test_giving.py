"""The file for 360Giving: valid by its published schema, exact to the cent, and nobody named in it."""

import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from services.funding.domain import giving
from services.funding.domain.giving import GivenOn, Party, Payment, Publication
from services.funding.domain.grant import Grant, Supplement

FORMATS = FormatChecker()


@FORMATS.checks("date-time", raises=ValueError)
def is_instant(text: object) -> bool:
    """RFC 3339: a day alone is none, which the schema's "one of" relies on."""
    return isinstance(text, str) and "T" in text and datetime.fromisoformat(text).tzinfo is not None


ABOUT = Publication(
    "360G-test",
    "sto-test",
    "EUR",
    "nl",
    Party("NL-KVK-00000001", "Ministerie (verzonnen)"),
    Party("NL-KVK-00000099", "Penvoerder (verzonnen)"),
    datetime(2023, 11, 1, 9, tzinfo=UTC),
)
GRANT = Grant(
    UUID(int=1),
    "sto-2020",
    "sto-2020-2024",
    1_000_000_001,
    date(2020, 1, 1),
    date(2023, 12, 31),
    date(2019, 12, 1),
    (Supplement(UUID(int=2), "extra", 25, date(2024, 8, 1), date(2022, 5, 1), "longer"),),
)
GIVEN = GivenOn(
    "lasrobot",
    "metaal",
    "Metaal",
    123_456_79,
    date(2021, 3, 1),
    date(2021, 12, 31),
    Party("360G-test-ORG:corlaer", "Corlaer (verzonnen)"),
    (Payment("claim-1", date(2021, 5, 1), 4_000_001),),
)


@pytest.fixture
def validator() -> Draft202012Validator:
    """The published schema of a package, with that of a grant beside it."""
    named = os.environ.get("SPEERPUNT_360GIVING_SCHEMA")
    if not named:
        pytest.skip("SPEERPUNT_360GIVING_SCHEMA does not name the folder of 360-giving-package-schema.json")
    grant = json.loads((Path(named) / "360-giving-schema.json").read_text(encoding="utf-8"))
    whole = json.loads((Path(named) / "360-giving-package-schema.json").read_text(encoding="utf-8"))
    for each in (grant, whole):
        each["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    address = whole["properties"]["grants"]["items"]["$ref"]
    resource: Resource[Any] = Resource.from_contents({**grant, "$id": address})
    registry: Registry[Any] = Registry().with_resource(address, resource)
    return Draft202012Validator(whole, registry=registry, format_checker=FORMATS)


def a_package() -> dict[str, Any]:
    received = [Payment("first", date(2020, 2, 1), 500_000_050)]
    grants = [
        giving.to_lead_partner(GRANT, "Sterk Techniekonderwijs", received, ABOUT),
        giving.given_on(GIVEN, [GRANT], ABOUT),
    ]
    return {**giving.package(ABOUT), "grants": grants}


def test_a_package_is_valid_by_the_published_schema(validator: Draft202012Validator) -> None:
    assert [error.message for error in validator.iter_errors(a_package())] == []
    for missing in ("id", "amountAwarded", "recipientOrganization", "fundingOrganization"):
        broken = a_package()
        del broken["grants"][0][missing]
        assert [*validator.iter_errors(broken)], f"the schema takes a grant without {missing}"
    assert [*validator.iter_errors({**a_package(), "grants": []})], "the schema takes a package without grants"


@pytest.mark.parametrize("cents", [0, 1, 10, 99, 100, 101, 29, 1_001, 123_456_789_01, 10**15 - 1, 10**15])
def test_an_amount_is_exactly_its_cents(cents: int) -> None:
    text = json.dumps(giving.amount(cents))
    assert Decimal(text) * 100 == cents
    assert "e" not in text.lower()


def test_a_grant_is_what_was_awarded_with_its_supplements_and_the_instalments_that_stand() -> None:
    to_us, given = a_package()["grants"]
    assert (to_us["id"], to_us["amountAwarded"], to_us["amountDisbursed"]) == (
        "360G-test-sto-test-grant-sto-2020",
        10_000_000.26,
        5_000_000.5,
    )
    assert [each["value"] for each in to_us["commitmentTransaction"]] == [10_000_000.01, 0.25]
    assert to_us["plannedDates"] == [{"startDate": "2020-01-01", "endDate": "2024-08-01"}]
    assert (given["amountAwarded"], given["amountDisbursed"]) == (123_456.79, 40_000.01)
    assert given["fundingOrganization"] == to_us["recipientOrganization"]
    assert given["relatedActivity"] == [to_us["id"]]


def test_an_organisation_goes_by_its_register_or_by_the_publisher() -> None:
    named = {"kvk": "12345678", "kbo": "0123456789", "brin": "00AA"}
    assert giving.org_id("corlaer", named.items(), "360G-test") == "NL-KVK-12345678"
    assert giving.org_id("corlaer", [("kbo", "0123456789")], "360G-test") == "BE-BCE_KBO-0123456789"
    assert giving.org_id("corlaer", [("orgnr", "5560000000")], "360G-test") == "SE-BLV-5560000000"
    assert giving.org_id("corlaer", [("brin", "00AA")], "360G-test") == "360G-test-ORG:corlaer"


def test_a_region_that_speaks_another_language_is_written_in_english() -> None:
    flemish = Publication("360G-test", "x", "EUR", "fr", ABOUT.funder, ABOUT.lead_partner, ABOUT.at)
    assert giving.package(flemish)["title"] == "Grant x"
