"""Apps as they register: in JSON or forms, with one address or many."""

from typing import Any

import pytest

from tests.surfaces import REDIRECT, Running

OOB = "urn:ietf:wg:oauth:2.0:oob"


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"json": {"redirect_uris": REDIRECT}}, [REDIRECT]),
        ({"json": {"redirect_uris": [REDIRECT, OOB]}}, [REDIRECT, OOB]),
        ({"data": {"redirect_uris": f"{REDIRECT} {OOB}"}}, [REDIRECT, OOB]),
        ({"data": {"redirect_uris": f"{REDIRECT}\r\n{OOB}\n"}}, [REDIRECT, OOB]),
        ({"data": [("redirect_uris[]", REDIRECT), ("redirect_uris[]", "my.app://done")]}, [REDIRECT, "my.app://done"]),
        ({"params": {"redirect_uris": "com.example.app:/oauth"}}, ["com.example.app:/oauth"]),
        ({"json": {"redirect_uris": "http://127.0.0.1:9000/?a=b"}}, ["http://127.0.0.1:9000/?a=b"]),
    ],
)
async def test_an_app_says_where_it_is_answered_in_the_way_it_likes(house: Running, how: dict[str, Any], expected: list[str]) -> None:
    answer = await house.ask("POST", "/api/v1/apps?client_name=Trial", **how)
    assert answer.status == 200, answer.text
    assert answer.json["redirect_uris"] == expected
    assert answer.json["redirect_uri"] == "\n".join(expected)


async def test_a_registered_app_gets_everything_that_strict_clients_decode(house: Running) -> None:
    app = await house.app(website="https://app.example/", scopes="read write:statuses")
    assert app.keys() == {
        *("id", "name", "website", "scopes", "redirect_uri", "redirect_uris", "vapid_key"),
        *("client_id", "client_secret", "client_secret_expires_at"),
    }
    assert app["id"].isdigit()
    assert app["scopes"] == ["read", "write:statuses"]
    assert app["client_secret_expires_at"] == 0
    assert app["vapid_key"] == ""
    assert (await house.app(scopes=None))["scopes"] == ["read"], "who asks for nothing gets the least"


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_name": ""},
        {"client_name": "x" * 101},
        {"client_name": "two\nlines"},
        {"redirect_uris": ""},
        {"redirect_uris": []},
        {"scopes": "read everything"},
        {"website": "javascript:alert(1)"},
        {"website": "app.example"},
    ],
)
async def test_a_registration_that_does_not_fit_is_refused_with_a_sentence(house: Running, wrong: dict[str, Any]) -> None:
    asked = {"client_name": "Trial", "redirect_uris": REDIRECT, **wrong}
    refused = await house.ask("POST", "/api/v1/apps", json=asked)
    assert refused.status in (400, 422)
    assert refused.json


@pytest.mark.parametrize(
    "body", [b"{", b'{"client_name": ', b"\xff\xfe", b"[1]", b'{"client_name": {"a": "b"}}', b'{"client_name": 7}', b""]
)
async def test_a_body_that_cannot_be_read_is_refused(house: Running, body: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        for path in ("/api/v1/apps", "/oauth/token", "/oauth/revoke"):
            refused = await house.ask("POST", path, data=body, headers={"Content-Type": kind})
            assert 400 <= refused.status < 500, (path, kind)
