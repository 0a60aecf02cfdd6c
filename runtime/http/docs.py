"""What an application says about itself: its OpenAPI, and a page that lists it and fetches nothing from elsewhere."""

from html import escape
from typing import Any

from fastapi import FastAPI

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


def problem(description: str) -> dict[str, Any]:
    """A response of problem+json, for OpenAPI."""
    return {"description": description, "content": {"application/problem+json": {"schema": _PROBLEM}}}


def openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, without FastAPI's 422."""
    document = app.openapi()
    for path in document.get("paths", {}).values():
        for operation in path.values():
            responses = operation.get("responses", {})
            responses.pop("422", None)
            if operation.get("x-roles") != ["anyone"]:
                responses.setdefault("401", problem("Sign in first"))
                responses.setdefault("403", problem("This is not yours to do"))
                operation.setdefault("security", [{"token": []}])
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    return document


def page(app: FastAPI) -> str:
    """A readable list of the operations."""
    document = openapi(app)
    rows = []
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            rows.append(
                f"<tr><td><b>{escape(method.upper())}</b></td><td><code>{escape(path)}</code></td>"
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
