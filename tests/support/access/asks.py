"""How each route is asked for the things that were planted. What is not said here is made of the OpenAPI document."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import openpyxl

from runtime import ids
from services.funding.form_file import MEDIA_TYPE
from tests.support.access import examples
from tests.support.access.region import LINE, SCHEME, Region, a_draft, a_plan, a_pledge, a_record, an_activity

Maker = Callable[[Region, str], "Ask"]
"""Of the region whose things are asked for, and the role of who asks: a school asks for what is the school's."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: what stands in the path, and what is sent along."""

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    content: bytes | None = None
    media_type: str = "application/json"

    def sent(self) -> dict[str, Any]:
        """What the client is given besides method, path and headers."""
        if self.content is not None:
            return {"content": self.content, "params": self.query}
        return {"params": self.query, **({"json": self.body} if self.body is not None else {})}


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of a service, as its OpenAPI document has it."""

    service: str
    method: str
    path: str
    operation: dict[str, Any]
    components: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def lists(self) -> bool:
        """Whether it reads several things, so that one may be left out."""
        return self.method == "GET" and "{" not in self.path

    def ask(self, region: Region, role: str) -> Ask:
        """The request for what is this region's (and, for who acts for one organisation, that organisation's)."""
        said = ASKS.get(self.service, {}).get(self.name) or EVERYWHERE.get(self.name)
        asked = said(region, role) if said else Ask()
        path = {each: asked.path.get(each, self._known(each, region)) for each in self._named("path")}
        query = {each: asked.query.get(each, self._known(each, region)) for each in self._named("query", required=True)}
        body = asked.body if asked.body is not None or asked.content is not None else self._body()
        return Ask(path, {**query, **asked.query}, body, asked.content, asked.media_type)

    def address(self, ask: Ask) -> str:
        return "/v1" + self.path.format(**ask.path)

    def _named(self, place: str, *, required: bool = False) -> list[str]:
        parameters = self.operation.get("parameters", [])
        return [each["name"] for each in parameters if each["in"] == place and (each.get("required") or not required)]

    def _known(self, name: str, region: Region) -> str:
        """What a name means everywhere, else the smallest that fits."""
        known = {"month": region.found.get("month", "2023-05"), "organisation": region.own.company, "line": LINE}
        if name in known:
            return known[name]
        schema = next(each["schema"] for each in self.operation["parameters"] if each["name"] == name)
        return str(examples.of_schema(schema, self.components))

    def _body(self) -> Any:
        content = self.operation.get("requestBody", {}).get("content", {})
        described = content.get("application/json", {}).get("schema")
        return None if described is None else examples.of_schema(described, self.components)


def routes(service: str, document: dict[str, Any]) -> list[Route]:
    """Every operation of the document of a service."""
    components = document.get("components", {}).get("schemas", {})
    return [
        Route(service, method.upper(), path, operation, components)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def coded(what: str, body: Any = None, **query: str) -> Maker:
    """What has the code `<mark>-what`."""
    return lambda region, role: Ask({"code": f"{region.own.mark}-{what}"}, query, body)


def found(name: str, into: str = "id", body: Any = None) -> Maker:
    """What planting found; `{role}` in its name is company or school, whoever it was that planted it."""

    def ask(region: Region, role: str) -> Ask:
        said = name.format(role="school" if role == "school" else "company")
        return Ask({into: region.found[said]}, {}, body)

    return ask


def of_company(region: Region, role: str) -> Ask:
    return Ask(query={"organisation": region.own.company})


def _party(region: Region, role: str) -> Ask:
    path = {"code": f"{region.own.mark}-samen", "organisation": region.own.of(role)}
    return Ask(path, {}, {"fields": {"plaats": "Hier"}})


def _signature(region: Region, role: str) -> Ask:
    body = {"organisation": region.own.of(role), "textHash": region.found["text"], "signedOn": "2020-01-02"}
    return Ask({"code": f"{region.own.mark}-samen"}, {}, body)


def _offer(region: Region, role: str) -> Ask:
    own = region.own
    body = {"kind": "guest-lesson", "title": "Een les", "companyId": str(own.id(own.company)), "line": LINE}
    sizes = {"subject": "robotica", "levels": ["vmbo-k"], "maxGroup": 28, "minutes": 100}
    return Ask({"code": f"{own.mark}-aanbod"}, {}, {**body, **sizes})


def _request(region: Region, role: str) -> Ask:
    own = region.own
    body = {"kind": "guest-lesson", "schoolId": str(own.id(own.school)), "line": LINE, "subject": "robotica"}
    period = {"level": "vmbo-k", "groupSize": 21, "fromDay": "2099-01-01", "untilDay": "2099-02-01"}
    return Ask({"code": f"{own.mark}-vraag"}, {}, {**body, **period})


def _booking(region: Region, role: str) -> Ask:
    own = region.own
    code = f"klas-{ids.new_id()}"
    body = {"activityCode": f"{own.mark}-geboekt", "schoolId": str(own.id(own.school)), "code": code, "pupils": 1}
    return Ask({}, {}, body)


def _import(region: Region, role: str) -> Ask:
    return Ask({"externalRef": f"{region.own.mark}-buiten"}, {}, an_activity(region.own, "2099-06-05"))


def _claim(region: Region, role: str) -> Ask:
    commitment = region.found["school-commitment" if role == "school" else "company-commitment"]
    paper = {"sha256": "ab" * 32, "mediaType": "application/pdf", "keptAt": "archief/1"}
    return Ask({}, {}, {"commitmentId": commitment, "cents": 10, "about": "een deel", "evidence": [paper]})


def _evidence(region: Region, role: str) -> Ask:
    claim = region.found["school-claim" if role == "school" else "company-claim"]
    return Ask({"id": claim, "sha256": region.found["sha256"]})


def _paper(region: Region, role: str) -> Ask:
    return Ask(content=f"%PDF-1.7 {role}\n%%EOF".encode(), media_type="application/pdf")


def _signed_form(region: Region, role: str) -> Ask:
    body = {"sha256": region.found["answer"], "signedOn": "2020-01-02"}
    return Ask({"code": f"{region.own.mark}-ingevuld"}, {}, body)


def _sheet(region: Region, role: str) -> Ask:
    content = io.BytesIO()
    openpyxl.Workbook().save(content)
    code = f"{region.own.mark}-formulier"
    return Ask({"code": code}, content=content.getvalue(), media_type=MEDIA_TYPE)


def _records(region: Region, role: str) -> Ask:
    return Ask(body=[a_record(region, str(ids.new_id()))])


def _draft(region: Region, role: str) -> Ask:
    return Ask({"id": region.found["draft"]}, {}, a_draft(region.own, "w-2"))


def _mandate(region: Region, role: str) -> Ask:
    path = {"code": region.own.sender, "organisation": region.own.company}
    return Ask(path, {}, {"from": "2020-01-01", "until": "2099-12-31"})


def _region(region: Region, role: str) -> Ask:
    body = {"name": "Regio", "zone": "Europe/Amsterdam", "currency": "EUR", "language": "nl"}
    return Ask({"code": region.code}, {}, {**body, "standingPolicy": ["party", "umbrella", "pledge"]})


def sender(body: Any = None) -> Maker:
    return lambda region, role: Ask({"code": region.own.sender}, {}, body)


_HEADS = {"workers": 2, "minutesEach": 100, "pupils": 20}
_ANSWER = {"lines": [{"line": LINE, "minutes": 480}]}
_REASON = {"reasonCode": "no-evidence", "reason": "geen bewijs"}


def _whole(region: Region, role: str) -> Ask:
    return Ask({"code": region.code})


EVERYWHERE: dict[str, Maker] = {
    "GET /region-archives/{code}": _whole,
    "PUT /region-imports/{code}": _whole,
    "DELETE /region-imports/{code}": _whole,
    "PUT /region-imports/{code}/load": _whole,
    "PUT /region-imports/{code}/pages/{page}": _whole,
}
"""Routes that every service has."""

ASKS: dict[str, dict[str, Maker]] = {
    "partners": {
        "GET /agreements/{code}": coded("samen"),
        "PUT /agreements/{code}": coded("concept"),
        "POST /agreements/{code}/circulation": coded("concept"),
        "PUT /agreements/{code}/parties/{organisation}": _party,
        "POST /agreements/{code}/signatures": _signature,
        "GET /consortia/{code}": _whole,
        "PUT /consortia/{code}": _region,
        "GET /consortia/{code}/closure": _whole,
        "PUT /consortia/{code}/closure": lambda region, role: Ask(
            {"code": region.code}, {}, {"closed": False, "reason": "open"}
        ),
        "GET /memberships/{code}": coded("bedrijf"),
        "GET /organisations/{code}": coded("bedrijf"),
        "PUT /organisations/{code}": coded("bedrijf"),
        "GET /persons/{code}": coded("persoon"),
        "GET /persons/{code}/holds": coded("persoon"),
        "GET /programmes/{code}": lambda region, role: Ask({"code": "2020"}),
        "GET /standings": of_company,
        "GET /umbrella-mandates/{code}": coded("mandaat"),
        "GET /working-groups/{code}": coded("groep"),
        "GET /working-groups/{code}/representation": coded("groep"),
    },
    "activities": {
        "GET /activities/{code}": coded("geboekt"),
        "PUT /activities/{code}": lambda region, role: Ask(
            {"code": f"{region.own.mark}-geboekt"}, {}, an_activity(region.own, "2099-05-04")
        ),
        "POST /activities/{code}/acceptance": coded("gehouden"),
        "POST /activities/{code}/cancellation": coded("geboekt", {"reason": "illness"}),
        "POST /activities/{code}/completion": coded("gedaan", _HEADS),
        "POST /activities/{code}/confirmation": coded("geteld"),
        "POST /bookings": _booking,
        "GET /bookings/{bookingId}": found("booking", "bookingId"),
        "POST /bookings/{bookingId}/cancellation": found("booking", "bookingId"),
        "PUT /imports/{externalRef}": _import,
        "GET /offers/{code}": coded("aanbod"),
        "PUT /offers/{code}": _offer,
        "GET /requests/{code}": coded("open"),
        "PUT /requests/{code}": _request,
        "GET /requests/{code}/candidates": coded("open"),
        "POST /requests/{code}/candidates": coded("open"),
        "POST /requests/{code}/holds": coded("open", {}),
    },
    "notifications": {
        "GET /milestones/{code}": coded("vragenuur"),
    },
    "funding": {
        "GET /allocations/{allocationId}": found("allocation", "allocationId"),
        "GET /allocations/{allocationId}/differences": found("allocation", "allocationId"),
        "PUT /allocations/{code}": lambda region, role: Ask(
            {"code": f"{region.own.mark}-verdeling"}, {}, a_plan(region.own.mark)
        ),
        "GET /claims": lambda region, role: Ask(),
        "POST /claims": _claim,
        "GET /claims/{id}": found("{role}-claim"),
        "POST /claims/{id}/approval": found("{role}-claim"),
        "GET /claims/{id}/evidence/{sha256}": _evidence,
        "POST /claims/{id}/refusal": found("{role}-claim", body=_REASON),
        "POST /claims/{id}/withdrawal": found("{role}-claim"),
        "GET /commitments/{id}": found("{role}-commitment"),
        "POST /contribution-batches": _records,
        "POST /evidence-files": _paper,
        "GET /contribution-drafts/{id}": found("draft"),
        "PUT /contribution-drafts/{id}": _draft,
        "DELETE /contribution-drafts/{id}": found("draft-to-delete"),
        "GET /contribution-drafts/{id}/prospect": found("draft"),
        "POST /contribution-drafts/{id}/declaration": found("draft"),
        "POST /contribution-drafts/{id}/withdrawal": found("draft"),
        "GET /grants/{code}": coded("subsidie"),
        "GET /grants/{code}/determinations": coded("subsidie"),
        "GET /grants/{code}/instalments": coded("subsidie"),
        "GET /grants/{code}/progress": coded("subsidie"),
        "GET /monthly-statements/{month}": of_company,
        "GET /monthly-statements/{month}/records": of_company,
        "GET /own-contributions/{id}": found("fate"),
        "GET /pledges/{code}": coded("belofte"),
        "PUT /pledges/{code}": lambda region, role: Ask(
            {"code": f"{region.own.mark}-belofte"}, {}, a_pledge(region.own)
        ),
        "GET /school-verifications/{id}": found("to-read"),
        "POST /school-verifications/{id}/confirmation": found("to-confirm"),
        "POST /school-verifications/{id}/objection": found("to-refuse", body={"code": "less-received"}),
        "GET /schemes/{code}": lambda region, role: Ask({"code": SCHEME}),
        "GET /schemes/{code}/base-decisions": lambda region, role: Ask({"code": SCHEME}),
        "GET /schemes/{code}/terms": lambda region, role: Ask({"code": SCHEME}),
        "PUT /senders/{code}": sender({"title": "Een systeem"}),
        "PUT /senders/{code}/end": sender({"on": "2099-12-31"}),
        "GET /senders/{code}/mandates": sender(),
        "PUT /senders/{code}/mandates/{organisation}": _mandate,
        "GET /statements": lambda region, role: Ask(),
        "GET /statements/{code}": coded("formulier"),
        "GET /statements/{code}/answer": coded("ingevuld"),
        "PUT /statements/{code}/answer": coded("formulier", _ANSWER),
        "GET /statements/{code}/signatures": coded("ingevuld"),
        "POST /statements/{code}/signatures": _signed_form,
        "GET /statements/{code}/spreadsheet": coded("formulier"),
        "PUT /statements/{code}/spreadsheet": _sheet,
    },
}
