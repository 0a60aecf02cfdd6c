"""What regions compare: keyed hashes that tell nothing without the key, and outlive its replacement."""

from uuid import UUID

from services.funding.domain.fingerprints import Fingerprints

HERE, THERE = (UUID(int=1), UUID(int=2), "robotisering"), (UUID(int=3), UUID(int=2), "robotisering")
OLD, NEW = Fingerprints(b"old"), Fingerprints(b"new", (b"old",))


def test_the_same_thing_has_one_fingerprint_in_every_region_and_a_place_of_its_own() -> None:
    ((here, place),), ((there, elsewhere),) = OLD.evidence(["a"], HERE), OLD.evidence(["a"], THERE)
    assert here == there
    assert place != elsewhere


def test_what_was_claimed_under_the_old_key_is_recognised_after_it_was_replaced() -> None:
    before, after = OLD.evidence(["a", "b"], HERE), NEW.evidence(["a", "b"], HERE)
    assert after[2:] == before
    assert not {*after[:2]} & {*before}
    assert after[:2] == Fingerprints(b"new").evidence(["a", "b"], HERE)


def test_times_of_workers_do_not_run_into_one_another() -> None:
    assert OLD.worker(("a", "b|c"), HERE) != OLD.worker(("a|b", "c"), HERE)
