"""A projector of accounts as a process, to be killed or frozen.

Arguments: log URL, store URL, projection, and then if need be: holder, lease in seconds, the number of the
batch before which the process freezes itself (0: never), whether it is guarded by fence and checkpoint.
It prints a line a batch: the position that was applied, or the name of the refusal.
"""

import asyncio
import os
import signal
import sys

from event_store import EventLog
from projector.runner import Runner
from read_store import LIBRARY, Batch, HeadAnswers, ReadModelWriter, compose, read_sources
from service_kit.log import configure_logging
from tests import accounts

_GUARD = "local function refuse_write("
# The same library with a guard that refuses nothing.
UNGUARDED = compose(read_sources().replace(_GUARD, f"{_GUARD}) end\nlocal function unused("))
# Holder, lease, frozen before, is guarded.
_DEFAULTS = ("killed", "5", "0", "True")


class _TellingWriter(ReadModelWriter):
    """Says what became of each batch, and freezes its process in front of one of them."""

    frozen_before = 0
    batches = 0

    async def apply(self, token: int, batch: Batch) -> bool:
        self.batches += 1
        if self.batches == self.frozen_before:
            os.kill(os.getpid(), signal.SIGSTOP)
        try:
            is_paused = await super().apply(token, batch)
        except Exception as error:
            print(type(error).__name__, flush=True)  # noqa: T201 - the test reads it
            raise
        print(batch.position, flush=True)  # noqa: T201 - as above
        return is_paused


async def main(log_url: str, store_url: str, name: str, *settings: str) -> None:
    """Runs until it is killed, in small batches so that a kill falls between and into many of them."""
    holder, lease_seconds, frozen_before, is_guarded = (*settings, *_DEFAULTS[len(settings) :])
    log = EventLog(log_url)
    library = LIBRARY if is_guarded == "True" else UNGUARDED
    writer = _TellingWriter(store_url, name, library=library)
    writer.frozen_before = int(frozen_before)
    await log.open()
    await writer.open()
    runner = Runner(
        accounts.projection(name),
        log=log,
        writer=writer,
        answers=HeadAnswers(store_url, name),
        holder=holder,
        batch_limit=20,
        lease_seconds=float(lease_seconds),
    )
    await runner.run()


if __name__ == "__main__":
    configure_logging()
    asyncio.run(main(*sys.argv[1:]))
