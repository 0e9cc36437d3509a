"""A load as a process of its own: clients of both domains, by a seed, until it is told to stop.

    python -m tests.faults.load '{"seed": 1, "place": 0, "places": 1, "clients": 8, …}'

Told that all faults are over (SIGUSR1), clients are in no hurry any more. Told to stop (SIGTERM), each
first brings the command that it is at to a certain outcome.
"""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from diptych.eventlog.v1.event_log_service_pb2_grpc import EventLogServiceStub
from diptych.families.v1.family_command_service_pb2_grpc import FamilyCommandServiceStub
from diptych.families.v1.family_query_service_pb2_grpc import FamilyQueryServiceStub
from diptych.orders.v1.order_command_service_pb2_grpc import OrderCommandServiceStub
from diptych.orders.v1.order_query_service_pb2_grpc import OrderQueryServiceStub

from tests.end_to_end.shop import channel_to
from tests.faults import family_traffic, order_traffic
from tests.faults.altering import altered
from tests.faults.batches import Batcher
from tests.faults.client import Client, Services
from tests.faults.dawdling import dawdle
from tests.faults.followers import Follower
from tests.faults.history import History
from tests.faults.queries import query_of, random_query, random_scan
from tests.faults.questions import random_question
from tests.faults.traffic import Scene, choose

_TRIES = 200
_OPENING_TRIES = 2_000
_READS_OF_A_PAIR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """`place` of `places` keeps this process's names from those of others; `turns` are a client's at most."""

    seed: int
    history: str
    writes: tuple[str, ...]
    reads: tuple[str, ...]
    place: int = 0
    places: int = 1
    clients: int = 6
    # Clients that send batches of so many commands, and clients that only write and read it back.
    batchers: int = 1
    batch_size: int = 8
    pairs: int = 1
    pause_seconds: float = 0.02

    def as_argument(self) -> str:
        """What the process is started with."""
        return json.dumps(asdict(self))


class Load:
    """Clients that share what they know of the things they work on."""

    def __init__(self, settings: LoadSettings, services: Services, token_key: bytes) -> None:
        self._settings = settings
        self._services = services
        self._token_key = token_key
        self._history = History(
            Path(settings.history), f"load-{settings.place}", first=settings.place, step=settings.places
        )
        # One scene for all processes of a load, but names of new things differ by the chance they come from.
        self._scene = Scene(name=f"{settings.seed}")
        self._is_over = False

    def end(self) -> None:
        """Clients finish what they are at."""
        self._is_over = True

    def be_patient(self) -> None:
        """All faults are over."""
        self._scene.is_patient = True

    async def run(self) -> None:
        """Runs until `end`."""
        opening, chance = self._client("opening"), self._chance("opening")
        for domain in (order_traffic, family_traffic):
            for command in domain.openings(self._scene, chance):
                await opening.command(command, tries=_OPENING_TRIES)
        print("open", flush=True)  # noqa: T201 - the line that starters wait for
        dawdling = [
            asyncio.create_task(dawdle(each, self._chance("dawdler"))) for each in self._services.reads
        ]
        looking_on = [*dawdling, *self._followers()]
        async with asyncio.TaskGroup() as clients:
            for turns in self._all_turns():
                clients.create_task(turns)
        for task in looking_on:
            task.cancel()
        await asyncio.gather(*looking_on, return_exceptions=True)
        self._history.close()

    def _followers(self) -> Sequence["asyncio.Task[None]"]:
        follower = Follower(
            name=f"{self._settings.place}-follower",
            logs=[each["log"] for each in self._services.writes],
            watched=[each["orders"] for each in self._services.reads],
            scene=self._scene,
            history=self._history,
            token_key=self._token_key,
            chance=self._chance("follower"),
        )
        looks = (follower.follow(), follower.read(), follower.watch())
        return [asyncio.create_task(look) for look in looks]

    def _all_turns(self) -> Iterator[Coroutine[Any, Any, None]]:
        settings = self._settings
        for count, kind, turns in (
            (settings.clients, "", self._turns),
            (settings.batchers, "batch", self._batches),
            (settings.pairs, "pair", self._pairs),
        ):
            for number in range(count):
                yield turns(f"{settings.place}-{kind}{number}")

    async def _turns(self, name: str) -> None:
        client, twin, chance = self._client(name), self._client(f"{name}-twin"), self._chance(name)
        while not self._is_over:
            await self._turn(client, twin, chance)
            await self._pause(chance)

    async def _batches(self, name: str) -> None:
        client, chance = self._client(name), self._chance(name)
        while not self._is_over:
            domain = order_traffic if chance.random() < 0.5 else family_traffic
            size = chance.randint(1, 2 * self._settings.batch_size)
            commands = [choose(domain.MAKERS, self._scene, chance) for _ in range(size)]
            await client.batch(commands, tries=_TRIES)
            await self._pause(chance)

    async def _pairs(self, name: str) -> None:
        """What was written is read back at once, with the token of the write."""
        client, chance = self._client(name), self._chance(name)
        while not self._is_over:
            domain = order_traffic if chance.random() < 0.5 else family_traffic
            command = choose(domain.MAKERS, self._scene, chance)
            await client.command(command, tries=_TRIES)
            query = query_of(command.stream)
            for _ in range(_READS_OF_A_PAIR):
                await client.query(query or random_query(self._scene, chance))
                query = None
            await self._pause(chance)

    async def _pause(self, chance: random.Random) -> None:
        # No wait for anything: how busy a client is.
        await asyncio.sleep(chance.uniform(0, 2 * self._settings.pause_seconds))

    async def _turn(self, client: Client, twin: Client, chance: random.Random) -> None:
        drawn = chance.random()
        if drawn < 0.55:
            await self._command(client, twin, chance)
        elif drawn < 0.85:
            await client.query(random_query(self._scene, chance))
        elif drawn < 0.88:
            await client.query(random_query(self._scene, chance), fully=True)
        elif drawn < 0.92:
            await client.ask(random_question(self._scene, chance))
        else:
            await client.scan(random_scan(self._scene, chance))

    async def _command(self, client: Client, twin: Client, chance: random.Random) -> None:
        domain = order_traffic if chance.random() < 0.7 else family_traffic
        command = choose(domain.MAKERS, self._scene, chance)
        drawn = chance.random()
        if drawn < 0.01:
            # Which of the two is first, nobody knows.
            rival = twin.command(altered(command, chance), tries=_TRIES)
            await asyncio.gather(client.command(command, tries=_TRIES), rival)
        elif drawn < 0.04:
            await asyncio.gather(*(each.command(command, tries=_TRIES) for each in (client, twin)))
        else:
            await client.command(command, tries=_TRIES)
        if drawn > 0.95:
            await client.command(command, tries=_TRIES)
        elif drawn > 0.93:
            await client.command(altered(command, chance), tries=_TRIES)
        query = query_of(command.stream)
        if query is not None and chance.random() < 0.5:
            await client.query(query)

    def _client(self, name: str) -> Batcher:
        return Batcher(
            name,
            services=self._services,
            scene=self._scene,
            history=self._history,
            token_key=self._token_key,
            chance=self._chance(name, "its own"),
        )

    def _chance(self, *names: str) -> random.Random:
        return random.Random(f"{self._settings.seed}/{self._settings.place}/{'/'.join(names)}")  # noqa: S311


async def main(settings: LoadSettings) -> None:
    """Connect, run, and end when told."""
    async with AsyncExitStack() as opened:
        writes = [await opened.enter_async_context(channel_to(address)) for address in settings.writes]
        reads = [await opened.enter_async_context(channel_to(address)) for address in settings.reads]
        services = Services(
            writes=tuple(
                {
                    "orders": OrderCommandServiceStub(each),
                    "families": FamilyCommandServiceStub(each),
                    "log": EventLogServiceStub(each),
                }
                for each in writes
            ),
            reads=tuple(
                {"orders": OrderQueryServiceStub(each), "families": FamilyQueryServiceStub(each)}
                for each in reads
            ),
        )
        load = Load(settings, services, bytes.fromhex(os.environ["DIPTYCH_TOKEN_KEY"]))
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, load.end)
        loop.add_signal_handler(signal.SIGUSR1, load.be_patient)
        await load.run()


if __name__ == "__main__":
    asyncio.run(main(LoadSettings(**json.loads(sys.argv[1]))))
