"""Hearing other services: messages come in batches, have their effect once, and fail in ways somebody can see."""

from runtime.consumer.loop import Consumer
from runtime.consumer.outcomes import Dead, DeadMessage, Done, Outcome, Retry, RetryLater, classify
from runtime.consumer.router import Router, context_of, processing
from runtime.consumer.subscription import NOBODY, Handler, Subscription, whose

__all__ = [
    "NOBODY",
    "Consumer",
    "Dead",
    "DeadMessage",
    "Done",
    "Handler",
    "Outcome",
    "Retry",
    "RetryLater",
    "Router",
    "Subscription",
    "classify",
    "context_of",
    "processing",
    "whose",
]
