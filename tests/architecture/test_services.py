"""What is started when everything is started."""

import ast
import importlib
from pathlib import Path

import pytest

from deploy.embedded.supervisor import SERVICES
from runtime.consumer.subscription import Typed

PROJECT = Path(__file__).resolve().parents[2]


def test_the_stack_starts_exactly_the_services_that_can_be_run() -> None:
    runnable = {path.parent.name for path in (PROJECT / "services").glob("*/__main__.py")}
    assert set(SERVICES) == runnable


def loops_in(source: str, call: str) -> set[str]:
    """The names in `loops=` of a call, as written: a dict's keys or a tuple's words."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == call:
            for keyword in node.keywords:
                if keyword.arg == "loops":
                    value = keyword.value
                    words = value.keys if isinstance(value, ast.Dict) else getattr(value, "elts", [])
                    return {str(word.value) for word in words if isinstance(word, ast.Constant)}
    return set()


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_service_names_its_loops_where_its_roles_are_chosen(service: str) -> None:
    folder = PROJECT / "services" / service
    wired = loops_in((folder / "app.py").read_text(), "Service")
    named = loops_in((folder / "__main__.py").read_text(), "main")
    assert named == wired, f"give main() in services/{service}/__main__.py the loops of app.py"


def test_loops_that_are_wired_are_seen() -> None:
    assert loops_in("Service(loops={'seal': run, 'count': run})", "Service") == {"seal", "count"}
    assert loops_in("main('x', loops=('seal',))", "main") == {"seal"}


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"partners"}))
@pytest.mark.parametrize("turn", ["closed", "reopened"])
def test_a_service_hears_that_a_region_is_closed_or_open_again(service: str, turn: str) -> None:
    handlers = importlib.import_module(f"services.{service}.handlers")
    heard = [each.handler for each in handlers.subscriptions() if "partners.events" in each.topics]
    kind = f"nl.speerpunt.partners.consortium-{turn}.v1"
    assert any(isinstance(each, Typed) and each.model_of(kind) is not None for each in heard)
