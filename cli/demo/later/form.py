"""The form for the coming year: to everybody in an audience, back as a sheet, signed by its hash; and who is short."""

import asyncio
import io
from collections.abc import Awaitable
from typing import Any

import openpyxl

from cli.demo.stage import DemoFailed, Stage
from cli.portal import Refused
from cli.region.model import FormLine, LaterForm
from cli.region.model import Later as Told
from cli.report.later import Asked, Place

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FIRST_ROW, LINE, YEAR, TERM, HOURS, MATERIAL = 9, 1, 3, 4, 9, 10
"""Where things stand in the sheet that organisations get."""
MOST_PLACES = 6


async def ask(stage: Stage, told: Told) -> Asked | None:
    """What was asked of everybody, what one of them sent back, and what is still short; None without a form."""
    form = told.form
    if form is None:
        return None
    office, back = stage.office, form.back
    for line in sorted({each.line for each in form.needed}):
        terms = [
            {"year": each.year, "term": each.term, "minutes": each.minutes} for each in form.needed if each.line == line
        ]
        await office.put("funding", f"/v1/capacity-needs/{line}", {"terms": terms})
    first, again = [
        await office.put("funding", f"/v1/statement-rounds/{form.code}", form.body("code", "needed", "back"))
        for _ in range(2)
    ]
    path = f"/v1/statements/{form.code}.{back.organisation}"
    sent = await office.content("funding", f"{path}/spreadsheet")
    wrong = await asyncio.to_thread(_fill_in, sent, back.lines, back.mistyped)
    mistyped = await _refused(office.put_content("funding", f"{path}/spreadsheet", wrong, XLSX), "a mistyped sheet")
    kept_before = await _is_filled_in(stage, path)
    filled = await office.put_content(
        "funding", f"{path}/spreadsheet", await asyncio.to_thread(_fill_in, sent, back.lines), XLSX
    )
    signature = {"sha256": filled["sha256"], "signedOn": back.signed_on.isoformat()}
    another = {**signature, "sha256": "0" * 64}
    altered = await _refused(office.post("funding", f"{path}/signatures", another), "another document's hash")
    await office.post("funding", f"{path}/signatures", signature)
    pledge = await office.get("funding", f"/v1/pledges/{form.code}.{back.organisation}")
    round_ = await office.get("funding", f"/v1/statement-rounds/{form.code}")
    stage.say(
        "a year later", f"a form went to {first['reached']} organisations, one came back as a sheet and was signed"
    )
    language = stage.region.consortium.language
    return Asked(
        title=form.title,
        reached=first["new"],
        again=again["new"] + again["changed"],
        organisation=stage.region.organisation(back.organisation).name,
        language=language,
        mistyped=mistyped,
        kept_before=kept_before,
        filled_minutes=sum(each.minutes for each in back.lines),
        filled_cents=sum(each.material_cents for each in back.lines),
        pledged_minutes=sum(each["minutes"] for each in pledge["lines"]),
        pledged_cents=sum(each["materialCents"] for each in pledge["lines"]),
        altered=altered,
        signed=round_["signed"],
        places=await _places(stage, form, language),
    )


async def _places(stage: Stage, form: LaterForm, language: str) -> tuple[Place, ...]:
    """What is needed, line by line and term by term, by the pledges that hold on the form's first day."""
    asked = f"/v1/capacities?year={form.first_day.year}&asOf={form.first_day}"
    found = [each for each in await stage.office.get("funding", asked) if each["neededMinutes"]]
    return tuple(
        Place(
            line=each["title"],
            year=each["year"],
            term=each["term"],
            needed_minutes=each["neededMinutes"],
            pledged_minutes=each["pledgedMinutes"],
            sentence=each["sentence"].get(language) or each["sentence"]["en"],
        )
        for each in found[:MOST_PLACES]
    )


def _fill_in(sent: bytes, lines: tuple[FormLine, ...], mistyped: str = "") -> bytes:
    """The sheet as a person fills it in: amounts beside what is asked. `mistyped` stands in the first cell of hours."""
    book = openpyxl.load_workbook(io.BytesIO(sent))
    page: Any = book.worksheets[0]
    rows = {
        (page.cell(row, LINE).value, page.cell(row, YEAR).value, page.cell(row, TERM).value): row
        for row in range(FIRST_ROW, page.max_row + 1)
    }
    for line in lines:
        row = rows.get((line.line, line.year, line.term))
        if row is None:
            raise DemoFailed(f"The form does not ask for {line.line} in term {line.term} of {line.year}.")
        page.cell(row, HOURS).value, page.cell(row, MATERIAL).value = line.minutes / 60, line.material_cents / 100
    if mistyped:
        page.cell(FIRST_ROW, HOURS).value = mistyped
    filled = io.BytesIO()
    book.save(filled)
    return filled.getvalue()


async def _is_filled_in(stage: Stage, path: str) -> bool:
    try:
        await stage.office.get("funding", f"{path}/answer")
    except Refused:
        return False
    return True


async def _refused(sending: Awaitable[Any], what: str) -> str:
    """What this is answered with."""
    try:
        await sending
    except Refused as refused:
        return refused.detail
    raise DemoFailed(f"The form took {what}.")
