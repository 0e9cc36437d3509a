"""A process that appends to a few hot streams, as a write service does: read, decide, append, repeat.

Prints the command id of each append that the store acknowledged.
"""

import asyncio
import random
import sys
from uuid import UUID

from event_store import (
    Append,
    Appended,
    CommitOutcomeUnknown,
    Duplicate,
    EventStore,
    PredecessorFailed,
    StoreUnavailable,
    WrongVersion,
)
from tests.postgres_server import EVENT_TYPES, descriptor_set
from tests.stores.appends import an_append

HOT_STREAMS = 12


async def main(url: str, name: str, streams: str, callers: int, appends: int) -> None:
    """Runs `callers` tasks of `appends` appends each to `HOT_STREAMS` streams of a name."""
    store = EventStore(url)
    await store.register_event_types(EVENT_TYPES, descriptor_set())
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    seed = random.Random(name)  # noqa: S311 - no secret
    ids = [[UUID(int=seed.getrandbits(128), version=4) for _ in range(appends)] for _ in range(callers)]
    await asyncio.gather(*(_call(store, own, streams, random.Random(own[0].int)) for own in ids))  # noqa: S311
    await store.close()


async def _call(store: EventStore, command_ids: list[UUID], streams: str, choice: random.Random) -> None:
    for command_id in command_ids:
        first, second, third = (f"{streams}-{number}" for number in choice.sample(range(HOT_STREAMS), 3))
        while True:
            try:
                if await _try(store, command_id, first, second, third):
                    print(command_id, flush=True)  # noqa: T201 - the test collects them
                    break
            except (StoreUnavailable, CommitOutcomeUnknown):
                # A connection was cut; a back-off as any client has.
                await asyncio.sleep(choice.uniform(0.01, 0.05))


async def _try(store: EventStore, command_id: UUID, first: str, second: str, third: str) -> bool:
    _, versions = await store.check(command_id, (first, second, third))
    append: Append = an_append(
        first,
        versions[first],
        also={second: versions[second]},
        reads={third: versions[third]},
        command_id=command_id,
    )
    match await store.append(append):
        case Appended() | Duplicate():
            return True
        case WrongVersion() | PredecessorFailed():
            return False


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])))
