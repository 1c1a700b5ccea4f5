"""A program that holds a server, to be killed: `python -m tests.postgres.holder <data directory> <runtime directory> [wheel]`.

It writes `up` when the server answers, whatever it is told to say on further lines, and ends when its input does.
"""

import asyncio
import sys
from pathlib import Path

from fediverse_circle import postgres
from fediverse_circle.postgres.binaries import CannotStart, embedded

try:  # as the program itself does
    from uvloop import new_event_loop
except ImportError:
    from asyncio import new_event_loop


def say(words: str) -> None:
    print(words, flush=True)


async def main(data: str, runtime: str, which: str = "") -> None:
    try:
        async with postgres.serving(Path(data), Path(runtime), say, await embedded() if which == "wheel" else None) as server:
            access = await server.database("fediverse_circle")
            say(f"up {access.everyday}")
            await asyncio.to_thread(sys.stdin.read)
    except CannotStart as refusal:
        say(f"refused {refusal.sentence}")
    say("down")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
