"""Real PostgreSQL and Apache Kafka with nothing but Python: how the demo, the tests and a developer run the whole system."""

from deploy.embedded.problems import CannotStart

__all__ = ["CannotStart"]
