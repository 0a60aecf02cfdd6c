"""What goes wrong with the records of a region, and what each mishap should come to."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from cli.region.model import Lesson
from examples.generate import Body, Post, a_record, worker
from examples.reckoning import lesson_place

LATE = date(2023, 10, 30)
PAYROLL, TECHNET, EEMTECH = "loonstrook-eemland", "technet-registratie", "eemtech-erp"
PARTIES = {
    EEMTECH: "eemtech", "vallei-metaal-erp": "vallei-metaal", "heuvelrug-uren": "heuvelrug-installatie",
    "bouwgroep-laak": "laak-bouw", PAYROLL: "keistad-elektro",
}  # fmt: skip


def happen(post: Post) -> None:
    """Every mishap, as often as it happens."""
    for mishap in (
        _sent_twice, _other_content, _unreadable, _wrong_field, _wrong_line, _nobody_knows_it, _may_not, _no_standing,
        _wrong_day, _impossible_hours, _nothing_or_less, _lesson_typed_in_again, _evidence_twice, _corrected,
        _taken_back, _no_evidence,
    ):  # fmt: skip
        mishap(post)


def _fresh(
    post: Post, sender: str = "", day: date | None = None, kind: str = "hours", **changed: Any
) -> tuple[str, Body]:
    """A new record of a company that is a party, with something else in it than it would have."""
    sender = sender or post.dice.one_of(sorted(PARTIES))
    day = day or date(2021, 9, 1) + timedelta(days=7 * post.dice.below(100))
    body = a_record(post, sender, PARTIES.get(sender, "leusden-printen"), day, kind)
    if kind == "hours":
        body["minutes"], body["workerRef"] = (
            15 * (24 + post.dice.below(13)),
            worker(body["organisation"], 20 + post.count),
        )
    return sender, {**body, **changed}


def _some(post: Post, many: int, fits: Callable[[Body], bool] = lambda _: True) -> list[tuple[str, date, Body]]:
    """Valid records, each taken once for all mishaps together."""
    found: list[tuple[str, date, Body]] = []
    while len(found) < many:
        each = post.valid.pop(post.dice.below(len(post.valid)))
        if fits(each[2]):
            found.append(each)
    return found


def _sent_twice(post: Post) -> None:
    """A payroll provider publishes a month again; a mail is answered with the same sheet; one re-sends a whole year."""
    whole_months = _some(post, 96)
    invoices = _some(post, 8, lambda body: body["kind"] in ("material", "loan"))
    for number, (sender, on, body) in enumerate([*whole_months, *invoices]):
        again = on if number % 3 == 0 else LATE if number % 3 == 1 else on + timedelta(days=31)
        line = dict(reversed(body.items())) if number % 5 == 0 else body
        post.send(sender, again, line, "duplicate")


def _other_content(post: Post) -> None:
    """The same id with another number in it: a sheet was mended and sent again under its old ids."""
    for sender, on, body in _some(post, 16, lambda body: body["kind"] == "hours"):
        post.send(
            sender, on + timedelta(days=31), {**body, "minutes": body["minutes"] + 60}, "refused", "conflicting-content"
        )


def _unreadable(post: Post) -> None:
    def text(body: Body) -> str:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))

    spoilt: list[Callable[[Body], bytes | Body]] = [
        lambda body: text(body)[:-9].encode(),
        lambda body: text(body).replace('"', "'").encode(),
        lambda body: text(body).replace(f'"minutes":{body["minutes"]}', '"minutes":NaN').encode(),
        lambda body: text({**body, "description": "?"}).replace('"?"', '"\\ud83d"').encode(),
        lambda body: text({**body, "description": "?"}).replace('"?"', '"les\\u0000"').encode(),
        lambda body: text({**body, "description": "Coördinatie"}).encode("latin-1"),
        lambda body: f"[{text(body)}]".encode(),
        lambda body: b"id;organisation;line;day;minutes",
        lambda body: {**body, "minutes": str(body["minutes"])},
        lambda body: {name: value for name, value in body.items() if name != "workerRef"},
        lambda body: {**body, "day": "-".join(reversed(body["day"].split("-")))},
        lambda body: {**body, "kind": "uren"},
        lambda body: {name: value for name, value in body.items() if name != "line"},
        lambda body: text(body).replace(",", ";").encode(),
    ]
    for spoil in spoilt:
        sender, body = _fresh(post)
        post.send(sender, date(2022, 5, 5), spoil(body), "refused", "malformed")
    for _ in range(3):
        sender, body = _fresh(post, kind="pupil-presence", pupils=22.5)
        post.send(sender, date(2022, 6, 5), body, "refused", "malformed")


def _wrong_field(post: Post) -> None:
    for name, value in (("uren", 8), ("hourlyRate", 6500), ("valueCents", 52000), ("employee", "w-17"), ("hours", 7.5)):
        for _ in range(2):
            sender, body = _fresh(post)
            post.send(sender, date(2021, 11, 5), {**body, name: value}, "refused", "unknown-field")
    for _ in range(2):
        sender, body = _fresh(post, description="Werkplaatsdag. " * 20)
        post.send(sender, date(2021, 11, 5), body, "refused", "too-large")


def _wrong_line(post: Post) -> None:
    """A spearhead by the name that people use for it; two of these are sent again under the right one."""
    for number, name in enumerate(
        ["robotica"] * 9 + ["energie-transitie"] * 4 + ["digitaal", "instrom", "techniekdag"]
    ):
        sender, body = _fresh(post, line=name)
        on = date(2022, 3, 5) + timedelta(days=31 * (number % 5))
        post.send(sender, on, body, "refused", "unknown-line")
        if number in (3, 4):
            mended = {**body, "id": f"{body['id']}-b", "line": "robotisering", "replaces": body["id"]}
            post.send(sender, on + timedelta(days=9), mended, "booked", "correction")


def _nobody_knows_it(post: Post) -> None:
    for number in ("kvk:00000999", "kvk:00000998", "eemtec", "amersfoort-techniek", "kvk:00000997"):
        for _ in range(2):
            sender, body = _fresh(post, organisation=number)
            post.send(sender, date(2023, 2, 5), body, "refused", "unknown-organisation")
    for name in ("sto-amersfort", "amersfoort", "sto-amersfoort-2019"):
        sender, body = _fresh(post, consortium=name)
        post.send(sender, date(2023, 2, 5), body, "refused", "unknown-consortium")


def _may_not(post: Post) -> None:
    """A sender declares for a company that gave it no mandate: a branch of the group, a customer that left."""
    others = {
        EEMTECH: "vallei-metaal", "heuvelrug-uren": "utrechtse-koeltechniek",
        "vallei-metaal-erp": "barneveld-bekisting", PAYROLL: "leusden-printen", "bouwgroep-laak": "keistad-elektro",
    }  # fmt: skip
    for sender, company in others.items():
        for _ in range(4):
            _, body = _fresh(post, sender)
            post.send(sender, date(2022, 10, 5), {**body, "organisation": company}, "refused", "not-mandated")


def _no_standing(post: Post) -> None:
    """Never signed or pledged; a pledge that ended; and work done before the branch signed for the company."""
    lapsed = [
        (PAYROLL, "randmeer-constructie", date(2021, 2, 1), 17),
        (TECHNET, "laatkomer-lasersnijden", date(2022, 1, 10), 14),
        (TECHNET, "hilversum-hijstechniek", date(2022, 2, 7), 11), (PAYROLL, "rhenen-stansen", date(2020, 6, 1), 4),
    ]  # fmt: skip
    for sender, company, since, many in lapsed:
        for number in range(many):
            day = since + timedelta(days=7 * number + post.dice.below(5))
            kind = "material" if number % 8 == 5 else "hours"
            body = a_record(post, sender, company, day, kind)
            if kind == "hours":
                body["minutes"] += 120
            post.send(sender, (day.replace(day=1) + timedelta(days=32)).replace(day=5), body, "refused", "no-standing")


def _wrong_day(post: Post) -> None:
    """Before the programme, after it, and still to come: 2032 for 2023."""
    days = [date(2019, 11, 4) + timedelta(days=3 * n) for n in range(11)]
    days += [date(2025, 2, 3) + timedelta(days=n) for n in range(4)] + [
        date(2032, 5, 12) + timedelta(days=n) for n in range(6)
    ]
    for number, day in enumerate(days):
        sender, body = _fresh(post, day=day)
        post.send(sender, date(2021, 1, 5) + timedelta(days=31 * number), body, "refused", "outside-period")


def _impossible_hours(post: Post) -> None:
    """A week on one day; a minute too many; and somebody who works on two lines for longer than a day has."""
    for minutes in (2_400, 2_400, 3_000, 1_440, 961, 4_500, 2_400, 1_980, 2_250):
        sender, body = _fresh(post, minutes=minutes)
        post.send(sender, date(2022, 7, 5), body, "refused", "implausible-hours")
    for first, second in (
        ("robotisering", "digitale-vaardigheden"),
        ("instroom", "corlaer"),
        ("docenten", "maarsbergen"),
    ):
        sender, body = _fresh(post, minutes=540, line=first)
        post.send(sender, date(2022, 8, 5), body)
        again = {**body, "id": f"{body['id']}-2", "line": second}
        post.send(sender, date(2022, 8, 5), again, "refused", "implausible-hours")


def _nothing_or_less(post: Post) -> None:
    for minutes in (0, 0, -240):
        sender, body = _fresh(post, minutes=minutes)
        post.send(sender, date(2023, 5, 5), body, "refused", "not-positive")
    for cents in (0, -37_500, -12_500):
        sender, body = _fresh(post, kind="material", amountCents=cents)
        post.send(sender, date(2023, 5, 5), body, "refused", "not-positive")


def _lesson_typed_in_again(post: Post) -> None:
    """The hours of lessons that booked themselves: with their activityRef refused, without it held for a person."""
    region, on = post.region, date(2023, 7, 5)
    confirmed = [lesson for lesson in region.lessons if lesson.outcome == "confirmed"]
    for number, lesson in enumerate([*confirmed, *confirmed[:3]]):
        sender, body = _of_lesson(post, lesson)
        body["activityRef"] = lesson.code
        body["minutes"] += 15 * (number // len(confirmed))
        post.send(sender, on, body, "refused", "already-booked")
    for number, lesson in enumerate([*confirmed[1:], *confirmed[1:3]]):
        sender, body = _of_lesson(post, lesson)
        body["minutes"] += 15 * (number // 4)
        post.send(sender, on, body, "held", "already-booked")


def _of_lesson(post: Post, lesson: Lesson) -> tuple[str, Body]:
    place = lesson_place(post.region)(lesson) or ("eemtech", date(2023, 3, 6), "robotisering")
    company, day, line = place
    sender = next(
        each.code for each in post.region.senders if company in [mandate.organisation for mandate in each.mandates]
    )
    body = a_record(post, sender, company, day, "hours")
    return sender, {**body, "line": line, "minutes": 240, "workerRef": worker(company, 30)}


def _evidence_twice(post: Post) -> None:
    """One invoice for two spearheads."""
    for _ in range(8):
        sender, body = _fresh(
            post, kind="material", amountCents=175_000 + 12_500 * post.dice.below(8), line="robotisering"
        )
        post.send(sender, date(2022, 4, 5), body)
        again = {**body, "id": f"{body['id']}-x", "line": "energietransitie"}
        post.send(sender, date(2022, 12, 5), again, "refused", "already-claimed-elsewhere")


def _corrected(post: Post) -> None:
    """Sent, found wrong by the company itself, and sent again with `replaces`; some refer to what was never sent."""
    for _ in range(16):
        sender, body = _fresh(post, minutes=600)
        post.send(sender, date(2022, 1, 5), body)
        mended = {**body, "id": f"{body['id']}-c", "minutes": 360, "replaces": body["id"]}
        post.send(sender, date(2022, 2, 5), mended, "booked", "correction")
    for number in range(6):
        sender, body = _fresh(post)
        field = "replaces" if number % 2 else "withdraws"
        post.send(sender, date(2022, 9, 5), {**body, field: f"NOOIT-{number}"}, "refused", "unknown-reference")


def _taken_back(post: Post) -> None:
    """A loan that was ended at once, hours that turned out to be paid: withdrawn, half of them in a CloudEvent."""
    for number in range(12):
        kind = "loan" if number % 3 == 0 else "hours"
        changed: Body = {"amountCents": 200_000} if kind == "loan" else {}
        sender, body = _fresh(post, kind=kind, **changed)
        post.send(sender, date(2023, 1, 5), in_cloud_event(sender, body) if number % 4 == 0 else body)
        plain = {name: body[name] for name in ("consortium", "organisation", "line", "day", "kind")}
        back = {"id": f"{body['id']}-w", **plain, "withdraws": body["id"]}
        post.send(
            sender, date(2023, 3, 5), in_cloud_event(sender, back) if number % 2 else back, "booked", "withdrawal"
        )


def in_cloud_event(sender: str, body: Body) -> Body:
    """The same record as a CloudEvent in structured mode."""
    return {
        "specversion": "1.0",
        "type": "nl.speerpunt.intake.contribution.v1",
        "source": f"urn:sender:{sender}",
        "id": body["id"],
        "datacontenttype": "application/json",
        "data": {name: value for name, value in body.items() if name != "id"},
    }


def _no_evidence(post: Post) -> None:
    """Amounts without an invoice are booked, but nobody found them right yet."""
    for number in range(9):
        sender, body = _fresh(post, kind="material" if number % 2 else "loan", amountCents=100_000 + 12_500 * number)
        del body["evidence"]
        post.send(sender, date(2023, 9, 5), body)
