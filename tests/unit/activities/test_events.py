"""What activities publishes: every fact has one golden sample, and it says what it must."""

import json

from runtime.event import Fact
from services.activities import events


def test_every_fact_has_exactly_one_golden_sample() -> None:
    facts = [
        each for each in vars(events).values() if isinstance(each, type) and issubclass(each, Fact) and each.fact_type
    ]
    assert sorted(type(sample).__name__ for sample in events.SAMPLES) == sorted(fact.__name__ for fact in facts)


def test_a_sample_reads_back_as_it_was_written() -> None:
    for sample in events.SAMPLES:
        assert type(sample).model_validate_json(sample.to_json()) == sample


def test_the_confirmed_minutes_are_workers_times_minutes_each() -> None:
    (sample,) = [each for each in events.SAMPLES if isinstance(each, events.AttendanceConfirmed)]
    assert sample.minutes == sample.workers * sample.minutes_each
    assert json.loads(sample.to_json())["day"] == "2023-05-02"
