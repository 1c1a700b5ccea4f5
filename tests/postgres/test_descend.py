"""The program that starts PostgreSQL gives up every right before it does, and does not start it for the dead."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fediverse_circle.postgres import descend
from tests.postgres.conftest import needs_root


def descended(starter: int, *command: str, groups: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-IS", str(Path(descend.__file__)), str(starter), "65534", "65534", *command]
    return subprocess.run(program, capture_output=True, text=True, extra_groups=groups or None)


@needs_root
def test_nothing_of_root_is_left(tmp_path: Path) -> None:
    done = descended(os.getpid(), "/bin/cat", "/proc/self/status", groups=(0, 4))
    facts = dict(line.split(":", 1) for line in done.stdout.splitlines())
    assert set(facts["Uid"].split()) == set(facts["Gid"].split()) == {"65534"}
    assert facts["Groups"].split() == []
    assert facts["CapEff"].strip("\t0") == facts["CapPrm"].strip("\t0") == facts["CapAmb"].strip("\t0") == ""


@needs_root
def test_what_the_command_writes_is_for_its_user_alone() -> None:
    assert descended(os.getpid(), "/bin/sh", "-c", "umask; pwd").stdout.split() == ["0077", "/"]


@pytest.mark.skipif(sys.platform != "linux", reason="the tie to the starter is Linux's")
def test_for_a_starter_that_has_ended_nothing_is_started() -> None:
    done = descended(2**22, "/bin/echo", "started")
    assert done.returncode != 0
    assert "started\n" not in done.stdout
    assert "has ended" in done.stderr
