"""A worker in a process of its own, to be killed: tells and delivers until it is.  Its clock runs ahead, so that what a dead one held is due."""

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path

from fediverse_circle.core.clock import utc_now
from fediverse_circle.federation.delivery import deliver
from fediverse_circle.federation.outgoing import KINDS, tell
from fediverse_circle.jobs.worker import work
from fediverse_circle.store.db import open_database
from tests.federation.outbound.conftest import HOSTS
from tests.sites import Clock, site


class Ahead(Clock):
    """The time, some minutes ahead."""

    def __init__(self, by: timedelta) -> None:
        super().__init__()
        self.by = by

    def __call__(self) -> datetime:
        return utc_now() + self.by


async def main(dsn: str, port: str, trust: str, minutes: str) -> None:
    names = dict.fromkeys(HOSTS, ("127.0.0.1", int(port)))
    async with open_database(dsn) as db, site(db, Ahead(timedelta(minutes=int(minutes))), host_map=names, trust=Path(trust)) as here:
        stop = asyncio.Event()
        await asyncio.gather(work(here, dict.fromkeys(KINDS, tell), stop), deliver(here, stop))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
