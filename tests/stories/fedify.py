"""Drives the independent server made with Fedify: `tests/fedify/peer.mjs`, one actor, pia, who does what a test tells her."""

import asyncio
import json
import os
import shutil
import subprocess
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import requests

from tests.laboratory import HOUSE, PATIENCE, Laboratory, free_port

OLDEST_NODE = 20
PLACE = HOUSE / "tests" / "fedify"


def missing() -> str | None:
    """Why the peer cannot run on this machine; None if it can."""
    if shutil.which("node") is None:
        return "the Fedify peer is left out: there is no Node on this machine"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0] or 0) < OLDEST_NODE:
        return f"the Fedify peer is left out: it needs Node {OLDEST_NODE} or newer, and this machine has {version or 'one that does not start'}"
    if not (PLACE / "node_modules" / "@fedify" / "fedify").is_dir():
        return "the Fedify peer is left out: npm has not installed it (tests/run does)"
    return None


@dataclass(frozen=True)
class Peer:
    """A running peer."""

    host: str
    control: int
    session: requests.Session

    @property
    def pia(self) -> str:
        return f"https://{self.host}/users/pia"

    @property
    def handle(self) -> str:
        return f"pia@{self.host}"

    def do(self, deed: str, **given: object) -> Any:
        """Have pia do something; what Fedify makes of it."""
        answer = self.session.post(f"http://127.0.0.1:{self.control}/", json={"deed": deed, **given}, timeout=PATIENCE)
        assert answer.ok, answer.json()["error"]
        return answer.json()

    def heard(self, kind: str, word: str) -> Any:
        """The last activity of a kind with this word in it that Fedify let in, as it understood it; None if there is none."""
        return next((said for said in reversed(self.do("seen")) if said["type"] == kind and word in json.dumps(said)), None)


@asynccontextmanager
async def peer(lab: Laboratory, name: str, **settings: object) -> AsyncIterator[Peer]:
    """A peer of this name, for as long as the block lasts."""
    port, control = free_port(), free_port()
    certificate, key = lab.paper(f"{name}.localhost")
    host = f"{name}.localhost:{port}"
    told = {"host": host, "port": port, "control": control, "certificate": str(certificate), "key": str(key), **settings}
    process = await asyncio.create_subprocess_exec(
        "node",
        str(PLACE / "peer.mjs"),
        json.dumps(told),
        env={"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(lab.authority_file)},
        stdout=PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            assert await process.stdout.readline() == b"ready\n"
        with requests.Session() as session:
            session.trust_env = False  # no proxy stands between us
            yield Peer(host, control, session)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
