"""The use cases of activities: each takes the transaction, decides by the rules, saves, and appends the facts."""

from enum import StrEnum


class Result(StrEnum):
    """What putting something did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
