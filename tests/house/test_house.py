"""The house keeps itself true: rooms, types, style, and what may be said where (each a fact about the whole tree)."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fediverse_circle

PACKAGE = Path(fediverse_circle.__file__).parent
HOUSE = PACKAGE.parent
BIN = Path(sys.executable).parent


def modules(*rooms: str) -> Iterator[tuple[str, str]]:
    """Every module of some rooms (of the whole house, if none is named) with its text."""
    for room in [PACKAGE / room for room in rooms] or [PACKAGE]:
        for path in sorted(room.rglob("*.py")) if room.is_dir() else [room]:
            yield path.relative_to(PACKAGE).as_posix(), path.read_text()


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rooms_lean_only_on_rooms_below_them() -> None:
    run(str(BIN / "lint-imports"))


def test_types_are_strict() -> None:
    run(str(BIN / "mypy"))


@pytest.mark.parametrize("command", [("check",), ("format", "--check")])
def test_style_is_one(command: tuple[str, ...]) -> None:
    run(str(BIN / "ruff"), *command, "fediverse_circle", "tests")


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        f"{name}:{inner.lineno}"
        for name, text in modules()
        for outer in ast.walk(ast.parse(text))
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(outer)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not hidden


def test_only_the_configuration_reads_the_environment() -> None:
    readers = {name for name, text in modules() if re.search(r"\bos\.environ\b|\bgetenv\b", text)}
    assert readers == {"config.py"}


def test_only_the_bell_notifies() -> None:
    assert {name for name, text in modules() if re.search(r"pg_notify|add_listener", text)} == {"store/bell.py"}


def test_which_personas_share_a_login_is_known_in_one_module() -> None:
    assert {name for name, text in modules() if "login_id" in text} == {"store/logins.py"}


def test_posts_are_read_through_the_one_door() -> None:
    shortcut = re.compile(r"\b(?:from|join)\s+post\b(?!_)", re.IGNORECASE)
    assert not [name for name, text in modules("store") if shortcut.search(text)]


def test_no_module_waits_for_something_unfinished() -> None:
    assert not [name for name, text in modules() if re.search(r"NotImplementedError|\bTODO\b|\bFIXME\b|\bXXX\b", text)]


def test_every_room_has_a_door_that_says_what_is_in_it() -> None:
    silent = [
        path.name
        for path in PACKAGE.iterdir()
        if (path / "__init__.py").is_file() and not ast.get_docstring(ast.parse((path / "__init__.py").read_text()))
    ]
    assert not silent


def test_nothing_names_the_machine_it_was_made_on() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=HOUSE, capture_output=True, text=True, check=False).stdout.split()
    telling = re.compile(r"/root/|/home/\w+/|pythonhosted|registry\.npmjs")
    here = Path(__file__).relative_to(HOUSE).as_posix()
    for name in tracked:
        path = HOUSE / name
        if name == here or not path.is_file() or path.stat().st_size > 1 << 20:
            continue
        assert not telling.search(path.read_text(errors="ignore")), name
