"""Every word of a page is there in every language, and numbers are the reader's."""

import re
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from services.dashboard.web import speaking
from services.dashboard.web.entrance import _ours
from services.dashboard.web.speaking import LANGUAGES, TEXTS, Speech, preferred

TEMPLATES = Path(speaking.__file__).with_name("templates")


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_a_text_says_the_same_facts_in_every_language(key: str) -> None:
    assert set(TEXTS[key]) == set(LANGUAGES)
    facts = {frozenset(name for _, name, _, _ in Formatter().parse(text) if name) for text in TEXTS[key].values()}
    assert len(facts) == 1


def test_templates_say_only_what_is_written_down() -> None:
    said = {
        word for path in TEMPLATES.glob("*.jinja") for word in re.findall(r'say\("([a-z-]+)"[,)]', path.read_text())
    }
    assert said <= TEXTS.keys()
    assert len(said) > 60


def test_money_days_and_hours_are_written_as_the_reader_does() -> None:
    dutch, english = Speech("nl"), Speech("en")
    assert dutch.money(123_456_789) == "€\u202f1.234.567,89"
    assert english.money(123_456_789) == "€1,234,567.89"
    assert dutch.hours(135) == "2:15\u202fu"
    assert dutch.seconds(1_234.56) == "1.234,6\u202fs"
    assert Speech("sv", "SEK", "Europe/Stockholm").day(date(2024, 5, 1)) == "1 maj 2024"
    assert dutch.percent(9_999) == "99,9%"


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [("en", "sv", "en"), (None, "sv-SE,sv;q=0.9,en;q=0.8", "sv"), ("xx", "de, en;q=0.5", "en"), (None, None, "nl")],
)
def test_the_chosen_language_goes_before_the_browsers(chosen: str | None, accepted: str | None, language: str) -> None:
    assert preferred(chosen, accepted) == language


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil", "/a\nb"]
)
def test_nobody_is_sent_out_of_the_site_after_signing_in(address: str) -> None:
    assert _ours(address) == "/"


def test_an_address_of_the_site_is_kept() -> None:
    assert _ours("/regions/sto-x?on=2023-11-01") == "/regions/sto-x?on=2023-11-01"
