"""Numbers and times as the region's reader writes them."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal, format_percent

from cli.report.model import Reader

BASES = {"of-subsidy": "of the subsidy", "of-total": "of subsidy and co-financing together"}
LOCALES = {"nl": "nl_NL", "sv": "sv_SE", "en": "en_GB"}


class Words:
    """The reader's currency, locale and zone, applied."""

    def __init__(self, reader: Reader) -> None:
        self.locale = LOCALES.get(reader.language, "en_GB")
        self.currency = reader.currency
        self.zone = ZoneInfo(reader.zone)

    def money(self, cents: int) -> str:
        """To the cent."""
        return format_currency(Decimal(cents) / 100, self.currency, locale=self.locale).replace("\xa0", "\u202f")

    def round_money(self, cents: int) -> str:
        """To the euro, for headings and charts."""
        whole = Decimal(cents) / 100
        return format_currency(
            whole.quantize(Decimal(1)),
            self.currency,
            locale=self.locale,
            currency_digits=False,
            format="\xa4\u202f#,##0",
        )

    def signed_money(self, cents: int) -> str:
        """To the euro with its sign: a step up or down."""
        return ("+" if cents > 0 else "\u2212" if cents < 0 else "") + self.round_money(abs(cents))

    def number(self, value: float) -> str:
        return str(format_decimal(value, locale=self.locale))

    def percent(self, basis_points: int) -> str:
        """Hundredths of a percent, to one decimal, never rounded up to a threshold that is not reached."""
        tenths = basis_points // 10
        return str(format_percent(Decimal(tenths) / 1000, format="#,##0.0%", locale=self.locale))

    def rate(self, basis_points: int) -> str:
        """A percentage of a rule, with as many decimals as it has."""
        return str(format_percent(Decimal(basis_points) / 10_000, format="#,##0.##%", locale=self.locale))

    def hours(self, minutes: int) -> str:
        return f"{self.number(minutes // 60)}\u202fh" + (f"\u202f{minutes % 60:02}" if minutes % 60 else "")

    def day(self, day: date) -> str:
        return str(format_date(day, format="d MMMM y", locale=self.locale))

    def weekday(self, day: date) -> str:
        return str(format_date(day, format="EEE d MMM y", locale=self.locale))

    def moment(self, at: datetime) -> str:
        """Day and time in the region's zone."""
        return str(format_datetime(at, "EEEE d MMMM y, HH:mm", tzinfo=self.zone, locale=self.locale))

    def clock(self, at: datetime) -> str:
        """Time of day to the millisecond, in the region's zone."""
        local = at.astimezone(self.zone)
        return format_time(local, "HH:mm:ss", tzinfo=self.zone, locale=self.locale) + f",{local.microsecond // 1000:03}"
