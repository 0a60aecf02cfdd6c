"""Writing the audit file of a report: page by page, each page in a short transaction of its own.

The journal is append-only and the report names a seal, so pages read one after the other still belong together: no
transaction stays open for as long as a slow reader takes.
"""

import json
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.audit_file import pages
from services.funding.audit_file.zipping import Zip
from services.funding.commands.ledger import batch_lines, chain_line, next_batches
from services.funding.domain.audit import FORM, Number, numbers
from services.funding.domain.chain import instant
from services.funding.domain.progress import Report
from services.funding.domain.sign_off import SignOff
from services.funding.store import audit as store
from services.funding.store import ledger as books
from services.funding.store import progress, schemes
from services.funding.table_file.lines import csv_of

VERIFIER = Path(__file__).parents[1] / "audit_file" / "verify.py"
PAGE = 500
NO_ID = UUID(int=0)

Open = Callable[[], AbstractAsyncContextManager[Tx]]
Chunk = tuple[int, bytes]
"""Rows done with this chunk, and what there is to send."""


@dataclass(frozen=True, slots=True)
class Source:
    """What an audit file is about; `rows` is how many rows it will have read when it is done."""

    report: Report
    content: Mapping[str, Any]
    signed: Sequence[SignOff]
    scheme_id: UUID
    accounts: Mapping[str, int]
    starts: Sequence[UUID]
    entries: int

    @property
    def rows(self) -> int:
        return self.entries + 2 * sum(self.accounts.values())


async def source(tx: Tx, code: str) -> Source:
    """What the audit file of a report is written from. Raises NotFound."""
    found = await progress.reports(tx, code=code)
    if not found:
        raise NotFound(what="progress report with this code")
    report = found[0]
    content = json.loads(report.text)
    scheme = await schemes.scheme(tx, content["scheme"]["code"])
    if scheme is None:
        raise NotFound(what="scheme that this report was made under")
    return Source(
        report,
        content,
        await store.sign_offs(tx, report),
        scheme.id,
        await store.accounts(tx, report.batch),
        await store.page_starts(tx, PAGE),
        content["seal"]["count"],
    )


async def write(opening: Open, source: Source) -> AsyncIterator[Chunk]:
    """The zip, chunk by chunk."""
    into = Zip(source.report.made_at)
    sums = numbers(source.content, source.report.grant_id)
    for name, text in _front(source, sums):
        into.begin(name)
        yield 0, into.write(text)
    async for chunk in _small(opening, source, into):
        yield chunk
    into.begin("ledger.jsonl")
    async for rows, text in _ledger(opening, source):
        yield rows, into.write(text)
    for account in source.accounts:
        async for chunk in _account(opening, source, account, into):
            yield chunk
    async for chunk in _contributions(opening, source, into):
        yield chunk
    yield 0, into.finish()


def _front(source: Source, sums: Sequence[Number]) -> Iterable[tuple[str, bytes]]:
    report = source.report
    about = {
        "form": FORM,
        "code": report.code,
        "sha256": report.sha256,
        "madeBy": str(report.made_by),
        "madeAt": instant(report.made_at),
        "signOffs": [
            {
                "position": each.position,
                "role": each.role,
                "signedBy": str(each.signed_by),
                "signedAt": instant(each.signed_at),
                "sha256": each.sha256,
                "note": each.note,
            }
            for each in source.signed
        ],
    }
    listed = [number.document() for number in sums]
    shown = [
        (number.document(), _named(number.pointer, source.content), _places(number, source.accounts)) for number in sums
    ]
    yield "index.html", pages.index(source.content, about, shown).encode()
    yield "report.json", report.text.encode()
    yield "about.json", json.dumps(about, indent=1, ensure_ascii=False).encode()
    yield "numbers.json", json.dumps({"numbers": listed}, indent=1).encode()
    yield "verify.py", VERIFIER.read_bytes()


def _named(pointer: str, content: Mapping[str, Any]) -> str:
    """A number's place in words: the line or the year instead of its position."""
    parts = pointer.split("/")[1:]
    if parts[0] == "lines":
        parts[1] = content["lines"][int(parts[1])]["line"]
    elif parts[0] == "years":
        parts[1] = str(content["years"][int(parts[1])]["year"])
    return " ".join(parts)


def _places(number: Number, accounts: Mapping[str, int]) -> list[tuple[str, str]]:
    return [
        (account, f"entries/{_slug(account)}/1.html")
        for account in accounts
        if account in number.accounts
        or any(each.endswith("/") and account.startswith(each) for each in number.accounts)
    ]


def _slug(account: str) -> str:
    return account.replace("/", "~")


async def _small(opening: Open, source: Source, into: Zip) -> AsyncIterator[Chunk]:
    """What fits in one page each: rules, approvals, deliverables."""
    report = source.report
    versions = {each["code"]: each["version"] for each in source.content["deliverables"]}
    async with opening() as tx:
        rules = await store.rules(tx, source.scheme_id, report.scheme_version)
        steps = await store.approvals(tx, report.grant_id)
        done = await store.deliverables(tx, versions)
        claimed = await store.claims(tx, report.batch)
    columns = ("code", "about", "terms", "valid_from", "valid_until", "known_from", "source", "reason", "flagged")
    used = set(source.content["scheme"]["rules"])
    body = [
        pages.head(f"Rules of {source.content['scheme']['code']}, version {report.scheme_version}"),
        pages.table(["in force", *columns]),
        *(
            pages.row(["yes" if rule["code"] in used else "", *(rule[name] for name in columns)], rule["code"])
            for rule in rules
        ),
        pages.END,
    ]
    into.begin("rules.html")
    yield 0, into.write("".join(body).encode())
    files: Sequence[tuple[str, Sequence[str], Sequence[Record]]] = (
        ("rules.csv", columns, rules),
        ("approvals.csv", ("what", "code", "step", "person", "at", "note"), steps),
        ("claims.csv", _CLAIM, claimed),
        (
            "deliverables.csv",
            (
                "code",
                "version",
                "line",
                "title",
                "unit",
                "planned",
                "done",
                "number",
                "on_day",
                "evidence",
                "changed_by",
            ),
            done,
        ),
    )
    for name, titles, rows in files:
        into.begin(name)
        yield 0, into.write(csv_of([titles, *([row[title] for title in titles] for row in rows)]))

    into.begin("claims.html")
    named: set[str] = set()
    body = [pages.head("Claims, a row per document that proves them"), pages.table(_CLAIM)]
    for row in claimed:
        anchor = str(row["claim_id"])
        body.append(pages.row([row[title] for title in _CLAIM], "" if anchor in named else anchor))
        named.add(anchor)
    yield 0, into.write("".join([*body, pages.END]).encode())


_CLAIM = (
    *("claim_id", "commitment", "line", "organisation", "cents", "about", "state", "submitted_by", "submitted_at"),
    *("decided_by", "decided_at", "reason_code", "reason", "paid_on", "paid_reference"),
    *("media_type", "sha256", "kept_at"),
)


async def _ledger(opening: Open, source: Source) -> AsyncIterator[Chunk]:
    """The whole chain up to the report's seal, as `GET /v1/ledger/export` has it; a few batches at a time."""
    report, after = source.report, 0
    async with opening() as tx:
        keys = await books.public_keys(tx)
    yield 0, chain_line(source.content["consortium"], keys)
    while after < report.batch:
        async with opening() as tx:
            found = await next_batches(tx, after, report.batch)
        yield sum(len(pairs) for _, pairs, _ in found), batch_lines(found)
        after = found[-1][0].batch


_POSTING = ("entry", "day", "kind", "cents", "minutes", "subject", "subject_id", "reverses", "batch", "reason")


def _posting(row: Record) -> list[Any]:
    return [
        row["entry_id"],
        row["day"],
        row["kind"],
        row["cents"],
        row["minutes"],
        row["subject_kind"],
        row["subject_id"],
        row["reverses"],
        row["batch"],
        row["reason"],
    ]


async def _account(opening: Open, source: Source, account: str, into: Zip) -> AsyncIterator[Chunk]:
    """The postings of an account: once as a table for a machine, once as pages for a person."""
    folder = f"entries/{_slug(account)}"
    into.begin(f"{folder}.csv")
    yield 0, into.write(csv_of([_POSTING]))
    async for rows in _postings(opening, source, account):
        yield len(rows), into.write(csv_of(_posting(row) for row in rows))
    last = max(1, -(-source.accounts[account] // PAGE))
    page = 0
    async for rows in _postings(opening, source, account):
        page += 1
        body = [pages.head(f"{account}, page {page} of {last}", 2)]
        if page < last:
            body.append(f"<p>{pages.link(f'{page + 1}.html', 'Next page')}</p>\n")
        body.append(pages.table(_POSTING))
        for row in rows:
            cells = _posting(row)
            if row["subject_kind"] == "contribution":
                cells[6] = pages.link(f"../../{_place(row['subject_id'], source.starts)}", str(row["subject_id"]))
            if row["subject_kind"] == "claim":
                cells[6] = pages.link(f"../../claims.html#{row['subject_id']}", str(row["subject_id"]))
            body.append(pages.row(cells, str(row["entry_id"])))
        into.begin(f"{folder}/{page}.html")
        yield len(rows), into.write("".join([*body, pages.END]).encode())


async def _postings(opening: Open, source: Source, account: str) -> AsyncIterator[list[Record]]:
    after = NO_ID
    while True:
        async with opening() as tx:
            rows = await store.postings(tx, source.report.batch, account, after, PAGE)
        if not rows:
            return
        yield rows
        after = rows[-1]["entry_id"]


def _place(contribution_id: UUID, starts: Sequence[UUID]) -> str:
    return f"contributions/{bisect_right(starts, contribution_id)}.html#{contribution_id}"


_CONTRIBUTION = (
    *("organisation", "line", "day", "kind", "minutes", "value_cents", "rule", "origin", "sender", "record_id"),
    *("received_at", "activity_id", "activity_ref", "state", "declared_by", "school_word", "school_by", "verified_how"),
    *("verified_by", "approved_by", "accepted_by", "rejected_code", "rejected_by"),
)


async def _contributions(opening: Open, source: Source, into: Zip) -> AsyncIterator[Chunk]:
    titles = ("contribution", *_CONTRIBUTION, "evidence_type", "evidence_sha256", "evidence_kept_at")
    into.begin("contributions.csv")
    yield 0, into.write(csv_of([titles]))
    async for _page, rows in _pages(opening, source):
        yield 0, into.write(csv_of([row["contribution_id"], *_told(row), *_evidence(row, "\n")] for row in rows))
    async for page, rows in _pages(opening, source):
        into.begin(f"contributions/{page}.html")
        body = [
            pages.head(f"Contributions, page {page}", 1),
            "<p>Evidence is named by its SHA-256 and kept where it says. The hours of a lesson have the school's "
            "confirmation of that activity as evidence. The state is that of the moment this file was written; what "
            "counted in the report is in the entries.</p>\n",
            pages.table(titles),
        ]
        for row in rows:
            told = _told(row)
            told[6] = pages.link(f"../rules.html#{row['rule']}", str(row["rule"]))
            cells = [row["contribution_id"], *told, *_evidence(row, " | ")]
            body.append(pages.row(cells, str(row["contribution_id"])))
        yield 0, into.write("".join([*body, pages.END]).encode())


async def _pages(opening: Open, source: Source) -> AsyncIterator[tuple[int, list[Record]]]:
    for position, first in enumerate(source.starts):
        before = source.starts[position + 1] if position + 1 < len(source.starts) else None
        async with opening() as tx:
            rows = await store.contributions(tx, source.report.batch, first, before)
        yield position + 1, rows


def _told(row: Record) -> list[Any]:
    return [row["organisation"] or row["organisation_id"], *(row[name] for name in _CONTRIBUTION[1:])]


def _evidence(row: Record, between: str) -> list[str]:
    listed = json.loads(row["evidence"]) if row["evidence"] else []
    if not listed and row["activity_id"]:
        return ["attendance", "", f"activities: confirmation of activity {row['activity_id']}"]
    return [between.join(str(each.get(name, "")) for each in listed) for name in ("type", "sha256", "keptAt")]
