"""The grants of a region as a file for 360Giving, over HTTP. Optional: nothing else depends on it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from runtime.http import Call, may
from services.funding.api.asking import audience
from services.funding.api.speaking import READ, READERS, CodeText
from services.funding.api.streaming import Export, opening, streamed
from services.funding.commands import giving as commands
from services.funding.domain.giving import VERSION, Party

router = APIRouter(prefix="/v1", tags=["open data"])
EXAMPLE: dict[str, Any] = {
    "version": VERSION,
    "identifier": "360G-speerpunt-sto-amersfoort",
    "title": "Subsidie sto-amersfoort",
    "issued": "2023-11-01",
    "modified": "2023-11-01T09:00:00Z",
    "publisher": {"identifier": "NL-KVK-00000099", "name": "Van Lodenstein College"},
    "grants": [
        {
            "id": "360G-speerpunt-sto-amersfoort-grant-sto-2020",
            "title": "Subsidie sto-2020",
            "description": "Subsidie voor het programma van regio sto-amersfoort.",
            "currency": "EUR",
            "amountAwarded": 10000000,
            "amountDisbursed": 2500000.5,
            "awardDate": "2019-12-01",
            "plannedDates": [{"startDate": "2020-01-01", "endDate": "2023-12-31"}],
            "recipientOrganization": [{"id": "NL-KVK-00000099", "name": "Van Lodenstein College"}],
            "fundingOrganization": [{"id": "NL-KVK-00000001", "name": "Ministerie (verzonnen)"}],
            "grantProgramme": [{"code": "sto-2020-2024", "title": "Sterk Techniekonderwijs 2020-2024"}],
        }
    ],
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A 360Giving data package",
        "content": {"application/json": {"example": EXAMPLE}},
        "headers": {
            "Export-Id": {"schema": {"type": "string"}, "description": "What `GET /v1/exports/{exportId}` tells of it"}
        },
    }
}
OrgId = Annotated[
    str,
    Query(
        pattern=r"^[A-Z]{2}-[A-Z0-9_]{1,20}-[A-Za-z0-9._:-]{1,60}$",
        description="Who awarded the grants, in the style of org-id.guide",
        examples=["NL-KVK-00000001"],
    ),
]


@router.get("/open-data/360giving", response_class=StreamingResponse, responses=ANSWERS)
async def get_360giving(
    call: Annotated[Call, may(*READERS, scope=READ)],
    funder: OrgId,
    funder_name: Annotated[
        str, Query(alias="funderName", min_length=1, max_length=200, pattern=r"\S", description="What it is called")
    ],
    prefix: Annotated[
        str | None,
        Query(
            pattern=r"^360G-[A-Za-z0-9_]{1,40}$",
            description="What 360Giving registered for the publisher; what is set for this installation when absent",
            examples=["360G-speerpunt"],
        ),
    ] = None,
    lead_partner: Annotated[
        CodeText | None,
        Query(alias="leadPartner", description="Code of the lead partner; who it is today when absent"),
    ] = None,
) -> StreamingResponse:
    """The grants to the lead partner, and what is committed to other organisations than companies, as 360Giving.

    Amounts are decimals of the region's currency, exactly what the books hold in cents. No person is named.
    """
    leading = frozenset() if lead_partner else await audience(call, ["lead-partner"])
    wanted = prefix or call.request.app.state.giving_prefix
    made = await call.read(
        lambda tx: commands.prepare(tx, wanted, Party(funder, funder_name), leading, lead_partner, at=call.at)
    )
    return await streamed(
        call,
        commands.write(lambda: opening(call), made),
        Export(
            kind="360giving",
            subject=f"grants under {wanted}",
            rows=made.rows,
            media_type="application/json",
            filename=f"360giving-{made.about.region}-{call.at:%Y-%m-%d}.json",
            format="json",
        ),
    )
