"""A transaction sees and writes the rows of its own consortia, and nothing else, whoever had the connection before."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from runtime.migrate import SchemaError, check_schema, lay_tenancy, migrate, wanted
from runtime.postgres import Database
from tests.integration.runtime.conftest import Steps
from tests.support import steps


async def test_another_consortiums_rows_are_invisible_and_unwritable(service: Steps) -> None:
    ours, theirs, walker = uuid4(), uuid4(), uuid4()
    await steps.step(service.db, theirs, [walker])
    async with service.db.transaction(ours) as tx:
        assert await tx.fetchval("SELECT count(*) FROM walkers") == 0
        assert await tx.execute("UPDATE walkers SET version = 9") == "UPDATE 0"
        assert await tx.execute("DELETE FROM walkers") == "DELETE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with service.db.transaction(ours) as tx:
            await tx.execute("INSERT INTO walkers VALUES ($1, $2, 1)", theirs, uuid4())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with service.db.transaction([ours, theirs]) as tx:
            await tx.execute("UPDATE walkers SET consortium_id = $1", uuid4())


async def test_a_batch_sees_the_set_of_its_consortia(service: Steps) -> None:
    consortia = [uuid4() for _ in range(3)]
    for consortium in consortia:
        await steps.step(service.db, consortium, [uuid4()])
    async with service.db.transaction(consortia[:2]) as tx:
        assert await tx.fetchval("SELECT count(*) FROM walkers") == 2


async def test_without_a_consortium_there_is_nothing_and_a_pooled_connection_keeps_none(service: Steps) -> None:
    db = await Database.open(service.database.app_url, name="one", most=1)
    try:
        consortium = uuid4()
        await steps.step(db, consortium, [uuid4()])
        assert await db.pool.fetchval("SELECT count(*) FROM walkers") == 0
        async with db.transaction([]) as tx:
            assert await tx.fetchval("SELECT count(*) FROM walkers") == 0
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with db.transaction(consortium) as tx:
                await tx.fetchval("SELECT 1 / 0")
        assert await db.pool.fetchval("SELECT count(*) FROM walkers") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.pool.execute("INSERT INTO walkers VALUES ($1, $2, 1)", consortium, uuid4())
    finally:
        await db.close()


async def test_regions_that_take_turns_on_two_connections_never_see_each_other(service: Steps) -> None:
    """Whatever became of the transaction before: committed, failed, cancelled, or its connection lost."""
    walkers = {uuid4(): uuid4() for _ in range(4)}
    for consortium, walker in walkers.items():
        await steps.step(service.db, consortium, [walker])
    db = await Database.open(service.database.app_url, name="two", most=2)
    seen: list[tuple[UUID, list[UUID]]] = []

    async def turn(number: int, consortium: UUID) -> None:
        async with db.transaction(consortium) as tx:
            seen.append((consortium, [row["walker_id"] for row in await tx.fetch("SELECT walker_id FROM walkers")]))
            match number % 4:
                case 1:
                    await tx.fetchval("SELECT 1 / 0")
                case 2:
                    await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
                case 3:
                    raise asyncio.CancelledError

    try:
        turns = [turn(number, consortium) for number in range(12) for consortium in walkers]
        await asyncio.gather(*turns, return_exceptions=True)
        assert len(seen) >= 40
        assert [each for each in seen if each[1] != [walkers[each[0]]]] == []
        both = [await db.pool.acquire() for _ in range(2)]
        assert [await each.fetchval("SELECT count(*) FROM walkers") for each in both] == [0, 0]
        for each in both:
            await db.pool.release(each)
    finally:
        await db.close()


async def test_even_the_owner_is_held_to_the_policy(service: Steps) -> None:
    await steps.step(service.db, uuid4(), [uuid4()])
    owner = await asyncpg.connect(service.database.owner_url)
    assert await owner.fetchval("SELECT count(*) FROM walkers") == 0
    await owner.close()


async def test_the_services_role_makes_and_alters_nothing(service: Steps) -> None:
    for statement in ("CREATE TABLE mine ()", "ALTER TABLE walkers DISABLE ROW LEVEL SECURITY", "DROP TABLE walkers"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.db.pool.execute(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.db.pool.execute("DELETE FROM schema_migrations")


@pytest.mark.parametrize("statement", ["UPDATE effects SET step = 2", "DELETE FROM effects", "TRUNCATE effects"])
async def test_an_append_only_table_refuses_service_and_superuser_alike(service: Steps, statement: str) -> None:
    consortium = uuid4()
    async with service.db.transaction(consortium) as tx:
        await tx.execute(
            "INSERT INTO effects (consortium_id, walker_id, step, event_id) VALUES ($1, $1, 1, '')", consortium
        )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with service.db.transaction(consortium) as tx:
            await tx.execute(statement)
    superuser = await asyncpg.connect(service.database.superuser_url)
    try:
        await superuser.execute("SET session_replication_role = replica")
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await superuser.execute(statement)
    finally:
        await superuser.close()


async def test_migrating_again_does_nothing_and_the_schema_is_accepted(service: Steps) -> None:
    again = await migrate(service.database.owner_url, steps.MIGRATIONS, app_role=service.database.app_role)
    assert again == []
    await check_schema(service.db, steps.MIGRATIONS)


async def test_a_service_refuses_an_older_schema(service: Steps) -> None:
    newest = wanted(steps.MIGRATIONS)[-1]
    owner = await asyncpg.connect(service.database.owner_url)
    await owner.execute("DELETE FROM schema_migrations WHERE version = $1", newest.version)
    await owner.close()
    with pytest.raises(SchemaError, match=r"lacks 0001_steps\.sql"):
        await check_schema(service.db, steps.MIGRATIONS)


async def test_the_version_before_runs_on_beside_a_newer_schema(service: Steps) -> None:
    owner = await asyncpg.connect(service.database.owner_url)
    await owner.execute("INSERT INTO schema_migrations VALUES ('9999')")
    await owner.close()
    await check_schema(service.db, steps.MIGRATIONS)


@pytest.mark.parametrize(
    ("made", "complaint"),
    [
        ("CREATE TABLE t (consortium_id uuid NOT NULL)", "has no description"),
        ("CREATE TABLE t (a int); COMMENT ON TABLE t IS '[installation]'", "has no description"),
        ("CREATE TABLE t (a int); COMMENT ON TABLE t IS 'Something.'", "needs consortium_id"),
        ("CREATE TABLE t (consortium_id uuid); COMMENT ON TABLE t IS 'Something.'", "needs consortium_id"),
        ("CREATE TABLE t (consortium_id uuid NOT NULL, a int UNIQUE); COMMENT ON TABLE t IS 'X.'", "must start with"),
        ("CREATE TABLE t (a int); COMMENT ON TABLE t IS '[public] Something.'", "unknown tag"),
        ("CREATE VIEW t AS SELECT 1; COMMENT ON VIEW t IS 'Something.'", "would run as its owner"),
    ],
)
async def test_a_table_that_does_not_say_whose_it_is_is_refused(service: Steps, made: str, complaint: str) -> None:
    owner = await asyncpg.connect(service.database.owner_url)
    try:
        await owner.execute(made)
        with pytest.raises(SchemaError, match=complaint):
            await lay_tenancy(owner, service.database.app_role)
    finally:
        await owner.close()
