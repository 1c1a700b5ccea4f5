"""What the people who run a server write is read strictly, from one table, and a mistake names its key."""

import tomllib
from dataclasses import FrozenInstanceError, fields
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme

from fediverse_circle.config import Settings, Tcp, Unix, example, load, settings_of
from fediverse_circle.core.errors import Invalid


def from_file(tmp_path: Path, text: str, **environment: str) -> Settings:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    return load(file, environment=environment)


def refusal(**values: object) -> Invalid:
    with pytest.raises(Invalid) as refused:
        settings_of(values)
    return refused.value


def test_without_any_setting_it_is_for_this_machine_alone() -> None:
    settings = load(environment={"XDG_DATA_HOME": "/nonexistent"})
    assert settings.listen == (Tcp("127.0.0.1", 8080),)
    assert not settings.federates
    assert str(settings.origin) == "http://localhost:8080"
    assert settings.handle_domain == "localhost:8080"
    assert settings.registration == "invitation"
    assert not settings.trusted_proxies
    assert not settings.allowed_private_networks
    assert not settings.cautions


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", ":8080", "[::]:8080", "192.168.1.2:80"])
def test_without_a_domain_no_address_of_the_network_is_listened_on(listen: str) -> None:
    refused = refusal(listen=["127.0.0.1:8080", listen])
    assert refused.field == "listen"
    assert "Set domain first" in refused.sentence
    assert settings_of({"listen": [listen], "domain": "example.org"}).federates


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "127.9.9.9:65535", "[::1]:8080", "localhost:8080", "unix:/run/x"])
def test_loopback_needs_no_domain(listen: str) -> None:
    assert [str(each) for each in settings_of({"listen": listen}).listen] == [listen]


def test_names_of_the_server_and_of_handles() -> None:
    settings = settings_of({"domain": "Example.ORG", "web_domain": "social.example.org"})
    assert (settings.handle_domain, str(settings.origin)) == ("example.org", "https://social.example.org")
    assert str(settings_of({"domain": "example.org"}).origin) == "https://example.org"
    assert str(settings_of({"domain": "a.test:8443"}).origin) == "https://a.test:8443"
    assert settings_of({"domain": "bücher.example"}).handle_domain == "xn--bcher-kva.example"
    assert refusal(web_domain="social.example.org").field == "domain"


def test_a_trial_with_its_own_certificate_is_https(tmp_path: Path) -> None:
    for name in ("c", "k"):
        (tmp_path / name).write_text("x")
    settings = settings_of({"tls_certificate": str(tmp_path / "c"), "tls_key": str(tmp_path / "k")})
    assert str(settings.origin) == "https://localhost:8080"


def test_file_environment_and_command_line_bear_the_same_names_and_later_ones_win(tmp_path: Path) -> None:
    text = 'domain = "file.example"\nlisten = [":1", ":2"]\nregistration = "open"\nsignature_window = 60\n'
    settings = from_file(tmp_path, text, FEDIVERSE_CIRCLE_LISTEN=":3, unix:/run/x", FEDIVERSE_CIRCLE_REGISTRATION="closed")
    assert (settings.domain, settings.registration, settings.signature_window) == ("file.example", "closed", timedelta(minutes=1))
    assert settings.listen == (Tcp("", 3), Unix(Path("/run/x")))
    spoken = load(
        tmp_path / "settings.toml",
        environment={"FEDIVERSE_CIRCLE_DOMAIN": "environment.example"},
        command_line={"domain": "spoken.example", "registration": None},
    )
    assert (spoken.domain, spoken.registration) == ("spoken.example", "open")


def test_every_setting_can_be_said_in_each_way(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "pem"))
    names = {field.name for field in fields(Settings)}
    lines = [line.removeprefix("#") for line in example().split("\n") if line.removeprefix("#").partition(" = ")[0] in names]
    values = tomllib.loads("\n".join(lines))
    assert set(values) == names
    values |= dict.fromkeys(("tls_certificate", "tls_key", "extra_ca_bundle"), str(tmp_path / "pem"))
    expected = settings_of(values)
    variables = {
        f"FEDIVERSE_CIRCLE_{name.upper()}": ",".join(value) if isinstance(value, list) else str(value) for name, value in values.items()
    }
    assert load(environment=variables) == expected
    lines = [f"{name} = {value if isinstance(value, int | list) else repr(value)}" for name, value in values.items()]
    assert from_file(tmp_path, "\n".join(lines)) == expected


def test_the_example_is_a_file_that_decides_nothing_and_explains_everything(tmp_path: Path) -> None:
    assert tomllib.loads(example()) == {}
    assert from_file(tmp_path, example()) == load(environment={"FEDIVERSE_CIRCLE_DATA_DIRECTORY": ""})
    for field in fields(Settings):
        assert f"\n#{field.name} = " in example()


def test_the_file_is_the_one_on_the_command_line_then_the_variable_then_in_the_data_directory(tmp_path: Path) -> None:
    for name in ("spoken", "variable", "fediverse-circle"):
        (tmp_path / f"{name}.toml").write_text(f'name = "{name}"')
    environment = {"FEDIVERSE_CIRCLE_DATA_DIRECTORY": str(tmp_path)}
    assert load(environment=environment).name == "fediverse-circle"
    assert load(environment={}, command_line={"data_directory": str(tmp_path)}).name == "fediverse-circle"
    environment["FEDIVERSE_CIRCLE_CONFIG"] = str(tmp_path / "variable.toml")
    assert load(environment=environment).name == "variable"
    assert load(tmp_path / "spoken.toml", environment=environment).name == "spoken"


def test_a_file_lying_about_where_one_stands_is_not_picked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fediverse-circle.toml").write_text('domain = "elsewhere.example"')
    monkeypatch.chdir(tmp_path)
    assert load(environment={"FEDIVERSE_CIRCLE_DATA_DIRECTORY": str(tmp_path / "data")}).domain is None


def test_relative_paths_start_from_the_file_that_says_them(tmp_path: Path) -> None:
    assert from_file(tmp_path, 'data_directory = "data"').data_directory == tmp_path / "data"


def test_plain_database_url_is_understood_and_the_longer_name_wins(tmp_path: Path) -> None:
    assert from_file(tmp_path, "", DATABASE_URL="postgresql://a/b").database_url == "postgresql://a/b"
    both = {"DATABASE_URL": "postgresql://a/b", "FEDIVERSE_CIRCLE_DATABASE_URL": "postgresql://c/d"}
    assert from_file(tmp_path, "", **both).database_url == "postgresql://c/d"
    assert from_file(tmp_path, "database_url = 'postgresql://e/f'", DATABASE_URL="postgresql://a/b").database_url == "postgresql://a/b"


def test_an_empty_variable_says_nothing(tmp_path: Path) -> None:
    assert from_file(tmp_path, 'domain = "file.example"', FEDIVERSE_CIRCLE_DOMAIN="", DATABASE_URL="").domain == "file.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("domain", value)
            for value in ["", "a b", "https://example.org", "example.org/x", "10.0.0.1", "[::1]", "x" * 300, 1, "a@b", "-a.b"]
        ),
        *(
            ("listen", value)
            for value in ["8080", "127.0.0.1", "example.org:80", ":0", ":65536", ":x", [1], {}, "unix:" + "x" * 200, "::1:80"]
        ),
        *(("trusted_proxies", value) for value in ["10.0.0.1/8", "proxy", ["x"], 1]),
        *(("allowed_private_networks", value) for value in ["localhost", ["10.0.0.0/33"]]),
        *(("database_url", value) for value in ["mysql://x/y", "x", 1]),
        *(("registration", value) for value in ["Open", "", True]),
        *(("signature_window", value) for value in [29, 3601, "1h", "-60", 60.5, True, "٦٠"]),
        *(("log_level", value) for value in ["loud", 1]),
        *(("tls_certificate", value) for value in ["/nonexistent", "", "/"]),
        ("extra_ca_bundle", __file__),
        *(("contact", value) for value in ["ana", "@x.example", "a b@x.example", "a@", "a@10.0.0.1"]),
        ("name", "two\nlines"),
        ("data_directory", ""),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_the_name_of_its_key(name: str, value: object) -> None:
    refused = refusal(**{name: value})
    assert refused.field == name
    assert refused.sentence.startswith(f"{name}: expected ")
    assert refused.sentence.endswith(".")


def test_a_mistake_tells_where_it_was_made(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"^registration in .*settings\.toml: expected one of"):
        from_file(tmp_path, 'registration = "all"')
    with pytest.raises(Invalid, match=r"^FEDIVERSE_CIRCLE_REGISTRATION: expected one of"):
        from_file(tmp_path, "", FEDIVERSE_CIRCLE_REGISTRATION="all")
    with pytest.raises(Invalid, match=r"^--log-level: expected one of"):
        load(environment={}, command_line={"log_level": "all"})


def test_an_unknown_name_is_refused_and_the_nearest_one_suggested(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Did you mean domain"):
        from_file(tmp_path, 'domian = "example.org"')
    with pytest.raises(Invalid, match=r"^FEDIVERSE_CIRCLE_TRUSTED_PROXY: there is no such setting\. Did you mean trusted_proxies"):
        from_file(tmp_path, "", FEDIVERSE_CIRCLE_TRUSTED_PROXY="10.0.0.1")
    assert refusal(zzz=1).sentence == "zzz: there is no such setting."


@pytest.mark.parametrize("text", ["domain = ", "[domain", "\x00"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid, match=r"settings\.toml is not TOML"):
        from_file(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"none\.toml cannot be read"):
        load(tmp_path / "none.toml", environment={})


@pytest.mark.parametrize("present", ["tls_certificate", "tls_key"])
def test_certificate_and_key_come_together(present: str) -> None:
    missing = {"tls_certificate": "tls_key", "tls_key": "tls_certificate"}[present]
    assert refusal(**{present: __file__}).field == missing


def test_private_networks_are_a_caution_that_names_them() -> None:
    settings = settings_of({"allowed_private_networks": ["10.0.0.0/8", "::1"]})
    assert settings.allowed_private_networks == (ip_network("10.0.0.0/8"), ip_network("::1"))
    (caution,) = settings.cautions
    assert "10.0.0.0/8, ::1/128" in caution


def test_settings_do_not_change_and_hold_no_secret_in_their_repr() -> None:
    settings = settings_of({"database_url": "postgresql://someone:xyzzy@host/x"})
    assert "xyzzy" not in repr(settings)
    with pytest.raises(FrozenInstanceError):
        settings.domain = "other.example"  # type: ignore[misc]


def test_a_refused_secret_is_not_repeated() -> None:
    assert "xyzzy" not in refusal(database_url="mysql://someone:xyzzy@host/x").sentence
