"""The books: verified as they are, or as they were exported."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from cli.answering import Answer, answers
from cli.exits import Exit, Stopped
from cli.installation import Operator
from runtime.words import Words
from services.funding.domain.chain import Anchor
from services.funding.ledger import anchor as read_anchor
from services.funding.verify import NotAnExport, check

app = typer.Typer(help="The books: verify them.")


@app.callback()
def ledger() -> None:
    """The books."""


@answers(app)
async def verify(
    at: Operator,
    region: Annotated[
        list[str] | None, typer.Option("--region", help="Code of a region, again for more; all when left out.")
    ] = None,
    anchor: Annotated[
        str | None, typer.Option(help="A seal that you kept, as COUNT:HEAD; for one region.", metavar="COUNT:HEAD")
    ] = None,
) -> Answer:
    """Verify the chain, the signatures and the balances of the books. Ends with 1 when one is broken."""
    found = [await at.region(code) for code in region] if region else await at.regions()
    kept = _anchor(anchor) if anchor else None
    if kept and len(found) != 1:
        raise Stopped("A kept seal is of one region: name it with --region.", "usage", Exit.USAGE)
    query = f"?count={kept.count}&head={kept.head}" if kept else ""
    verdicts = []
    for each in found:
        portal = await at.portal(each.id)
        verdicts.append({"region": each.code, **await portal.get("funding", f"/v1/ledger/verification{query}")})
    return _answer(verdicts)


@answers(app, "verify-file")
def verify_file(
    file: Annotated[Path, typer.Argument(help="An export of the books (JSON lines).", metavar="FILE")],
    anchor: Annotated[
        list[str] | None, typer.Option(help="A seal that you kept, as COUNT:HEAD.", metavar="COUNT:HEAD")
    ] = None,
    key: Annotated[list[str] | None, typer.Option(help="Id of a key that you trust.")] = None,
) -> Answer:
    """Verify an export of the books without the services. Ends with 1 when it is broken or cannot be read."""
    try:
        with file.open(encoding="utf-8") as lines:
            verifier, unsealed = check(lines, [_anchor(each) for each in anchor or ()], frozenset(key or ()) or None)
    except (NotAnExport, UnicodeDecodeError) as error:
        raise Stopped(f"{file} cannot be verified: {error}.", "not-an-export", Exit.AMISS) from error
    broken = asdict(verifier.broken) if verifier.broken else None
    return _answer(
        [
            {
                "region": file.name,
                "ok": broken is None,
                "entries": verifier.entries,
                "batches": verifier.batches,
                "head": verifier.head,
                "unsealed": unsealed,
                "imbalanceCents": 0,
                "imbalanceMinutes": 0,
                "wrongBalances": [],
                "brokenAt": broken,
            }
        ]
    )


def _answer(verdicts: list[dict[str, Any]]) -> Answer:
    whole = all(each["ok"] for each in verdicts)
    end = Exit.DONE if whole else Exit.AMISS
    return Answer({"ok": whole, "ledgers": verdicts}, lambda console, words: show(console, words, verdicts), end)


def show(console: Console, words: Words, verdicts: list[dict[str, Any]]) -> None:
    """A sentence for each, with the first break and what does not add up."""
    if not verdicts:
        console.print("There are no regions here.")
    for each in verdicts:
        word = "[green]whole[/green]" if each["ok"] else "[red]BROKEN[/red]"
        size = f"{words.number(each['entries'])} entries in {words.number(each['batches'])} sealed batches"
        waiting = f", {words.number(each['unsealed'])} wait for their seal" if each["unsealed"] else ""
        console.print(f"{escape(each['region'])}: {word}. {size}{waiting}, head {each['head'][:16]}.")
        if broken := each["brokenAt"]:
            entry = f", entry {broken['entry']}" if broken["entry"] else ""
            console.print(f"  first break at batch {broken['batch'] or 'unknown'}{entry}: {escape(broken['why'])}")
        if each["wrongBalances"]:
            console.print(f"  not the sum of their postings: {escape(', '.join(each['wrongBalances']))}")
        if each["imbalanceCents"] or each["imbalanceMinutes"]:
            console.print(f"  off by {words.money(each['imbalanceCents'])} and {words.hours(each['imbalanceMinutes'])}")


def _anchor(text: str) -> Anchor:
    try:
        return read_anchor(text)
    except ValueError:
        sentence = f"'{text}' is not a seal as COUNT:HEAD: a receipt prints both, the head has 64 characters."
        raise Stopped(sentence, "usage", Exit.USAGE) from None
