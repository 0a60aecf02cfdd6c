"""Kafka's topics and users for Strimzi, from what the services declare, and the words that all manifests share."""

import importlib
from collections.abc import Mapping
from typing import Any

from deploy.kafka.rules import SERVICES, Rule, of_service
from runtime.kafka import Topic

NAMESPACE = "speerpunt"
CLUSTER = "speerpunt"
"""The Kafka cluster's name; Strimzi names its secrets after it."""
AUTOSCALER = "autoscaler"
ADMINISTRATOR = "administrator"
"""Who admits companies' systems; superuser in kafka.yaml."""
GROUPS = {
    "partners": ("partners.funding", "partners.acts"),
    "funding": ("funding.partners", "funding.activities", "funding.intake"),
    "activities": ("activities.partners",),
    "notifications": ("notifications.partners", "notifications.funding", "notifications.activities"),
}
"""Consumer groups by service. The dashboard's are named anew whenever it reads all from the start."""

Manifest = dict[str, Any]


def named(kind: str, api: str, name: str, spec: Any, step: str, labels: Mapping[str, str] | None = None) -> Manifest:
    """A manifest in our namespace. `step` says when it is applied: data, migrate, serve."""
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {"app.kubernetes.io/part-of": "speerpunt", "speerpunt.example/step": step, **(labels or {})},
        },
        "spec": spec,
    }


def topics() -> list[Manifest]:
    """Every topic of facts. Those of a sender are made when it is admitted."""
    declared: list[Topic] = []
    for service in SERVICES:
        declared += importlib.import_module(f"services.{service}.topics").TOPICS
    return [
        named(
            "KafkaTopic",
            "kafka.strimzi.io/v1",
            topic.name,
            {"topicName": topic.name, "partitions": topic.partitions, "config": topic.config()},
            "data",
            {"strimzi.io/cluster": CLUSTER},
        )
        for topic in declared
    ]


def users() -> list[Manifest]:
    """A user for each service with the rights of its topics, one that may see how far groups are, an administrator."""
    found = [_user(service, [_acl(rule) for rule in sorted(of_service(service))]) for service in SERVICES]
    look = ["Describe"]
    see = [
        {"resource": {"type": kind, "name": name, "patternType": "prefix"}, "operations": look}
        for kind, names in (("group", [f"{service}." for service in GROUPS]), ("topic", _seen()))
        for name in names
    ]
    return [*found, _user(AUTOSCALER, see), _user(ADMINISTRATOR, [])]


def _seen() -> list[str]:
    return sorted(
        {rule.name for service in GROUPS for rule in of_service(service) if rule.operation == "read"} & _all()
    )


def _all() -> set[str]:
    return {rule.name for service in SERVICES for rule in of_service(service) if rule.kind == "topic"}


def _user(name: str, acls: list[Manifest]) -> Manifest:
    spec: Manifest = {"authentication": {"type": "scram-sha-512"}}
    if acls:
        spec["authorization"] = {"type": "simple", "acls": acls}
    return named("KafkaUser", "kafka.strimzi.io/v1", name, spec, "data", {"strimzi.io/cluster": CLUSTER})


def _acl(rule: Rule) -> Manifest:
    pattern = "prefix" if rule.prefixed else "literal"
    return {
        "resource": {"type": rule.kind, "name": rule.name, "patternType": pattern},
        "operations": [rule.operation.capitalize()],
    }
