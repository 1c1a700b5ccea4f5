"""What kind of document came."""

import pytest

from fediverse_circle.net.media_types import ACTIVITYSTREAMS, is_activity, is_jrd


@pytest.mark.parametrize(
    "content_type",
    [
        "application/activity+json",
        "Application/Activity+JSON; charset=utf-8",
        f'application/ld+json; profile="{ACTIVITYSTREAMS}"',
        f'application/ld+json;charset=utf-8;profile="https://w3id.org/security {ACTIVITYSTREAMS}"',
        f"application/ld+json; profile={ACTIVITYSTREAMS}",
    ],
)
def test_activitypub_bears_one_of_its_two_types(content_type: str) -> None:
    assert is_activity(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "application/ld+json",
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams-not"',
        f'application/json; profile="{ACTIVITYSTREAMS}"',
        f'text/html; profile="{ACTIVITYSTREAMS}"',
        "text/html",
        "text/html; application/activity+json",
        "application/activity+json, text/html",
        "application/activity+jsonp",
        "application/octet-stream",
        ";;;=;*=\x00",
    ],
)
def test_what_an_upload_could_bear_is_not_activitypub(content_type: str) -> None:
    assert not is_activity(content_type)


def test_webfinger_answers_in_jrd_or_plain_json() -> None:
    assert is_jrd("application/jrd+json; charset=utf-8")
    assert is_jrd("application/json")
    assert not is_jrd("application/activity+json")
    assert not is_jrd("text/html")
