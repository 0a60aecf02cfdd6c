"""The Kafka door of funding: a module per service it hears."""

from runtime.consumer import Subscription
from services.funding.handlers import activities, partners


def subscriptions() -> tuple[Subscription, ...]:
    """What funding hears."""
    return (
        Subscription("funding.partners", partners.router(), topics=("partners.events",)),
        Subscription("funding.activities", activities.router(), topics=("activities.events",)),
    )
