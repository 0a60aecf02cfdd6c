"""The account: a report is made, signed off by another person, taken away by the accountant and checked without us."""

import asyncio
import io
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.demo.stage import DemoFailed, Stage
from cli.portal import Refused
from cli.region.model import Later as Told
from cli.report.later import Accounted

VERIFY_SECONDS = 60


async def report(stage: Stage, told: Told) -> Accounted | None:
    """The report as it was made and signed off; None when the folder asks for none."""
    wanted, grant = told.report, stage.region.grant
    if wanted is None or grant is None:
        return None
    path = f"/v1/progress-reports/{wanted.code}"
    made = await stage.office.put("funding", path, {**wanted.body("code", "note"), "grant": grant.code})
    sign_off = {"sha256": made["sha256"], "note": wanted.note}
    own = ""
    try:
        await stage.second_account.post("funding", f"{path}/sign-offs", sign_off)
    except Refused as refused:
        own = refused.detail
    signed = await stage.controller.post("funding", f"{path}/sign-offs", sign_off)
    accountant = await stage.as_role("accountant", "accountant-1")
    taken = await accountant.content("funding", f"{path}/audit-file")
    (whole, said), (changed_whole, changed_said) = await _check(taken, made["sha256"])
    stage.say("a year later", f"a report was made, signed off and taken away: {said[-1] if said else 'nothing said'}")
    return Accounted(
        code=made["code"],
        until=made["until"],
        sha256=made["sha256"],
        realised_cents=made["content"]["cofinancing"]["realisedCents"],
        own_sign_off=own,
        signed_sha256=signed["sha256"],
        signed_note=signed["note"],
        file_bytes=len(taken),
        file_says=tuple(said),
        file_whole=whole,
        changed_says=changed_said[0] if changed_said else "",
        changed_found=not changed_whole,
        reproduced=False,
    )


async def made_again(stage: Stage, found: Accounted) -> Accounted:
    """The same report, made again from what it rests on after everything that came later."""
    again = await stage.office.get("funding", f"/v1/progress-reports/{found.code}/reproduction")
    same = again["same"] and again["reproducedSha256"] == found.sha256
    return found.model_copy(update={"reproduced": same})


Said = tuple[bool, list[str]]


async def _check(taken: bytes, sha256: str) -> tuple[Said, Said]:
    """What the verifier inside the file says of it, and of a copy in which one digit of an entry is another."""
    with TemporaryDirectory() as folder:
        whole, changed = Path(folder) / "whole", Path(folder) / "changed"
        await asyncio.to_thread(_unpack, taken, whole, changed)
        return await asyncio.gather(_verify(whole, sha256), _verify(changed, sha256))


def _unpack(taken: bytes, whole: Path, changed: Path) -> None:
    for place in (whole, changed):
        with zipfile.ZipFile(io.BytesIO(taken)) as file:
            file.extractall(place)
    _change_one_digit(changed)


def _change_one_digit(folder: Path) -> None:
    """In the longest file that is a journal: the first digit of the first posting."""
    journal = max(folder.rglob("*.jsonl"), key=lambda each: each.stat().st_size)
    content = journal.read_bytes()
    begin = content.find(b'"postings"')
    if begin < 0:
        raise DemoFailed(f"{journal.name} of the audit file has no postings.")
    at = next(place for place in range(begin, len(content)) if content[place] in b"12345678")
    journal.write_bytes(content[:at] + bytes([content[at] + 1]) + content[at + 1 :])


async def _verify(folder: Path, sha256: str) -> Said:
    """Runs the program inside the file, with Python alone and nothing of ours in its way."""
    words = (sys.executable, "-I", "verify.py", "--report", sha256)
    program = await asyncio.create_subprocess_exec(*words, cwd=folder, stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(program.communicate(), VERIFY_SECONDS)
    return program.returncode == 0, [line for line in out.decode().splitlines() if line.strip()]
