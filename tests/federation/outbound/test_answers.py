from datetime import UTC, datetime, timedelta

import pytest

from fediverse_circle.federation.answers import (
    LONGEST_REST,
    Failed,
    Gone,
    Outcome,
    Refused,
    Resting,
    Taken,
    outcome,
    wants_another_signature,
)
from tests.people import NOW


@pytest.mark.parametrize(
    ("statuses", "wanted"),
    [
        ((200, 201, 202, 204), Taken()),
        ((400, 403, 404, 405, 406, 413, 418, 422, 501), Refused()),
        ((410,), Gone()),
        ((301, 302, 308, 401, 500, 599), Failed()),
        ((408, 429, 502, 503, 504), Resting(None)),
    ],
)
def test_a_status_says_whether_to_come_again(statuses: tuple[int, ...], wanted: Outcome) -> None:
    assert {status: outcome(status, {}, NOW) for status in statuses} == dict.fromkeys(statuses, wanted)


def test_only_doubts_about_the_signature_are_worth_another_one() -> None:
    assert [status for status in range(200, 600) if wants_another_signature(status)] == [400, 401]


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        ({"Retry-After": "30"}, NOW + timedelta(seconds=30)),
        ({"Retry-After": "Fri, 20 Nov 2026 12:01:00 GMT"}, NOW + timedelta(minutes=1)),
        ({"X-RateLimit-Reset": "2026-11-20T12:05:00.000Z"}, NOW + timedelta(minutes=5)),
        ({"X-RateLimit-Reset": "2026-11-20T12:05:00"}, NOW + timedelta(minutes=5)),
        ({"X-RateLimit-Reset": str(int((NOW + timedelta(hours=1)).timestamp()))}, NOW + timedelta(hours=1)),
        ({"X-RateLimit-Reset": "90"}, NOW + timedelta(seconds=90)),
        ({"Retry-After": "30", "X-RateLimit-Reset": "90"}, NOW + timedelta(seconds=30)),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "Fri, 20 Nov 2026 11:00:00 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "٣٠"}, None),
        ({"X-RateLimit-Reset": "0001-01-01T00:00:00+23:59"}, None),
        ({"Retry-After": "9999999999"}, NOW + LONGEST_REST),
        ({"X-RateLimit-Reset": "9999999999"}, NOW + LONGEST_REST),
        ({"Retry-After": "9" * 5000}, None),
    ],
)
def test_who_says_when_to_come_again_is_believed_within_reason(headers: dict[str, str], until: datetime | None) -> None:
    assert outcome(429, headers, NOW) == Resting(until)


def test_times_are_in_utc() -> None:
    assert NOW.tzinfo == UTC
