"""A region folder, read and checked before anything is started."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from cli.region import checks, rows
from cli.region.documents import document
from cli.region.model import ActivitiesFile, Later, LaterFile, Region, RegionFile
from cli.region.rows import CompanyRow, PlanningRow, PledgeRow
from cli.region.sheets import Row
from cli.region.sheets import rows as sheet
from cli.region.troubles import Trouble, refuse

T = TypeVar("T")


def read(folder: Path) -> Region:
    """The region in a folder. Raises RegionUnusable with file, place and reason for everything that is wrong."""
    troubles: list[Trouble] = []
    said = document(folder / "region.yaml", RegionFile, troubles)
    activities: ActivitiesFile | None = ActivitiesFile()
    if (folder / "activities.yaml").exists():
        activities = document(folder / "activities.yaml", ActivitiesFile, troubles)
    later = document(folder / "later.yaml", LaterFile, troubles) if (folder / "later.yaml").exists() else None
    companies = sheet(folder / "companies.csv", CompanyRow, troubles)
    promised = sheet(folder / "pledges.csv", PledgeRow, troubles)
    planned = sheet(folder / "planning.csv", PlanningRow, troubles)
    troubles += rows.incomplete(folder / "companies.csv", companies)
    refuse(troubles)
    if said is None or activities is None:
        raise AssertionError("an unreadable document was refused")
    region = _together(folder, said, activities, companies, promised, planned)
    region = region.model_copy(update={"later": _later(folder, later)})
    refuse(checks.of(region, said, companies, promised, planned))
    return region


def _together(
    folder: Path,
    said: RegionFile,
    activities: ActivitiesFile,
    companies: list[Row[CompanyRow]],
    promised: list[Row[PledgeRow]],
    planned: list[Row[PlanningRow]],
) -> Region:
    """The region with what its spreadsheets add."""
    each = [row.says for row in companies]
    agreement = said.agreement
    if agreement is not None:
        parties = _some(rows.party(row, agreement) for row in each)
        agreement = agreement.model_copy(update={"parties": (*agreement.parties, *parties)})
    statements = _some(rows.statement(row, said.form) for row in each)
    contacts = tuple(rows.contact(row, said.consortium.language) for row in each)
    return Region(
        folder=folder,
        code=said.code,
        report_on=said.report_on,
        consortium=said.consortium,
        programme=said.programme,
        organisations=(*said.organisations, *(rows.organisation(row) for row in each)),
        persons=(*said.persons, *contacts),
        memberships=(*said.memberships, *_some(rows.membership(row) for row in each)),
        umbrella_mandates=(*said.umbrella_mandates, *_some(rows.mandate(row) for row in each)),
        working_groups=said.working_groups,
        agreement=agreement,
        grant=said.grant,
        allocation=said.allocation,
        what_if=said.what_if,
        statements=statements,
        pledges=rows.pledges(promised, statements),
        senders=said.senders,
        milestones=tuple(row.says.milestone() for row in planned),
        offers=activities.offers,
        requests=activities.requests,
        lessons=activities.lessons,
        imports=activities.imports,
        records=_records(folder / "records"),
    )


def _later(folder: Path, said: LaterFile | None) -> Later | None:
    if said is None:
        return None
    year, closed = _records(folder / "later" / "year"), _records(folder / "later" / "closed")
    return Later(**{name: getattr(said, name) for name in LaterFile.model_fields}, year=year, closed=closed)


def _records(folder: Path) -> dict[str, tuple[bytes, ...]]:
    return {path.stem: _lines(path) for path in sorted(folder.glob("*.jsonl"))}


def _some(found: Iterable[T | None]) -> tuple[T, ...]:
    return tuple(each for each in found if each is not None)


def _lines(path: Path) -> tuple[bytes, ...]:
    """The values of the messages: exactly the bytes of each line."""
    return tuple(path.read_bytes().removesuffix(b"\n").split(b"\n"))
