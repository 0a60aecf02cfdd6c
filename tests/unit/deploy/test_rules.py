"""Rights on the cluster come from what topics declare, and nobody has more."""

from pathlib import Path

import pytest

from deploy.kafka.rules import SERVICES, Rule, of_sender, of_service, sender_user
from services.funding import topics

PROJECT = Path(__file__).resolve().parents[3]


def test_every_service_with_topics_has_rights() -> None:
    assert sorted(SERVICES) == sorted(path.parent.name for path in (PROJECT / "services").glob("*/topics.py"))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_its_own_facts_only_and_is_in_its_own_groups_only(service: str) -> None:
    rules = of_service(service)
    written = {rule.name for rule in rules if rule.operation == "write"}
    assert written == {
        "partners": {"partners.events"},
        "funding": {"funding.events", "receipts.contributions."},
        "activities": {"activities.events"},
        "notifications": {"notifications.events"},
        "dashboard": set(),
    }.get(service)
    assert {rule.name for rule in rules if rule.kind == "group"} == {f"{service}."}
    assert {rule.name for rule in rules if rule.operation == "create"} <= written | {"intake.contributions."}


def test_only_funding_reads_what_senders_send() -> None:
    readers = {name for name in SERVICES if Rule("topic", "intake.contributions.", "read", True) in of_service(name)}
    assert readers == {"funding"}


def test_a_sender_writes_its_intake_reads_its_receipts_and_is_in_its_own_group() -> None:
    assert of_sender("acme") == {
        Rule("topic", "intake.contributions.acme", "write"),
        Rule("topic", "receipts.contributions.acme", "read"),
        Rule("group", "sender.acme", "read"),
    }


def test_installations_that_share_a_cluster_have_nothing_of_each_other() -> None:
    rules = {*of_service("funding", "one."), *of_sender("acme", "one.")}
    assert {rule.name[:4] for rule in rules} == {"one."}


def test_no_sender_is_called_as_a_service_or_administrator_is() -> None:
    for name in (*SERVICES, "admin", "broker"):
        assert sender_user(name) not in (*SERVICES, "admin", "broker")
        assert not sender_user(name).startswith(tuple(f"{service}." for service in SERVICES))


def test_what_a_sender_may_send_at_once_is_bounded_by_the_broker_itself() -> None:
    intake, _ = topics.of_sender("acme")
    assert intake.config()["max.message.bytes"] == str(intake.max_bytes) == "65536"
