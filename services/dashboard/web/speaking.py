"""What a page says, in the reader's language: words, money, days and hours."""

import tomllib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent

LOCALES = {"nl": "nl_NL", "sv": "sv_SE", "en": "en_GB"}
LANGUAGES = {"nl": "Nederlands", "sv": "Svenska", "en": "English"}
TEXTS: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))
MINUTES = 60


class Speech:
    """One reader's language, and the currency and zone of the region looked at."""

    def __init__(self, language: str, currency: str = "EUR", zone: str = "Europe/Amsterdam") -> None:
        self.language = language if language in LOCALES else "nl"
        self.locale = LOCALES[self.language]
        self.currency = currency
        self.zone = ZoneInfo(zone)

    def __call__(self, key: str, **facts: object) -> str:
        """The words of this name. Raises KeyError for words that nobody wrote."""
        return TEXTS[key][self.language].format(**facts)

    def word(self, key: str) -> str:
        """The words of this name, or the name itself: for codes that other services make up."""
        return TEXTS[key][self.language] if key in TEXTS else key

    def money(self, cents: int) -> str:
        """To the cent."""
        return format_currency(Decimal(cents) / 100, self.currency, locale=self.locale).replace("\xa0", "\u202f")

    def round_money(self, cents: int) -> str:
        """To whole units, for headings and charts."""
        whole = (Decimal(cents) / 100).quantize(Decimal(1))
        shown = format_currency(
            whole, self.currency, locale=self.locale, currency_digits=False, format="\xa4\u202f#,##0"
        )
        return str(shown)

    def number(self, value: float) -> str:
        return str(format_decimal(value, locale=self.locale))

    def percent(self, basis_points: int) -> str:
        """Hundredths of a percent to one decimal, rounded down: never a threshold that is not reached."""
        return str(format_percent(Decimal(basis_points // 10) / 1_000, format="#,##0.0%", locale=self.locale))

    def hours(self, minutes: int) -> str:
        """Minutes as hours and minutes."""
        whole, rest = divmod(minutes, MINUTES)
        return self("hours-short", h=self.number(whole) + (f":{rest:02}" if rest else ""))

    def day(self, day: date | None) -> str:
        return str(format_date(day, format="d MMM y", locale=self.locale)) if day else "\u2013"

    def month(self, day: date) -> str:
        return str(format_date(day, format="MMM y", locale=self.locale))

    def moment(self, at: datetime | None) -> str:
        """To the minute, in the region's zone."""
        if at is None:
            return "\u2013"
        return str(format_datetime(at.astimezone(self.zone), format="d MMM y HH:mm", locale=self.locale))

    def today(self) -> date:
        """The day it is in the region."""
        return datetime.now(UTC).astimezone(self.zone).date()


def preferred(chosen: str | None, accepted: str | None, usual: str = "nl") -> str:
    """The language a reader chose, else the first accepted one that we have, else the usual one."""
    if chosen in LOCALES:
        return str(chosen)
    for each in (accepted or "").split(","):
        if (language := each.split(";")[0].strip()[:2].lower()) in LOCALES:
            return language
    return usual
