"""Runs the benches named on the command line, or all."""

import asyncio
import json
import sys

from fediverse_circle import postgres
from tests.bench import fanout, inbox, memory, timeline
from tests.database import passable_directory
from tests.laboratory import laboratory

ALL = ("inbox", "fanout", "timeline", "memory")


async def main() -> None:
    wanted = sys.argv[1:] or ALL
    with passable_directory() as directory:
        async with postgres.serving(directory, directory, lambda _: None) as server, laboratory(server) as lab:
            for name in wanted:
                match name:
                    case "inbox":
                        tell(await inbox.run(lab))
                    case "fanout":
                        for hosts in (1, 50):
                            tell(await fanout.run(lab, hosts))
                    case "timeline":
                        for stored in (1_000, 100_000):
                            for figure in await timeline.run(lab, stored):
                                tell(figure)
                    case "memory":
                        tell(await memory.run(lab))
                    case _:
                        sys.exit(f"there is no bench {name}; there are {', '.join(ALL)}")


def tell(figure: dict[str, object]) -> None:
    print(json.dumps(figure), flush=True)


asyncio.run(main())
