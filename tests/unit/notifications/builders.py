"""Builders of the things that the rules of notifications are about; every test says only what matters to it."""

from dataclasses import replace
from datetime import date, time
from typing import Any
from uuid import UUID, uuid5

from services.notifications.domain.milestones import Milestone, MilestoneKind

NAMES = UUID("5d0f36a2-6f0f-5f6e-9d35-2f6f7f5b1a41")


def an_id(name: str) -> UUID:
    return uuid5(NAMES, name)


def a_milestone(code: str = "vragenuur", **changes: Any) -> Milestone:
    milestone = Milestone(
        id=an_id(f"milestone/{code}"),
        code=code,
        title="Vragenuur",
        kind=MilestoneKind.SESSION,
        day=date(2019, 3, 22),
        starts_at=time(14, 30),
        ends_at=time(15, 30),
        audience="everyone",
    )
    return replace(milestone, **changes)
