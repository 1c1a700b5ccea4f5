"""The README, word for word, as somebody types it who has just cloned the repository."""

import asyncio
import os
import re
import signal
import subprocess
from asyncio.subprocess import PIPE
from pathlib import Path

import requests

from tests.database import passable_directory
from tests.laboratory import HOUSE, free_port

README = (HOUSE / "README.md").read_text()
PATIENCE = 300.0


def typed(heading: str) -> str:
    """The first command under a heading."""
    found = re.search(rf"^## {heading}$.*?^```sh\n(.*?)\n```", README, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


async def test_the_line_that_starts_the_server_starts_it_in_a_fresh_clone() -> None:
    with passable_directory() as directory:
        clone = directory / "clone"
        subprocess.run(["git", "clone", "--quiet", str(HOUSE), str(clone)], check=True)
        port = free_port()
        environment = {key: value for key, value in os.environ.items() if not key.startswith("FEDIVERSE_CIRCLE_")}
        environment |= {"FEDIVERSE_CIRCLE_DATA_DIRECTORY": str(directory / "data"), "FEDIVERSE_CIRCLE_LISTEN": f"127.0.0.1:{port}"}
        shell = await asyncio.create_subprocess_shell(
            typed("Start it"), cwd=clone, env=environment, stdout=PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True
        )
        assert shell.stdout is not None
        link = ""
        try:
            async with asyncio.timeout(PATIENCE):
                async for line in shell.stdout:
                    if "/join/" in line.decode():
                        link = line.decode().strip()
                        break
            assert link.startswith(f"http://localhost:{port}/join/")
            page = await asyncio.to_thread(
                requests.get, link.replace("localhost", "127.0.0.1"), headers={"Host": f"localhost:{port}"}, timeout=30
            )
            assert "Make your account" in page.text
            assert not list(clone.glob("fediverse_circle/schema")), "the schema travels in the wheel, not by luck beside it"
        finally:
            os.killpg(shell.pid, signal.SIGTERM)
            async with asyncio.timeout(60):
                await shell.wait()


def test_the_test_line_is_the_one_that_is_checked_continuously() -> None:
    assert typed("Test it") == "tests/run"
    assert (HOUSE / ".ci" / "run").read_text().splitlines()[-1] == "exec tests/run"
    for path in ("tests/run", ".ci/run"):
        assert os.access(HOUSE / path, os.X_OK), path


def test_what_the_readme_names_exists() -> None:
    for name in re.findall(r"\]\(([^)h][^)]*)\)", README):
        assert (HOUSE / name).exists(), name
    for name in re.findall(r"`((?:tests|schema|fediverse_circle)/[\w./]+)`", README):
        assert Path(HOUSE / name).exists(), name
