"""What makes a region, a programme and an organisation fit to be registered."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.partners.domain.organisations import RegistryNumberMalformed, UnknownRegistry, registry_number
from services.partners.domain.periods import PeriodBackwards
from services.partners.domain.regions import Consortium, LineTwice, Programme, UnknownZone
from services.partners.domain.standing import Ground
from services.partners.events import SAMPLES, PlannedLocation, PlannedSpearhead

ID = UUID("018f0000-0000-7000-8000-000000000001")


def a_consortium() -> Consortium:
    return Consortium(ID, "sto-test", "STO Test", "Europe/Amsterdam", "EUR", "nl", (Ground.PARTY,))


def a_programme(*, spearheads: tuple[str, ...] = ("zorg",), locations: tuple[str, ...] = ("school",)) -> Programme:
    return Programme(
        ID,
        "p",
        "Programme",
        date(2020, 1, 1),
        date(2023, 12, 31),
        tuple(PlannedSpearhead(id=ID, code=code, title=code) for code in spearheads),
        tuple(PlannedLocation(id=ID, code=code, title=code) for code in locations),
    )


@pytest.mark.parametrize(
    ("registry", "written", "plain"),
    [
        ("kvk", "1234 5678", "12345678"),
        ("brin", "00ml", "00ML"),
        ("brin", "00ml09", "00ML09"),
        ("rsin", "123456782", "123456782"),
        ("kbo", "0202.239.951", "0202239951"),
        ("orgnr", "212000-0142", "2120000142"),
    ],
)
def test_a_registry_number_is_kept_in_its_normal_form(registry: str, written: str, plain: str) -> None:
    assert registry_number(registry, written) == plain


@pytest.mark.parametrize(
    ("registry", "written"),
    [
        ("kvk", "1234567"),
        ("brin", "ML0009"),
        ("rsin", "123456789"),
        ("rsin", "000000000"),
        ("kbo", "0202239952"),
        ("orgnr", "2120000143"),
    ],
)
def test_a_registry_number_that_fails_its_check_is_refused(registry: str, written: str) -> None:
    with pytest.raises(RegistryNumberMalformed):
        registry_number(registry, written)


def test_a_register_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownRegistry):
        registry_number("vat", "NL123456789B01")


@given(st.integers(min_value=0, max_value=19_999_999), st.integers(min_value=1, max_value=96))
def test_one_wrong_check_number_never_passes_for_a_kbo_number(body: int, off: int) -> None:
    good = 97 - body % 97
    wrong = (good - 1 + off) % 97 + 1
    assert registry_number("kbo", f"{body:08d}{good:02d}") == f"{body:08d}{good:02d}"
    with pytest.raises(RegistryNumberMalformed):
        registry_number("kbo", f"{body:08d}{wrong:02d}")


def _luhn_digit(body: str) -> int:
    total = sum(divmod(int(d) * (2 - i % 2), 10)[0] + divmod(int(d) * (2 - i % 2), 10)[1] for i, d in enumerate(body))
    return -total % 10


@given(st.from_regex(r"\A[0-9]{9}\Z"), st.integers(min_value=0, max_value=9), st.integers(min_value=1, max_value=9))
def test_one_mistyped_digit_never_passes_for_an_organisationsnummer(body: str, place: int, off: int) -> None:
    good = body + str(_luhn_digit(body))
    mistyped = good[:place] + str((int(good[place]) + off) % 10) + good[place + 1 :]
    assert registry_number("orgnr", good) == good
    with pytest.raises(RegistryNumberMalformed):
        registry_number("orgnr", mistyped)


@given(st.from_regex(r"\A[0-9]{9}\Z"), st.sampled_from(["kvk", "rsin", "kbo", "orgnr", "brin"]))
def test_a_normal_form_is_its_own_normal_form(digits: str, registry: str) -> None:
    try:
        plain = registry_number(registry, digits)
    except RegistryNumberMalformed:
        return
    assert registry_number(registry, plain) == plain


@pytest.mark.parametrize("zone", ["Europe/Hoevelaken", "", "../etc/passwd"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(UnknownZone):
        replace(a_consortium(), zone=zone)


def test_a_programme_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(PeriodBackwards):
        replace(a_programme(), last_day=date(2019, 12, 31))


def test_a_spearhead_and_a_location_cannot_share_a_code() -> None:
    with pytest.raises(LineTwice):
        a_programme(spearheads=("zorg", "school"), locations=("school",))


def test_any_number_of_lines_may_be_planned_even_none() -> None:
    assert a_programme(spearheads=(), locations=()).planned().spearheads == ()
    seven = tuple(f"s{each}" for each in range(7))
    assert tuple(line.code for line in a_programme(spearheads=seven).planned().spearheads) == seven


def test_every_sample_survives_its_own_json() -> None:
    for sample in SAMPLES:
        assert type(sample).model_validate_json(sample.to_json()) == sample
        assert sample.fact_type.startswith("nl.speerpunt.partners.")
