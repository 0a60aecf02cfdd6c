"""All that the services hold of one region, to take away."""

import asyncio
import hashlib
import json
import shutil
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.answering import Answer, answers
from cli.commands.regions.app import app
from cli.commands.regions.archive import FORM, part
from cli.commands.regions.settling import settled
from cli.installation import Operator
from cli.portal import Portal, Refused, Saved
from runtime.words import Words

WITH_API = ("partners", "funding", "activities", "notifications")
APART = {"/ledger/export": "jsonl"}
"""What is no JSON document: with the ending of its file."""
OPEN = "the region is open, so its parts would not be of one moment; close it and export again"
OF_NO_REGION = {"/senders", "/shipped-schemes", "/exports"}
"""What is the installation's, or tells of taking away itself."""


@answers(app)
async def export(
    at: Operator,
    code: Annotated[str, typer.Argument(help="Code of the region.", metavar="CODE")],
    into: Annotated[Path | None, typer.Option("--into", help="The zip to write; CODE.zip here when left out.")] = None,
) -> Answer:
    """Save all that the services show of one region, as a zip: each list a file, the books, and a manifest.

    Taken over the services' own doors: the lists as operator and accountant, and what these are not shown is not among
    them. Of a closed region it holds the whole archive too, names and addresses included, as the office may take them:
    `region import` brings that in as a new region. The manifest says what a token was too narrow for.
    """
    about = await at.region(code)
    portal = await at.portal(about.id, ("operator", "accountant"))
    office = await at.portal(about.id, ("office",))
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
            origin = str(about.id)
            if about.closed_since is None:
                left_out.append({"resource": "archive", "code": "region-open", "why": OPEN})
            else:
                await settled(at, WITH_API)
                try:
                    for service in WITH_API:
                        saved = await _part(office, service, about.code, archive)
                        files[part(service)] = {"bytes": saved.size, "sha256": saved.sha256}
                        origin = json.loads(saved.first)["origin"]
                except Refused as refused:
                    if refused.status != 403:
                        raise
                    left_out.append({"resource": "archive", "code": refused.code, "why": refused.detail})
            manifest = {
                "form": FORM,
                "region": about.code,
                "id": str(about.id),
                "origin": origin,
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


async def _part(office: Portal, service: str, code: str, archive: zipfile.ZipFile) -> Saved:
    """A service's part of the archive, into the zip. Raises Refused, and then nothing of it is in there."""
    with tempfile.TemporaryFile() as held:
        saved = await office.saved(service, f"/v1/region-archives/{code}", held)
        held.seek(0)
        with archive.open(part(service), "w", force_zip64=True) as inside:
            await asyncio.to_thread(shutil.copyfileobj, held, inside)
    return saved


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
