"""Numbers, money, days and times as a reader writes them: for pages, letters, reports and the command line alike."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal, format_percent

LOCALES = {"nl": "nl_NL", "sv": "sv_SE", "en": "en_GB"}
HOURS = {"nl": "u", "sv": "tim", "en": "h"}
MINUTES = 60
NOTHING = "\u2013"


class Words:
    """One reader's language, and the currency and zone of what is read about. A language we do not have is `usual`."""

    def __init__(
        self, language: str, currency: str = "EUR", zone: str = "Europe/Amsterdam", *, usual: str = "en"
    ) -> None:
        self.language = language if language in LOCALES else usual
        self.locale = LOCALES[self.language]
        self.currency = currency
        self.zone = ZoneInfo(zone)

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

    def signed_money(self, cents: int) -> str:
        """To whole units with its sign: a step up or down."""
        return ("+" if cents > 0 else "\u2212" if cents < 0 else "") + self.round_money(abs(cents))

    def number(self, value: float) -> str:
        return str(format_decimal(value, locale=self.locale))

    def seconds(self, value: float, digits: int = 1) -> str:
        """To a tenth of a second, or to so many digits."""
        return f"{format_decimal(round(value, digits), format='#,##0.' + '0' * digits, locale=self.locale)}\u202fs"

    def percent(self, basis_points: int) -> str:
        """Hundredths of a percent to one decimal, rounded down: never a threshold that is not reached."""
        return str(format_percent(Decimal(basis_points // 10) / 1_000, format="#,##0.0%", locale=self.locale))

    def rate(self, basis_points: int) -> str:
        """A percentage of a rule, with as many decimals as it has."""
        return str(format_percent(Decimal(basis_points) / 10_000, format="#,##0.##%", locale=self.locale))

    def hours(self, minutes: int) -> str:
        """Minutes as hours and minutes."""
        whole, rest = divmod(minutes, MINUTES)
        return self.number(whole) + (f":{rest:02}" if rest else "") + f"\u202f{HOURS[self.language]}"

    def day(self, day: date | None) -> str:
        return str(format_date(day, format="d MMM y", locale=self.locale)) if day else NOTHING

    def long_day(self, day: date) -> str:
        """With the month in full: for running text."""
        return str(format_date(day, format="d MMMM y", locale=self.locale))

    def weekday(self, day: date) -> str:
        return str(format_date(day, format="EEE d MMM y", locale=self.locale))

    def month(self, day: date) -> str:
        return str(format_date(day, format="MMM y", locale=self.locale))

    def moment(self, at: datetime | None) -> str:
        """To the minute, in the zone."""
        if at is None:
            return NOTHING
        return str(format_datetime(at.astimezone(self.zone), format="d MMM y HH:mm", locale=self.locale))

    def long_moment(self, at: datetime) -> str:
        """Weekday, day and time in the zone: for running text."""
        return str(format_datetime(at, "EEEE d MMMM y, HH:mm", tzinfo=self.zone, locale=self.locale))

    def clock(self, at: datetime) -> str:
        """Time of day to the millisecond, in the zone."""
        local = at.astimezone(self.zone)
        return format_time(local, "HH:mm:ss", tzinfo=self.zone, locale=self.locale) + f",{local.microsecond // 1000:03}"

    def today(self) -> date:
        """The day it is in the zone."""
        return datetime.now(UTC).astimezone(self.zone).date()
