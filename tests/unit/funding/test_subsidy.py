"""From application to determination: price x quantity, instalments, what is reclaimed and by which rule."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.problems import SamePerson
from services.funding.domain.application import (
    Application,
    ApplicationEmpty,
    ApplicationFrozen,
    GrantOfAnotherScheme,
    Item,
    ItemOutsidePeriod,
    NotSubmitted,
)
from services.funding.domain.deliverable import Deliverable, LessThanNothing
from services.funding.domain.determination import (
    Asked,
    BaseUndecided,
    Determination,
    DeterminationNotProposed,
    DeterminationOutdated,
    NoReclaimRule,
    Shown,
    asked_by,
    decided_result,
    results,
)
from services.funding.domain.grant import Grant
from services.funding.domain.instalment import Instalment, InstalmentRewritten, InstalmentTooLarge, received_cents
from services.funding.domain.scheme import Base, Cofinancing, DecidedBase, Reclaim, Rule

ADA, BRAM = UUID(int=1), UUID(int=2)
START, KNOWN, DAY = date(2020, 1, 1), date(2019, 1, 1), date(2025, 6, 2)
AT = datetime(2025, 6, 2, 9, tzinfo=UTC)
GRANT = Grant(UUID(int=3), "sto-2020", "sto", 1_000_000_000, START, date(2024, 12, 31), KNOWN, version=1)
ITEMS = (
    Item("robotisering", 2020, "robot arm", "piece", 1_250_000, 2_000),
    Item("robotisering", 2021, "teacher", "hour", 6_333, 1_500),
    Item("robotisering", 2021, "hours of companies", "hour", 5_000, 40_000, "cofinancing"),
    Item("instroom", 2021, "coordination", "hour", 7_500, 10_000, "own"),
)
DRAFT = Application(UUID(int=4), "sto", "sto", "Our region", START, date(2023, 12, 31), ITEMS, ADA)


def test_an_item_is_its_price_times_its_quantity_and_lines_and_years_add_up() -> None:
    assert [item.cents for item in ITEMS] == [2_500_000, 9_500, 200_000, 75_000]
    assert DRAFT.cents("subsidy") == 2_509_500
    assert DRAFT.totals() == (
        ("instroom", 2021, 0, 75_000),
        ("robotisering", 2020, 2_500_000, 2_500_000),
        ("robotisering", 2021, 9_500, 209_500),
    )


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**7)), max_size=20))
def test_the_totals_per_line_and_year_sum_to_the_application(items: list[tuple[int, int]]) -> None:
    planned = tuple(
        Item(f"line-{number % 3}", 2020 + number % 4, "x", "hour", price, quantity)
        for number, (price, quantity) in enumerate(items)
    )
    found = replace(DRAFT, items=planned)
    assert sum(asked for _, _, asked, _ in found.totals()) == found.cents("subsidy") == found.cents()


def test_an_application_is_handed_in_by_another_person_and_not_edited_after_that() -> None:
    drafted, _ = DRAFT.draft(None)
    with pytest.raises(SamePerson):
        drafted.submit(ADA, DAY)
    submitted, (fact,) = drafted.submit(BRAM, DAY)
    assert (fact.asked_cents, fact.cofinancing_cents, fact.total_cents) == (2_509_500, 200_000, 2_784_500)
    same, facts = DRAFT.draft(submitted)
    assert (same, facts) == (submitted, ())
    with pytest.raises(ApplicationFrozen):
        replace(DRAFT, title="Otherwise").draft(submitted)
    with pytest.raises(ApplicationFrozen):
        submitted.submit(BRAM, DAY)


def test_an_application_that_asks_nothing_or_plans_outside_its_years_is_refused() -> None:
    nothing, _ = replace(DRAFT, items=ITEMS[2:]).draft(None)
    with pytest.raises(ApplicationEmpty):
        nothing.submit(BRAM, DAY)
    with pytest.raises(ItemOutsidePeriod):
        replace(DRAFT, items=(replace(ITEMS[0], year=2024),)).draft(None)


def test_only_what_was_handed_in_is_decided_and_an_award_names_a_grant_of_its_scheme() -> None:
    drafted, _ = DRAFT.draft(None)
    with pytest.raises(NotSubmitted):
        drafted.decide("rejected", DAY, "", None)
    assert drafted.decide("withdrawn", DAY, "no partners", None)[0].state == "withdrawn"
    submitted, _ = drafted.submit(BRAM, DAY)
    with pytest.raises(GrantOfAnotherScheme):
        submitted.decide("awarded", DAY, "", replace(GRANT, scheme="other"))
    awarded, (fact,) = submitted.decide("awarded", DAY, "", GRANT)
    assert fact.awarded_cents == 1_000_000_000
    assert awarded.decide("awarded", DAY, "", GRANT) == (awarded, ())


def an_instalment(code: str, cents: int) -> Instalment:
    return Instalment(UUID(int=hash(code) % 2**64), code, cents, DAY, "", ADA)


@given(st.lists(st.integers(1, 4 * 10**8), max_size=12))
def test_never_more_comes_in_than_the_grant_and_what_came_in_is_counted_once(amounts: list[int]) -> None:
    before: list[Instalment] = []
    for number, cents in enumerate(amounts):
        each = an_instalment(str(number), cents)
        if received_cents(before) + cents > GRANT.cents:
            with pytest.raises(InstalmentTooLarge):
                each.receive(GRANT, before, GRANT.cents)
            continue
        _, (fact,) = each.receive(GRANT, before, GRANT.cents)
        before.append(each)
        assert fact.received_cents == received_cents(before)
        assert each.receive(GRANT, before, GRANT.cents) == (GRANT, ())
        with pytest.raises(InstalmentRewritten):
            replace(each, cents=cents + 1).receive(GRANT, before, GRANT.cents)


def test_an_instalment_is_taken_back_by_another_person_and_its_code_is_not_used_again() -> None:
    first = an_instalment("2020-1", 100)
    with pytest.raises(SamePerson):
        first.take_back(GRANT, [first], ADA, "wrong grant")
    _, taken, (fact,) = first.take_back(GRANT, [first], BRAM, "wrong grant")
    assert (fact.received_cents, received_cents([taken])) == (0, 0)
    with pytest.raises(InstalmentRewritten):
        first.receive(GRANT, [taken], GRANT.cents)


def test_a_deliverable_is_done_when_all_of_it_is_and_overdue_the_day_after_it_was_due() -> None:
    planned, _ = Deliverable(UUID(int=6), "lessen", "robotisering", "Guest lessons", "lessons", 3, DAY).plan(None)
    some, _ = planned.achieve(2, DAY)
    assert (some.state(DAY), some.state(date(2025, 6, 3))) == ("open", "overdue")
    assert some.achieve(1, DAY)[0].state(date(2025, 6, 3)) == "done"
    with pytest.raises(LessThanNothing):
        some.achieve(-3, DAY)
    more, (fact,) = replace(planned, planned=5, done=0, version=0).plan(some)
    assert (more.done, fact.planned) == (2, 5)
    assert more.plan(more)[1] == ()


CENT = Asked(Cofinancing(750), Reclaim("cent-for-cent"))


def by_base(shown: Shown, asked: Asked) -> dict[str, tuple[int, int, int]]:
    return {
        each.base: (each.shortfall_cents, each.determined_cents, each.reclaimed_cents) for each in results(shown, asked)
    }


def test_both_readings_are_shown_while_the_base_is_undecided_and_nothing_is_determined() -> None:
    shown = Shown(1_000_000_000, 1_000_000_000, 990_000_000, 76_000_000)
    assert by_base(shown, CENT) == {
        "of-subsidy": (0, 990_000_000, 10_000_000),
        "of-total": (5_081_081, 984_918_919, 15_081_081),
    }
    with pytest.raises(BaseUndecided, match="of-subsidy determines 990000000 cents and reclaims 10000000; of-total"):
        decided_result(GRANT, CENT, results(shown, CENT))


def test_the_rule_says_what_a_shortfall_takes_off() -> None:
    shown = Shown(1_000_000_000, 900_000_000, 800_000_000, 50_000_000)
    for rule, determined in (("cent-for-cent", 750_000_000), ("proportional", 400_000_000), ("none", 800_000_000)):
        asked = Asked(Cofinancing(1_000, Base.OF_SUBSIDY), Reclaim(rule))  # type: ignore[arg-type]
        (found,) = results(shown, asked)
        assert (found.shortfall_cents, found.determined_cents) == (50_000_000, determined)
        assert decided_result(GRANT, asked, [found]) == found


def test_the_decided_base_and_the_costs_of_the_project_decide_what_is_required() -> None:
    rules = [
        Rule("share", Cofinancing(1_000), START, KNOWN, "scheme"),
        Rule("base", DecidedBase(Base.OF_TOTAL), START, date(2024, 1, 1), "decision"),
        Rule("reclaim", Reclaim("none"), START, KNOWN, "scheme"),
    ]
    assert len(results(Shown(900, 900, 900, 0), asked_by("sto", rules, START, date(2023, 12, 31)))) == 2
    asked = asked_by("sto", rules, START, DAY)
    assert [each.required_cents for each in results(Shown(900, 900, 900, 0), asked)] == [100]
    assert asked.rules == ("share", "base", "reclaim")
    costs = Asked(Cofinancing(1_000, Base.OF_COSTS), Reclaim("none"))
    assert [each.required_cents for each in results(Shown(900, 900, 900, 0, 1_500), costs)] == [150]
    with pytest.raises(NoReclaimRule):
        asked_by("sto", rules[:1], START, DAY)
    assert asked_by("sto", [], START, DAY).cofinancing.basis_points == 0


@given(
    grant=st.integers(1, 10**12),
    received=st.floats(0, 1),
    proved=st.integers(0, 2 * 10**12),
    counted=st.integers(0, 10**11),
    share=st.integers(0, 5_000),
    rule=st.sampled_from(["cent-for-cent", "proportional", "none"]),
)
def test_what_was_received_less_what_is_reclaimed_is_what_was_determined(
    grant: int, received: float, proved: int, counted: int, share: int, rule: str
) -> None:
    shown = Shown(grant, int(grant * received), proved, counted)
    for each in results(shown, Asked(Cofinancing(share), Reclaim(rule))):  # type: ignore[arg-type]
        assert 0 <= each.determined_cents <= min(grant, proved)
        assert each.determined_cents + each.unproved_cents + each.reduction_cents == grant
        assert shown.received_cents - each.reclaimed_cents + each.payable_cents == each.determined_cents
        assert each.reclaimed_cents == 0 or each.payable_cents == 0
        if not each.shortfall_cents:
            assert each.reduction_cents == 0
        made = Determination(UUID(int=9), GRANT.id, "sto-2020", 1, shown, each, (), "", "", ADA, AT)
        postings = {posting.account: posting.cents for posting in made.postings()}
        assert sum(postings.values()) == 0
        left = grant - shown.received_cents + postings.get("grant/receivable", 0)
        assert left == each.payable_cents
        assert postings.get("grant/reclaimed", 0) == -each.reclaimed_cents


def test_a_determination_is_approved_by_another_person_as_long_as_nothing_changed_since() -> None:
    asked = Asked(Cofinancing(750, Base.OF_SUBSIDY), Reclaim("cent-for-cent"))
    shown = Shown(1_000_000_000, 1_000_000_000, 990_000_000, 70_000_000)
    found = results(shown, asked)
    proposed, _ = Determination(UUID(int=9), GRANT.id, "sto-2020", 1, shown, found[0], (), "", "", ADA, AT).propose()
    with pytest.raises(SamePerson):
        proposed.approve(shown, found, 1, ADA, AT, DAY)
    with pytest.raises(DeterminationNotProposed):
        proposed.approve(shown, found, 2, BRAM, AT, DAY)
    later = replace(shown, counted_cents=75_000_000)
    with pytest.raises(DeterminationOutdated):
        proposed.approve(later, results(later, asked), 1, BRAM, AT, DAY)
    made, (fact,) = proposed.approve(shown, found, 1, BRAM, AT, DAY)
    assert (fact.determined_cents, fact.reclaimed_cents, fact.shortfall_cents) == (985_000_000, 15_000_000, 5_000_000)
    with pytest.raises(DeterminationNotProposed):
        made.approve(shown, found, 1, BRAM, AT, DAY)


def test_a_result_is_said_in_dutch_and_in_english_in_the_currency_of_the_region() -> None:
    (found, _) = results(Shown(1_000_000_000, 1_000_000_000, 990_000_000, 76_000_000), CENT)
    assert "terug te betalen € 100.000,00" in found.sentences()["nl"]
    assert "reclaimed SEK 100,000.00" in found.sentences("SEK")["en"]
