"""The finder: which schemes fit a plan and why not, by rules that are data, for any scheme of any country."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.funding.api import shipped
from services.funding.domain.finder import Match, Participant, Plan, match, matches
from services.funding.domain.scheme import (
    Activities,
    Amount,
    Area,
    Base,
    Cap,
    Cofinancing,
    EligibleKinds,
    Participants,
    Period,
    Rule,
    Scheme,
    Terms,
    Window,
)

STO = {scheme.code: scheme for scheme in shipped.schemes()}
OLD, NEW = STO["sto-2020-2024"], STO["sto-2025-2028"]
ASKING = date(2024, 9, 15)
REGION = Plan(
    (
        Participant("vmbo", 1, "lead-partner", ("technical",)),
        Participant("vmbo", 4),
        Participant("mbo"),
        Participant("primary-school", 12),
        Participant("company", 40, traits=("technical",)),
    ),
    ("technical-vmbo",),
    date(2025, 1, 1),
    date(2028, 12, 31),
    dict.fromkeys(range(2025, 2029), 225_000_000),
    {"hours": 90_000_000, "material": 10_000_000},
    ("NL",),
)


def a_scheme(*terms: Terms) -> Scheme:
    start, known = date(2025, 1, 1), date(2024, 1, 1)
    rules = (Rule(f"rule-{number}", each, start, known, "a decree") for number, each in enumerate(terms, 1))
    return Scheme(UUID(int=3), "made", "Made for a test", tuple(rules))


def unmet(found: Match) -> dict[str, str]:
    return {each.rule: each.sentences["en"] for each in found.findings if each.answer == "not-met"}


def test_a_region_with_all_it_takes_fits_the_scheme_of_its_years_and_not_the_one_before() -> None:
    found = {each.scheme: each for each in matches(REGION, list(STO.values()), ASKING)}
    assert found["sto-2025-2028"].outcome == "fits"
    assert found["sto-2020-2024"].outcome == "does-not-fit"
    assert set(unmet(found["sto-2020-2024"])) == {"period-2020-2024", "window-2019"}


def test_without_a_primary_school_the_new_scheme_says_what_is_missing() -> None:
    without = replace(REGION, participants=tuple(each for each in REGION.participants if each.kind != "primary-school"))
    found = match(without, NEW, ASKING)
    assert found.outcome == "does-not-fit"
    assert unmet(found) == {"primary-schools": "Needed: primary school, at least 1; the plan has 0, that is too few."}


def test_an_amount_between_both_readings_depends_on_the_base_until_it_is_decided() -> None:
    plan = replace(
        REGION,
        first=date(2020, 1, 1),
        last=date(2023, 12, 31),
        asked={2020: 1_000_000_000},
        offered={"hours": 76_000_000},
    )
    on = date(2022, 8, 1)
    found = next(each for each in match(plan, OLD, on).findings if each.about == "cofinancing")
    assert found.answer == "open"
    assert "€ 5.081.081,00" not in found.sentences["nl"]
    assert "€ 810.810,81 van de totale subsidiabele begroting (€ 50.810,81 te weinig)" in found.sentences["nl"]
    assert "EUR 750,000.00 of the subsidy (met)" in found.sentences["en"]
    before = next(each for each in match(plan, OLD, date(2022, 7, 6)).findings if each.about == "cofinancing")
    assert before.answer == "not-met"


def test_a_window_that_has_not_opened_leaves_the_answer_open_and_one_that_closed_does_not() -> None:
    assert match(REGION, NEW, date(2024, 6, 1)).outcome == "depends"
    assert unmet(match(REGION, NEW, date(2024, 10, 2))).keys() == {"window"}


def test_a_flemish_scheme_with_rules_of_its_own_is_answered_from_its_data() -> None:
    flemish = a_scheme(
        Participants(("hogeschool",), 2),
        Participants(("company",), 1, trait="technical"),
        Amount(min_cents=5_000_000, max_cents=30_000_000, year_max_cents=12_000_000),
        Period(least_months=12, most_months=36),
        Activities(("dual-learning", "shared-facilities"), only=True),
        Area(("VL", "BRU")),
        EligibleKinds(("cash", "hours")),
        Cap("hours", share_basis_points=5_000),
        Cofinancing(2_000, Base.OF_COSTS),
        Window(date(2025, 2, 1), date(2025, 3, 31)),
    )
    plan = Plan(
        (Participant("hogeschool", 2, "lead-partner"), Participant("company", 3, traits=("technical",))),
        ("dual-learning",),
        date(2025, 9, 1),
        date(2027, 8, 31),
        {2025: 4_000_000, 2026: 12_000_000, 2027: 8_000_000},
        {"cash": 3_000_000, "hours": 3_000_000},
        ("VL",),
    )
    assert match(plan, flemish, date(2025, 3, 1)).outcome == "fits"
    in_hours = replace(plan, offered={"hours": 6_000_000})
    assert "EUR 0.00 counts" in unmet(match(in_hours, flemish, date(2025, 3, 1)))["rule-9"]
    wider = replace(plan, activities=("dual-learning", "guest-lessons"), last=date(2029, 8, 31))
    assert unmet(match(wider, flemish, date(2025, 3, 1))).keys() == {"rule-4", "rule-5"}
    dearer = replace(plan, asked={2026: 31_000_000}, offered={"cash": 10_000_000})
    assert [each.about for each in match(dearer, flemish, date(2025, 3, 1)).findings if each.answer == "not-met"] == [
        "amount",
        "amount",
    ]


def test_a_swedish_scheme_counts_in_kronor() -> None:
    swedish = a_scheme(
        Participants(("university",), role="lead-partner"),
        Participants(("municipality",)),
        Area(("SE",)),
        Amount(max_cents=50_000_000),
    )
    plan = Plan(
        (Participant("university", role="lead-partner"), Participant("municipality")),
        ("degree-projects",),
        date(2025, 1, 1),
        date(2026, 12, 31),
        {2025: 60_000_000},
        {},
        ("SE",),
        "SEK",
    )
    assert unmet(match(plan, swedish, date(2025, 1, 1))) == {
        "rule-4": "The plan asks SEK 600,000.00, the most is SEK 500,000.00: SEK 100,000.00 too much."
    }
    assert match(replace(plan, asked={2025: 50_000_000}), swedish, date(2025, 1, 1)).outcome == "fits"


def test_a_scheme_that_asks_nothing_fits_and_one_that_nobody_knew_yet_is_not_found() -> None:
    assert match(REGION, a_scheme(), ASKING).outcome == "fits"
    assert [each.outcome for each in matches(REGION, [a_scheme(Amount(max_cents=1))], date(2024, 1, 1))] == [
        "does-not-fit"
    ]
    assert matches(REGION, [a_scheme(Amount(max_cents=1))], date(2023, 12, 31)) == ()


@given(
    schools=st.integers(0, 5),
    asked=st.integers(0, 10**10),
    offered=st.integers(0, 10**10),
    on=st.dates(date(2018, 1, 1), date(2030, 1, 1)),
)
def test_every_finding_is_a_sentence_in_both_languages_and_the_outcome_follows_from_them(
    schools: int, asked: int, offered: int, on: date
) -> None:
    others = tuple(each for each in REGION.participants if each.kind != "vmbo")
    vmbo = (Participant("vmbo", schools, "lead-partner"),) if schools else ()
    plan = replace(REGION, participants=(*vmbo, *others), asked={2025: asked}, offered={"hours": offered})
    for scheme in (OLD, NEW):
        found = match(plan, scheme, on)
        answers = {each.answer for each in found.findings}
        assert (found.outcome == "fits") == (answers <= {"met"})
        assert (found.outcome == "does-not-fit") == ("not-met" in answers)
        for each in found.findings:
            assert set(each.sentences) == {"nl", "en"}
            assert all(text.endswith(".") and "  " not in text and " ;" not in text for text in each.sentences.values())


@given(money=st.integers(0, 10**10), more=st.integers(0, 10**9))
def test_offering_more_never_makes_a_scheme_fit_less(money: int, more: int) -> None:
    order = ["does-not-fit", "depends", "fits"]
    for scheme in (OLD, NEW):
        outcomes = [
            match(replace(REGION, offered={"cash": cents}), scheme, ASKING).outcome for cents in (money, money + more)
        ]
        assert order.index(outcomes[0]) <= order.index(outcomes[1])
