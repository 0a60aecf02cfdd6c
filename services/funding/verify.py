"""Checks an export of the books without the services, the database or us.

    python -m services.funding.verify export.jsonl [--anchor COUNT:HEAD]... [--key KEY_ID]...

An anchor is a seal that you kept: printed in a receipt, a statement, or published as `entries-sealed`. Give the ids of
the keys you trust with --key. Exit status: 0 the books are whole, 1 they are broken (the first break is named), 2 the
file cannot be read as an export.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from services.funding.domain.chain import FORM, Anchor, Break, Verifier


class NotAnExport(ValueError):
    """The file is not an export of the books."""


def check(
    lines: Iterable[str], anchors: Sequence[Anchor] = (), trusted: frozenset[str] | None = None
) -> tuple[Verifier, int]:
    """The verifier after the whole export, and the number of entries that no seal covers yet.

    Raises NotAnExport when a line is not what an export has; a line that is and was changed is a break instead.
    """
    documents = (_document(line, number) for number, line in enumerate(lines, start=1) if line.strip())
    first = next(documents, None)
    if first is None or first.get("type") != "chain" or first.get("form") != FORM:
        raise NotAnExport(f"the first line does not announce a chain in the form {FORM}")
    verifier = Verifier(first["consortium"], first["keys"], trusted, anchors)
    sealed: dict[str, Any] | None = None
    present: dict[str, dict[str, Any]] = {}
    unsealed = 0
    for document in documents:
        match document.pop("type", None):
            case "seal":
                _close(verifier, sealed, present)
                sealed, present = document, {}
            case "entry":
                present[str(document.get("id"))] = document
            case "unsealed":
                unsealed += 1
            case other:
                raise NotAnExport(f"a line of type {other!r} has no place in an export")
    _close(verifier, sealed, present)
    verifier.finish()
    return verifier, unsealed


def _close(verifier: Verifier, sealed: dict[str, Any] | None, present: dict[str, dict[str, Any]]) -> None:
    if sealed is not None:
        try:
            verifier.batch(sealed, present)
        except (KeyError, TypeError, ValueError, AttributeError):
            verifier.broken = Break(verifier.batches + 1, None, "the batch is not written as a batch")
    elif present:
        verifier.broken = Break(1, next(iter(present)), "an entry stands before the first seal")


def _document(line: str, number: int) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except ValueError:
        raise NotAnExport(f"line {number} is not JSON") from None
    if not isinstance(document, dict):
        raise NotAnExport(f"line {number} is not a JSON object")
    return document


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verifies an export of the books.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--anchor", action="append", default=[], help="a seal you kept, as COUNT:HEAD")
    parser.add_argument("--key", action="append", default=[], help="id of a key you trust")
    given = parser.parse_args(arguments)
    try:
        anchors = [Anchor(int(count), head) for count, _, head in (text.partition(":") for text in given.anchor)]
        with given.export.open(encoding="utf-8") as lines:
            verifier, unsealed = check(lines, anchors, frozenset(given.key) or None)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"This cannot be verified: {error}\n")
        return 2
    broken = verifier.broken
    result = {
        "ok": broken is None,
        "entries": verifier.entries,
        "batches": verifier.batches,
        "unsealed": unsealed,
        "head": verifier.head,
        "brokenAt": asdict(broken) if broken else None,
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return 0 if broken is None else 1


if __name__ == "__main__":
    sys.exit(main())
