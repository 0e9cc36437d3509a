"""A projector of accounts in partitions as a process, to be killed or told to stop.

Arguments: log URL, store URL, projection, holder, lease in seconds, number of partitions, whether it shares.
"""

import asyncio
import signal
import sys

from event_store import EventLog
from projector.app import running
from projector.sharing import Sharing
from service_kit.log import configure_logging
from service_kit.settings import Settings
from tests import accounts


async def main(log_url: str, store_url: str, name: str, holder: str, *others: str) -> None:
    """Runs until SIGTERM."""
    lease_seconds, of, shares = others
    log = EventLog(log_url, connections=4)
    await log.open()
    settings = Settings(
        redis_url=store_url,
        projector_address=holder,
        lease_seconds=float(lease_seconds),
        partitions=int(of),
    )
    if shares != "True":
        # The guard is off: each takes what it can get and keeps it.
        Sharing.is_ours = _takes_all  # type: ignore[method-assign]
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    async with running((accounts.projection(name),), settings, log):
        await told.wait()
    await log.close()


def _takes_all(self: Sharing, number: int) -> bool:
    return True


if __name__ == "__main__":
    configure_logging()
    asyncio.run(main(*sys.argv[1:]))
