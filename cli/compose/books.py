"""Whether two runs of the story came to the same books: every figure that does not depend on the clock."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WHOLE = ("region", "grant_cents", "allocation", "contributions", "cofinancing", "spreadsheet")
PARTS = {
    "agreement": ("parties", "signed", "in_force_since"),
    "activities": ("booked", "completed", "hours_booked_automatically_minutes", "value_cents", "entries"),
    "broken": ("records", "answered_once", "lost", "doubled"),
    "proof": ("cents", "contributions", "entries_sum_cents"),
    "ledger": ("journal_entries", "imbalance_cents", "imbalance_minutes", "chain"),
}


def figures(report: Any) -> dict[str, Any]:
    """The figures of a report that the clock does not change, by where they stand; all amounts of the second act."""
    chosen = {name: report.get(name) for name in WHOLE}
    chosen |= {part: {name: (report.get(part) or {}).get(name) for name in names} for part, names in PARTS.items()}
    found = dict(_leaves(chosen, ""))
    later = dict(_leaves(report.get("later") or {}, "later"))
    found |= {where: value for where, value in later.items() if where.endswith(("_cents", "_minutes", "basis_points"))}
    return found


def differences(one: Path, other: Path) -> tuple[int, list[str]]:
    """How many figures were compared, and a sentence for each that differs."""
    ours, theirs = (figures(json.loads(path.read_text(encoding="utf-8"))) for path in (one, other))
    names = sorted(ours.keys() | theirs.keys())
    return len(names), [
        f"{name}: {ours.get(name)!r} and {theirs.get(name)!r}" for name in names if ours.get(name) != theirs.get(name)
    ]


def _leaves(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, f"{where}.{name}" if where else str(name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _leaves(each, f"{where}[{index}]")
    else:
        yield where, value
