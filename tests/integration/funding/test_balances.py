"""Trial balance and account statements over HTTP: as of a day, and as known on a day."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from services.funding.commands import commitments
from services.funding.domain.reservation import Terms
from tests.integration.funding.doors import NEIGHBOUR, Funding, open_doors
from tests.support.funding_books import AT, an_entry
from tests.support.servers import DatabaseFor

LEFT = 50_000_000


@pytest.fixture
async def funding(database_for: DatabaseFor) -> AsyncIterator[Funding]:
    async with open_doors(database_for) as made:
        await made.region.found()
        await made.region.grant()
        await made.region.approve(await made.region.propose())
        await made.region.sealer(AT).run_once()
        async with made.region.transaction() as tx:
            later = datetime(2020, 3, 1, 12, tzinfo=UTC)
            await commitments.put_commitment(tx, "x", "instroom", 1_000, "robot", Terms("x"), at=later)
        await made.region.book(an_entry(500, 60, line="instroom"))
        await made.region.sealer(datetime(2020, 3, 1, 23, 30, tzinfo=UTC)).run_once()
        yield made


async def test_debits_equal_credits_and_the_accounts_of_a_line_stand_together(funding: Funding) -> None:
    shown = await funding.get("/ledger/trial-balance")
    assert shown["balanced"]
    assert shown["total"]["debitCents"] == shown["total"]["creditCents"]
    assert shown["total"]["debitMinutes"] == shown["total"]["creditMinutes"] == 60
    line = next(each for each in shown["lines"] if each["line"] == "instroom")
    assert {each["account"]: (each["debitCents"], each["creditCents"]) for each in line["accounts"]} == {
        "grant/committed/instroom": (0, 1_000),
        "grant/line/instroom": (1_000, LEFT),
        "memo/declared/instroom": (500, 0),
    }
    one = await funding.get("/ledger/trial-balance?line=instroom")
    assert [each["line"] for each in one["lines"]] == ["instroom"]
    assert len(one["accounts"]) == 3


async def test_a_balance_as_of_a_day_has_no_later_entries_and_as_known_no_later_seals(funding: Funding) -> None:
    async def committed(query: str) -> list[int]:
        shown = await funding.get(f"/ledger/trial-balance?{query}")
        assert shown["balanced"]
        return [each["cents"] for each in shown["accounts"] if each["account"] == "grant/committed/instroom"]

    assert await committed("asOf=2020-02-29") == []
    assert await committed("asOf=2020-03-01") == [-1_000]
    # sealed at half past midnight of 2 March in Amsterdam
    assert await committed("knownOn=2020-03-01") == []
    assert await committed("knownOn=2020-03-02") == [-1_000]
    before_all = await funding.get("/ledger/trial-balance?knownOn=2020-01-01")
    assert (before_all["accounts"], before_all["seal"]) == ([], None)


async def test_a_statement_runs_from_its_opening_to_its_closing_balance_whatever_the_pages(funding: Funding) -> None:
    path = "/ledger/statement?account=grant/line/instroom"
    whole = await funding.get(path)
    assert [each["balanceCents"] for each in whole["items"]] == [-LEFT, 1_000 - LEFT]
    assert (whole["openingCents"], whole["closingCents"]) == (0, 1_000 - LEFT)
    assert whole["seal"]["batch"] == 2
    march = await funding.get(f"{path}&from=2020-03-01&until=2020-03-31")
    assert (march["openingCents"], [each["cents"] for each in march["items"]]) == (-LEFT, [1_000])
    first = await funding.get(f"{path}&limit=1")
    second = await funding.get(f"{path}&limit=1&after={first['next']}")
    assert first["items"] + second["items"] == whole["items"]
    assert second["next"] is None
    known = await funding.get(f"{path}&knownOn={date(2020, 3, 1)}")
    assert known["closingCents"] == -LEFT


async def test_an_account_that_is_not_there_or_not_yours_is_not_found(funding: Funding) -> None:
    assert (await funding.ask("GET", "/ledger/statement?account=grant/line/nowhere")).status_code == 404
    path = "/ledger/statement?account=grant/line/instroom&until=2020-12-31"
    assert (await funding.ask("GET", path, region=NEIGHBOUR)).status_code == 404
    assert (await funding.ask("GET", path, role="school")).status_code == 403
