"""A contribution on hold: out of the books until a person has looked, and then back where it was."""

from dataclasses import replace

from services.funding.domain import ledger
from services.funding.domain.contribution import (
    ACCOUNT,
    SUBJECT,
    Contribution,
    Hands,
    asked_fact,
    entry_id,
    verified_entry,
)
from services.funding.domain.ledger import JournalEntry
from services.funding.events import ContributionHeld, ContributionVerified, VerificationAsked


def hold(found: Contribution, code: str) -> tuple[Contribution, tuple[JournalEntry, ...], ContributionHeld]:
    """Takes it out of the books until a person has looked: `release` puts it back where it was."""
    approved = found.approved_by if found.state == "accepted" else None
    after = replace(found, state="held", held_from=found.state, version=found.version + 1, approved_by=approved)
    postings = ledger.transfer(
        ledger.contributed(found.organisation_id), ACCOUNT[found.state](found.line), found.value_cents, found.minutes
    )
    entry = JournalEntry(
        entry_id(found, f"held/{after.version}"),
        "contribution-held",
        found.day,
        postings,
        f"A person looks whether it may count ({code}).",
        SUBJECT,
        found.id,
    )
    fact = ContributionHeld(
        record_id=found.record_id or str(found.id),
        code=code,
        sender=found.sender,
        organisation_id=found.organisation_id,
        line=found.line,
        day=found.day,
    )
    return after, (entry,), fact


def release(
    found: Contribution, hands: Hands
) -> tuple[Contribution, tuple[JournalEntry, ...], ContributionVerified | VerificationAsked]:
    """Puts one that was on hold back where it was: a person looked. What was only declared is verified by that, unless
    its school has yet to say its word.

    Raises SamePerson for who declared it.
    """
    hands.refuse_own(found, "Releasing a contribution", "release", verified=False)
    before = found.held_from or "verified"
    back = _released_entry(found, before)
    if before == "declared" and found.school_word == "asked":
        asked = replace(found, state="declared", held_from=None, version=found.version + 1)
        return asked, (back,), asked_fact(asked)
    state = "verified" if before == "declared" else before
    looked, how = (found.verified_by, found.verified_how) if state == "accepted" else (hands.person, "office")
    after = replace(found, state=state, held_from=None, version=found.version + 1, verified_by=looked, verified_how=how)
    entries = (back, verified_entry(found, "office")) if before == "declared" else (back,)
    return after, entries, ContributionVerified(contribution_id=found.id, by="office")


def _released_entry(found: Contribution, before: str) -> JournalEntry:
    return JournalEntry(
        entry_id(found, f"released/{found.version + 1}"),
        "contribution-released",
        found.day,
        ledger.transfer(
            ACCOUNT[before](found.line),
            ledger.contributed(found.organisation_id),
            found.value_cents,
            found.minutes,
        ),
        "A person looked: it counts.",
        SUBJECT,
        found.id,
    )
