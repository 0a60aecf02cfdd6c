"""What a page says, in the reader's language; numbers, money and days are written by `runtime.words`."""

import tomllib
from pathlib import Path

from runtime.words import LOCALES, Words

LANGUAGES = {"nl": "Nederlands", "sv": "Svenska", "en": "English"}
TEXTS: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))


class Speech(Words):
    """One reader's language, and the currency and zone of the region looked at."""

    def __init__(self, language: str, currency: str = "EUR", zone: str = "Europe/Amsterdam") -> None:
        super().__init__(language, currency, zone, usual="nl")

    def __call__(self, key: str, **facts: object) -> str:
        """The words of this name. Raises KeyError for words that nobody wrote."""
        return TEXTS[key][self.language].format(**facts)

    def word(self, key: str) -> str:
        """The words of this name, or the name itself: for codes that other services make up."""
        return TEXTS[key][self.language] if key in TEXTS else key


def preferred(chosen: str | None, accepted: str | None, usual: str = "nl") -> str:
    """The language a reader chose, else the first accepted one that we have, else the usual one."""
    if chosen in LOCALES:
        return str(chosen)
    for each in (accepted or "").split(","):
        if (language := each.split(";")[0].strip()[:2].lower()) in LOCALES:
            return language
    return usual
