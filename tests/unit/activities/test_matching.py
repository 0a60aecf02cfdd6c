"""Ranking: who suits a request, in which order, and why."""

from datetime import UTC, date, datetime, time

from hypothesis import given
from hypothesis import strategies as st

from services.activities.domain.calendar import Window
from services.activities.domain.catalogue import Offer
from services.activities.domain.matching import Region, rank
from services.activities.domain.travel import Place
from tests.unit.activities.builders import AMSTERDAM, COMPANY, TODAY, a_request, an_id, an_offer

PLACES = {
    "amersfoort": Place(52.16, 5.39),
    "nijkerk": Place(52.22, 5.49),
    "utrecht": Place(52.09, 5.12),
    "groningen": Place(53.22, 6.57),
}
REGION = Region(AMSTERDAM, places=PLACES)


def codes(*offers: Offer, region: Region = REGION) -> list[str]:
    return [candidate.offer.code for candidate in rank(a_request(), offers, region, TODAY).candidates]


def why_not(offer: Offer) -> str:
    ranking = rank(a_request(), [offer], REGION, TODAY)
    assert not ranking.candidates
    return ranking.misfits[0].reason


def test_the_exact_subject_goes_before_another_subject_of_the_same_line() -> None:
    assert codes(an_offer("b", subject="lassen"), an_offer("c")) == ["c", "b"]


def test_the_nearer_company_goes_first() -> None:
    assert codes(an_offer("far", municipality="Utrecht"), an_offer("near")) == ["near", "far"]


def test_the_company_with_fewer_activities_goes_first() -> None:
    other = an_id("other")
    region = Region(AMSTERDAM, places=PLACES, company_activities={COMPANY: 4})
    assert codes(an_offer("a"), an_offer("b", company_id=other), region=region) == ["b", "a"]


def test_a_company_that_was_never_with_this_school_goes_first() -> None:
    other = an_id("other")
    region = Region(AMSTERDAM, places=PLACES, company_activities={COMPANY: 2, other: 2}, together={COMPANY: 2})
    assert codes(an_offer("a"), an_offer("b", company_id=other), region=region) == ["b", "a"]


def test_a_tie_is_broken_by_the_code() -> None:
    assert codes(an_offer("b"), an_offer("a")) == ["a", "b"]


def test_every_reason_is_a_sentence_with_the_facts() -> None:
    (candidate,) = rank(a_request(), [an_offer()], REGION, TODAY).candidates
    assert candidate.score == 95
    assert candidate.reasons == (
        "The subject is exactly what was asked: robotica.",
        "It is meant for vmbo-k.",
        "24 pupils fit a group of at most 28.",
        "It is given in the language asked for: nl.",
        "The company travels about 17 minutes (12 km).",
        "Both can on 5 days of the week; first on 2023-05-01 at 08:30.",
        "The company has not been with this school yet and has 0 activities in all.",
    )


def test_an_unknown_municipality_costs_points_but_excludes_nobody() -> None:
    (candidate,) = rank(a_request(), [an_offer(municipality="Atlantis")], REGION, TODAY).candidates
    assert candidate.travel_minutes is None
    assert "The travel time is not known: a municipality is missing from the table." in candidate.reasons


def test_what_does_not_fit_says_why_not() -> None:
    assert why_not(an_offer(levels=("havo",))) == "It is meant for havo, not for vmbo-k."
    assert why_not(an_offer(language="en")) == "It is given in en, not in nl."
    assert why_not(an_offer(max_group=20)) == "It takes 20 pupils at most; the group has 24."
    assert why_not(an_offer(min_group=26)) == "It takes 26 pupils at least; the group has 24."
    assert why_not(an_offer(line="bouw", subject="metselen")) == (
        "It is about metselen (bouw), not about robotica (robotisering)."
    )
    far = an_offer(municipality="Groningen", max_travel_minutes=60)
    assert why_not(far).endswith("minutes; 60 is the most.")
    assert why_not(an_offer(windows=(Window(6, time(9), time(17)),))).startswith("There is no hour in the period")


def test_an_offer_of_another_kind_or_taken_back_is_not_even_weighed() -> None:
    ranking = rank(a_request(), [an_offer(kind="company-visit"), an_offer(available=False)], REGION, TODAY)
    assert (ranking.candidates, ranking.misfits) == ((), ())


def test_the_first_moment_leaves_out_holidays_and_hours_already_taken() -> None:
    offer = an_offer()
    taken = (datetime(2023, 5, 2, 6, 30, tzinfo=UTC), datetime(2023, 5, 2, 8, 10, tzinfo=UTC))
    region = Region(AMSTERDAM, taken={offer.id: [taken]})
    (candidate,) = rank(a_request(closed=(date(2023, 5, 1),)), [offer], region, TODAY).candidates
    assert candidate.starts_at == datetime(2023, 5, 2, 8, 10, tzinfo=UTC)


offers = st.builds(
    lambda n, subject, place, group, company: an_offer(
        f"offer-{n:03}", subject=subject, municipality=place, max_group=group, company_id=an_id(company)
    ),
    st.integers(0, 999),
    st.sampled_from(["robotica", "lassen"]),
    st.sampled_from(["Nijkerk", "Utrecht", "Groningen", "Atlantis"]),
    st.integers(20, 40),
    st.sampled_from(["a", "b", "c"]),
)


@given(
    st.lists(offers, max_size=8, unique_by=lambda offer: offer.code).flatmap(
        lambda some: st.tuples(st.just(some), st.permutations(some))
    )
)
def test_the_order_does_not_depend_on_the_order_of_the_offers(both: tuple[list[Offer], list[Offer]]) -> None:
    one, other = both
    assert rank(a_request(), one, REGION, TODAY) == rank(a_request(), other, REGION, TODAY)


@given(st.lists(offers, max_size=8, unique_by=lambda offer: offer.code))
def test_every_offer_of_the_kind_is_a_candidate_or_has_a_reason_and_no_score_passes_100(some: list[Offer]) -> None:
    ranking = rank(a_request(), some, REGION, TODAY)
    assert len(ranking.candidates) + len(ranking.misfits) == len(some)
    assert all(0 <= candidate.score <= 100 for candidate in ranking.candidates)
    assert all(misfit.reason.endswith(".") for misfit in ranking.misfits)
