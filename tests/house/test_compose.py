"""docker-compose.yml as far as it can be checked without an engine: names that exist, secrets that are asked for, nobody running as root."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fediverse_circle.config import load

HOUSE = Path(__file__).resolve().parents[2]
TEXT = (HOUSE / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
ASKED = set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT))


def test_the_example_of_env_names_exactly_what_is_asked_for() -> None:
    named = set(re.findall(r"^(\w+)=", (HOUSE / ".env.example").read_text(), re.MULTILINE))
    assert named == ASKED


def test_the_server_understands_what_it_is_told() -> None:
    values = {
        name: re.sub(r"\$\{\w+(?::[?-][^}]*)?\}", "x.example", str(value))
        for name, value in COMPOSE["services"]["server"]["environment"].items()
    }
    settings = load(environment=values | {"FEDIVERSE_CIRCLE_CONTACT": "hello@x.example", "FEDIVERSE_CIRCLE_DATA_DIRECTORY": "/nowhere"})
    assert settings.domain == "x.example"
    assert settings.database_url is not None
    (network,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    assert [str(trusted) for trusted in settings.trusted_proxies] == [network["subnet"]]


def test_secrets_have_no_default() -> None:
    for name in ("POSTGRES_PASSWORD", "FEDIVERSE_CIRCLE_DATABASE_PASSWORD", "FEDIVERSE_CIRCLE_DOMAIN"):
        for use in re.findall(rf"(?<!\$)\$\{{{name}([^}}]*)\}}", TEXT):
            assert use.startswith(":?"), name


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["caddy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert COMPOSE["services"]["postgres"]["networks"] == ["inside"]


def test_what_a_service_mounts_exists() -> None:
    for service in COMPOSE["services"].values():
        for mount in service.get("configs", []):
            assert mount["source"] in COMPOSE["configs"]
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]


@pytest.mark.parametrize(
    "setting", ["log_min_messages=log", "log_min_error_statement=panic", "log_error_verbosity=terse", "log_parameter_max_length=0"]
)
def test_the_database_keeps_words_out_of_its_log(setting: str) -> None:
    assert setting in COMPOSE["services"]["postgres"]["command"]


def test_the_image_runs_as_nobody_in_particular() -> None:
    image = (HOUSE / "Dockerfile").read_text()
    last_user = re.findall(r"^USER (\S+)", image, re.MULTILINE)[-1]
    assert last_user not in ("root", "0")
    for copied in re.findall(r"^COPY (?!--from)(.*) \S+$", image, re.MULTILINE):
        for name in copied.split():
            assert (HOUSE / name).exists(), name
            assert f"!{name}" in (HOUSE / ".dockerignore").read_text().splitlines(), name
