"""The command line: what each command does, what it says when it cannot, and how it explains itself."""

import asyncio
import io
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from mastodon import MastodonAPIError, MastodonUnauthorizedError

from fediverse_circle.cli import commands, main
from fediverse_circle.store.schema import read_schema
from tests.laboratory import Instance, Laboratory
from tests.persons import PASSWORD, Browser, signed_in_client
from tests.stories.clients import ask
from tests.stories.conftest import Neighbours


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(every_command(commands)), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["fediverse-circle", *path, "--help"])
    main()
    explained, beside = capsys.readouterr()
    assert explained.startswith(f"Usage: {' '.join(('fediverse-circle', *path))} ")
    assert beside == ""
    listed = explained.partition("Commands:\n")[2].splitlines()
    assert all(line.endswith((".", "?")) and not line.endswith("...") for line in listed), "each says in a line what it does"
    assert "  -h, --help" in explained


WRONGLY_ASKED = [
    (["nonsense"], {}, "No such command 'nonsense'."),
    (["up", "--nonsense"], {}, "No such option '--nonsense'."),
    (["account", "create"], {}, "Missing argument 'USERNAME'."),
    (["account", "create", "ana"], {}, "Missing option '--email'."),
    (["serve", "--role", "king"], {}, "'king' is not one of"),
    (["serve", "--listen", "here"], {}, "--listen: expected addresses with ports"),
    (["token", "create", "ana", "--scopes", "read fly"], {}, "one of these scopes does not exist"),
    (["account", "disable", "\udcff"], {}, "is not text in UTF-8."),
    (["up", "--config", "/nowhere.toml"], {}, "The settings file /nowhere.toml cannot be read: No such file or directory."),
    (["up"], {"DOMAIN": "not a host"}, "FEDIVERSE_CIRCLE_DOMAIN: expected a host name such as example.org."),
    (["up"], {"DOMIAN": "example.org"}, "FEDIVERSE_CIRCLE_DOMIAN: there is no such setting. Did you mean domain?"),
    (["up"], {"LISTEN": "192.0.2.1:80"}, "listen: without a domain the server is for this machine alone"),
    (["up"], {"TLS_KEY": "/nowhere.key"}, "FEDIVERSE_CIRCLE_TLS_KEY: expected the path of a readable file"),
    (["up"], {"DATABASE_URL": "here"}, "FEDIVERSE_CIRCLE_DATABASE_URL: expected an address such as postgresql://"),
    (["up"], {"DATA_DIRECTORY": "/tmp/\udcff"}, "FEDIVERSE_CIRCLE_DATA_DIRECTORY: expected a path (it is not text in UTF-8)."),
]


@pytest.mark.parametrize(("arguments", "settings", "sentence"), WRONGLY_ASKED)
def test_what_is_asked_for_wrongly_is_refused_in_a_sentence(
    arguments: list[str],
    settings: dict[str, str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"FEDIVERSE_CIRCLE_{name}", value)
    monkeypatch.setattr(sys, "argv", ["fediverse-circle", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert sentence in " ".join(err.split())


UNFIT = [
    ("an a", PASSWORD.encode(), "A username is made of the letters a to z, digits and underscores."),
    ("admin", PASSWORD.encode(), "would speak for the server"),
    ("ana", b"short", "A password has at least 8 characters"),
    ("ana", b"", "A password has at least 8 characters"),
    ("ana", b"\xff" * 8, "A password is text in UTF-8."),
]


@pytest.mark.parametrize(("username", "password", "sentence"), UNFIT)
def test_names_and_passwords_that_will_not_do_are_refused_in_a_sentence(
    username: str, password: bytes, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["fediverse-circle", "account", "create", username, "--email", "a@mail.example", "--password-stdin"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(password), encoding="utf-8", errors="surrogateescape"))
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (1, "")
    assert sentence in err


async def refusal(instance: Instance, *arguments: str, **settings: str) -> str:
    """What a command says that cannot do what it was asked for."""
    code, out, err = await instance.outcome(*arguments, **settings)
    assert (code, out) == (1, "")
    assert "Traceback" not in err
    return err.splitlines()[-1]


async def test_accounts_are_made_listed_given_new_passwords_and_ended_beside_the_running_server(neighbours: Neighbours) -> None:
    one, authority = neighbours.one, neighbours.lab.authority_file

    def enter(password: str) -> str:
        browser = Browser(authority)
        browser.open(f"{one.origin}/settings")
        browser.submit_form_with("password", email="zoe@mail.example", password=password)
        return browser.text()

    password = await one.command("account", "create", "zoe", "--email", "zoe@mail.example", "--name", "Zoe", "--role", "moderator")
    assert "Signed in as zoe@mail.example" in await ask(enter, password)
    rows = [line.split("\t") for line in (await one.command("account", "list")).splitlines()]
    (zoe,) = (row for row in rows if row[1] == "zoe@mail.example")
    assert zoe == [f"@zoe@{one.host}", "zoe@mail.example", "moderator", f"{datetime.now(UTC):%Y-%m-%d}", "active"]
    said = await asyncio.gather(
        refusal(one, "account", "create", "zoe", "--email", "other@mail.example"),
        refusal(one, "account", "create", "zoe2", "--email", "zoe@mail.example"),
        refusal(one, "account", "create", "zoe4", "--email", "nobody@mail.example", "--persona"),
        refusal(one, "account", "disable", "zoe@elsewhere.example"),
        refusal(one, "token", "create", f"@{one.host}@{one.host}"),
    )
    assert said == [
        "The name “zoe” is taken. Please choose another.",
        "Somebody signs in with that e-mail address already.",
        "Nobody signs in with nobody@mail.example.",
        "Nobody here is called zoe@elsewhere.example.",
        f"Nobody here is called @{one.host}@{one.host}.",
    ]

    await one.command("account", "password", f"@zoe@{one.host}", "--password-stdin", given=f"{PASSWORD}\n")
    assert "Signed in" not in await ask(enter, password)
    client = await asyncio.to_thread(signed_in_client, one, "zoe", authority)
    assert (await ask(client.account_verify_credentials)).username == "zoe"
    newer = await one.command("account", "password", "zoe")
    with pytest.raises(MastodonUnauthorizedError):
        await ask(client.account_verify_credentials)
    assert "Signed in" in await ask(enter, newer)
    assert await one.command("account", "disable", "zoe") == ""
    assert "Signed in" not in await ask(enter, newer)
    assert [line.split("\t")[4] for line in (await one.command("account", "list")).splitlines() if "\tzoe@" in line] == ["disabled"]


async def test_a_token_for_scripts_may_do_what_it_was_made_for(neighbours: Neighbours) -> None:
    one = neighbours.one
    client = await neighbours.person(one, "yan")
    client.access_token = await one.command("token", "create", f"yan@{one.host}", "--scopes", "read", "--app", "A script")
    assert (await ask(client.account_verify_credentials)).username == "yan"
    assert (await ask(client.app_verify_credentials)).name == "A script"
    with pytest.raises(MastodonAPIError, match="outside the authorized scopes"):
        await ask(client.status_post, "Not with this one.")


async def test_tables_are_made_by_migrate_and_everything_else_says_so_before(lab: Laboratory) -> None:
    bare = await lab.instance("bare")
    advice = "The database has no tables yet. Run `fediverse-circle migrate`."
    assert await asyncio.gather(refusal(bare, "serve"), refusal(bare, "account", "list")) == [advice, advice]
    assert await bare.command("migrate") == ""
    code, _, err = await bare.outcome("migrate")
    assert (code, err.splitlines()[-1]) == (0, f"The tables are at version {read_schema().version}.")
    assert await bare.command("account", "list") == ""


def findings(out: str) -> list[str]:
    """What doctor looked at, and whether it is well.  (Whether names below .localhost have an address depends on the machine.)"""
    named = [line.partition(":")[0] for line in out.splitlines() if not line.startswith("    →")]
    return [name for name in named if not name.endswith("Domain")]


async def test_doctor_finds_a_well_server_well(neighbours: Neighbours) -> None:
    found = findings(await neighbours.one.command("doctor"))
    assert found == [f"ok  {what}" for what in ("Program", "Database", "Tables", "Certificate", "WebFinger", "Clock")]


async def test_doctor_says_what_is_wrong_and_what_to_do(lab: Laboratory) -> None:
    ill = await lab.instance("ill")
    certificate = lab.directory / "old.pem"
    paper = lab.authority.issue_cert("ill.localhost", not_after=datetime.now(UTC) + timedelta(days=3))
    paper.private_key_and_cert_chain_pem.write_to_path(str(certificate))
    (code, out, _), (code_without, out_without, _) = await asyncio.gather(
        ill.outcome("doctor", tls_certificate=str(certificate), tls_key=str(certificate)),
        ill.outcome("doctor", database_url="postgresql://nobody@127.0.0.1:1/nothing"),
    )
    assert (code, code_without) == (1, 1)
    assert findings(out) == ["ok  Program", "ok  Database", "bad Tables", "bad Certificate", "bad WebFinger"]
    assert out.count("    → ") == 3
    assert "bad Database: database_url: there is no connection to the database" in out_without


async def test_a_server_that_cannot_start_says_why(lab: Laboratory, tmp_path: Path) -> None:
    house = await lab.instance("house")
    stray = await asyncio.to_thread(lab.paper, "stray.localhost")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = await asyncio.gather(
            refusal(house, "up", listen=f"127.0.0.1:{port}"),
            refusal(house, "up", tls_key=str(stray[1])),
            refusal(house, "up", database_url="postgresql://nobody@127.0.0.1:1/nothing"),
            refusal(house, "up", data_directory="/dev/null/here", database_url=""),
            refusal(house, "demo", "--port", str(port)),
        )
    certificate, key = house.environment["FEDIVERSE_CIRCLE_TLS_CERTIFICATE"], stray[1]
    assert said == [
        f"listen: no connections can be taken at 127.0.0.1:{port}: address already in use.",
        f"tls_certificate, tls_key: {certificate} and {key} are not a certificate and its own key, unlocked.",
        "database_url: there is no connection to the database (ConnectionRefusedError). Check address, name and password.",
        "data_directory: /dev/null/here cannot be made (Not a directory). Choose another.",
        f"listen: no connections can be taken at 127.0.0.1:{port}: address already in use.",
    ]


async def test_a_server_started_twice_by_mistake_takes_no_connections_from_the_first(neighbours: Neighbours) -> None:
    one = neighbours.one
    assert await refusal(one, "up") == f"listen: no connections can be taken at 127.0.0.1:{one.port}: address already in use."
