"""Reading a region folder: what office people write is read as meant, and what is wrong is told all at once."""

import shutil
from datetime import date, time
from pathlib import Path

import pytest
import yaml

from cli.region import RegionUnusable, read

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def a_folder(tmp_path: Path) -> Path:
    """A copy of the small example, to be spoiled."""
    return shutil.copytree(EXAMPLES / "amersfoort", tmp_path / "region")


def changed(path: Path, old: str, new: str, times: int = 1) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"'{old}' is not in {path.name} any more"
    path.write_text(text.replace(old, new, times), encoding="utf-8")


def cut_out(path: Path, *names: str) -> None:
    """Leaves out these parts of a YAML document, with all that is in them."""
    kept = yaml.safe_load(path.read_text(encoding="utf-8"))
    text = yaml.safe_dump({name: part for name, part in kept.items() if name not in names}, allow_unicode=True)
    path.write_text(text, encoding="utf-8")


def refusal(folder: Path) -> list[str]:
    with pytest.raises(RegionUnusable) as refused:
        read(folder)
    return [line.replace(f"{folder}/", "") for line in str(refused.value).splitlines()]


def test_the_example_is_read_with_everything_its_spreadsheets_add() -> None:
    region = read(EXAMPLES / "amersfoort")
    assert len(region.companies) >= 40
    assert all("(verzonnen)" in company.name for company in region.companies)
    assert all(company.registry_numbers["kvk"].startswith("00000") for company in region.companies)
    assert all(person.email.endswith(".example") for person in region.persons)
    parties = {party.organisation for party in region.agreement.parties} if region.agreement else set()
    assert {"eemtech", "technet-eemland"} <= parties
    assert {mandate.umbrella for mandate in region.umbrella_mandates} == {"technet-eemland", "techniekbranche-eemland"}
    assert "randmeer-constructie" not in parties | {pledge.organisation for pledge in region.pledges}
    signing = next(each for each in region.milestones if each.code == "ondertekening")
    assert (signing.day, signing.starts_at, signing.remind_days_before) == (date(2019, 3, 27), time(16), (7, 1))


def test_a_supplement_counts_in_a_report_from_the_day_it_was_awarded() -> None:
    region = read(EXAMPLES / "amersfoort")
    assert region.grant_cents == 1_000_000_000
    later = region.model_copy(update={"report_on": date(2024, 1, 1)})
    assert later.grant_cents == 1_150_000_000


def test_a_body_leaves_out_where_it_comes_from_at_every_depth() -> None:
    region = read(EXAMPLES / "amersfoort")
    assert region.allocation is not None
    for body in (region.programme.body(), region.allocation.body(), region.pledges[0].body(), region.senders[0].body()):
        assert "provenance" not in str(body)
        assert "source" not in str(body)


def test_all_that_is_wrong_in_all_files_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    changed(folder / "region.yaml", "cents: 1000000000", "cents: a lot")
    changed(folder / "region.yaml", "zone: Europe/Amsterdam", "zones: Europe/Amsterdam")
    changed(folder / "companies.csv", ";00000102;", ";12AB;")
    changed(folder / "pledges.csv", ";336;;", ";1.500;;")
    changed(folder / "planning.csv", ";14:30;", ";half drie;")
    changed(folder / "activities.yaml", "maxGroup: 28", "maxGroup: 0")
    told = refusal(folder)
    for start in (
        "region.yaml: grant.cents: Input should be a valid integer",
        "region.yaml: consortium.zone: is missing. Fill it in.",
        "region.yaml: consortium.zones: there is no such field here.",
        "companies.csv: row 3, column kvk: '12AB' is no KvK number",
        "pledges.csv: row 2, column hours: '1.500' can be read in two ways. Write 1500 or 1500,00.",
        "planning.csv: row 4, column starts: 'half drie' is no time. Write it as 14:30.",
        "activities.yaml: offers.0.maxGroup: Input should be greater than or equal to 1.",
    ):
        assert any(line.startswith(start) for line in told), f"{start!r} is not in\n" + "\n".join(told)
    assert len(told) == 7


def test_a_name_that_is_nowhere_else_in_the_folder_is_refused_with_the_one_probably_meant(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    changed(folder / "pledges.csv", "eemtech;robotisering;", "eemtech;robotica;")
    changed(folder / "companies.csv", ";umbrella;technet-eemland;", ";umbrella;technet-eemlant;")
    changed(folder / "activities.yaml", "request: het-element-robotica", "request: het-element-robot")
    changed(folder / "region.yaml", "signatory: signs-corlaer", "signatory: sign-corlaer")
    told = refusal(folder)
    nowhere = "pledges.csv: row 2, column line: there is no spearhead or location 'robotica' in this region."
    assert f"{nowhere} Did you mean 'robotisering'?" in told
    assert any("column through" in line and "'technet-eemland'?" in line for line in told)
    assert any(line.startswith("activities.yaml: lessons.0.request") for line in told)
    assert any("parties.1.signatory" in line and "Did you mean 'signs-corlaer'?" in line for line in told)
    assert len(told) == 4


def test_what_a_companys_standing_needs_is_asked_for(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    changed(folder / "companies.csv", ";umbrella;technet-eemland;", ";umbrella;;")
    assert refusal(folder) == [
        "companies.csv: row 12, column through: is empty, and eemdijk-scheepsbouw has standing 'umbrella'. Fill it in."
    ]


def test_what_is_public_must_name_its_source(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    changed(folder / "region.yaml", ', source: "municipalities of the region"', "")
    (told,) = refusal(folder)
    assert told.startswith("region.yaml: organisations.5: what is public names its source.")


def test_a_name_that_stands_twice_in_one_place_is_refused_with_its_line(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    changed(folder / "region.yaml", "reportOn: 2023-11-01", "reportOn: 2023-11-01\nreportOn: 2024-11-01")
    (told,) = refusal(folder)
    assert told == "region.yaml: line 7, column 1: is not YAML: 'reportOn' is there twice."


def test_a_code_that_stands_twice_is_refused_with_both_rows(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    changed(folder / "companies.csv", "laak-bouw;", "eemtech;")
    told = refusal(folder)
    assert "companies.csv: row 6, column code: 'eemtech' is in row 2 as well. Mend one of them." in told


def test_a_consortium_may_have_no_money(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    cut_out(folder / "region.yaml", "grant", "allocation", "whatIf")
    region = read(folder)
    assert (region.grant, region.allocation, region.grant_cents, region.supplements) == (None, None, 0, ())


def test_an_allocation_without_a_grant_is_told(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    cut_out(folder / "region.yaml", "grant", "whatIf")
    assert refusal(folder) == [
        "region.yaml: allocation: divides a grant, and this region has none. Add a grant, or leave this out."
    ]
