"""Sign: the agreement is circulated, every party fills in its fields and signs, and it is in force."""

from datetime import date

from cli.demo.stage import DemoFailed, Stage, together
from cli.portal import Refused
from cli.region.model import Agreement as Wanted
from cli.region.model import AgreementParty
from cli.report.model import Agreement


async def sign(stage: Stage) -> Agreement | None:
    """The agreement as the service sees it afterwards; None for a region without one."""
    wanted = stage.region.agreement
    if wanted is None:
        return None
    path = f"/v1/agreements/{wanted.code}"
    await stage.office.post("partners", f"{path}/circulation")
    text_hash = (await stage.office.get("partners", path))["textHash"]
    early = await _too_early(stage, wanted, text_hash)
    await together(_fill_in_and_sign(stage, path, party, text_hash) for party in wanted.parties)
    found = await stage.office.get("partners", path)
    since = found.get("inForceSince")
    stage.say("sign", f"{found['signed']} of {found['of']} parties that count have signed; in force since {since}")
    return Agreement(
        title=found["title"],
        parties=found["of"],
        signed=found["signed"],
        in_force_since=date.fromisoformat(since) if since else None,
        witnesses=sum(not party["counts"] and party["signedOn"] is not None for party in found["parties"]),
        text_hash=text_hash,
        early=early,
    )


async def _too_early(stage: Stage, wanted: Wanted, text_hash: str) -> str:
    """What a party hears that signs before its required fields are filled in."""
    if not any(field.required for field in wanted.fields):
        return ""
    try:
        await _sign(stage, f"/v1/agreements/{wanted.code}", wanted.parties[0], text_hash)
    except Refused as refused:
        return refused.detail
    raise DemoFailed("A party signed the agreement although a required field was empty.")


async def _fill_in_and_sign(stage: Stage, path: str, party: AgreementParty, text_hash: str) -> None:
    portal = await stage.as_person(stage.region.person(party.signatory))
    if party.fields:
        await portal.put("partners", f"{path}/parties/{party.organisation}", {"fields": party.fields})
    await _sign(stage, path, party, text_hash)


async def _sign(stage: Stage, path: str, party: AgreementParty, text_hash: str) -> None:
    portal = await stage.as_person(stage.region.person(party.signatory))
    body = {"organisation": party.organisation, "textHash": text_hash, "signedOn": party.signed_on.isoformat()}
    await portal.post("partners", f"{path}/signatures", body | ({"place": party.place} if party.place else {}))
