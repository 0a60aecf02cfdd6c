"""The dashboard publishes nothing: it only hears."""

from runtime.kafka import Topic

TOPICS: tuple[Topic, ...] = ()
