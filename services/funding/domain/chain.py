"""The hash chain over a region's journal: how an entry and a batch are written down, hashed, signed and checked.

The canonical form (`speerpunt.ledger.v1`) of a document is its JSON with the keys sorted, no white space, UTF-8 and
nothing escaped that need not be. The hash of an entry is SHA-256 over its document; the head after a batch is SHA-256
over the batch's document, which holds the hash before it and the id and hash of every entry. The signature is Ed25519
over the line `speerpunt.seal.v1 <consortium> <batch> <count> <head>`, so that count and head alone can be checked.
Works on documents and not on domain values: what was tampered with need not be a valid entry.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FORM = "speerpunt.ledger.v1"
GENESIS = "0" * 64
"""The hash before the first batch."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as the journal holds it: account, cents and minutes per posting, and who recorded it when."""

    id: UUID
    kind: str
    day: date
    postings: tuple[tuple[str, int, int], ...]
    reason: str
    subject_kind: str
    subject_id: UUID
    reverses: UUID | None
    recorded_at: datetime
    recorded_by: str

    def document(self, consortium_id: UUID) -> dict[str, Any]:
        """What is hashed of it: everything."""
        return {
            "consortium": str(consortium_id),
            "id": str(self.id),
            "kind": self.kind,
            "day": self.day.isoformat(),
            "postings": [list(posting) for posting in self.postings],
            "reason": self.reason,
            "subject": [self.subject_kind, str(self.subject_id)],
            "reverses": str(self.reverses) if self.reverses else None,
            "recordedAt": instant(self.recorded_at),
            "recordedBy": self.recorded_by,
        }


@dataclass(frozen=True, slots=True)
class Seal:
    """One batch of the chain: how many entries there are up to it, the hash before it, the hash after it."""

    batch: int
    count: int
    previous: str
    head: str
    sealed_at: datetime
    key_id: str
    signature: str


def instant(at: datetime) -> str:
    """A moment in the canonical form: UTC, always with six decimals."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(document: Document) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_of(document: Document) -> str:
    return hashlib.sha256(canonical(document)).hexdigest()


def head_of(
    consortium: str,
    batch: int,
    count: int,
    previous: str,
    sealed_at: str,
    key_id: str,
    entries: Sequence[Sequence[str]],
) -> str:
    """The chain's hash after a batch; `entries` are pairs of id and hash, in their order."""
    return hash_of(
        {
            "form": FORM,
            "consortium": consortium,
            "batch": batch,
            "count": count,
            "previous": previous,
            "sealedAt": sealed_at,
            "keyId": key_id,
            "entries": [list(pair) for pair in entries],
        }
    )


def signed_text(consortium: str, batch: int, count: int, head: str) -> bytes:
    return f"speerpunt.seal.v1 {consortium} {batch} {count} {head}".encode()


def key_id_of(public_key_hex: str) -> str:
    """A key is named after itself: SHA-256 over its 32 bytes."""
    return hashlib.sha256(bytes.fromhex(public_key_hex)).hexdigest()


class SealingKey:
    """The private key that signs seals."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes_raw().hex()
        self.id = key_id_of(self.public_key)

    def sign(self, text: bytes) -> str:
        return self._key.sign(text).hex()


def seal(
    consortium_id: UUID, entries: Sequence[Recorded], after: Seal | None, key: SealingKey, at: datetime
) -> tuple[Seal, tuple[tuple[str, str], ...]]:
    """The next seal over these entries in this order, with id and hash of each; never dated before the last one."""
    consortium = str(consortium_id)
    batch = after.batch + 1 if after else 1
    count = (after.count if after else 0) + len(entries)
    previous = after.head if after else GENESIS
    sealed_at = max(at, after.sealed_at) if after else at
    hashed = tuple((str(entry.id), hash_of(entry.document(consortium_id))) for entry in entries)
    head = head_of(consortium, batch, count, previous, instant(sealed_at), key.id, hashed)
    signature = key.sign(signed_text(consortium, batch, count, head))
    return Seal(batch, count, previous, head, sealed_at, key.id, signature), hashed


def seal_document(made: Seal, entries: Sequence[Sequence[str]]) -> dict[str, Any]:
    """A seal as the export and the verifier have it."""
    return {
        "batch": made.batch,
        "count": made.count,
        "previous": made.previous,
        "head": made.head,
        "sealedAt": instant(made.sealed_at),
        "keyId": made.key_id,
        "signature": made.signature,
        "entries": [list(pair) for pair in entries],
    }


@dataclass(frozen=True, slots=True)
class Anchor:
    """A seal that somebody outside kept: from a receipt, a statement or the published event."""

    count: int
    head: str


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain stops being true: the batch, the entry when it can be named, and a sentence."""

    batch: int | None
    entry: str | None
    why: str


@dataclass
class Verifier:
    """Recomputes a chain from its documents, batch by batch, and remembers the first break.

    `keys` are public keys by id (hexadecimal); `trusted` the ids of the keys one trusts, when one knows them from
    elsewhere; `anchors` seals kept outside, which must be found in the chain.
    """

    consortium: str
    keys: Mapping[str, str]
    trusted: frozenset[str] | None = None
    anchors: Iterable[Anchor] = ()
    batches: int = 0
    entries: int = 0
    head: str = GENESIS
    broken: Break | None = None
    _sealed_at: str = ""
    _seen: dict[str, int] = field(default_factory=dict)
    _heads: dict[int, str] = field(default_factory=dict)

    def batch(self, sealed: Document, present: Mapping[str, Document]) -> None:
        """Checks the next batch: its seal and the entries that are there, by id. Nothing is checked after a break."""
        if self.broken is None:
            self.broken = self._break_in(sealed, present)

    def _break_in(self, sealed: Document, present: Mapping[str, Document]) -> Break | None:
        number = self.batches + 1
        if sealed.get("batch") != number:
            return Break(number, None, f"batch {number} is missing: the next one found is {sealed.get('batch')}")
        listed = [(str(entry_id), str(entry_hash)) for entry_id, entry_hash in sealed["entries"]]
        for entry_id, entry_hash in listed:
            if (broken := self._entry_break(number, entry_id, entry_hash, present.get(entry_id))) is not None:
                return broken
        if extra := sorted(present.keys() - {entry_id for entry_id, _ in listed}):
            return Break(number, extra[0], "an entry was put in that the batch does not cover")
        if sealed["previous"] != self.head:
            return Break(number, None, "the batch does not continue the one before it")
        if sealed["count"] != self.entries + len(listed):
            return Break(number, None, "the batch counts another number of entries than there are")
        if sealed["sealedAt"] < self._sealed_at:
            return Break(number, None, "the batch is dated before the one before it")
        head = head_of(self.consortium, number, sealed["count"], self.head, sealed["sealedAt"], sealed["keyId"], listed)
        if head != sealed["head"]:
            return Break(number, None, "the batch's hash is not the hash of what it covers")
        if (broken := self._signature_break(number, sealed)) is not None:
            return broken
        self.batches, self.entries, self.head, self._sealed_at = number, sealed["count"], head, sealed["sealedAt"]
        self._heads[self.entries] = head
        return None

    def _entry_break(self, number: int, entry_id: str, entry_hash: str, document: Document | None) -> Break | None:
        if entry_id in self._seen:
            return Break(number, entry_id, f"the entry is sealed twice, in batch {self._seen[entry_id]} already")
        self._seen[entry_id] = number
        if document is None:
            return Break(number, entry_id, "the entry is gone")
        if document.get("id") != entry_id or hash_of(document) != entry_hash:
            return Break(number, entry_id, "the entry is not what was sealed")
        if document.get("consortium") != self.consortium:
            return Break(number, entry_id, "the entry belongs to another region")
        if any(sum(posting[column] for posting in document["postings"]) for column in (1, 2)):
            return Break(number, entry_id, "the entry does not balance")
        return None

    def _signature_break(self, number: int, sealed: Document) -> Break | None:
        key_id = sealed["keyId"]
        public_key = self.keys.get(key_id)
        if public_key is None or key_id_of(public_key) != key_id:
            return Break(number, None, "the batch is signed with a key that is not there")
        if self.trusted is not None and key_id not in self.trusted:
            return Break(number, None, "the batch is signed with a key that you do not trust")
        text = signed_text(self.consortium, number, sealed["count"], sealed["head"])
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
                bytes.fromhex(sealed["signature"]), text
            )
        except (InvalidSignature, ValueError):
            return Break(number, None, "the batch's signature is not of its key")
        return None

    def finish(self) -> Break | None:
        """The first break, the anchors looked up last: a chain whose tail was cut is whole in itself."""
        if self.broken is None:
            for anchor in sorted(self.anchors, key=lambda kept: kept.count):
                if self._heads.get(anchor.count) != anchor.head:
                    self.broken = Break(
                        None,
                        None,
                        f"the seal kept of {anchor.count} entries is not in this chain, which has {self.entries}:"
                        " its tail was cut, or it was written anew",
                    )
                    break
        return self.broken
