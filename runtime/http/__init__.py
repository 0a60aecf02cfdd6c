"""The HTTP door: a FastAPI factory that keeps the Dutch API Design Rules, and what turns a route into a command."""

from runtime.access import Access, Others, Reach
from runtime.http.access import anyone, may
from runtime.http.app import ApiModel, create_app
from runtime.http.archives import archives
from runtime.http.call import Call, PeopleDirectory, Upserted
from runtime.http.hot import hot
from runtime.http.paging import Page, PageQuery

__all__ = [
    "Access",
    "ApiModel",
    "Call",
    "Others",
    "Page",
    "PageQuery",
    "PeopleDirectory",
    "Reach",
    "Upserted",
    "anyone",
    "archives",
    "create_app",
    "hot",
    "may",
]
