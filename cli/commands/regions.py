"""The regions of the installation: which there are, a new one, and all that the services hold of one to take away."""

import hashlib
import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.answering import Answer, answers
from cli.exits import Exit, Stopped
from cli.installation import Operator
from cli.portal import Portal, Refused
from runtime import ids
from runtime.words import Words

app = typer.Typer(help="Regions: list, add, export.", no_args_is_help=True)
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
WITH_API = ("partners", "funding", "activities", "notifications")
APART = {"/ledger/export": "jsonl"}
"""What is no JSON document: with the ending of its file."""
OF_NO_REGION = {"/senders", "/shipped-schemes", "/exports"}
"""What is the installation's, or tells of taking away itself."""
Grounds = ("party", "umbrella", "pledge")


@answers(app, "list")
async def list_(at: Operator) -> Answer:
    """All regions of the installation."""
    found = await at.regions()
    document = {
        "regions": [
            {
                "id": str(each.id),
                "code": each.code,
                "name": each.name,
                "zone": each.zone,
                "currency": each.currency,
                "language": each.language,
            }
            for each in found
        ]
    }

    def tell(console: Console, _words: Words) -> None:
        table = Table(box=None, pad_edge=False)
        for title in ("code", "name", "currency", "language", "zone"):
            table.add_column(title)
        for each in found:
            table.add_row(escape(each.code), escape(each.name), each.currency, each.language, each.zone)
        console.print(table if found else "There are no regions yet. `speerpunt load FOLDER` brings one in.")

    return Answer(document, tell)


@answers(app)
async def add(
    at: Operator,
    code: Annotated[str, typer.Argument(help="A code for it that will never change.", metavar="CODE")],
    name: Annotated[str, typer.Option(help="What it is called.", show_default=False)],
    zone: Annotated[str, typer.Option(help="Its time zone.")] = "Europe/Amsterdam",
    currency: Annotated[str, typer.Option(help="Its currency.")] = "EUR",
    language: Annotated[str, typer.Option(help="Its language: nl, sv or en.")] = "nl",
    standing: Annotated[
        list[str] | None, typer.Option(help=f"What makes a partner take part, again for more: {', '.join(Grounds)}.")
    ] = None,
) -> Answer:
    """Found a region, empty; the same again changes nothing. `speerpunt load` fills one from a folder."""
    if not CODE.fullmatch(code):
        raise Stopped(f"'{code}' is no code: letters, digits, dots and dashes.", "usage", Exit.USAGE)
    body = {
        "name": name,
        "zone": zone,
        "currency": currency,
        "language": language,
        "standingPolicy": standing or list(Grounds),
    }
    portal = await at.portal(ids.consortium_id(code))
    found = await portal.put("partners", f"/v1/consortia/{code}", body)
    result = next(iter(portal.results), "unchanged")
    return Answer(
        {"result": result, "region": found}, lambda console, _: console.print(f"{code}: {result}", markup=False)
    )


@answers(app)
async def export(
    at: Operator,
    code: Annotated[str, typer.Argument(help="Code of the region.", metavar="CODE")],
    into: Annotated[Path | None, typer.Option("--into", help="The zip to write; CODE.zip here when left out.")] = None,
) -> Answer:
    """Save all that the services show of one region, as a zip: each list a file, the books, and a manifest.

    Taken over the services' own doors, as operator and accountant: what they do not show these (names and addresses of
    people) is not in it, and the manifest says what a token was too narrow for.
    """
    about = await at.region(code)
    portal = await at.portal(about.id, ("operator", "accountant"))
    path = into or Path(f"{about.code}.zip")
    files: dict[str, dict[str, Any]] = {}
    left_out: list[dict[str, str]] = []
    fresh = path.with_name(path.name + ".new")
    try:
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
            for service in WITH_API:
                for resource, kind in await _resources(portal, service):
                    name = f"{service}{resource}.{kind}"
                    try:
                        content = await _content(portal, service, resource, kind)
                    except Refused as refused:
                        left_out.append(
                            {"resource": f"{service}{resource}", "code": refused.code, "why": refused.detail}
                        )
                        continue
                    archive.writestr(name, content)
                    files[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            manifest = {
                "form": "speerpunt-region-export/1",
                "region": about.code,
                "id": str(about.id),
                "at": datetime.now(UTC).isoformat(),
                "files": files,
                "leftOut": left_out,
            }
            archive.writestr("manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False))
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    document = {"region": about.code, "file": str(path), "files": len(files), "leftOut": left_out}
    return Answer(document, lambda console, words: show_export(console, words, document)).of(about)


def show_export(console: Console, words: Words, document: dict[str, Any]) -> None:
    """Where it is, and what is not in it."""
    console.print(f"{document['file']}: {words.number(document['files'])} files and a manifest", markup=False)
    for each in document["leftOut"]:
        console.print(f"  not in it: {each['resource']} ({each['why']})", markup=False)


async def _resources(portal: Portal, service: str) -> list[tuple[str, str]]:
    """Every list of a region that a service has, from its own OpenAPI document: path below /v1, and kind of file."""
    described = await portal.get(service, "/v1/openapi.json")
    found = []
    for path, methods in described["paths"].items():
        asked = methods.get("get")
        if asked is None or "{" in path or path in OF_NO_REGION:
            continue
        if any(each.get("required") and each.get("in") == "query" for each in asked.get("parameters", [])):
            continue
        if path in APART:
            found.append((path, APART[path]))
        elif "application/json" in asked["responses"].get("200", {}).get("content", {}):
            found.append((path, "json"))
    return sorted(found)


async def _content(portal: Portal, service: str, resource: str, kind: str) -> bytes:
    if kind != "json":
        return await portal.content(service, f"/v1{resource}")
    first = await portal.get(service, f"/v1{resource}")
    if isinstance(first, dict) and set(first) == {"items", "next"}:
        first = await portal.every(service, f"/v1{resource}")
    return (json.dumps(first, indent=1, ensure_ascii=False) + "\n").encode()
