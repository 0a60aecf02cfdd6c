"""What the programme office can say on the phone to a partner that is behind, in Dutch and in English."""

from datetime import date

from babel.dates import format_date
from babel.numbers import format_currency

from services.funding.domain.position import Call

_SAID = {
    "nl": (
        "U beloofde {promised} aan uren en materiaal, van {first} tot en met {last}. Tot en met {day} zou daarvan "
        "{due} geleverd zijn; wij hebben {delivered} ontvangen, dus {at_stake} staat nog open. {latest} Wanneer kunnen "
        "wij de rest verwachten?",
        "Uw laatste bijdrage was van {day}.",
        "Er is nog niets van u geboekt.",
    ),
    "en": (
        "You pledged {promised} in hours and material, from {first} to {last}. By {day}, {due} of that would have been "
        "delivered; we received {delivered}, so {at_stake} is still open. {latest} When can we expect the rest?",
        "Your last contribution was on {day}.",
        "Nothing of yours has been booked yet.",
    ),
}
LANGUAGES = tuple(_SAID)


def sentence(call: Call, as_of: date, currency: str, language: str) -> str:
    """The sentence for one call, with amounts and days as readers of this language (`nl` or `en`) write them."""
    whole, latest, nothing = _SAID[language]
    locale = {"nl": "nl_NL", "en": "en_GB"}[language]

    def day(value: date) -> str:
        return format_date(value, "long", locale=locale)

    def money(cents: int) -> str:
        euros, rest = divmod(cents, 100)
        return format_currency(f"{euros}.{rest:02}", currency, locale=locale).replace("\xa0", " ")

    return whole.format(
        promised=money(call.sums.promised_cents),
        due=money(call.sums.due_cents),
        delivered=money(call.sums.delivered_cents),
        at_stake=money(call.sums.at_stake_cents),
        first=day(call.from_),
        last=day(call.until),
        day=day(as_of),
        latest=latest.format(day=day(call.last_day)) if call.last_day else nothing,
    )
