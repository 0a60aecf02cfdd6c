"""What the records of a region should come to, reckoned from the files alone, without any code of the services.

It is the answer that the services are held against: slow, plain, and written from the contract. It takes the records of
one sender after the other, after the lessons were confirmed, and before anything was accepted; examples/afterwards.py
goes on from there.
"""

from examples.reckoning.books import Booking, Outcome, Reckoning, half_up
from examples.reckoning.judging import booking, judge, naive_cents, readable, reckon, take_back
from examples.reckoning.region import lesson_place, stands
from examples.reckoning.sums import COFINANCING_BASIS_POINTS, details, expected, totals

__all__ = [
    "COFINANCING_BASIS_POINTS",
    "Booking",
    "Outcome",
    "Reckoning",
    "booking",
    "details",
    "expected",
    "half_up",
    "judge",
    "lesson_place",
    "naive_cents",
    "readable",
    "reckon",
    "stands",
    "take_back",
    "totals",
]
