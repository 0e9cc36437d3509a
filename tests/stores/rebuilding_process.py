"""A projector of accounts as a process that rebuilds its read models once, or goes on with what is there.

Arguments: log URL, store URL, projection, and "rebuild" or "go on". DIPTYCH_FAILPOINTS says where it dies.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from event_store import EventLog
from projector import rebuild_service
from projector.runner import Runner
from read_store import HeadAnswers, ReadModelWriter
from tests import accounts
from tests.stores.projector_world import World
from tests.waiting import eventually


@asynccontextmanager
async def started(world: World, what: str, failpoints: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, with its standard error to be read."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.stores.rebuilding_process"),
        *(world.database.projector_url, world.valkey.projector_url, world.name, what),
        env={**os.environ, "DIPTYCH_FAILPOINTS": failpoints},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def main(log_url: str, store_url: str, name: str, what: str) -> None:
    """Runs until it is killed, in small batches so that a rebuild has a middle."""
    log, writer = EventLog(log_url), ReadModelWriter(store_url, name)
    await log.open()
    await writer.open()
    answers = HeadAnswers(store_url, name)
    runner = Runner(
        accounts.projection(name), log=log, writer=writer, answers=answers, holder="killed", batch_limit=20
    )
    running = asyncio.create_task(runner.run())
    if what == "rebuild":
        await eventually(lambda: _is_filled(writer))
        async for _ in rebuild_service.rebuild([runner], activates=True):
            pass
        await rebuild_service.drop([runner], (await writer.generations.kept()).previous)
    await running


async def _is_filled(writer: ReadModelWriter) -> bool:
    return (await writer.checkpoint()).is_filled


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
