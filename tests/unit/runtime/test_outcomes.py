"""Which failure is whose: retried, retried for a while, or buried."""

import asyncpg
import pytest

from runtime import failpoints
from runtime.consumer import Dead, DeadMessage, Retry, RetryLater, classify
from runtime.consumer.outcomes import give_up
from runtime.problems import NotFound, Unavailable
from runtime.queries import parse
from runtime.settings import Environment, Settings


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DeadlockDetectedError(),
        asyncpg.SerializationError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.DiskFullError(),
        asyncpg.OutOfMemoryError(),
        asyncpg.InternalClientError("not connected"),
        ConnectionResetError(),
        TimeoutError(),
        Unavailable(what="Partners"),
        RetryLater(2, "waiting"),
    ],
)
def test_what_passes_by_itself_is_retried_for_ever(error: Exception) -> None:
    outcome = classify(error)
    assert isinstance(outcome, Retry)
    assert not outcome.capped


def test_a_broken_rule_is_a_dead_letter_with_its_code() -> None:
    outcome = classify(NotFound(what="grant"))
    assert isinstance(outcome, Dead)
    assert outcome.code == "not-found"


def test_a_handler_can_bury_a_message_itself() -> None:
    outcome = classify(DeadMessage("unreadable-event", "It has no data."))
    assert isinstance(outcome, Dead)
    assert (outcome.code, outcome.reason) == ("unreadable-event", "It has no data.")


def test_an_unknown_error_is_a_capped_retry_and_its_text_is_never_kept() -> None:
    def fails() -> None:
        raise ValueError("the secret")

    with pytest.raises(ValueError, match="secret") as caught:
        fails()
    assert classify(caught.value) == Retry(0.2, "ValueError", capped=True)
    dead = give_up(caught.value)
    assert "secret" not in dead.reason + "".join(dead.stack)
    assert dead.stack[-1].endswith("fails")


def test_failpoints_are_refused_in_production_and_when_unknown() -> None:
    with pytest.raises(ValueError, match="refused in production"):
        failpoints.arm(Settings(environment=Environment.PRODUCTION, failpoints="relay.after-ack"))
    with pytest.raises(ValueError, match="unknown failpoints"):
        failpoints.arm(Settings(environment=Environment.TEST, failpoints="relay.nowhere"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("-- name: a\nSELECT 1;", "has no description"),
        ("-- name: a\n-- One.\n", "has no SQL"),
        ("SELECT 1;", "give the statement a name"),
        ("-- name: a\n-- One.\nSELECT 1;\n-- name: a\n-- Two.\nSELECT 2;", "two statements"),
    ],
)
def test_a_statement_without_a_name_or_description_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text, "queries.sql")
