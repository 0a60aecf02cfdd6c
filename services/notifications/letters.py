"""Letters: what was to be told, in the reader's language and in the days and hours of the region.

A letter's first line is its subject, the rest its body; `letter.txt` puts the greeting around it. The HTML part is made
from the same text. A variable that is missing is an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined, pass_context
from jinja2.runtime import Context

TEMPLATES = Path(__file__).with_name("templates")
LANGUAGES = {"nl": "nl_NL", "sv": "sv_SE", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter ready to be sent; `sender` is the region's name."""

    sender: str
    language: str
    subject: str
    text: str
    html: str
    written_at: datetime


class Letters:
    """Writes letters from the templates of a folder, one folder per language in it."""

    def __init__(self, folder: Path = TEMPLATES) -> None:
        self._plain = _environment(folder, escape=False)
        self._html = _environment(folder, escape=True)

    def write(
        self,
        template: str,
        language: str,
        facts: Mapping[str, Any],
        *,
        name: str,
        region: str,
        zone: ZoneInfo,
        at: datetime,
    ) -> Letter:
        """The letter to `name`. Raises jinja2.UndefinedError when the template asks for what is not given."""
        around = {"name": name, "region": region, "language": language, "zone": zone}
        words = self._plain.get_template(f"{language}/{template}.txt").render({**facts, **around})
        subject, _, body = words.strip().partition("\n")
        text = self._plain.get_template(f"{language}/letter.txt").render({"body": body.strip(), **around})
        paragraphs = [part.strip().splitlines() for part in text.split("\n\n") if part.strip()]
        html = self._html.get_template("letter.html").render({"subject": subject, "paragraphs": paragraphs, **around})
        return Letter(region, language, " ".join(subject.split()), text.strip() + "\n", html, at)


def _environment(folder: Path, *, escape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=escape,  # noqa: S701 - only the plain part is not escaped, and that is no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": _day, "clock": _clock}
    return environment


@pass_context
def _day(context: Context, value: date | datetime | str) -> str:
    """A day in words, with its weekday: `vrijdag 22 maart 2019`. An instant is taken in the region's zone."""
    return format_date(_local(context, value), "EEEE d MMMM y", locale=_locale(context))


@pass_context
def _clock(context: Context, value: time | datetime | str) -> str:
    """An hour: `14:30`. An instant is taken in the region's zone."""
    return format_time(_local(context, value), "HH:mm", locale=_locale(context))


def _locale(context: Context) -> Locale:
    return Locale.parse(LANGUAGES[context["language"]])


def _local(context: Context, value: date | datetime | time | str | Undefined) -> Any:
    if isinstance(value, Undefined):
        value = str(value)  # which raises
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    return value.astimezone(context["zone"]).replace(tzinfo=None) if isinstance(value, datetime) else value
