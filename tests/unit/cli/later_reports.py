"""The second act of a report with every part, for tests of how it is shown. All invented."""

from datetime import date
from typing import Any

from cli.report.later import (
    Accounted,
    Asked,
    Calendar,
    ClaimShown,
    Closing,
    Correction,
    DateMoved,
    Determination,
    Known,
    Later,
    Lowered,
    Moved,
    Option,
    Place,
    Spent,
    TakenAway,
)
from cli.report.part import Contributions

TEN = Known(
    known_on=date(2022, 7, 6),
    rule="cofinancing-10",
    basis_points=1_000,
    required_cents={"of-subsidy": 100_000_000, "of-total": 111_111_111},
)
LESS = Known(
    known_on=date(2022, 7, 7),
    rule="cofinancing-7-5",
    basis_points=750,
    required_cents={"of-subsidy": 75_000_000, "of-total": 81_081_081},
)


def a_later(**changes: Any) -> Later:
    """A second act; name any part to have it otherwise."""
    whole = Later(
        as_of=date(2024, 12, 31),
        grant_cents=1_150_000_000,
        contributions=Contributions(
            published=175, accepted=154, held=9, duplicates=8, refused={"unknown-line": 4}, senders=6
        ),
        released=9,
        accepted=156,
        realised_cents=72_353_748,
        realised_minutes=328_095,
        booked_cents=72_353_748,
        correction=Correction(
            sender="metaal-bv", record="8842-c", replaces="8842", sentence="8842 is al geaccepteerd.", language="nl",
            before_cents=40_000, after_cents=20_000,
        ),
        asked=Asked(
            title="Opgave 2024", reached=24, again=0, organisation="Metaal", language="nl",
            mistyped="Cel I9: dit is geen getal.", kept_before=False, filled_minutes=2_970, filled_cents=40_000,
            pledged_minutes=2_970, pledged_cents=40_000, altered="Not what this hash is of.", signed=1,
            places=(
                Place(line="Robots", year=2024, term=1, needed_minutes=24_000, pledged_minutes=1_350, sentence="Kort."),
            ),
        ),
        lowered=Lowered(as_of=date(2023, 11, 1), before=TEN, after=LESS, again=TEN, source="a letter"),
        closing=Closing(
            until=date(2023, 12, 31),
            before_cents=60_000_000,
            after_cents=60_000_000,
            late=Contributions(
                published=6, accepted=0, held=0, duplicates=0, refused={"period-closed": 6}, senders=2
            ),
            sentence="Die periode is gesloten.",
            language="nl",
        ),
        moved=Moved(
            reason="For the smallest location.", lines=(("School 4", 20_000_000, 25_000_000),),
            together_before_cents=1_150_000_000, together_after_cents=1_150_000_000,
            own_approval="You proposed this yourself.",
        ),
        money=Spent(
            organisation="School 4", line="school-4", purpose="A robot cell", allocated_cents=25_000_000,
            committed_cents=6_000_000,
            claims=(
                ClaimShown(
                    about="offer", cents=4_800_000, state="refused", reason_code="no-evidence", reason="An offer."
                ),
                ClaimShown(about="invoice", cents=4_235_000, state="paid", reason_code="", reason=""),
            ),
            refused_cents=4_800_000, paid_cents=4_235_000, left_cents=1_765_000, line_committed_cents=1_765_000,
            line_claimed_cents=4_235_000, too_much="There is not that much left.", paid_day=date(2024, 1, 1),
            paid_says="it is of 2023-12-20, and the period until 2023-12-31 is closed",
        ),
        report=Accounted(
            code="eindverslag", until=date(2024, 12, 31), sha256="ab" * 32, realised_cents=72_353_748,
            own_sign_off="You made this report yourself.", signed_sha256="ab" * 32, signed_note="", file_bytes=901_000,
            file_says=("4407 entries", "WHOLE"), file_whole=True, changed_says="entry 7 is not what was sealed",
            changed_found=True, reproduced=True,
        ),
        calendar=Calendar(
            dates=3,
            moved=DateMoved(
                title="Report 2", from_day=date(2023, 7, 1), to_day=date(2023, 10, 1),
                known_from=date(2023, 2, 1), known_before=date(2023, 7, 1),
            ),
            done="Final report", due=date(2024, 12, 31), done_on=date(2024, 12, 20), report="eindverslag",
            state="completed",
        ),
        taken=TakenAway(
            rows=1_700, bytes=401_000, accepted_cents=72_353_748, accepted_minutes=328_095, anchor="4407:ab",
            sealed="4407:ab", booked_cents=72_353_748,
        ),
        determination=Determination(
            undecided="The base is undecided.",
            options=(
                Option(base="of-subsidy", required_cents=86_250_000, determined_cents=2, reclaimed_cents=1),
                Option(base="of-total", required_cents=93_243_243, determined_cents=1, reclaimed_cents=2),
            ),
            base="of-subsidy", own_approval="You proposed this yourself.", grant_cents=1_150_000_000,
            received_cents=1_120_000_000, proved_cents=1_128_400_000, counted_cents=72_353_748,
            required_cents=86_250_000, shortfall_cents=13_896_252, determined_cents=1_114_503_748,
            reclaimed_cents=5_496_252, payable_cents=0, after="It was determined.",
        ),
        journal_entries=4_407,
    )  # fmt: skip
    return whole.model_copy(update=changes)
