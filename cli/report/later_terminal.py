"""The second act for a person at a terminal: a line or two for each thing that happened in the year."""

from rich.console import Console
from rich.markup import escape

from cli.report.later import Accounted, Asked, Calendar, Determination, Later, Lowered, Spent
from cli.report.words import BASES, Words


def show(console: Console, later: Later, w: Words) -> None:
    """Prints the second act, in the order of the story."""
    found = later.contributions
    realised = f"{w.money(later.realised_cents)} realised ({w.hours(later.realised_minutes)})"
    console.rule(f"[bold]A year later: {w.long_day(later.as_of)}")
    _tell(console, "A year passes", f"{w.number(found.published)} records more, and {realised}.")
    if later.correction is not None:
        was = later.correction
        amounts = f"{w.money(was.before_cents)} became {w.money(was.after_cents)}"
        console.print(
            f"  {w.number(later.released)} corrected what was accepted: let through by the office, accepted anew."
        )
        console.print(f"  {escape(was.record)} for {escape(was.replaces)}: {amounts}. [italic]{escape(was.sentence)}")
    if later.asked is not None:
        _asked(console, later.asked, w)
    if later.lowered is not None:
        _lowered(console, later.lowered, w)
    if later.closing is not None:
        closed = later.closing
        _tell(console, "A period closed", f"until {w.long_day(closed.until)}, at {w.money(closed.after_cents)}.")
        if closed.sentence:
            console.print(f"  {w.number(closed.late.published)} came too late: [italic]{escape(closed.sentence)}")
    if later.moved is not None:
        lines = "; ".join(f"{escape(line)} {w.money(was)} → {w.money(now)}" for line, was, now in later.moved.lines)
        _tell(console, "Money moved", f"{lines}, approved by another person.")
    if later.money is not None:
        _spent(console, later.money, w)
    if later.report is not None:
        _accounted(console, later.report, w)
    if later.calendar is not None:
        _handed_in(console, later.calendar, w)
    if later.taken is not None:
        taken = later.taken
        sheet = f"{w.number(taken.rows)} contributions as a sheet ({w.number(round(taken.bytes / 1000))} kB)"
        _tell(console, "Taken away", f"{sheet}: what is accepted adds up to {w.money(taken.accepted_cents)} outside.")
    if later.determination is not None:
        _determined(console, later.determination, w)
    console.print(f"  Then {w.number(later.journal_entries)} entries, chain {later.chain}.")


def _tell(console: Console, title: str, sentence: str) -> None:
    console.print(f"[bold]{title}.[/bold] {sentence}")


def _asked(console: Console, asked: Asked, w: Words) -> None:
    reached = f"{escape(asked.title)} went to {w.number(asked.reached)} organisations"
    _tell(console, "The form", f"{reached}; {w.number(asked.signed)} came back as a sheet and is signed.")
    console.print(f"  Mistyped at first, and nothing of it kept: [italic]{escape(asked.mistyped)}")
    pledged = f"{w.hours(asked.pledged_minutes)} and {w.money(asked.pledged_cents)}"
    console.print(
        f"  {escape(asked.organisation)} pledges {pledged}. Signed under another hash: [italic]{escape(asked.altered)}"
    )
    for place in asked.places:
        console.print(f"  [italic]{escape(place.sentence)}")


def _handed_in(console: Console, found: Calendar, w: Words) -> None:
    done = f"{escape(found.done)}, due on {w.long_day(found.due)}, handed in on {w.long_day(found.done_on)}"
    _tell(console, "The calendar", f"{w.number(found.dates)} dates by the rules alone; {done}.")
    if found.moved is not None:
        was = found.moved
        moved = f"{w.long_day(was.from_day)} → {w.long_day(was.to_day)}, known on {w.long_day(was.known_from)}"
        console.print(f"  {escape(was.title)} moved: {moved}; asked as known before that, it stands where it stood.")


def _lowered(console: Console, found: Lowered, w: Words) -> None:
    before, after = found.before, found.after
    known = f"{w.rate(before.basis_points)} as known on {w.long_day(before.known_on)}"
    _tell(console, "The percentage", f"{known}, {w.rate(after.basis_points)} the day after; both are still answered.")
    for base, cents in after.required_cents.items():
        console.print(f"  {BASES.get(base, base)}: {w.money(before.required_cents[base])} → {w.money(cents)}")


def _spent(console: Console, money: Spent, w: Words) -> None:
    about = f"{escape(money.organisation)}, {escape(money.purpose)}: {w.money(money.committed_cents)} committed"
    _tell(console, "A claim refused", f"{about}, {w.money(money.paid_cents)} paid, {w.money(money.left_cents)} left.")
    for claim in money.claims:
        why = f" {claim.reason_code}: [italic]{escape(claim.reason)}[/italic]" if claim.reason else ""
        console.print(f"  {w.money(claim.cents)} {escape(claim.about)}: {claim.state}{why}")
    if money.paid_day is not None:
        console.print(f"  the payment is booked on {w.long_day(money.paid_day)}: [italic]{escape(money.paid_says)}")


def _accounted(console: Console, report: Accounted, w: Words) -> None:
    made = f"until {w.long_day(report.until)}, {w.money(report.realised_cents)} realised, hash {report.sha256[:16]}"
    _tell(console, "The report", f"{made}.")
    console.print(f"  Its maker tried to sign it off: [italic]{escape(report.own_sign_off)}")
    size = f"{w.number(round(report.file_bytes / 1000))} kB"
    console.print(f"  Signed off by the controller, taken away by the accountant ({size}), checked with Python alone:")
    says = "; ".join(report.file_says[1:]) or "nothing"
    console.print(f"  {escape(says)}. One digit changed: {escape(report.changed_says)}")


def _determined(console: Console, made: Determination, w: Words) -> None:
    _tell(console, "Determined", f"[bold]{w.money(made.determined_cents)}[/bold] of {w.money(made.grant_cents)}.")
    for option in made.options:
        reading = f"{BASES.get(option.base, option.base)}: {w.money(option.determined_cents)}"
        console.print(f"  {reading}, {w.money(option.reclaimed_cents)} to be paid back")
    short = f"{w.money(made.counted_cents)} of {w.money(made.required_cents)} co-financed"
    back = f"{w.money(made.reclaimed_cents)} to be paid back"
    console.print(f"  Two persons decided: {BASES.get(made.base, made.base)}. {short}; {back}.")
