"""What a person is told when the story stops."""

from cli.demo import because
from cli.demo.stage import DemoFailed
from cli.operators import StillBehind
from cli.portal import Refused


def test_a_refused_step_of_many_side_by_side_is_told_in_the_words_of_the_service() -> None:
    refused = Refused(409, "budget-exceeded", "The line has 3 left.", "POST /v1/commitments")
    told = because(ExceptionGroup("side by side", [ExceptionGroup("deeper", [refused])]))
    assert isinstance(told, DemoFailed)
    assert (
        str(told) == "A step of the story was refused: POST /v1/commitments: 409 budget-exceeded: The line has 3 left."
    )


def test_a_consumer_that_stays_behind_is_told() -> None:
    assert isinstance(because(StillBehind("After 60 s funding has 3 facts to publish.")), DemoFailed)


def test_what_is_no_sentence_stays_what_it_is() -> None:
    bug = KeyError("code")
    assert because(ExceptionGroup("side by side", [bug])) is bug
