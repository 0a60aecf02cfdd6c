"""Numbers and times as the region's reader writes them."""

import runtime.words
from cli.report.model import Reader

BASES = {"of-subsidy": "of the subsidy", "of-total": "of subsidy and co-financing together"}


class Words(runtime.words.Words):
    """The reader's currency, locale and zone, applied; a language that we do not have is English."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader.language, reader.currency, reader.zone)
