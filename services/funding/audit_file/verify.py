"""Checks an audit file where it was unpacked, with Python alone: no network, no database, none of our software.

    python -I verify.py [--anchor COUNT:HEAD]... [--key KEY_ID]... [--report SHA256]

It checks that every file is what the list of files says, that the chain of entries is whole, that each number of the
report is the sum of the entries it names, and that each contribution among those entries is listed with its evidence.
An anchor is a seal that you kept (from a receipt, a statement or the published event), a key the id of a key that you
trust, a report the hash that was signed off. Signatures are checked when the package `cryptography` is installed; it
says whether they were. Exit status: 0 whole, 1 broken (each break is named), 2 this folder is not an audit file.
"""

import argparse
import csv
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

GENESIS = "0" * 64
LISTING, LISTING_HASH = "manifest.json", "manifest.sha256"

_REFUSED: tuple[type[Exception], ...] = (ValueError,)
try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    SIGNATURES = True
    _REFUSED = (ValueError, InvalidSignature)
except ImportError:
    SIGNATURES = False


def canonical(document: Any) -> bytes:
    """A document as it is hashed: sorted keys, no white space, UTF-8, nothing escaped that need not be."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def say(line: str) -> None:
    """Tells the reader one thing."""
    sys.stdout.write(line + "\n")


def sha256(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def of_file(path: Path) -> str:
    """SHA-256 of a file, a mebibyte at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def files(folder: Path) -> Iterator[str]:
    """What is wrong with the files: other than listed, missing, or one too many."""
    listing = folder / LISTING
    if of_file(listing) != (folder / LISTING_HASH).read_text(encoding="utf-8", errors="replace").strip():
        yield f"{LISTING}: it is not the list whose hash stands in {LISTING_HASH}"
    try:
        listed = {str(each["name"]): each for each in json.loads(listing.read_bytes())["files"]}
    except (ValueError, KeyError, TypeError):
        yield f"{LISTING}: it cannot be read"
        return
    for name, each in listed.items():
        path = folder / name
        if not path.is_file():
            yield f"{name}: the file is gone"
        elif of_file(path) != each.get("sha256"):
            yield f"{name}: the file is not what the list says it was"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(found - listed.keys() - {LISTING, LISTING_HASH}):
        yield f"{name}: the file is not in the list"


class Broken(Exception):
    """The chain stops being true here."""


class Chain:
    """Recomputes the chain and adds up the numbers on the way; keeps one batch at a time."""

    def __init__(self, numbers: Sequence[dict[str, Any]], trusted: frozenset[str]) -> None:
        self.numbers = [(each, frozenset(each["accounts"])) for each in numbers]
        self.sums = [0] * len(numbers)
        self.contributions: set[str] = set()
        self.entries = self.batches = self.signatures = 0
        self.head = GENESIS
        self.heads: dict[int, str] = {}
        self._trusted = trusted
        self._keys: dict[str, str] = {}
        self._consortium = ""
        self._sealed: dict[str, Any] | None = None
        self._present: dict[str, dict[str, Any]] = {}

    def read(self, path: Path) -> None:
        """Reads the journal, line by line. Raises Broken at the first thing that is not as it was sealed."""
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    self._line(json.loads(line), number)
                except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
                    raise Broken(f"line {number}: it is not written as it was ({type(error).__name__})") from None
        self._close()

    def _line(self, document: dict[str, Any], number: int) -> None:
        kind = document.pop("type")
        if number == 1:
            self._consortium, self._keys = str(document["consortium"]), dict(document["keys"])
        elif kind == "seal":
            self._close()
            self._sealed = document
        elif kind == "entry" and self._sealed is not None:
            self._present[str(document["id"])] = document
        else:
            raise ValueError

    def _close(self) -> None:
        sealed, present, self._present = self._sealed, self._present, {}
        if sealed is None:
            return
        batch = self.batches + 1
        where = f"batch {batch}"
        if sealed["batch"] != batch:
            raise Broken(f"{where} is missing")
        pairs = [(str(entry), str(digest)) for entry, digest in sealed["entries"]]
        for entry, digest in pairs:
            document = present.pop(entry, None)
            if document is None:
                raise Broken(f"{where}, entry {entry}: the entry is gone")
            if sha256(canonical(document)) != digest or document["consortium"] != self._consortium:
                raise Broken(f"{where}, entry {entry}: the entry is not what was sealed")
            if any(sum(posting[column] for posting in document["postings"]) for column in (1, 2)):
                raise Broken(f"{where}, entry {entry}: the entry does not balance")
            self._add(document)
        if present:
            raise Broken(f"{where}, entry {next(iter(present))}: the entry was put in")
        self._check_seal(sealed, pairs, where)
        self.batches, self.entries, self.head = batch, sealed["count"], sealed["head"]
        self.heads[self.entries] = self.head

    def _check_seal(self, sealed: dict[str, Any], pairs: list[tuple[str, str]], where: str) -> None:
        if sealed["previous"] != self.head or sealed["count"] != self.entries + len(pairs):
            raise Broken(f"{where}: it does not continue the one before it")
        said = {
            "form": "speerpunt.ledger.v1",
            "consortium": self._consortium,
            "batch": sealed["batch"],
            "count": sealed["count"],
            "previous": sealed["previous"],
            "sealedAt": sealed["sealedAt"],
            "keyId": sealed["keyId"],
            "entries": [list(pair) for pair in pairs],
        }
        if sha256(canonical(said)) != sealed["head"]:
            raise Broken(f"{where}: its hash is not the hash of what it covers")
        key = self._keys.get(sealed["keyId"], "")
        if sha256(bytes.fromhex(key)) != sealed["keyId"]:
            raise Broken(f"{where}: it is signed with a key that is not there")
        if self._trusted and sealed["keyId"] not in self._trusted:
            raise Broken(f"{where}: it is signed with a key that you do not trust")
        if SIGNATURES:
            text = f"speerpunt.seal.v1 {self._consortium} {sealed['batch']} {sealed['count']} {sealed['head']}"
            try:
                public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
                public.verify(bytes.fromhex(sealed["signature"]), text.encode())
            except _REFUSED:
                raise Broken(f"{where}: its signature is not of its key") from None
            self.signatures += 1

    def _add(self, entry: dict[str, Any]) -> None:
        kind, subject = entry["subject"]
        for account, cents, minutes in entry["postings"]:
            group = f"{account.rsplit('/', 1)[0]}/"
            for place, (number, accounts) in enumerate(self.numbers):
                if account not in accounts and group not in accounts:
                    continue
                if not number["from"] <= entry["day"] <= number["until"]:
                    continue
                if number["subject"] is None or number["subject"] == subject:
                    self.sums[place] += number["sign"] * (cents if number["unit"] == "cents" else minutes)
                    if kind == "contribution":
                        self.contributions.add(subject)


def at(document: Any, pointer: str) -> Any:
    """What stands in a document at a JSON pointer; None when nothing does."""
    for part in pointer.split("/")[1:]:
        try:
            document = document[int(part)] if isinstance(document, list) else document[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return document


def figures(folder: Path, chain: Chain, signed: str | None) -> Iterator[str]:
    """What is wrong with the report: another hash, a number that is not its sum, a contribution without its row."""
    content = (folder / "report.json").read_bytes()
    about = json.loads((folder / "about.json").read_bytes())
    report = json.loads(content)
    if sha256(content) != about["sha256"]:
        yield "report.json: it is not the report whose hash is in about.json"
    if signed is not None and signed != sha256(content):
        yield "report.json: it is not the report whose hash you gave"
    if chain.heads.get(report["seal"]["count"]) != report["seal"]["head"]:
        yield "report.json: the seal it was made from is not in the chain"
    for each in about["signOffs"]:
        if each["sha256"] != about["sha256"]:
            yield f"about.json: sign-off {each['position']} is of another report"
    for (number, _), total in zip(chain.numbers, chain.sums, strict=True):
        if total != number["value"] or at(report, number["pointer"]) != total:
            yield f"report.json{number['pointer']}: the entries add up to {total}, and it says otherwise"
    with (folder / "contributions.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["contribution"] for row in csv.DictReader(file)}
    for missing in sorted(chain.contributions - listed)[:20]:
        yield f"contributions.csv: contribution {missing} counts and is not listed"


def check(folder: Path, anchors: Sequence[str], trusted: frozenset[str], signed: str | None) -> int:
    """Checks all of it and prints what it found; the exit status."""
    if not (folder / LISTING).is_file() or not (folder / LISTING_HASH).is_file():
        say(f"this folder is not an audit file: it has no {LISTING} with {LISTING_HASH}")
        return 2
    wrong = list(files(folder))
    try:
        numbers = json.loads((folder / "numbers.json").read_bytes())["numbers"]
        chain = Chain(numbers, trusted)
    except (OSError, ValueError, KeyError, TypeError) as error:
        for each in [*wrong, f"numbers.json: it cannot be read ({type(error).__name__})"]:
            say(f"BROKEN {each}")
        return 1
    try:
        chain.read(folder / "ledger.jsonl")
        for anchor in anchors:
            count, _, head = anchor.partition(":")
            if chain.heads.get(int(count)) != head:
                wrong.append(f"ledger.jsonl: the seal you kept of {count} entries is not in the chain")
        wrong.extend(figures(folder, chain, signed))
    except Broken as broken:
        wrong.append(f"ledger.jsonl: {broken}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        wrong.append(f"a part cannot be read: {type(error).__name__}: {error}")
    for each in wrong:
        say(f"BROKEN {each}")
    say(f"entries {chain.entries} in {chain.batches} batches, head {chain.head}")
    say(f"numbers added up again: {len(numbers)}; contributions behind them: {len(chain.contributions)}")
    say(
        f"signatures checked: {chain.signatures}"
        if SIGNATURES
        else "signatures NOT checked: the package `cryptography` is not installed here; the hashes were"
    )
    say("WHOLE" if not wrong else "NOT WHOLE")
    return 1 if wrong else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks the folder that this file stands in, or the one given."""
    parser = argparse.ArgumentParser(description="Checks an audit file without the software that made it.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--anchor", action="append", default=[], metavar="COUNT:HEAD", help="a seal that you kept")
    parser.add_argument("--key", action="append", default=[], metavar="KEY_ID", help="the id of a key that you trust")
    parser.add_argument("--report", metavar="SHA256", help="the hash of the report that was signed off")
    given = parser.parse_args(arguments)
    return check(given.folder, given.anchor, frozenset(given.key), given.report)


if __name__ == "__main__":
    sys.exit(main())
