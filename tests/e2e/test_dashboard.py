"""The dashboard as its users have it: in a real browser, over a region that was played, held to the services."""

import asyncio
import hashlib
import json
import re
import sys
import zipfile
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from bench.national.looking import PAGES
from deploy.embedded.folders import PROJECT
from deploy.embedded.supervisor import SERVICES
from services.dashboard.app import MIGRATIONS
from services.dashboard.web.speaking import Speech
from tests.support.browser import SCREENSHOTS, barriers, shot
from tests.support.played import CODE, DEADLINE_SECONDS, World, a_world, eventually, heard_all, poison, speerpunt
from tests.support.watching import answered, elsewhere, expressions, prometheus

pytestmark = pytest.mark.timeout(300)

A4_PIXELS = 718
"""The width of A4 between our margins, at 96 pixels an inch."""
OF_THIS_DATABASE = {"generation", "pulses", "sessions", "doings"}


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with a_world(tmp_path_factory.mktemp("runs")) as found:
        yield found
        assert found.said == [], "the browser's console has nothing to complain of"


def numbers(text: str) -> set[int]:
    """The amounts in a text, in cents."""
    found = re.findall(r"€[\s\u202f\xa0]?([\d.]+,\d\d)", text)
    return {int(each.replace(".", "").replace(",", "")) for each in found}


async def test_cofinancing_shows_what_funding_answers(world: World) -> None:
    page = await world.signed_in()
    await page.goto(f"{world.region}/cofinancing?on={world.day}")
    told = await world.stage.office.get("funding", f"/v1/positions/programme?asOf={world.day}")
    calls = (await world.stage.office.get("funding", f"/v1/positions/calls?asOf={world.day}"))["items"]
    shown = numbers(await page.inner_text("main"))
    assert {told["realisedCents"]} <= shown
    for reading in told["readings"]:
        assert {reading["requiredCents"], reading["shortfallCents"], reading["forecastShortfallCents"]} <= shown
    listed = await page.locator("#calls tbody tr").count()
    assert listed == min(10, len(calls))
    assert {call["atStakeCents"] for call in calls[:10]} <= numbers(await page.inner_text("#calls")) | {0}


async def test_programme_shows_the_grant_divided_to_the_cent(world: World) -> None:
    page = await world.signed_in()
    await page.goto(f"{world.region}/programme?on={world.day}")
    grants = await world.stage.office.get("funding", "/v1/grants")
    total = await page.locator("tfoot td").nth(1).inner_text()
    assert numbers(total) == {sum(each["cents"] for each in grants)}


async def test_from_a_number_to_its_evidence_in_three_clicks(world: World) -> None:
    page = await world.signed_in()
    await page.click("nav >> text=Cofinanciering")
    await page.locator("#partners tbody a").first.click()
    await page.locator("tbody a").first.click()
    assert "/flow?id=" in page.url
    assert "contribution-declared" in await page.inner_text("main")


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_has_a_barrier_and_each_is_quick_and_small(path: str, world: World) -> None:
    page = await world.signed_in()
    answer = await page.goto(f"{world.region}{path}?on={world.day}")
    assert answer is not None
    assert answer.status == 200
    assert len(await answer.body()) < 200_000
    if path == "/flow":
        await page.wait_for_selector("#services tbody td.num")
    assert await barriers(page) == []
    await shot(page, path.strip("/") or "today")
    await page.context.close()


async def test_a_page_fits_a_phone_and_twice_the_size_in_the_dark(world: World) -> None:
    context = await world.context(color_scheme="dark")
    page = await world.signed_in(context=context)
    for name, width in (("phone", 360), ("zoomed", 640)):
        await page.set_viewport_size({"width": width, "height": 740})
        for path in PAGES:
            await page.goto(f"{world.region}{path}?on={world.day}")
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert await barriers(page) == []
        await page.goto(f"{world.region}?on={world.day}")
        await shot(page, f"today-{name}")


async def test_a_page_prints_on_paper_in_full_and_without_what_only_a_screen_needs(world: World) -> None:
    page = await world.signed_in(context=await world.context(color_scheme="dark"))
    await page.emulate_media(media="print", color_scheme="dark")
    await page.set_viewport_size({"width": A4_PIXELS, "height": 1_000})
    for path in PAGES:
        await page.goto(f"{world.region}{path}?on={world.day}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= A4_PIXELS, path
        for gone in ("nav", ".tools", "main form", ".skip"):
            assert await page.locator(f"{gone} >> visible=true").count() == 0, (path, gone)
        assert await page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    await page.goto(f"{world.region}/cofinancing?on={world.day}")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    printed = await page.pdf(path=SCREENSHOTS / "cofinancing.pdf", format="A4", prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 6


async def test_the_keyboard_alone_reaches_the_first_thing_to_do(world: World) -> None:
    page = await world.signed_in()
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")
    for _ in range(4):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.matches('.todo .button')"):
            break
        if await page.evaluate("document.activeElement.type === 'date'"):
            await page.evaluate("document.querySelector('.on button').focus()")  # a date has a part for each Tab
    assert await page.evaluate("document.activeElement.matches('.todo .button')")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(rf"{CODE}/[a-z-]+"))


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_every_page_speaks_the_language_that_was_chosen(language: str, world: World) -> None:
    page = await world.signed_in()
    await page.click(f'.languages a[lang="{language}"]')
    say = Speech(language)
    for path, key in zip(PAGES, ("today", "programme", "cofinancing", "agreement", "activities"), strict=False):
        await page.goto(f"{world.region}{path}")
        assert await page.get_attribute("html", "lang") == language
        assert say(key) in await page.inner_text("h1")


async def test_what_happens_shows_on_an_open_page_without_loading_it_again(world: World) -> None:
    page = await world.signed_in()
    await page.goto(f"{world.region}/planning")
    await page.evaluate("window.stayed = true")
    title = f"Extra overleg {uuid4().hex[:6]}"
    body = {"title": title, "kind": "session", "day": "2031-05-05", "audience": "office", "remindDaysBefore": []}
    await world.stage.office.put("notifications", f"/v1/milestones/{uuid4().hex[:8]}", body)
    await page.wait_for_selector(f"text={title}", timeout=DEADLINE_SECONDS * 1_000)
    assert await page.evaluate("window.stayed")


async def test_a_dead_letter_is_seen_given_up_with_a_reason_and_noted(world: World) -> None:
    await poison(world)
    page = await world.signed_in()
    letters = page.locator("section.letter")
    hearers = {"funding", "activities", "notifications"}

    async def wait() -> bool:
        await page.goto(f"{world.region}/dead-letters")
        return {text.split()[0] for text in await page.locator("section.letter h2").all_inner_texts()} >= hearers

    await eventually(wait)
    assert "unreadable-event" in await letters.first.inner_text()
    before = await letters.count()
    await letters.first.locator("form[action$=replay] button").click()
    await page.wait_for_url(re.compile("failed="), wait_until="domcontentloaded")
    assert await page.locator("[role=status]").inner_text()
    assert await letters.count() == before, "what cannot be read is not read the second time either"
    for left in reversed(range(before)):
        await letters.first.locator("input[name=reason]").fill("It was made up by a test")
        await letters.first.locator("form[action$=discard] button").click()
        await page.wait_for_url(re.compile("handled="), wait_until="domcontentloaded")
        await page.goto(f"{world.region}/dead-letters")
        assert await letters.count() == left
    assert "It was made up by a test" in await page.inner_text("main")


async def test_what_could_not_be_handled_is_opened_replayed_and_kept_with_who_did_it(world: World) -> None:
    database = await asyncpg.connect(world.stack.databases["notifications"].superuser_url)
    name = f"Opgehouden {uuid4().hex[:6]}"
    body = {"name": name, "kind": "company"}
    try:
        await database.execute("ALTER TABLE organisations ADD CHECK (name NOT LIKE 'Opgehouden%') NOT VALID")
        await world.stage.office.put("partners", f"/v1/organisations/{name.split()[1]}", body)
        page = await world.signed_in()

        async def waits() -> bool:
            await page.goto(f"{world.region}/dead-letters")
            return await page.locator("section.letter", has_text="handler-failed").count() == 1

        await eventually(waits)
        letters = await speerpunt(world, "dead-letters", "list", "--code", "handler-failed")
        [letter] = letters["deadLetters"]
        assert (letter["service"], letter["state"]) == ("notifications", "waiting")
        assert (await speerpunt(world, "status", ends=1))["ok"] is False
        for shown in (
            json.dumps(await speerpunt(world, "dead-letters", "show", letter["id"])),
            await (await page.goto(f"{world.region}/dead-letters/notifications/{letter['id']}")).text(),  # type: ignore[union-attr]
        ):
            assert "organisationId" in shown
            assert name not in shown
        assert await barriers(page) == []

        async def shown_on_today() -> bool:
            await page.goto(world.region)
            return await page.locator("section.alarm li.dead-letters", has_text="notifications").count() == 1

        await eventually(shown_on_today)
        assert await barriers(page) == []
        await database.execute("ALTER TABLE organisations DROP CONSTRAINT organisations_name_check")
        await page.goto(f"{world.region}/dead-letters")
        await page.click("form[action$=replay-all] button")
        await page.wait_for_url(re.compile("handled=1"), wait_until="domcontentloaded")
        assert await database.fetchval("SELECT count(*) FROM organisations WHERE name = $1", name) == 1
    finally:
        await database.execute("ALTER TABLE organisations DROP CONSTRAINT IF EXISTS organisations_name_check")
        await database.close()
    settled = (await speerpunt(world, "dead-letters", "list", "--settled"))["deadLetters"][0]
    assert (settled["id"], settled["state"]) == (letter["id"], "replayed")
    assert settled["closedBy"].endswith("|operator")
    assert "operator" in await page.inner_text("table")
    await speerpunt(world, "dead-letters", "replay", str(uuid4()), ends=6)

    async def operators_were_told_of_both() -> bool:
        mails = [message_from_bytes(path.read_bytes(), policy=SMTP) for path in world.stack.inbox.glob("*.eml")]
        told = [str(mail["subject"]) for mail in mails if mail["to"] and "operators@" in mail["to"]]
        raised = [each for each in told if each == "Let op: vastgelopen berichten bij notifications"]
        over = [each for each in told if each == "Voorbij: alarm bij notifications (dead-letters)"]
        return 1 <= len(raised) == len(over)

    await eventually(operators_were_told_of_both)
    await page.goto(f"{world.region}/alarms")
    assert "notifications" in await page.inner_text("tbody")


async def test_the_command_line_tells_what_the_services_and_the_dashboard_tell(world: World, tmp_path: Path) -> None:
    await heard_all(world)
    days = ("--on", world.day)
    saved = str(tmp_path / "region.zip")
    commands = (("status",), ("position", *days), ("ledger", "verify"), ("region", "export", CODE, "--into", saved))
    status, position, ledger, export = [await speerpunt(world, *each) for each in commands]
    assert {each["service"] for each in status["services"]} == set(SERVICES)
    assert all(each["reachable"] and each["lag"] == 0 for each in status["services"])
    told = await world.stage.office.get("funding", f"/v1/positions/programme?asOf={world.day}")
    assert position["programme"] == told
    assert (ledger["ok"], [each["region"] for each in ledger["ledgers"]]) == (True, [CODE])
    assert ledger["ledgers"][0]["entries"] > 10
    contribution = (await world.stage.office.get("funding", "/v1/contributions?limit=1"))["items"][0]
    followed = await speerpunt(world, "follow", contribution["id"])
    passed = {(each["service"], each["direction"]) for each in followed["steps"]}
    assert {("funding", "published"), ("dashboard", "received")} <= passed
    assert followed["traces"]
    with zipfile.ZipFile(saved) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        for name, file in manifest["files"].items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == file["sha256"], name
        entries = json.loads(archive.read("funding/ledger/entries.json"))
    assert len(entries) == ledger["ledgers"][0]["entries"] + ledger["ledgers"][0]["unsealed"]
    assert export["files"] == len(manifest["files"]) > 40
    # What only a company itself may see: what it was answered, has not declared yet, and can do about what it did; and
    # of an open region the parts of an archive, which would not be of one moment.
    left_out = {each["resource"] for each in export["leftOut"]}
    of_companies = {"funding/receipts", "funding/contribution-drafts", "funding/own-contributions"}
    assert left_out == {*of_companies, "archive"}


async def test_a_service_that_is_away_or_a_token_that_does_is_not_a_stack(world: World) -> None:
    nowhere = {"SPEERPUNT_ADDRESSES": "funding.grpc=127.0.0.1:1,funding.http=http://127.0.0.1:1"}
    away = await speerpunt(world, "status", ends=4, environment=nowhere)
    assert [each["reachable"] for each in away["services"]] == [False]
    refused = await speerpunt(world, "status", ends=5, environment={"SPEERPUNT_TOKEN": "made-up"})
    assert refused["error"]["exit"] == 5
    unknown = await speerpunt(world, "position", "--region", "sto-nergens", ends=6)
    assert CODE in unknown["error"]["sentence"]


async def test_every_expression_of_the_dashboards_and_alarms_is_answered_by_a_prometheus(
    world: World, tmp_path: Path
) -> None:
    asked = expressions()
    assert len(asked) > 40
    async with prometheus(world.told.target, tmp_path) as watcher:
        unanswered = {where for where, said in asked.items() if not await answered(watcher, said)}
    assert unanswered <= {where for where, said in asked.items() if elsewhere(said)}


async def test_the_money_that_is_told_is_the_money_of_the_books(world: World) -> None:
    told = await world.stage.office.get("funding", f"/v1/positions/programme?asOf={world.day}")
    stages = {"realised": told["realisedCents"], "promised": told["promisedCents"]}

    async def same() -> bool:
        page = world.told.page()
        wanted = [f'region="{CODE}".*stage="{stage}".*}} {cents}' for stage, cents in stages.items()]
        return all(re.search(f"^speerpunt_cofinancing_cents{{.*{each}$", page, re.MULTILINE) for each in wanted)

    await eventually(same)


async def test_the_read_model_can_be_dropped_and_comes_back_from_the_topics_as_it_was(world: World) -> None:
    await heard_all(world)
    before = await whole(world)
    assert before["contributions"]
    assert await world.stack.stop_one("dashboard")
    database = world.stack.databases["dashboard"]
    connection = await asyncpg.connect(database.superuser_url)
    try:
        owner = urlsplit(database.owner_url).username
        await connection.execute(f'DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION "{owner}"')
        await connection.execute(f'GRANT USAGE ON SCHEMA public TO "{database.app_role}"')
    finally:
        await connection.close()
    environment = {**world.stack.environment("dashboard"), "SPEERPUNT_OWNER_DATABASE_URL": database.owner_url}
    migrating = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.dashboard", "migrate", env=environment, cwd=PROJECT
    )
    assert await migrating.wait() == 0
    await world.stack.start("dashboard")

    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await whole(world) != before:
                await asyncio.sleep(0.5)
    except TimeoutError:
        after = await whole(world)
        other = {name: sorted({*before[name]} ^ {*after[name]})[:4] for name in before if before[name] != after[name]}
        pytest.fail(f"it came back otherwise: {other}")


async def whole(world: World) -> dict[str, list[str]]:
    """All that the read model says of the world, without when it was heard."""
    connection = await asyncpg.connect(world.stack.databases["dashboard"].superuser_url)
    try:
        ours = (MIGRATIONS / "0001_read_model.sql").read_text(encoding="utf-8")
        tables = set(re.findall(r"^CREATE TABLE (\w+)", ours, re.MULTILINE))
        found = {}
        for name in sorted(tables - OF_THIS_DATABASE):
            rows = await connection.fetch(f"SELECT to_jsonb(t) - 'heard_at' FROM {name} AS t")
            found[name] = sorted(row[0] for row in rows)
        return found
    finally:
        await connection.close()


# -- at the door


async def test_who_is_not_signed_in_goes_to_the_sign_in_service_with_pkce(world: World) -> None:
    async with httpx2.AsyncClient() as client:
        first = await client.get(world.region)
        assert first.status_code == 303
        second = await client.get(world.address + first.headers["location"])
    asked = parse_qs(urlsplit(second.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert second.headers["location"].startswith(f"{world.stack.issuer}/authorize?")


async def test_an_answer_to_another_attempt_signs_nobody_in(world: World) -> None:
    async with httpx2.AsyncClient() as client:
        answer = await client.get(f"{world.address}/sign-in/callback?code=x&state=y")
        assert answer.status_code == 401
        await client.get(f"{world.address}/sign-in")
        answer = await client.get(f"{world.address}/sign-in/callback?code=x&state=another")
        assert answer.status_code == 401
    assert "speerpunt=" not in answer.headers.get("set-cookie", "")


async def test_a_form_that_is_not_from_our_page_does_nothing(world: World) -> None:
    page = await world.signed_in()
    cookies = {each["name"]: each["value"] for each in await page.context.cookies(world.address)}
    body = {"service": "partners", "id": str(uuid4()), "reason": "x", "csrf": "guessed"}
    async with httpx2.AsyncClient(cookies=cookies) as client:
        for form in (body, {key: value for key, value in body.items() if key != "csrf"}):
            answer = await client.post(f"{world.region}/dead-letters/discard", data=form)
            assert answer.status_code == 403
        answer = await client.get(world.region)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["x-frame-options"] == "DENY"


async def test_an_office_sees_its_own_region_only_and_no_dead_letters(world: World) -> None:
    office = next(each for each in world.stage.region.persons if "office" in each.roles)
    page = await world.signed_in(office.accounts[0])
    assert await page.locator("nav >> text=Vastgelopen").count() == 0
    for path, status in (("/dead-letters", 403), ("/planning", 200)):
        answer = await page.goto(world.region + path)
        assert answer is not None
        assert answer.status == status
    answer = await page.goto(f"{world.address}/regions/sto-amersfoort")
    assert answer is not None
    assert answer.status == 404
    world.said.clear()  # the browser says of each refusal that it was one
    await page.goto(world.region)
    await page.click("text=Afmelden")
    await page.wait_for_url(f"{world.address}/signed-out")
    await page.goto(world.region)
    assert page.url.startswith(world.stack.issuer)
