"""Old and new processes run side by side on the new schema: a migration only adds, or says why it may do more."""

from pathlib import Path

import pytest

from runtime.migrate import RUNTIME_MIGRATIONS, read
from tests.architecture.expanding import all_breaks, breaks

PROJECT = Path(__file__).resolve().parents[2]
OF_THE_FIRST_RELEASE = {
    "funding": {
        "0004_intake.sql",
        "0006_effective_allocations.sql",
        "0020_claims.sql",
        "0040_position_months.sql",
        "0041_statement_rounds.sql",
        "0061_reallocations.sql",
        "0063_evidence_files.sql",
        "0070_export_checkpoints.sql",
        "0090_fingerprints.sql",
        "0101_separated_hands.sql",
        "0106_schools_word.sql",
    },
    "notifications": {"0004_alarms.sql", "0070_reporting_dates.sql"},
    "partners": {"0003_told.sql", "0070_erasure.sql"},
}
"""No older code ever ran beside these. Nothing is added here once 0.1.0 is out."""
FOLDERS = [RUNTIME_MIGRATIONS, *sorted(PROJECT.glob("services/*/migrations"))]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_a_migration_takes_nothing_from_the_release_before(folder: Path) -> None:
    found = all_breaks((each.name, each.up) for each in read(folder))
    known = OF_THE_FIRST_RELEASE.get(folder.parent.name, set())
    assert known <= found.keys(), "what is listed is no longer there, or breaks nothing"
    assert {name: said for name, said in found.items() if name not in known} == {}, (
        "add first, and take away in a later release; or say why it is safe in a line"
        " '-- safe beside the release before: WHY'"
    )


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DROP TABLE grants;", "takes something away"),
        ("ALTER TABLE grants DROP COLUMN cents;", "takes something away"),
        ("ALTER TABLE grants RENAME COLUMN cents TO amount;", "renames"),
        ("ALTER TABLE grants RENAME TO awards;", "renames"),
        ("ALTER TABLE grants ALTER COLUMN cents TYPE numeric;", "type"),
        ("ALTER TABLE grants ALTER COLUMN cents SET NOT NULL;", "requires"),
        ("ALTER TABLE grants ALTER COLUMN cents DROP DEFAULT;", "default"),
        ("ALTER TABLE grants ADD COLUMN kind text NOT NULL;", "does not fill"),
        ("ALTER TABLE grants ADD kind text NOT NULL, ADD COLUMN b int;", "does not fill"),
        ("ALTER TABLE grants ADD CONSTRAINT positive CHECK (cents > 0);", "forbids"),
        ("CREATE UNIQUE INDEX one ON grants (code);", "forbids"),
        ("-- safe beside the release before: because.\nDROP TABLE grants;", "takes something away"),
    ],
)
def test_what_old_code_would_trip_over_is_found(sql: str, says: str) -> None:
    assert any(says in each for each in breaks(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE a (id uuid); CREATE UNIQUE INDEX one ON a (id); ALTER TABLE a ADD CHECK (id IS NOT NULL);",
        "ALTER TABLE grants ADD COLUMN kind text;",
        "ALTER TABLE grants ADD COLUMN kind text NOT NULL DEFAULT '';",
        "ALTER TABLE grants DROP CONSTRAINT positive; DROP INDEX one;",
        "-- the old one did DROP TABLE grants\nCREATE INDEX two ON grants (code);",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DROP TABLE a; $$;",
        "-- safe beside the release before: nothing reads grants since 0.2.0.\nDROP TABLE grants;",
    ],
    ids=["made-here", "nullable", "default", "loosened", "a-comment", "a-body", "said-why"],
)
def test_what_only_adds_is_let_through(sql: str) -> None:
    assert breaks(sql) == []
