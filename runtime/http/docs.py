"""What an application says about itself: its OpenAPI, and a page that lists it and fetches nothing from elsewhere."""

from html import escape
from typing import Any

from fastapi import FastAPI

from runtime.access import Access, Others, Reach

CONTACT = {"name": "Speerpunt", "email": "api@speerpunt.example", "url": "https://speerpunt.example"}
"""Put into the document here: FastAPI would want another library to look at the address."""

_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do"},
        "code": {"type": "string"},
        "traceId": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"in": {"type": "string"}, "code": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def access(declared: Access) -> dict[str, Any]:
    """Who may use an operation, for OpenAPI."""
    found: dict[str, Any] = {"x-roles": sorted(declared.roles) or ["anyone"], "x-scope": declared.scope}
    if declared.reach is not Reach.REGION:
        found["x-reach"] = declared.reach.value
    if declared.bound and declared.others is not None and declared.others is not Others.SHOWN:
        found["x-others"] = {"are": declared.others.value, "to": sorted(declared.bound)}
    return found


def declared(operation: dict[str, Any]) -> Access:
    """The same, read back from an operation. Raises KeyError for one that does not say."""
    roles, others = operation["x-roles"], operation.get("x-others", {"are": Others.SHOWN, "to": ()})
    return Access(
        () if roles == ["anyone"] else tuple(roles),
        operation["x-scope"],
        Reach(operation.get("x-reach", Reach.REGION)),
        Others(others["are"]),
        frozenset(others["to"]),
    )


def problem(description: str) -> dict[str, Any]:
    """A response of problem+json, for OpenAPI."""
    return {"description": description, "content": {"application/problem+json": {"schema": _PROBLEM}}}


def _header(name: str, description: str, *, required: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


def _complete(method: str, path: str, operation: dict[str, Any]) -> None:
    """Adds what every operation of this kind takes and answers."""
    responses = operation.setdefault("responses", {})
    responses.pop("422", None)
    refused = {503: "Temporarily unavailable"}
    headers = []
    if "{" in path:
        refused[404] = "There is no such thing"
    if method == "post":
        headers.append(_header("Idempotency-Key", "Fresh per request, the same for its retry", required=True))
    if method in {"post", "put", "patch", "delete"}:
        refused |= {409: "This does not fit the present state", 413: "The request is too large"}
    if method in {"put", "patch", "delete"} or ("{" in path and method == "post"):
        refused |= {412: "Somebody changed this in the meantime", 428: "Say which version you changed"}
        headers.append(_header("If-Match", "The ETag that you read"))
    if operation.get("x-roles") != ["anyone"]:
        refused |= {401: "Sign in first", 403: "This is not yours to do", 429: "Too many requests"}
        operation.setdefault("security", [{"token": []}])
        headers.append(_header("Consortium-Id", "Which consortium, when the token is good for several"))
        headers.append(_header("Wait-For", "An Event-Id: answer once this service has seen it, 2 seconds at most"))
    for status, description in refused.items():
        responses.setdefault(str(status), problem(description))
    for response in responses.values():
        response.setdefault("headers", {})["API-Version"] = {"schema": {"type": "string"}}
    present = {each.get("name", "").lower() for each in operation.get("parameters", [])}
    operation.setdefault("parameters", []).extend(each for each in headers if each["name"].lower() not in present)


def openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document: without FastAPI's 422, and with paths below the server's `/v1`."""
    known: dict[str, Any] | None = getattr(app.state, "openapi_document", None)
    if known is not None:
        return known
    document = FastAPI.openapi(app)
    document["info"]["contact"] = CONTACT
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            _complete(method, path, operation)
    document["paths"] = {path.removeprefix("/v1"): each for path, each in document.get("paths", {}).items()}
    components = document.setdefault("components", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        components.setdefault("schemas", {}).pop(unused, None)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    app.state.openapi_document = document
    return document


def page(app: FastAPI) -> str:
    """A readable list of the operations."""
    document = openapi(app)
    rows = []
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            rows.append(
                f"<tr><td><b>{escape(method.upper())}</b></td><td><code>/v1{escape(path)}</code></td>"
                f"<td>{escape(operation.get('summary', ''))}<br>"
                f"<small>{escape(operation.get('description', ''))}</small></td>"
                f"<td>{escape(', '.join(operation.get('x-roles', [])))}</td></tr>"
            )
    info = document["info"]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(info['title'])}</title><style>body{{font:16px system-ui;margin:2rem;max-width:70rem}}"
        "td,th{padding:.4rem .8rem;text-align:left;vertical-align:top;border-bottom:1px solid #ccc}</style>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info.get('description', ''))}</p>"
        "<p><a href=/v1/openapi.json>openapi.json</a></p><table><tr><th>Method<th>Path<th>What<th>Who</tr>"
        f"{''.join(rows)}</table></html>"
    )
