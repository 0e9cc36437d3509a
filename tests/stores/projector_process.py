"""A projector of accounts as a process, to be killed. Arguments: log URL, store URL, projection."""

import asyncio
import sys

from event_store import EventLog
from projector.runner import Runner
from read_store import HeadAnswers, ReadModelWriter
from tests import accounts


async def main(log_url: str, store_url: str, name: str) -> None:
    """Runs until it is killed, in small batches so that a kill falls between and into many of them."""
    log = EventLog(log_url)
    writer = ReadModelWriter(store_url, name)
    await log.open()
    await writer.open()
    answers = HeadAnswers(store_url, name)
    runner = Runner(
        accounts.projection(name), log=log, writer=writer, answers=answers, holder="killed", batch_limit=20
    )
    await runner.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
