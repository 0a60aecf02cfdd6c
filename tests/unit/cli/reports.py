"""A report with every part, for tests of how it is shown. All invented."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from cli.report.model import (
    Activities,
    Agreement,
    Attempt,
    Broken,
    Call,
    Cause,
    Claim,
    Cofinancing,
    Entry,
    Events,
    Journey,
    Latency,
    Ledger,
    Lesson,
    Line,
    Milestone,
    Moment,
    Money,
    Neighbour,
    Notifications,
    Planning,
    Proof,
    Reader,
    Reading,
    Refusal,
    Report,
    Span,
    Spreadsheet,
    Step,
    WhatIf,
)
from cli.report.part import Contributions

NOON = datetime(2023, 11, 1, 11, 0, tzinfo=UTC)
LINES = tuple(
    [
        Line(line=f"speerpunt-{number}", title=f"Speerpunt {number}", kind="spearhead", cents=100_000_000)
        for number in range(6)
    ]
    + [
        Line(line=f"school-{number}", title=f"School {number}", kind="location", cents=cents)
        for number, cents in enumerate((125_947_955, 78_550_186, 39_516_729, 85_985_130, 20_000_000))
    ]
    + [Line(line="unallocated", title="unallocated", kind="unallocated", cents=50_000_000)]
)


def a_report(**changes: Any) -> Report:
    """A report; name any part to have it otherwise."""
    whole = Report(
        region="sto-voorbeeld",
        reader=Reader(name="STO Voorbeeld", zone="Europe/Amsterdam", currency="EUR", language="nl"),
        programme="Sterk techniekonderwijs Voorbeeld",
        made_at=NOON,
        grant_cents=1_000_000_000,
        allocation=LINES,
        money=Money(
            awarded_cents=1_000_000_000,
            supplement_cents=0,
            reason="Six equal spearheads; locations by exam candidates above a base amount.",
            proposed_by="the programme office",
            approved_by="the controller",
            four_eyes="An allocation needs a second person: you did the earlier step yourself.",
            what_if=WhatIf(change="The first spearhead weighs double.", lines=LINES),
        ),
        agreement=Agreement(
            title="Samenwerkingsovereenkomst",
            parties=21,
            signed=21,
            in_force_since=date(2019, 3, 27),
            witnesses=2,
            text_hash="9f3c" * 16,
            early="Fill in the contact first.",
        ),
        contributions=Contributions(
            published=1512,
            accepted=1376,
            held=14,
            duplicates=58,
            refused={"unknown-line": 31, "no-standing": 20, "malformed": 13},
            senders=6,
        ),
        cofinancing=Cofinancing(
            as_of=date(2023, 11, 1),
            required_cents=81_081_081,
            realised_cents=48_721_050,
            realised_minutes=541_200,
            percent=60.08,
            naive_cents=63_205_000,
            declared_cents=2_100_000,
            promised_cents=90_000_000,
            forecast_cents=70_400_000,
            rule="cofinancing-7-5",
            readings=(
                Reading(
                    base="of-subsidy",
                    basis_points=750,
                    required_cents=75_000_000,
                    shortfall_cents=26_278_950,
                    reached_basis_points=6496,
                    forecast_shortfall_cents=4_600_000,
                ),
                Reading(
                    base="of-total",
                    basis_points=750,
                    required_cents=81_081_081,
                    shortfall_cents=32_360_031,
                    reached_basis_points=6008,
                    forecast_shortfall_cents=10_681_081,
                ),
            ),
            calls=tuple(
                Call(
                    code=f"bedrijf-{number}",
                    name=f"Bedrijf {number} (verzonnen)",
                    pledged_cents=9_000_000 - number * 100_000,
                    delivered_cents=number * 300_000,
                    at_stake_cents=9_000_000 - number * 400_000,
                    sentence="Promised 1,800 hours until now, delivered 60; the last on 3 May.",
                )
                for number in range(6)
            ),
        ),
        spreadsheet=Spreadsheet(
            cents_per_hour=5000,
            records=1512,
            unreadable=13,
            naive_cents=63_205_000,
            causes=(
                Cause(code="duplicate", records=58, cents=-6_120_000, sentence="the same record sent again"),
                Cause(code="no-standing", records=20, cents=-4_000_000, sentence="of a company that took no part"),
                Cause(code="unknown-line", records=31, cents=-3_103_950, sentence="for a line that is not there"),
                Cause(code="valued-by-rule", records=120, cents=-2_000_000, sentence="valued by the region's rule"),
                Cause(code="malformed", records=13, cents=0, sentence="cannot be read or not complete"),
                Cause(code="lessons", records=4, cents=740_000, sentence="hours of lessons that nobody sent"),
            ),
            provable_cents=48_721_050,
        ),
        refusal=Refusal(
            sender="metaal-bv",
            record="intake.contributions.metaal-bv-0-17",
            sent='{"id": "8842", "line": "robotica", "minutes": 840}',
            code="unknown-line",
            sentence="Dat speerpunt bestaat niet. Bedoelt u 'robotisering'? Stuur opnieuw. (replaces 8842)",
            language="nl",
            milliseconds=34,
            latency=Latency(answers=20, median_ms=61, p95_ms=210, most_ms=388, burst_records=240, burst_ms=900),
        ),
        lesson=Lesson(
            title="Een robotarm programmeren",
            code="het-element-robotica-1",
            school="Het Voorbeeld",
            company="Bedrijf 1 (verzonnen)",
            line="robotisering",
            starts_at=NOON,
            state="confirmed",
            score=95,
            reasons=("The subject is exactly what was asked: robotica.", "22 pupils fit a group of at most 28."),
            others=("les-2: It is about installatietechniek.", "les-3: It takes 18 pupils at most; the group has 22."),
            minutes=135,
            value_cents=11_250,
            rule="rate-hours",
            accepted=True,
            moments=tuple(
                Moment(what=what, at=NOON + timedelta(milliseconds=220 * place))
                for place, what in enumerate(("asked", "ranked", "held", "confirmed", "booked"))
            ),
        ),
        activities=Activities(
            booked=4, completed=3, hours_booked_automatically_minutes=405, value_cents=33_750, entries=3, met=5
        ),
        broken=Broken(
            service="funding",
            answered_before=410,
            unread_at_kill=346,
            published_while_away=756,
            away_seconds=2.1,
            caught_up_seconds=1.4,
            records=1512,
            answered_once=1512,
            lost=0,
            doubled=0,
        ),
        proof=Proof(
            number="Accepted from Bedrijf 1 for robotisering",
            cents=1_225_000,
            contributions=42,
            entries=tuple(
                Entry(
                    id=f"018f0000-0000-7000-8000-00000000000{number}",
                    day=date(2023, 5, number + 1),
                    kind="contribution-accepted",
                    reason="A second person accepted it.",
                    account="memo/accepted/robotisering",
                    cents=40_000,
                    minutes=480,
                    batch=7,
                    record=f"metaal-bv 88{number}",
                )
                for number in range(4)
            ),
            entries_sum_cents=1_225_000,
            head="9f3c" * 16,
            seal_count=4300,
            key="c0de" * 16,
            changed_from='"postings":[["memo/accepted/robotisering",40000,480]',
            changed_to='"postings":[["memo/accepted/robotisering",40001,480]',
            changed_found="Batch 7: the entry is not what was sealed",
            cut_found="the seal kept of 4300 entries is not in this chain, which has 4200: its tail was cut",
        ),
        ledger=Ledger(
            journal_entries=4300, imbalance_cents=0, imbalance_minutes=0, chain="verified", batches=41, unsealed=0
        ),
        neighbour=Neighbour(
            name="STO Klein (verzonnen)",
            code="sto-klein",
            own_organisations=5,
            attempts=(
                Attempt(what="the books, in its own name", answer="0 entries", seen=0),
                Attempt(what="the books, in our name", answer="403: This token gives no access.", seen=0),
            ),
        ),
        planning=Planning(
            milestones=(
                Milestone(
                    title="Vragenuur", day=date(2019, 3, 22), starts_at="14:30", ends_at="15:30", place="online",
                    state="planned", told=61,
                ),
                Milestone(
                    title="Afsluiting", day=date(2019, 3, 29), starts_at=None, ends_at=None, place=None,
                    state="cancelled", told=61, told_cancelled=61, reason="valt samen met de ondertekening",
                ),
            ),
            subject="Vervalt: Afsluiting",
            mail="Beste relatie,\n\nDe afsluiting van 29 maart vervalt.",
        ),
        notifications=Notifications(sent=244, suppressed_duplicates=61, mails=244),
        journey=Journey(
            record="8842",
            outcome="held",
            trace="4bf92f3577b34da6a3ce929d0e0e4736",
            correlation="018f0000-0000-7000-8000-000000000001",
            steps=(
                Step(service="metaal-bv", what="published", at=NOON, after_ms=0),
                Step(service="funding", what="held", at=NOON + timedelta(milliseconds=21), after_ms=21),
            ),
            spans=(
                Span(service="funding", name="process intake.contributions.metaal-bv", start_ms=3.1, duration_ms=14.2),
                Span(service="funding", name="send funding.events", start_ms=18.0, duration_ms=2.5),
            ),
        ),
        events=Events(published=6120, consumed=7400, dead_letters=0, lag=0),
        loaded={"created": 71},
        loaded_again={"unchanged": 71},
        claims=(
            Claim(sentence="Each record ended as exactly one thing.", holds=True, because="1512 = 1376 + 14 + 58 + 64"),
        ),
        seconds=48.2,
    )  # fmt: skip
    return whole.model_copy(update=changes)
