"""What is started when everything is started."""

from pathlib import Path

from deploy.embedded.supervisor import SERVICES

PROJECT = Path(__file__).resolve().parents[2]


def test_the_stack_starts_exactly_the_services_that_can_be_run() -> None:
    runnable = {path.parent.name for path in (PROJECT / "services").glob("*/__main__.py")}
    assert set(SERVICES) == runnable
