"""The people of a region folder acting at their portals, as far as its records need it: they sign and hold lessons."""

from dataclasses import dataclass
from uuid import UUID

import httpx2

from cli.portal import Portal
from cli.region import Region
from cli.region.load import Loaded, load, together
from cli.region.model import AgreementParty, Lesson
from deploy.embedded.supervisor import Stack
from runtime import ids

SCHOOLS = frozenset({"vmbo", "mbo", "hogeschool", "university"})


@dataclass(slots=True)
class Acting:
    """One region on a running stack, with its office and an operator signed in."""

    region: Region
    stack: Stack
    client: httpx2.AsyncClient
    office: Portal
    operator: Portal

    @classmethod
    async def of(cls, region: Region, stack: Stack, client: httpx2.AsyncClient) -> "Acting":
        tenant = ids.consortium_id(region.code)
        accounts = next(each.accounts for each in region.persons if "office" in each.roles)
        office = await Portal.sign_in(client, stack, accounts[0], ["office"], tenant)
        operator = await Portal.sign_in(client, stack, "operator-1", ["operator"], tenant)
        return cls(region, stack, client, office, operator)

    async def controller(self) -> Portal:
        """A second person: not the office that loaded the region."""
        subject = next(each.accounts[0] for each in self.region.persons if each.code == "controller")
        return await Portal.sign_in(
            self.client, self.stack, subject, ["controller"], ids.consortium_id(self.region.code)
        )

    async def load(self, region: Region | None = None) -> Loaded:
        return await load(region or self.region, self.office, self.operator, self.stack.issuer)

    def organisation_id(self, code: str) -> UUID:
        return ids.coded_id(ids.consortium_id(self.region.code), "organisation", code)

    async def at(self, organisation: str, subject: str) -> Portal:
        """Somebody of an organisation, in the role that its kind has."""
        role = "school" if self.region.organisation(organisation).kind in SCHOOLS else "company"
        tenant = ids.consortium_id(self.region.code)
        return await Portal.sign_in(
            self.client, self.stack, subject, [role], tenant, [self.organisation_id(organisation)]
        )

    async def sign(self) -> str:
        """Every party fills in and signs; the day since which the agreement is in force."""
        agreement = self.region.agreement
        if agreement is None:
            raise ValueError("this region has no agreement to sign")
        path = f"/v1/agreements/{agreement.code}"
        await self.office.post("partners", f"{path}/circulation")
        text_hash = (await self.office.get("partners", path))["textHash"]

        async def one(party: AgreementParty) -> None:
            portal = await self.at(party.organisation, self.region.person(party.signatory).accounts[0])
            await portal.put("partners", f"{path}/parties/{party.organisation}", {"fields": party.fields})
            body = {"organisation": party.organisation, "textHash": text_hash, "signedOn": party.signed_on.isoformat()}
            await portal.post("partners", f"{path}/signatures", body)

        await together(one(party) for party in agreement.parties)
        return str((await self.office.get("partners", path))["inForceSince"])

    async def hold_lessons(self) -> None:
        """Plays the lessons as the folder says they went; funding has heard of every confirmation afterwards."""
        for lesson in self.region.lessons:
            await self._hold(lesson)

    async def _hold(self, lesson: Lesson) -> None:
        asked, path = self.region.asked_by(lesson), f"/v1/activities/{lesson.code}"
        teacher = next(p for p in self.region.persons if p.organisation == asked.school and "teacher" in p.roles)
        school = await self.at(asked.school, teacher.accounts[0])
        wish = {"activityCode": lesson.code, "offerCode": lesson.offer}
        if lesson.starts_at is not None:
            wish["startsAt"] = lesson.starts_at.isoformat()
        held = await school.post("activities", f"/v1/requests/{asked.code}/holds", wish)
        giver = next(o.code for o in self.region.companies if str(self.organisation_id(o.code)) == held["companyId"])
        company = await self.at(giver, f"contact-{giver}")
        await company.post("activities", f"{path}/acceptance")
        if lesson.outcome == "cancelled":
            await self.office.post("activities", f"{path}/cancellation", {"reason": lesson.reason})
        if lesson.attendance is not None:
            await company.post("activities", f"{path}/completion", lesson.attendance.body())
        if lesson.outcome == "confirmed":
            counted = lesson.counted.body() if lesson.counted else None
            await school.post("activities", f"{path}/confirmation", counted)
            await self.office.get("funding", "/v1/grants", **{"Wait-For": school.events[-1]})
