"""What loading a region puts, in which order."""

from datetime import date
from pathlib import Path

import pytest

from cli.region import Region, load, read
from cli.region.load import Put, Step

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture(scope="module")
def amersfoort() -> Region:
    return read(EXAMPLES / "amersfoort")


def puts(steps: list[Step]) -> list[Put]:
    return [put for step in steps for put in step.puts]


def everything(region: Region) -> list[Step]:
    return [
        *load.partners_steps(region, "https://issuer.example"),
        *load.funding_steps(region),
        *load.other_steps(region),
    ]


def test_nothing_is_put_twice_in_one_load(amersfoort: Region) -> None:
    paths = [(put.service, put.path, str(put.body)) for put in puts(everything(amersfoort))]
    assert len(paths) == len(set(paths))


def test_no_body_says_where_an_item_comes_from(amersfoort: Region) -> None:
    for put in puts([*load.partners_steps(amersfoort, "https://issuer.example"), *load.other_steps(amersfoort)]):
        assert "provenance" not in str(put.body), put.path


def test_names_and_addresses_go_to_partners_only(amersfoort: Region) -> None:
    addresses = [person.email for person in amersfoort.persons]
    for put in puts(everything(amersfoort)):
        if put.service != "partners":
            assert not any(address in str(put.body) for address in addresses), put.path


def test_a_supplement_is_loaded_once_the_report_is_on_or_after_its_award(amersfoort: Region) -> None:
    def supplements(region: Region) -> list[str]:
        return [put.once for put in puts(list(load.funding_steps(region))) if put.once]

    assert supplements(amersfoort) == ["verlenging-2024-08"]
    later = amersfoort.model_copy(update={"report_on": date(2023, 12, 15)})
    assert supplements(later) == ["verlenging-2024-08", "aanvulling-2024"]


def test_a_region_may_bring_its_own_scheme(amersfoort: Region, tmp_path: Path) -> None:
    assert amersfoort.grant is not None
    (tmp_path / "schemes").mkdir()
    own = tmp_path / "schemes" / f"{amersfoort.grant.scheme}.json"
    own.write_text('{"title": "Own", "rules": []}', encoding="utf-8")
    elsewhere = amersfoort.model_copy(update={"folder": tmp_path})
    assert load.scheme(elsewhere, amersfoort.grant)["title"] == "Own"
    assert load.scheme(amersfoort, amersfoort.grant)["title"] == "Sterk Techniekonderwijs 2020-2024"


def test_a_region_without_money_puts_no_scheme_grant_or_allocation(amersfoort: Region) -> None:
    poor = amersfoort.model_copy(update={"grant": None, "allocation": None, "what_if": None})
    with_money, without = ({step.what for step in load.funding_steps(each)} for each in (amersfoort, poor))
    assert with_money - without == {"scheme", "grant", "supplement", "allocation"}


def test_a_grant_need_not_be_divided_yet(amersfoort: Region) -> None:
    undivided = amersfoort.model_copy(update={"allocation": None, "what_if": None})
    assert "grant" in (steps := {step.what for step in load.funding_steps(undivided)})
    assert "allocation" not in steps
