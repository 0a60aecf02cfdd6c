"""How much memory processes take, and how large tables are."""

from collections.abc import Mapping
from pathlib import Path

import asyncpg


def memory_bytes(pid: int) -> int:
    """The resident memory of a process; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), 0)


async def table_bytes(superuser_url: str, *tables: str) -> Mapping[str, int]:
    """Tables with their indexes and TOAST."""
    connection = await asyncpg.connect(superuser_url)
    try:
        return {each: await connection.fetchval("SELECT pg_total_relation_size($1::regclass)", each) for each in tables}
    finally:
        await connection.close()
