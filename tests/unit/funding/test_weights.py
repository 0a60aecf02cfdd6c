"""Weights out of a file: DUO's exam file as published, masked numbers by a stated rule, every row accounted for."""

import pytest

from services.funding.domain.exam_file import Asked, BranchTwice, SchoolYearMissing, count
from services.funding.domain.weights import BadRow, NotWeights, NoWeights, of_lines

YEARS = ("2019-2020", "2020-2021")
COLUMNS = ["INSTELLINGSCODE", "VESTIGINGSCODE", "INSTELLINGSNAAM VESTIGING", "OPLEIDINGSNAAM"] + [
    f"{what} SCHOOLJAAR {year} - {who}"
    for year in YEARS
    for who in ("MAN", "VROUW", "TOTAAL")
    for what in ("EXAMENKANDIDATEN", "GESLAAGDEN", "SLAAGPERC")
]
BRANCHES = {"noord": "99AA01", "oost": "99AA02", "zuid": "99BB00", "west": None, "midden": "99CC00"}
NOORD = {"branch": "99AA01", "about": "VMBO B - techniek"}


def row(branch: str, about: str, total: str, later: str = "0", named: str = "Verzonnen College; Noord") -> str:
    numbers = ["<5", "<5", "66.7", "0", "0", "0", total, "1", "100", "0", "0", "0", "0", "0", "0", later, "0", "0"]
    return ";".join(f'"{cell}"' for cell in [branch[:4], branch, named, about, *numbers])


def file(*rows: str) -> str:
    return "\ufeff" + "\r\n".join([";".join(f'"{name}"' for name in COLUMNS), *rows]) + "\r\n"


SAMPLE = file(
    row("99AA01", "VMBO B - techniek", "44", "39"),
    row("99AA01", "VMBO LWT - techniek", "<5", "8"),
    row("99AA01", "VMBO T - techniek", "31"),
    row("99AA01", "VMBO K - zorg en welzijn", "26"),
    row("99AA02", "VMBO K - techniek", "<5"),
    row("99AA02", "VMBO G - techniek", "<5"),
    row("99AA09", "VMBO K - techniek", "12"),
    row("99BB00", "VMBO K - economie", "12"),
    row("99ZZ00", "VMBO K - techniek", "500"),
)


def test_candidates_of_technical_tracks_are_counted_per_location_and_masked_ones_by_the_rule() -> None:
    found = count(SAMPLE, BRANCHES, Asked("2019-2020"))
    assert {each.line: (each.weight, each.masked) for each in found.lines} == {
        "noord": (46, 1),
        "oost": (4, 2),
        "zuid": (0, 0),
        "west": (0, 0),
        "midden": (0, 0),
    }
    assert found.rule.endswith("a masked '<5' counts as 2.")
    assert count(SAMPLE, BRANCHES, Asked("2019-2020", masked_as=4)).weights()["oost"] == 8
    assert count(SAMPLE, BRANCHES, Asked("2020-2021")).weights()["noord"] == 47
    assert count(SAMPLE, BRANCHES, Asked("2019-2020", tracks=("T",))).weights()["noord"] == 31


def test_every_row_is_used_or_has_a_reason_and_every_location_without_one_too() -> None:
    found = count(SAMPLE, BRANCHES, Asked("2019-2020"))
    lines = {each.line: each for each in found.lines}
    assert [(each.number, each.told, each.counts, each.why) for each in lines["noord"].rows] == [
        (2, "44", 44, "counted"),
        (3, "<5", 2, "masked"),
        (4, "31", 0, "other-track"),
        (5, "26", 0, "other-subject"),
    ]
    assert lines["noord"].named == "Verzonnen College; Noord"
    assert [(each.number, each.why) for each in found.strays] == [(8, "other-branch-of-the-school")]
    assert (found.rows, found.elsewhere) == (9, 1)
    assert sum(len(each.rows) for each in found.lines) + len(found.strays) + found.elsewhere == found.rows
    assert {each.line: each.missing for each in found.lines if each.missing} == {
        "zuid": "no-row-of-the-subject",
        "west": "no-branch-code",
        "midden": "branch-not-in-file",
    }
    assert found.weights() == {"noord": 46, "oost": 4, "zuid": 0}


@pytest.mark.parametrize(
    ("text", "problem", "says"),
    [
        (file(row(**NOORD, total="12a")), BadRow, "Row 2 .* no whole number"),
        (file(row(**NOORD, total="-3")), BadRow, "Row 2 .* no whole number"),
        (file(row(**NOORD, total="")), BadRow, "Row 2 .* no whole number"),
        (file(row(**NOORD, total="9"), row(**NOORD, total="9")), BadRow, "Row 3 .* a second time"),
        (file(row(**NOORD, total="9") + ';"x"'), BadRow, "Row 2 .* cells"),
        (file(row(**NOORD, total="9"), '"99AA01'), BadRow, "Row 3 .* cannot be read"),
        (file(row("99ZZ00", "VMBO B - techniek", "9")), NoWeights, "No row"),
        (file(), NoWeights, "No row"),
        ("VESTIGINGSCODE;X\n99AA01;1\n", NotWeights, "OPLEIDINGSNAAM"),
        ("", NotWeights, "VESTIGINGSCODE"),
    ],
)
def test_a_file_that_cannot_be_counted_is_refused_with_the_row(text: str, problem: type[Exception], says: str) -> None:
    with pytest.raises(problem, match=says):
        count(text, BRANCHES, Asked("2019-2020"))


def test_another_school_year_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(SchoolYearMissing, match="it has 2019-2020, 2020-2021"):
        count(SAMPLE, BRANCHES, Asked("2018-2019"))


def test_two_locations_cannot_be_one_branch() -> None:
    with pytest.raises(BranchTwice, match="'noord' and 'oost'"):
        count(SAMPLE, {"noord": "99AA01", "oost": "99AA01"}, Asked("2019-2020"))


def test_a_plain_sheet_gives_the_weight_beside_the_code() -> None:
    lines = frozenset({"noord", "oost", "zuid"})
    found = of_lines("line,weight\nnoord,12\nelders,5\noost,0\n", lines)
    assert found.weights() == {"noord": 12, "oost": 0}
    assert [(each.number, each.about, each.why) for each in found.strays] == [(3, "elders", "unknown-line")]
    assert [each.line for each in found.lines if each.missing == "not-in-file"] == ["zuid"]
    for text, problem in (
        ("line;weight\nnoord;1\nnoord;2\n", BadRow),
        ("line;weight\nnoord;1,5\n", BadRow),
        ("line;gewicht\nnoord;1\n", NotWeights),
        ("line;weight\nelders;1\n", NoWeights),
    ):
        with pytest.raises(problem):
            of_lines(text, lines)
