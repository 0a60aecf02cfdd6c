"""The Kafka door of funding: a module per service it hears, and the intake."""

from runtime.consumer import Subscription
from services.funding.handlers import activities, intake, partners


def subscriptions(taking_in: intake.Intake | None = None) -> tuple[Subscription, ...]:
    """What funding hears. The intake needs more than a transaction, so it is given."""
    facts = (
        Subscription("funding.partners", partners.router(), topics=("partners.events",)),
        Subscription("funding.activities", activities.router(), topics=("activities.events",)),
    )
    return facts if taking_in is None else (*facts, intake.subscription(taking_in))
