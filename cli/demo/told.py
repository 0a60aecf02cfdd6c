"""Told: who was told what of the planning, once each, by the notices and by the mails that arrived."""

from collections import Counter
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from cli.demo.plan import all_told
from cli.demo.stage import Stage
from cli.report.model import Milestone, Notifications, Planning

TOLD = "sent"


async def planning(stage: Stage) -> tuple[Planning | None, Notifications]:
    """The planning as it is, with how many people were told of it; and all notices counted."""
    summary = await all_told(stage)
    mails = [_mail(path) for path in sorted(stage.stack.inbox.glob("*.eml"))]
    counts = Notifications(
        sent=summary["sent"],
        suppressed_duplicates=summary["suppressedDuplicates"],
        failed=summary["failed"],
        mails=len(mails),
    )
    if not stage.region.milestones:
        return None, counts
    milestones = [await _milestone(stage, each) for each in await stage.office.every("notifications", "/v1/milestones")]
    off = next((each for each in milestones if each.state == "cancelled"), None)
    newest = reversed(mails)
    shown = next((each for each in newest if off is not None and off.title in str(each["subject"])), None)
    shown = shown or (mails[0] if mails else None)
    stage.say("told", f"{counts.sent} notices sent, {counts.mails} mails arrived")
    return (
        Planning(
            milestones=tuple(milestones),
            subject=str(shown["subject"]) if shown is not None else "",
            mail=_body(shown) if shown is not None else "",
        ),
        counts,
    )


async def _milestone(stage: Stage, found: dict[str, Any]) -> Milestone:
    notices = await stage.office.every("notifications", f"/v1/notices?milestone={found['code']}&state={TOLD}")
    by_template = {template: Counter(each["personId"] for each in notices if each["template"] == template)
                   for template in {each["template"] for each in notices}}  # fmt: skip
    of_cancelling = [
        each for template, people in by_template.items() if "cancel" in template for each in people.values()
    ]
    planned = {person for template, people in by_template.items() if "cancel" not in template for person in people}
    return Milestone(
        title=found["title"],
        day=date.fromisoformat(found["day"]),
        starts_at=found.get("startsAt"),
        ends_at=found.get("endsAt"),
        place=found.get("place"),
        state="cancelled" if found["cancelled"] else found["said"],
        told=len(planned),
        told_cancelled=sum(of_cancelling),
        told_twice=sum(count > 1 for people in by_template.values() for count in people.values()),
        reason=found.get("reason"),
    )


def _mail(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=default)


def _body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()).strip() if part is not None else ""
