"""How a report is shown, and what must hold in it."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

import cli.report
from cli.report import terminal
from cli.report.claims import check
from cli.report.model import Cause, Reader, Report
from cli.report.page import render, waterfall
from cli.report.words import Words
from tests.unit.cli.reports import a_report

OPTIONAL = ("agreement", "broken", "cofinancing", "journey", "lesson", "money", "neighbour", "planning", "proof")

VOID = {"meta", "link", "img", "br", "input", "hr"}


class Page(HTMLParser):
    """What a page is made of: its elements, its ids, what it points to and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "poster")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.text += data


def plain(text: str) -> str:
    """Without the narrow and hard spaces that keep an amount together."""
    return re.sub(r"\s+", " ", text)


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing() -> None:
    html = render(a_report())
    page = Page(html)
    assert page.open == []
    assert all(each.startswith("#") for each in page.loads), page.loads
    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed"}
    assert not re.search(r"@import|url\(", html)
    assert "default-src 'none'" in html


def test_every_link_of_the_page_leads_to_a_part_and_no_id_is_there_twice() -> None:
    page = Page(render(a_report()))
    assert len(set(page.ids)) == len(page.ids)
    assert {each.removeprefix("#") for each in page.loads} <= set(page.ids)


def test_page_and_terminal_tell_the_same_figures_as_the_reader_writes_them() -> None:
    report = a_report()
    printed = io.StringIO()
    terminal.show(report, Console(file=printed, width=200))
    for text in (plain(Page(render(report)).text), plain(printed.getvalue())):
        for figure in ("€ 487.210,50", "€ 632.050,00", "64,9%", "€ 323.600,31", "1.512", "€ 10.000.000,00"):
            assert figure in text
        assert "Bedoelt u 'robotisering'?" in text
        assert "0 lost, 0 doubled" in text
        assert "27 maart 2019" in text


def test_what_a_company_sent_cannot_become_part_of_the_page() -> None:
    report = a_report()
    assert report.refusal is not None
    evil = report.refusal.model_copy(update={"sent": "<script>alert(1)</script>"})
    assert "<script>" not in render(a_report(refusal=evil))


@pytest.mark.parametrize("absent", [*OPTIONAL, "refusal", "spreadsheet"])
def test_a_region_that_lacks_something_still_has_a_report(absent: str) -> None:
    report = a_report(**{absent: None})
    assert Page(render(report)).open == []
    terminal.show(report, Console(file=io.StringIO()))
    assert all(claim.holds for claim in check(report))


def test_a_swedish_reader_reads_kronor_in_swedish() -> None:
    words = Words(Reader(name="Huddinge", zone="Europe/Stockholm", currency="SEK", language="sv"))
    assert plain(words.money(123_456_789)) == "1 234 567,89 kr"


def test_a_percentage_is_never_rounded_up_to_what_is_not_reached() -> None:
    words = Words(a_report().reader)
    assert words.percent(9_999) == "99,9%"


def test_the_waterfall_ends_where_its_causes_lead() -> None:
    steps = (Cause(code="a", records=1, cents=-30, sentence=""), Cause(code="b", records=1, cents=10, sentence=""))
    assert [(each.from_, each.width) for each in waterfall(100, steps)] == [(70, 30), (70, 10)]


def test_the_template_is_read_from_the_package() -> None:
    assert (Path(cli.report.__file__).parent / "page.html.jinja").exists()


def broken(report: Report) -> list[str]:
    return [claim.sentence for claim in check(report) if not claim.holds]


def test_everything_holds_in_a_sound_report() -> None:
    assert broken(a_report()) == []


@pytest.mark.parametrize(
    ("part", "field", "value", "sentence"),
    [
        ("contributions", "held", 15, "Each published record ended as exactly one thing."),
        ("ledger", "imbalance_cents", 1, "Debits equal credits in cents and minutes."),
        ("ledger", "imbalance_minutes", 1, "Debits equal credits in cents and minutes."),
        ("ledger", "chain", "broken", "Every entry is sealed and the chain verifies."),
        ("events", "lag", 1, "Every consumer is up to date, and no message of ours failed."),
        ("events", "dead_letters", 1, "Every consumer is up to date, and no message of ours failed."),
        ("broken", "lost", 1, "A kill -9 in mid-stream loses nothing and doubles nothing."),
        ("broken", "doubled", 1, "A kill -9 in mid-stream loses nothing and doubles nothing."),
        ("proof", "entries_sum_cents", 1, "A number of the report is the sum of its entries."),
        ("proof", "changed_found", "", "One changed byte is found, and so is a tail that was cut."),
        ("spreadsheet", "provable_cents", 1, "The sheet's sum, less every cause, is what the ledger says is realised."),
        ("money", "four_eyes", "", "Nobody approves an own proposal, also not with a second account."),
        ("agreement", "signed", 20, "The agreement is in force, signed by all that count."),
    ],
)
def test_what_does_not_hold_is_said(part: str, field: str, value: object, sentence: str) -> None:
    report = a_report()
    changed = getattr(report, part).model_copy(update={field: value})
    assert broken(a_report(**{part: changed})) == [sentence]


def test_an_allocation_that_is_a_cent_off_is_said() -> None:
    assert broken(a_report(grant_cents=1_000_000_001))[0] == "The lines and what is unallocated sum to the grant."


def test_a_region_loaded_twice_that_changed_is_said() -> None:
    assert broken(a_report(loaded_again={"unchanged": 70, "changed": 1})) == [
        "Loading the region twice changes nothing."
    ]


def test_a_figure_that_is_not_what_was_reckoned_is_named_with_both() -> None:
    expected = {"contributions": {"published": 1500, "refused": {"unknown-line": 31, "malformed": 13}}}
    (wrong,) = [claim for claim in check(a_report(), expected) if not claim.holds]
    assert wrong.because == (
        "contributions.published is 1512, reckoned 1500; contributions.refused.no-standing is 20, reckoned None"
    )


def test_a_region_without_money_still_shows_its_agreement_on_the_page_and_at_the_terminal() -> None:
    report = a_report(money=None, cofinancing=None, allocation=(), grant_cents=0)
    assert report.agreement is not None
    printed = io.StringIO()
    terminal.show(report, Console(file=printed, width=200))
    assert f"{report.agreement.title}: signed by" in printed.getvalue()
    assert report.agreement.title in Page(render(report)).text
