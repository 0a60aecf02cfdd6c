"""What is checked across the files of a region folder: names that must exist, and codes that must be unique."""

from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cli.region.model import Agreement, Allocation, LaterForm, Region, RegionFile
from cli.region.rows import CompanyRow, PlanningRow, PledgeRow
from cli.region.sheets import Row
from cli.region.troubles import Trouble, unknown

Found = Iterator[tuple[str, str]]
SCHOOLS = frozenset({"vmbo", "mbo", "hogeschool", "university"})


def of(
    region: Region,
    said: RegionFile,
    companies: Sequence[Row[CompanyRow]],
    promised: Sequence[Row[PledgeRow]],
    planned: Sequence[Row[PlanningRow]],
) -> list[Trouble]:
    """Everything in the folder that names something that is not there, or is there twice."""
    known = _Known(region)
    sources = {
        "region.yaml": (_plan(region, said, known), _money(region, known), _senders(region, known)),
        "companies.csv": (_companies(companies, region, known),),
        "pledges.csv": (_promises(promised, known),),
        "planning.csv": (_planning(planned),),
        "activities.yaml": (_activities(region, known),),
        "later.yaml": (_later(region, known),),
    }
    return [
        Trouble(region.folder / file, place, why)
        for file, checks in sources.items()
        for check in checks
        for place, why in check
    ]


class _Known:
    """The codes of a region."""

    def __init__(self, region: Region) -> None:
        self.organisations = {each.code for each in region.organisations}
        self.persons = {each.code for each in region.persons}
        self.lines = frozenset(region.programme.lines)
        self.spearheads = {each.code for each in region.programme.spearheads}
        self.schools = {each.code for each in region.organisations if each.kind in SCHOOLS}

    def organisation(self, place: str, code: str | None) -> Found:
        if code is not None and code not in self.organisations:
            yield place, unknown("organisation", code, self.organisations)

    def line(self, place: str, code: str) -> Found:
        if code not in self.lines:
            yield place, unknown("spearhead or location", code, self.lines)


def _plan(region: Region, said: RegionFile, known: _Known) -> Found:
    try:
        ZoneInfo(region.consortium.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "consortium.zone", "there is no such time zone. Name one as in the tz database: Europe/Amsterdam."
    programme = region.programme
    if programme.last_day < programme.first_day:
        yield "programme.until", f"the programme ends before it starts ({programme.first_day}). Swap the two days."
    yield from _twice("programme.spearheads", [each.code for each in programme.spearheads])
    yield from _twice("programme.locations", [each.code for each in programme.locations])
    yield from _both("programme.locations", known.spearheads, [each.code for each in programme.locations])
    for number, spearhead in enumerate(programme.spearheads):
        yield from known.organisation(f"programme.spearheads.{number}.hubOrganisation", spearhead.hub_organisation)
    for number, location in enumerate(programme.locations):
        yield from known.organisation(f"programme.locations.{number}.organisation", location.organisation)
    yield from _twice("organisations", [each.code for each in region.organisations])
    yield from _twice("persons", [each.code for each in region.persons])
    for number, person in enumerate(region.persons):
        yield from known.organisation(f"persons.{number}.organisation", person.organisation)
    yield from _twice("memberships", [each.code for each in region.memberships])
    for number, membership in enumerate(said.memberships):
        yield from known.organisation(f"memberships.{number}.organisation", membership.organisation)
    for number, mandate in enumerate(said.umbrella_mandates):
        yield from known.organisation(f"umbrellaMandates.{number}.umbrella", mandate.umbrella)
        yield from known.organisation(f"umbrellaMandates.{number}.member", mandate.member)
    for number, group in enumerate(region.working_groups):
        place = f"workingGroups.{number}"
        yield from known.organisation(f"{place}.chair", group.chair)
        for which, code in enumerate(group.spearheads):
            if code not in known.spearheads:
                yield f"{place}.spearheads.{which}", unknown("spearhead", code, known.spearheads)
        for which, member in enumerate(group.members):
            yield from known.organisation(f"{place}.members.{which}.organisation", member.organisation)
    if region.agreement is not None and said.agreement is not None:
        yield from _twice("agreement.parties", [each.organisation for each in region.agreement.parties])
        yield from _agreement(said.agreement, known)


def _agreement(agreement: Agreement, known: _Known) -> Found:
    keys = {field.key for field in agreement.fields}
    required = {field.key for field in agreement.fields if field.required}
    for number, party in enumerate(agreement.parties):
        place = f"agreement.parties.{number}"
        yield from known.organisation(f"{place}.organisation", party.organisation)
        if party.signatory not in known.persons:
            yield f"{place}.signatory", unknown("person", party.signatory, known.persons)
        for key in sorted(party.fields.keys() - keys):
            yield f"{place}.fields", unknown("field", key, keys)
        for key in sorted(required - party.fields.keys()):
            yield f"{place}.fields", f"field '{key}' is empty, and the agreement asks it of everyone. Fill it in."


def _money(region: Region, known: _Known) -> Found:
    if region.grant is not None:
        yield from _twice("grant.supplements", [each.code for each in region.grant.supplements])
    for place, allocation in (("allocation", region.allocation), ("whatIf", region.what_if)):
        if allocation is None:
            continue
        if region.grant is None:
            yield place, "divides a grant, and this region has none. Add a grant, or leave this out."
        yield from _allocation(place, allocation, known)


def _allocation(place: str, allocation: Allocation, known: _Known) -> Found:
    for number, envelope in enumerate(allocation.envelopes):
        for which, line in enumerate(envelope.lines):
            yield from known.line(f"{place}.envelopes.{number}.lines.{which}.line", line.line)
    claims = [line.line for envelope in allocation.envelopes for line in envelope.lines]
    yield from _twice(f"{place}.envelopes", claims)


def _senders(region: Region, known: _Known) -> Found:
    yield from _twice("senders", [each.code for each in region.senders])
    for number, sender in enumerate(region.senders):
        for which, mandate in enumerate(sender.mandates):
            yield from known.organisation(f"senders.{number}.mandates.{which}.organisation", mandate.organisation)
    codes = {each.code for each in region.senders}
    for file in region.records:
        if file not in codes:
            yield "senders", f"records/{file}.jsonl is there, but {unknown('sender', file, codes)}"


def _companies(rows: Sequence[Row[CompanyRow]], region: Region, known: _Known) -> Found:
    asked = {field.key for field in region.agreement.fields if field.required} if region.agreement else set()
    yield from _twice_in_sheet("code", [(row.number, row.says.code) for row in rows])
    yield from _twice_in_sheet("kvk", [(row.number, row.says.kvk) for row in rows])
    for row in rows:
        yield from known.organisation(row.place("through"), row.says.through)
        if row.says.standing == "party" and "brings" in asked and not row.says.brings:
            yield row.place("brings"), "is empty, and the agreement asks it of everyone. Fill it in."


def _promises(rows: Sequence[Row[PledgeRow]], known: _Known) -> Found:
    for row in rows:
        yield from known.organisation(row.place("company"), row.says.company)
        yield from known.line(row.place("line"), row.says.line)
        if not row.says.minutes and not row.says.material_cents:
            yield row.place("hours"), "nothing is promised here. Fill in hours or material, or remove the row."
        if row.says.until < row.says.from_:
            yield row.place("until"), f"the pledge ends before it starts ({row.says.from_}). Swap the two days."
    same = [(row.number, f"{row.says.company} on {row.says.line} from {row.says.from_}") for row in rows]
    yield from _twice_in_sheet("line", same)


def _planning(rows: Sequence[Row[PlanningRow]]) -> Found:
    yield from _twice_in_sheet("code", [(row.number, row.says.code) for row in rows])
    for row in rows:
        said = row.says
        if said.starts is not None and said.ends is not None and said.ends <= said.starts:
            yield row.place("ends"), f"it ends before it starts ({said.starts:%H:%M}). Swap the two times."
        if said.cancelled and not said.reason:
            yield row.place("reason"), "is empty, and people are told why something is cancelled. Fill it in."


def _activities(region: Region, known: _Known) -> Found:
    offers, requests = {each.code for each in region.offers}, {each.code for each in region.requests}
    yield from _twice("offers", [each.code for each in region.offers])
    yield from _twice("requests", [each.code for each in region.requests])
    yield from _twice("lessons", [each.code for each in region.lessons])
    yield from _twice("imports", [each.external_ref for each in region.imports])
    for number, offer in enumerate(region.offers):
        yield from known.organisation(f"offers.{number}.company", offer.company)
        yield from known.line(f"offers.{number}.line", offer.line)
    for number, request in enumerate(region.requests):
        if request.school not in known.schools:
            yield f"requests.{number}.school", unknown("school", request.school, known.schools)
        yield from known.line(f"requests.{number}.line", request.line)
    for number, lesson in enumerate(region.lessons):
        if lesson.request not in requests:
            yield f"lessons.{number}.request", unknown("request", lesson.request, requests)
        if lesson.offer is not None and lesson.offer not in offers:
            yield f"lessons.{number}.offer", unknown("offer", lesson.offer, offers)
    for number, sign_up in enumerate(region.imports):
        if sign_up.school not in known.schools:
            yield f"imports.{number}.school", unknown("school", sign_up.school, known.schools)
        yield from known.organisation(f"imports.{number}.company", sign_up.company)
        yield from known.line(f"imports.{number}.line", sign_up.line)


def _later(region: Region, known: _Known) -> Found:
    later = region.later
    if later is None:
        return
    if later.report_on <= region.report_on:
        yield "reportOn", f"comes before the first report, which is on {region.report_on}. Name a later day."
    yield from _twice("instalments", [each.code for each in later.instalments])
    yield from _twice("commitments", [each.code for each in later.commitments])
    for number, move in enumerate(later.reallocation.moves if later.reallocation else ()):
        for name, line in (("from", move.from_line), ("to", move.to)):
            if line != "unallocated":
                yield from known.line(f"reallocation.moves.{number}.{name}", line)
    for number, commitment in enumerate(later.commitments):
        yield from known.organisation(f"commitments.{number}.organisation", commitment.organisation)
        yield from known.line(f"commitments.{number}.line", commitment.line)
    yield from _form(later.form, known)
    if later.handed_in is not None and later.report is None:
        yield "handedIn", "is filled in, and there is no report to hand in. Add `report`, or remove it."
    codes = {each.code for each in later.commitments}
    for number, claim in enumerate(later.claims):
        if claim.commitment not in codes:
            yield f"claims.{number}.commitment", unknown("commitment", claim.commitment, codes)
        if (claim.refused is None) == (claim.paid is None):
            yield f"claims.{number}", "is either refused or paid. Fill in one of the two."
    senders = {each.code for each in region.senders}
    for folder, sent in (("later/year", later.year), ("later/closed", later.closed)):
        for sender in sorted(sent.keys() - senders):
            yield folder, unknown("sender", sender, senders)
    if later.closed and later.close_until is None:
        yield "closeUntil", "is empty, and there are records for a closed period. Fill it in, or remove later/closed."


def _twice(place: str, codes: Sequence[str]) -> Found:
    for code in _doubles(codes):
        yield place, f"'{code}' is there twice. Give one of them another code, or remove it."


def _both(place: str, taken: Iterable[str], codes: Sequence[str]) -> Found:
    for code in sorted(set(taken) & set(codes)):
        yield place, f"'{code}' is a spearhead as well. Hours are booked by that code: give one of them another."


def _twice_in_sheet(column: str, cells: Sequence[tuple[int, str]]) -> Found:
    first: dict[str, int] = {}
    for number, text in cells:
        if first.setdefault(text, number) != number:
            yield f"row {number}, column {column}", f"'{text}' is in row {first[text]} as well. Mend one of them."


def _doubles(codes: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    return sorted({code for code in codes if code in seen or seen.add(code)})  # type: ignore[func-returns-value]


def _form(form: LaterForm | None, known: _Known) -> Found:
    if form is None:
        return
    asked = {(each.line, each.year, each.term) for each in form.expected}
    yield from known.organisation("form.back.organisation", form.back.organisation)
    for name, lines in (("expected", form.expected), ("needed", form.needed), ("back.lines", form.back.lines)):
        for number, line in enumerate(lines):
            yield from known.line(f"form.{name}.{number}.line", line.line)
    for number, line in enumerate(form.back.lines):
        if (line.line, line.year, line.term) not in asked:
            yield f"form.back.lines.{number}", "is not asked for by the form. Add it to `expected`, or remove it."
