"""The report for a person at a terminal: the same parts in the same order as the page, with fewer words."""

from collections.abc import Callable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.report import later_terminal
from cli.report.model import Report
from cli.report.words import Words

BAR = 40


def show(report: Report, console: Console) -> None:
    """Prints the report."""
    words = Words(report.reader)
    console.rule(f"[bold]{escape(report.reader.name)}: what can be proved")
    parts: tuple[Callable[[Console, Report, Words], None], ...] = (
        _answer,
        _spreadsheet,
        _money,
        _agreement,
        _refusal,
        _lesson,
        _broken,
        _proof,
        _neighbour,
        _planning,
        _journey,
        _later,
        _claims,
    )
    for part in parts:
        part(console, report, words)


def _tell(console: Console, title: str, sentence: str) -> None:
    console.print(f"[bold]{title}.[/bold] {sentence}")


def _answer(console: Console, report: Report, w: Words) -> None:
    found = report.cofinancing
    if found is None:
        return _tell(console, "The answer", "no grant, so no co-financing is asked of this region.")
    realised = f"{w.money(found.realised_cents)} realised ({w.hours(found.realised_minutes)})"
    _tell(console, "The answer", f"on {w.long_day(found.as_of)} {realised}, forecast {w.money(found.forecast_cents)}.")
    table = Table("if the threshold is", box=None, pad_edge=False)
    for column in ("required", "reached", "short today", "short at the end"):
        table.add_column(column, justify="right")
    for each in found.readings:
        table.add_row(
            f"{w.rate(each.basis_points)} {each.base.replace('-', ' ')}",
            w.money(each.required_cents),
            w.percent(each.reached_basis_points),
            w.money(each.shortfall_cents),
            w.money(each.forecast_shortfall_cents),
        )
    console.print(table)
    for number, call in enumerate(found.calls[:3]):
        first = "Phone first" if number == 0 else "       then"
        console.print(f"  {first}: [bold]{escape(call.name)}[/bold], {w.money(call.at_stake_cents)} at stake")
    return None


def _spreadsheet(console: Console, report: Report, w: Words) -> None:
    sheet = report.spreadsheet
    if sheet is None:
        return
    gap = w.money(sheet.naive_cents - sheet.provable_cents)
    sums = f"a sheet adds the same {w.number(sheet.records)} records up to [bold]{w.money(sheet.naive_cents)}[/bold]"
    proved = f"[bold green]{w.money(sheet.provable_cents)}[/bold green] can be proved"
    _tell(console, "Spreadsheet versus provable", f"{sums}; {proved}. Where the {gap} goes:")
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    table.add_column()
    table.add_column(justify="right")
    most = max((abs(cause.cents) for cause in sheet.causes), default=1) or 1
    for cause in sheet.causes:
        colour = "red" if cause.cents < 0 else "green"
        bar = "█" * round(BAR * abs(cause.cents) / most)
        about = f"{escape(cause.sentence)} [{colour}]{bar}[/{colour}]"
        table.add_row(w.number(cause.records), about, f"[{colour}]{w.signed_money(cause.cents)}[/{colour}]")
    console.print(table)


def _money(console: Console, report: Report, w: Words) -> None:
    money = report.money
    if money is None:
        return
    other = {line.line: line.cents for line in money.what_if.lines} if money.what_if else {}
    table = Table(
        "line", "kind", title=f"The money: {w.money(report.grant_cents)}", title_justify="left", title_style="bold"
    )
    table.add_column("allocated", justify="right")
    if other:
        table.add_column("what if", justify="right")
    for line in report.allocation:
        what_if = (w.money(other.get(line.line, 0)),) if other else ()
        table.add_row(escape(line.title), line.kind, w.money(line.cents), *what_if)
    table.add_section()
    together = (w.money(sum(other.values())),) if other else ()
    table.add_row("[bold]together", "", w.money(sum(line.cents for line in report.allocation)), *together)
    console.print(table)
    console.print(f"Proposed by {escape(money.proposed_by)}, approved by {escape(money.approved_by)}.")
    if money.what_if:
        console.print(f"What if: {escape(money.what_if.change)}")
    if money.four_eyes:
        console.print(f"The proposer tried to approve it with a second account: [italic]{escape(money.four_eyes)}")


def _agreement(console: Console, report: Report, w: Words) -> None:
    if report.agreement:
        signed, since = report.agreement, report.agreement.in_force_since
        in_force = f", in force since {w.long_day(since)}" if since else ""
        console.print(f"{escape(signed.title)}: signed by {signed.signed} of {signed.parties} parties{in_force}.")


def _refusal(console: Console, report: Report, w: Words) -> None:
    refused = report.refusal
    if refused is None:
        return
    how_fast = f"answered in {w.number(refused.milliseconds)} ms"
    _tell(console, "A refusal", f"{escape(refused.sender)} sent {escape(refused.sent)}")
    console.print(f"  {how_fast}: [italic]{escape(refused.sentence)}")
    if refused.latency:
        fast = refused.latency
        quick = f"{w.number(fast.median_ms)} ms (median of {fast.answers})"
        many = f"; {w.number(fast.burst_records)} at once within {w.number(fast.burst_ms)} ms"
        console.print(f"  sent one by one {quick}{many if fast.burst_records else ''}")
    counts = report.contributions
    refusals = ", ".join(f"{code} {w.number(count)}" for code, count in counts.refused.items())
    booked = f"{w.number(counts.accepted)} booked, {w.number(counts.held)} held"
    double = f"{w.number(counts.duplicates)} duplicates"
    console.print(f"  Of {w.number(counts.published)}: {booked}, {double}; refused: {refusals}")


def _lesson(console: Console, report: Report, w: Words) -> None:
    lesson = report.lesson
    if lesson is None:
        return
    when = w.long_moment(lesson.starts_at)
    what = f"{escape(lesson.title)}, {escape(lesson.company)} at {escape(lesson.school)}, {when}"
    _tell(console, "A lesson", f"{what}. Why: {escape(' '.join(lesson.reasons))}")
    hours = f"{w.hours(lesson.minutes)}, worth {w.money(lesson.value_cents)} by rule {lesson.rule}"
    console.print(f"  {hours}: booked when the school confirmed, typed in by nobody")


def _broken(console: Console, report: Report, w: Words) -> None:
    broken = report.broken
    if broken is None:
        return
    when = f"kill -9 of {broken.service} with {w.number(broken.unread_at_kill)} records unread, "
    while_away = f"{w.number(broken.published_while_away)} more sent while it was away, "
    back = f"back in {w.number(broken.away_seconds)} s: "
    lost = f"[bold]{broken.lost} lost, {broken.doubled} doubled[/bold] of {w.number(broken.records)}."
    _tell(console, "We broke it", when + while_away + back + lost)


def _proof(console: Console, report: Report, w: Words) -> None:
    proof, ledger = report.proof, report.ledger
    if proof is None:
        return
    number = f"{escape(proof.number)}: {w.money(proof.cents)} = {w.number(proof.contributions)} contributions"
    _tell(console, "Prove it", f"{number}, whose entries add up to {w.money(proof.entries_sum_cents)}.")
    books = f"{w.number(ledger.journal_entries)} entries in {w.number(ledger.batches)} signed batches"
    console.print(f"  {books}, chain {ledger.chain}. One byte changed in a copy: {escape(proof.changed_found)}")


def _neighbour(console: Console, report: Report, w: Words) -> None:
    if report.neighbour:
        tried = "; ".join(f"{each.what}: {each.answer}" for each in report.neighbour.attempts)
        _tell(console, "The neighbour", f"{escape(report.neighbour.name)} asked for {escape(tried)}")


def _planning(console: Console, report: Report, w: Words) -> None:
    if report.planning is None:
        return
    told = report.notifications
    counts = f"{w.number(told.sent)} notices sent, {w.number(told.suppressed_duplicates)} held back as told already"
    _tell(console, "The planning", f"{counts}.")
    for each in report.planning.milestones:
        cancelled = (
            f" [red]cancelled[/red], told to {each.told_cancelled} once each" if each.state == "cancelled" else ""
        )
        console.print(f"  {w.weekday(each.day)}  {escape(each.title)}{cancelled}")


def _journey(console: Console, report: Report, w: Words) -> None:
    if report.journey is None:
        return
    _tell(console, "A journey", f"record {escape(report.journey.record)} ({report.journey.outcome})")
    for step in report.journey.steps:
        console.print(f"  {w.clock(step.at)} +{w.number(step.after_ms)} ms  {step.service}: {escape(step.what)}")


def _later(console: Console, report: Report, w: Words) -> None:
    if report.later is not None:
        later_terminal.show(console, report.later, w)


def _claims(console: Console, report: Report, w: Words) -> None:
    console.rule()
    for claim in report.claims:
        if not claim.holds:
            console.print(f"[bold red]Does not hold: {escape(claim.sentence)} {escape(claim.because)}")
    holding = sum(claim.holds for claim in report.claims)
    console.print(f"{holding} of {len(report.claims)} claims hold, in {w.number(report.seconds)} s.")
