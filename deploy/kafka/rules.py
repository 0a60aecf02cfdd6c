"""Who may do what, derived from what the topics of the services declare; whatever is not here is denied."""

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from runtime.kafka import Topic

SERVICES = ("partners", "funding", "activities", "notifications", "dashboard")
"""Every service: each is a user with its own name."""

Operation = Literal["read", "write", "create"]


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """Lets a user do something with a topic or group of this name, or with all whose name begins so (`prefixed`)."""

    kind: Literal["topic", "group"]
    name: str
    operation: Operation
    prefixed: bool = False


def sender_user(code: str, prefix: str = "") -> str:
    """The Kafka user of a sender, and its only consumer group. No service or administrator is called like that.

    `prefix` is that of the installation, here and below: several may share a cluster.
    """
    return f"{prefix}sender.{code}"


def of_service(service: str, prefix: str = "") -> frozenset[Rule]:
    """What the user of a service may: make its own topics, write and read what names it, be in its own groups."""
    rules = {Rule("group", f"{service}.", "read", prefixed=True)}
    for owner in SERVICES:
        topics = importlib.import_module(f"services.{owner}.topics")
        declared: tuple[Topic, ...] = topics.TOPICS
        for topic in declared:
            rules |= _of_topic(service, topic, owner == service, prefixed=False)
        of_each_sender: Callable[[str], tuple[Topic, ...]] = getattr(topics, "of_sender", lambda _: ())
        for topic in of_each_sender(""):
            rules |= _of_topic(service, topic, owner == service, prefixed=True)
    return _within(prefix, rules)


def of_sender(code: str, prefix: str = "") -> frozenset[Rule]:
    """What the user of a sender may: write its intake, read its receipts, be in its own group."""
    from services.funding import topics

    rules = {Rule("group", sender_user(code), "read")}
    for topic in topics.of_sender(code):
        rules |= _of_topic(f"sender:{code}", topic, owned=False, prefixed=False)
    return _within(prefix, rules)


def _within(prefix: str, rules: Iterable[Rule]) -> frozenset[Rule]:
    return frozenset(replace(rule, name=prefix + rule.name) for rule in rules)


def _of_topic(who: str, topic: Topic, owned: bool, prefixed: bool) -> set[Rule]:
    asked: tuple[tuple[bool, Operation], ...] = (
        (owned, "create"),
        (who in topic.writers, "write"),
        (who in topic.readers, "read"),
    )
    return {Rule("topic", topic.name, operation, prefixed) for given, operation in asked if given}
