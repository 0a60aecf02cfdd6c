"""Schemes on two clocks, entries that balance, and a chain that shows where it was broken."""

import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain import chain, ledger
from services.funding.domain.chain import Anchor, Recorded, Seal, SealingKey, Verifier
from services.funding.domain.ledger import EmptyEntry, JournalEntry, Posting, UnbalancedEntry
from services.funding.domain.reservation import Reservation, ReservationReleased
from services.funding.domain.scheme import Base, Cofinancing, Rule, hours_cents, required_cents, rule_on
from services.funding.events import SAMPLES

TEN = Rule("ten", Cofinancing(1_000), date(2020, 1, 1), date(2019, 1, 1), "scheme")
LOWERED = Rule("lowered", Cofinancing(750), date(2020, 1, 1), date(2022, 7, 1), "change")
CONSORTIUM = UUID(int=42)
AT = datetime(2020, 5, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "known_at", "code"),
    [
        (date(2021, 5, 1), date(2022, 6, 30), "ten"),
        (date(2021, 5, 1), date(2022, 7, 1), "lowered"),
        (date(2023, 5, 1), date(2023, 5, 1), "lowered"),
        (date(2019, 12, 31), date(2023, 5, 1), None),
        (date(2021, 5, 1), date(2018, 1, 1), None),
    ],
)
def test_the_rule_is_that_of_the_day_as_far_as_known(day: date, known_at: date, code: str | None) -> None:
    found = rule_on([LOWERED, TEN], day, known_at)
    assert (found.code if found else None) == code


def test_the_lowered_percentage_asks_what_public_sources_say_under_either_reading() -> None:
    assert required_cents(1_000_000_000, Cofinancing(1_000)) == {
        Base.OF_SUBSIDY: 100_000_000,
        Base.OF_TOTAL: 111_111_111,
    }
    assert required_cents(1_000_000_000, Cofinancing(750)) == {Base.OF_SUBSIDY: 75_000_000, Base.OF_TOTAL: 81_081_081}
    assert required_cents(1_000_000_000, Cofinancing(750, Base.OF_SUBSIDY)) == {Base.OF_SUBSIDY: 75_000_000}


def test_hours_are_worth_their_minutes() -> None:
    assert hours_cents(135, 5_000) == 11_250
    assert hours_cents(1, 5_000) == 83


amounts = st.integers(-(10**12), 10**12)


@given(cents=amounts, minutes=amounts, off_cents=st.integers(-3, 3), off_minutes=st.integers(-3, 3))
def test_an_entry_that_does_not_balance_cannot_be_made(
    cents: int, minutes: int, off_cents: int, off_minutes: int
) -> None:
    postings = (Posting("memo/a", cents + off_cents, minutes), Posting("memo/b", -cents, off_minutes - minutes))

    def entry() -> JournalEntry:
        return JournalEntry(UUID(int=1), "x", AT.date(), postings, "", "thing", UUID(int=2))

    if off_cents or off_minutes:
        with pytest.raises(UnbalancedEntry):
            entry()
    elif not cents and not minutes:
        with pytest.raises(EmptyEntry):
            entry()
    else:
        made = entry()
        undone = made.reversal(UUID(int=3), AT.date(), "mistake", "back")
        assert undone.reverses == made.id
        assert set(ledger.balances([made, undone]).values()) == {(0, 0)}


def test_an_account_is_named_after_a_code_and_nothing_else() -> None:
    with pytest.raises(ValueError, match="named after a code"):
        ledger.line("robotica/../x")


def recorded(number: int, cents: int = 100) -> Recorded:
    postings = (("memo/a", cents, 5), ("memo/b", -cents, -5))
    return Recorded(UUID(int=number), "x", AT.date(), postings, "é", "thing", UUID(int=9), None, AT, "someone")


class Chain:
    """A chain of two batches, as documents that a test may damage."""

    def __init__(self) -> None:
        self.key = SealingKey(Ed25519PrivateKey.generate())
        self.batches: list[tuple[dict[str, object], dict[str, dict[str, object]]]] = []
        last: Seal | None = None
        for entries in ((recorded(1), recorded(2)), (recorded(3),)):
            last, hashed = chain.seal(CONSORTIUM, entries, last, self.key, AT)
            documents = {str(entry.id): entry.document(CONSORTIUM) for entry in entries}
            self.batches.append((chain.seal_document(last, hashed), documents))
        assert last is not None
        self.head = last

    def check(self, *anchors: Anchor, trusted: frozenset[str] | None = None) -> Verifier:
        verifier = Verifier(str(CONSORTIUM), {self.key.id: self.key.public_key}, trusted, anchors)
        for sealed, present in self.batches:
            verifier.batch(sealed, present)
        verifier.finish()
        return verifier


def test_an_untouched_chain_verifies_up_to_its_head() -> None:
    made = Chain()
    verifier = made.check(Anchor(made.head.count, made.head.head), trusted=frozenset({made.key.id}))
    assert (verifier.broken, verifier.entries, verifier.batches, verifier.head) == (None, 3, 2, made.head.head)


@given(data=st.data())
def test_any_changed_character_of_any_entry_is_found_and_named(data: st.DataObject) -> None:
    made = Chain()
    batch = data.draw(st.integers(0, 1))
    entry_id = data.draw(st.sampled_from(sorted(made.batches[batch][1])))
    text = chain.canonical(made.batches[batch][1][entry_id]).decode()
    position = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="ascii", categories=["L", "N"]).filter(lambda new: new != text[position]))
    try:
        changed = json.loads(text[:position] + other + text[position + 1 :])
    except ValueError:
        return
    if changed == made.batches[batch][1][entry_id]:
        return
    made.batches[batch][1][entry_id] = changed
    broken = made.check().broken
    assert broken is not None
    assert (broken.batch, broken.entry) == (batch + 1, entry_id)


@pytest.mark.parametrize("field", ["previous", "head", "count", "sealedAt", "signature"])
def test_a_changed_seal_breaks_at_its_batch(field: str) -> None:
    made = Chain()
    value = made.batches[1][0][field]
    made.batches[1][0][field] = value + 1 if isinstance(value, int) else str(value)[::-1]
    broken = made.check().broken
    assert broken is not None
    assert broken.batch == 2


def test_a_removed_entry_an_added_entry_and_a_removed_batch_are_found() -> None:
    gone = Chain()
    del gone.batches[0][1][str(UUID(int=2))]
    added = Chain()
    added.batches[0][1]["more"] = recorded(8).document(CONSORTIUM)
    skipped = Chain()
    del skipped.batches[0]
    breaks = [made.check().broken for made in (gone, added, skipped)]
    assert [(found.batch, found.entry) for found in breaks if found] == [(1, str(UUID(int=2))), (1, "more"), (1, None)]


def test_a_chain_written_anew_with_another_key_is_found_by_the_anchor_and_by_the_trusted_key() -> None:
    kept, anew = Chain(), Chain()
    by_anchor = anew.check(Anchor(kept.head.count, kept.head.head)).broken
    by_key = anew.check(trusted=frozenset({kept.key.id})).broken
    assert by_anchor is not None
    assert "written anew" in by_anchor.why
    assert by_key is not None
    assert "do not trust" in by_key.why


def test_a_reservation_that_was_released_stays_released() -> None:
    made = Reservation(UUID(int=1), "robotisering", 100, "a visit", "reserved")
    confirmed, facts = made.confirm()
    assert [fact.cents for fact in facts] == [100]
    assert confirmed.confirm() == (confirmed, ())
    released, _ = confirmed.release()
    assert made.release()[1] == ()
    with pytest.raises(ReservationReleased):
        released.confirm()


def test_there_is_a_sample_of_every_fact_and_it_reads_back() -> None:
    from runtime.event import Fact

    def below(kind: type[Fact]) -> set[type[Fact]]:
        return {each for fact in kind.__subclasses__() for each in ({fact} if fact.fact_type else set()) | below(fact)}

    facts = {fact for fact in below(Fact) if fact.__module__.startswith("services.funding.events.")}
    assert {type(sample) for sample in SAMPLES} == facts
    for sample in SAMPLES:
        assert type(sample).model_validate_json(sample.to_json()) == sample
