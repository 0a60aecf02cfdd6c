"""The pages of an audit file: plain HTML without scripts, nothing loaded from elsewhere, readable in any browser."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #bbb;"
    "vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}code{overflow-wrap:anywhere}"
    "tr:target{background:#fff3b0}"
)


class Raw(str):
    """Markup that was made here and is not escaped again."""

    __slots__ = ()


def link(where: str, text: str) -> Raw:
    """A link to another page of the file."""
    return Raw(f'<a href="{escape(where)}">{escape(text)}</a>')


def amount(value: int, unit: str) -> str:
    """Cents as an amount with two decimals, minutes as hours and minutes, without rounding."""
    sign, size = "-" if value < 0 else "", abs(value)
    return f"{sign}{size // 100}.{size % 100:02}" if unit == "cents" else f"{sign}{size // 60} h {size % 60:02}"


def _cell(value: object) -> str:
    if isinstance(value, Raw):
        return f"<td>{value}</td>"
    if isinstance(value, int):
        return f'<td class="n">{value}</td>'
    return f"<td>{escape('' if value is None else str(value))}</td>"


def row(cells: Sequence[object], name: str = "") -> str:
    """A row of a table; `name` is what a link goes to."""
    anchor = f' id="{escape(name)}"' if name else ""
    return f"<tr{anchor}>{''.join(_cell(cell) for cell in cells)}</tr>\n"


def head(title: str, depth: int = 0) -> str:
    """The top of a page that stands `depth` folders down."""
    back = "" if depth == 0 else f'<p><a href="{"../" * depth}index.html">Back to the report</a></p>\n'
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>\n{back}<h1>{escape(title)}</h1>\n"
    )


def table(columns: Sequence[str]) -> str:
    return f"<table><tr>{''.join(f'<th>{escape(column)}</th>' for column in columns)}</tr>\n"


END = "</table>\n</html>\n"


def whole_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with all its rows: for what is small."""
    return f"{table(columns)}{''.join(row(each) for each in rows)}</table>\n"


def index(
    report: Mapping[str, Any],
    about: Mapping[str, Any],
    numbers: Sequence[tuple[Mapping[str, Any], str, Sequence[tuple[str, str]]]],
) -> str:
    """The first page: what the file is, who signed, and each number with where it comes from."""
    seal = report["seal"]
    signed = [
        [each["position"], each["role"], each["signedBy"], each["signedAt"], each["note"]] for each in about["signOffs"]
    ]
    shown = [
        [
            name,
            amount(number["value"], number["unit"]),
            f"{number['from']} - {number['until']}" if number["from"] > "0001" else f"up to {number['until']}",
            Raw(" ".join(link(where, account) for account, where in places) or "nothing was booked"),
        ]
        for number, name, places in numbers
    ]
    return "".join(
        [
            head(f"Audit file of report {about['code']}"),
            f"<p>Region <code>{escape(report['consortium'])}</code>, grant {escape(report['grant']['code'])}, "
            f"{escape(report['from'])} - {escape(report['until'])}, as known on {escape(report['knownOn'])}. "
            f"Made by person <code>{escape(about['madeBy'])}</code> on {escape(about['madeAt'])}.</p>\n",
            f"<p>SHA-256 of <code>report.json</code>: <code>{escape(about['sha256'])}</code><br>"
            f"Seal of the books: {seal['count']} entries, head <code>{escape(seal['head'])}</code></p>\n",
            "<h2>Signed off by</h2>\n",
            whole_table(["", "role", "person", "at", "note"], signed) if signed else "<p>Nobody yet.</p>\n",
            "<h2>Check it</h2>\n<p>In this folder: <code>python -I verify.py</code>. It needs Python 3.11 and "
            "nothing else, and says what it checked. Add <code>--anchor COUNT:HEAD</code> for a seal that you kept, "
            "<code>--key</code> for a key that you trust and <code>--report</code> for the hash that you signed.</p>\n",
            "<h2>Every number, and where it comes from</h2>\n"
            "<p>Three steps: the account here, the entry on its page, the contribution with its evidence.</p>\n",
            whole_table(["number", "amount", "days", "sum of account"], shown),
            "<h2>What else is here</h2>\n<ul>",
            "".join(
                f"<li>{link(where, where)}: {escape(what)}</li>"
                for where, what in (
                    ("rules.html", "the rules that were on record, with their sources"),
                    ("approvals.csv", "who proposed and who approved; persons as ids, whose names the region has"),
                    ("deliverables.csv", "what was promised and done, with its evidence"),
                    ("contributions.csv", "every contribution, with the hashes of its evidence"),
                    ("claims.html", "every claim that was decided on, with the hashes of its evidence; claims.csv too"),
                    ("numbers.json", "what each number is the sum of, for a machine"),
                    ("report.json", "the report as it was frozen"),
                    ("ledger.jsonl", "the whole journal with its seals, up to the seal of the report"),
                    ("manifest.json", "every file with its hash"),
                )
            ),
            "</ul>\n</html>\n",
        ]
    )
