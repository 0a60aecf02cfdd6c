"""The page of funding's rules names tests that exist."""

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TESTS = PROJECT / "tests"
FOLDERS = {
    "U": TESTS / "unit" / "funding",
    "I": TESTS / "integration" / "funding",
    "N": TESTS / "integration" / "notifications",
    "P": TESTS / "integration" / "partners",
    "E": TESTS / "e2e",
}
ROW = re.compile(r"^\| (\d+)\.(\d+) [^|]+ \| ([UINPE]) `(\w+\.py)::(\w+)` \|$")


def names_in(path: Path) -> set[str]:
    """The names of the tests in a file."""
    found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {each.name for each in found if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def missing(page: str) -> list[str]:
    """Rows that name no test that is there, or are out of order."""
    wrong: list[str] = []
    last = (0, 0)
    for line in page.splitlines():
        if not re.match(r"\| \d", line):
            continue
        row = ROW.match(line)
        if row is None:
            wrong.append(line)
            continue
        number = (int(row[1]), int(row[2]))
        follows = number in ((last[0], last[1] + 1), (last[0] + 1, 1))
        path = FOLDERS[row[3]] / row[4]
        if not follows or not path.exists() or row[5] not in names_in(path):
            wrong.append(line)
        last = number
    return wrong


def test_every_rule_of_funding_names_a_test_that_exists_and_no_number_is_left_out() -> None:
    page = (PROJECT / "docs" / "funding-rules.md").read_text(encoding="utf-8")
    assert page.count("\n| ") > 70
    assert missing(page) == []


def test_a_row_whose_test_is_gone_and_a_number_left_out_are_found() -> None:
    gone = "| 1.1 a rule | U `test_schemes.py::test_nothing_of_the_kind` |"
    skipped = (
        "| 1.2 a rule | U `test_schemes.py::"
        "test_every_shipped_rule_names_its_source_and_both_schemes_ask_what_they_ask` |"
    )
    assert missing(gone) == [gone]
    assert missing(skipped) == [skipped]
