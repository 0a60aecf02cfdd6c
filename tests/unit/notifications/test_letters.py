"""Every letter in every language: complete, in the reader's words for days and hours, and safe in HTML."""

from datetime import UTC, date, datetime, time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import pytest

from services.notifications.letters import LANGUAGES, TEMPLATES, Letter, Letters

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
AT = datetime(2019, 3, 1, 8, 0, tzinfo=UTC)
MILESTONE = {
    "title": "Vragenuur",
    "kind": "session",
    "day": date(2019, 3, 22),
    "starts_at": time(14, 30),
    "ends_at": time(15, 30),
    "place": "Het Element",
    "text": "Welkom met al uw vragen.",
    "reason": "er zijn geen vragen",
    "from_day": date(2019, 3, 21),
}
LESSON = {
    "school": "Het Element",
    "company": "Eemtech",
    "starts_at": "2019-03-31T07:30:00+00:00",
    "ends_at": "2019-03-31T09:10:00+00:00",
}
STATEMENT = {"organisation": "Eemtech", "title": None, "deadline": "2019-03-22"}
ALARM = {"kind": "unverified", "about": "sto-x", "amount": 2, "bound": 30, "day": "2019-03-22", "title": "Verslag"}
REPORTING = {
    "title": "progress-report-2 (sto-2020)",
    "day": "2023-10-01",
    "from_day": "2023-07-01",
    "first_day": "2021-07-01",
    "last_day": None,
    "reason": "announced on 16 May 2023",
}
FACTS: dict[str, dict[str, Any]] = {
    "milestone-planned": MILESTONE,
    "milestone-moved": MILESTONE,
    "milestone-cancelled": MILESTONE,
    "milestone-reminder": {**MILESTONE, "days_left": 1},
    "agreement-circulated": {"title": "Convenant", "sign_until": "2019-03-27"},
    "agreement-in-force": {
        "title": "Convenant",
        "since": "2019-03-27",
        "first_day": "2020-01-01",
        "last_day": "2023-12-31",
    },
    "statement-issued": STATEMENT,
    "statement-reminder": {**STATEMENT, "title": "Toezegging 2020", "days_left": 3},
    "alarm-lag": ALARM,
    "alarm-dead-letters": ALARM,
    "alarm-imbalance": ALARM,
    "alarm-chain-broken": ALARM,
    "alarm-deadline": ALARM,
    "alarm-unverified": ALARM,
    "alarm-over": ALARM,
    "reporting-date-planned": REPORTING,
    "reporting-date-moved": REPORTING,
    "reporting-date-cancelled": REPORTING,
    "reporting-date-reminder": {**REPORTING, "days_left": 30},
    "contributions-held": {"count": 2},
    "verification-asked": {"count": 2},
    "activity-held": {**LESSON, "code": "les-1", "until": "2019-03-28T16:00:00+00:00"},
    "activity-booked": {**LESSON, "title": "Een robotarm programmeren"},
    "activity-cancelled": {**LESSON, "title": "Een robotarm programmeren", "reason": "illness"},
}


class Tags(HTMLParser):
    """The names of all tags in a document."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)


EVERY = [(template, language) for template in FACTS for language in LANGUAGES]


def a_letter(template: str, language: str, /, name: str = "Bo Voorbeeld", **changes: Any) -> Letter:
    facts = {**FACTS[template], **changes}
    return Letters().write(template, language, facts, name=name, region="STO Voorbeeld", zone=AMSTERDAM, at=AT)


def test_there_is_a_letter_in_every_language_for_everything_and_no_other() -> None:
    for language in LANGUAGES:
        found = {path.stem for path in (TEMPLATES / language).glob("*.txt")} - {"letter"}
        assert found == set(FACTS), language


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_a_letter_has_a_short_subject_a_greeting_and_a_region(template: str, language: str) -> None:
    letter = a_letter(template, language)
    assert 10 < len(letter.subject) < 100
    assert "\n" not in letter.subject
    assert "Bo Voorbeeld" in letter.text.splitlines()[0]
    assert letter.text.splitlines()[-1] == "STO Voorbeeld"
    assert letter.subject not in letter.text, "the subject belongs above the letter only"
    for part in (letter.subject, letter.text, letter.html):
        assert not {"{{", "}}", "{%", "None", "undefined"} & set(part.split())
    assert "\n\n\n" not in letter.text


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_a_variable_that_is_missing_is_an_error(template: str, language: str) -> None:
    for missing in FACTS[template]:
        facts = {key: value for key, value in FACTS[template].items() if key != missing}
        used = f"{{{{ {missing}" in (TEMPLATES / language / f"{template}.txt").read_text(encoding="utf-8")
        if used:
            with pytest.raises(jinja2.UndefinedError):
                Letters().write(template, language, facts, name="Bo", region="R", zone=AMSTERDAM, at=AT)


@pytest.mark.parametrize(
    ("language", "day"),
    [("nl", "vrijdag 22 maart 2019"), ("sv", "fredag 22 mars 2019"), ("en", "Friday 22 March 2019")],
)
def test_days_are_in_the_words_of_the_reader(language: str, day: str) -> None:
    letter = a_letter("milestone-planned", language)
    assert f"{day}, 14:30–15:30" in letter.text
    assert day in a_letter("statement-issued", language).subject


def test_instants_are_in_the_zone_of_the_region_on_both_sides_of_the_change_of_clocks() -> None:
    summer = a_letter("activity-booked", "nl")
    assert "zondag 31 maart 2019, 09:30–11:10" in summer.text
    winter = {"starts_at": "2019-03-30T07:30:00+00:00", "ends_at": "2019-03-30T09:10:00+00:00"}
    assert "zaterdag 30 maart 2019, 08:30–10:10" in a_letter("activity-booked", "nl", **winter).text


@pytest.mark.parametrize(("days", "words"), [(0, "vandaag"), (1, "morgen"), (14, "over 14 dagen")])
def test_a_reminder_says_how_long_there_is(days: int, words: str) -> None:
    assert a_letter("milestone-reminder", "nl", days_left=days).subject.endswith(words)


@pytest.mark.parametrize("kind", ["deadline", "session", "announcement"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_given_leaves_no_trace(kind: str, language: str) -> None:
    bare: dict[str, Any] = {
        "starts_at": None,
        "ends_at": None,
        "place": None,
        "text": None,
        "reason": None,
        "kind": kind,
    }
    for template in ("milestone-planned", "milestone-moved", "milestone-cancelled", "milestone-reminder"):
        letter = a_letter(template, language, **bare)
        assert "None" not in letter.subject + letter.text
        assert "\n\n\n" not in letter.text


def test_markup_in_a_text_is_shown_as_it_was_written() -> None:
    letter = a_letter("milestone-planned", "nl", text="<script>alert(1)</script> & meer", name="<b>Bo</b>")
    assert "<script>alert(1)</script> & meer" in letter.text
    assert "<script>" not in letter.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; meer" in letter.html
    tags = Tags()
    tags.feed(letter.html)
    assert tags.seen == {"html", "head", "meta", "title", "body", "p", "br"}


def test_a_subject_is_one_line_whatever_stands_in_it(tmp_path: Path) -> None:
    (tmp_path / "nl").mkdir()
    (tmp_path / "nl" / "odd.txt").write_text("{{ title }}  \n\nbody")
    (tmp_path / "nl" / "letter.txt").write_text("{{ body }}")
    (tmp_path / "letter.html").write_text("{{ subject }}")
    letter = Letters(tmp_path).write("odd", "nl", {"title": " a   b "}, name="x", region="R", zone=AMSTERDAM, at=AT)
    assert letter.subject == "a b"
