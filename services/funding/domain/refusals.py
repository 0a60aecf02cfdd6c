"""What a sender reads of a record that its region does not know or cannot value."""

from services.funding.domain import wording
from services.funding.domain.intake import Reason, Record


def _sentence(record: Record, code: str, field: str, nl: str, en: str) -> Reason:
    about_nl, about_en = wording.about(record)
    return Reason(code, field, f"{about_nl}: {nl}", f"{about_en}: {en}")


def unknown_consortium(record: Record) -> Reason:
    """The region that it names does not exist here."""
    return _sentence(
        record,
        "unknown-consortium",
        "consortium",
        f"die regio bestaat hier niet. Vraag het programmabureau om de code; stuur opnieuw met replaces {record.id}.",
        f"there is no such region here. Ask the programme office for its code; send again with replaces {record.id}.",
    )


def region_closed(record: Record) -> Reason:
    """The region that it names takes nothing in any more."""
    return _sentence(
        record,
        "region-closed",
        "consortium",
        "deze regio is gesloten en neemt niets meer aan. Is dat niet wat u verwachtte, vraag het dan het "
        f"programmabureau; na heropening stuurt u opnieuw met replaces {record.id}.",
        "this region is closed and takes nothing in any more. If that is not what you expected, ask the programme "
        f"office; once it is open again, send again with replaces {record.id}.",
    )


def unknown_organisation(record: Record) -> Reason:
    """The region knows no organisation of that name or number."""
    return _sentence(
        record,
        "unknown-organisation",
        "organisation",
        "die organisatie is in deze regio niet bekend. Controleer het nummer of vraag het programmabureau om haar "
        f"in te schrijven; stuur opnieuw met replaces {record.id}.",
        "this region knows no such organisation. Check the number, or ask the programme office to register it; send "
        f"again with replaces {record.id}.",
    )


def not_eligible(record: Record) -> Reason:
    """The scheme does not count its kind."""
    return _sentence(
        record,
        "kind-not-eligible",
        "kind",
        f"'{record.kind}' telt op die dag niet mee in deze regeling. Stuur als soort die wel telt, met replaces "
        f"{record.id}.",
        f"'{record.kind}' does not count in this scheme on that day. Send as a kind that does, with replaces "
        f"{record.id}.",
    )


def no_rate(record: Record) -> Reason:
    """The region has yet to say what it is worth."""
    return _sentence(
        record,
        "kind-not-eligible",
        "kind",
        "de regio heeft nog niet vastgelegd wat dit waard is. Het programmabureau kijkt ernaar; u hoeft niets te doen.",
        "the region has not recorded yet what this is worth. The programme office looks at it; there is nothing to do.",
    )


def worth_nothing(record: Record) -> Reason:
    """Rounded, nothing is left of it."""
    return _sentence(
        record,
        "not-positive",
        "minutesEach",
        f"afgerond blijft er niets over. Stuur de hele tijd in één keer, met replaces {record.id}.",
        f"nothing is left of it when rounded. Send all of the time at once, with replaces {record.id}.",
    )
