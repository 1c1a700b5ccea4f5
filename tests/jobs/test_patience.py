from datetime import timedelta

from fediverse_circle.jobs.patience import LONGEST, delay


def test_patience_grows_and_ends_at_six_hours() -> None:
    rests = [delay(failures, 0) for failures in range(1, 30)]
    assert rests[:3] == [timedelta(seconds=5), timedelta(seconds=20), timedelta(seconds=85)]
    assert rests == sorted(rests)
    assert rests[-1] == LONGEST


def test_chance_lengthens_a_rest_by_a_quarter_at_most() -> None:
    assert delay(3, 0) < delay(3, 0.5) < delay(3, 1) == delay(3, 0) * 1.25


def test_there_is_a_rest_even_before_the_first_failure_was_counted() -> None:
    assert delay(0, 0) == delay(1, 0)
