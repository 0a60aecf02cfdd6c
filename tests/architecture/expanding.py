"""A migration leaves everything that the release before it uses: old processes run on the new schema until they end."""

import re
from collections.abc import Iterable

SAFE = re.compile(r"^-- safe beside the release before: \S.{19,}", re.MULTILINE)
"""How a migration says why it may all the same, such as: nothing reads this column since 0.2.0."""
BREAKS = (
    (r"\bDROP\s+(TABLE|VIEW|COLUMN|FUNCTION|TYPE|SCHEMA|SEQUENCE)\b", "takes something away"),
    (r"\bRENAME\s+(TO|COLUMN|CONSTRAINT|\w+\s+TO)\b", "renames something"),
    (r"\bALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE\b", "changes the type of a column"),
    (r"\bALTER\s+COLUMN\s+\w+\s+SET\s+NOT\s+NULL\b", "requires a column that old code leaves out"),
    (r"\bALTER\s+COLUMN\s+\w+\s+DROP\s+DEFAULT\b", "takes a default away that old code relies on"),
)
ADDED = re.compile(
    r"\bADD\s+(?:COLUMN\s+)?(?!CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE)(\w+)\s+([^,;]*)", re.IGNORECASE
)
ALTERED = re.compile(r"\bALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(\w+)(.*?);", re.IGNORECASE | re.DOTALL)
MADE = re.compile(r"\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)", re.IGNORECASE)
NARROWED = re.compile(r"\bCREATE\s+UNIQUE\s+INDEX\s+\w+\s+ON\s+(\w+)", re.IGNORECASE)


def breaks(sql: str) -> list[str]:
    """What in the upward part of a migration would break a process of the release before."""
    if SAFE.search(sql):
        return []
    plain = _without_bodies(re.sub(r"--[^\n]*", "", sql))
    made = {name.lower() for name in MADE.findall(plain)}
    found = [said for pattern, said in BREAKS if re.search(pattern, plain, re.IGNORECASE)]
    for table, change in ALTERED.findall(plain):
        if table.lower() in made:
            continue
        for column, words in ADDED.findall(change):
            if re.search(r"\bNOT\s+NULL\b", words, re.IGNORECASE) and not _filled(words):
                found.append(f"adds {table}.{column}, which old code does not fill")
        if re.search(r"\bADD\s+(CONSTRAINT\s+\w+\s+)?(CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE)\b", change, re.IGNORECASE):
            found.append(f"forbids in {table} what old code may still write")
    found += [
        f"forbids in {table} what old code may still write" for table in NARROWED.findall(plain) if table not in made
    ]
    return found


def _filled(words: str) -> bool:
    return re.search(r"\b(DEFAULT|GENERATED)\b", words, re.IGNORECASE) is not None


def _without_bodies(sql: str) -> str:
    """Functions by name and shape only: what they do is no part of the schema."""
    return re.sub(r"(\$\w*\$).*?\1", "''", sql, flags=re.DOTALL)


def all_breaks(migrations: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """By migration's name, for those that break something."""
    return {name: found for name, sql in migrations if (found := breaks(sql))}
