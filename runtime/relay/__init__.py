"""The relay: publishes the outbox, one leader per service, in an order that consumers can rely on.

Facts of one aggregate are in `seq` order, because each was written under the lock of the one before. So one reader
that takes what is visible in that order, waits for Kafka, and deletes by id can only repeat, never skip or swap. The
floor is where it begins to read: everything at or below it is published or was rolled back. It only saves time, and
it is only raised once every transaction that could still write below it has ended.
"""

from runtime.relay.leader import Relay
from runtime.relay.watching import Depth, Q, Sent, depth, follow
from runtime.wake import Wake

__all__ = ["Depth", "Q", "Relay", "Sent", "Wake", "depth", "follow"]
