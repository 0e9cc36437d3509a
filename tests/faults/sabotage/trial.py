"""Where a guard is tried: only the processes that it takes, with the guard cut out of them or as they are."""

import os
import random
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psycopg
import redis
from diptych.families.v1.family_command_service_pb2_grpc import FamilyCommandServiceStub
from diptych.orders.v1.order_command_service_pb2_grpc import OrderCommandServiceStub
from diptych.orders.v1.order_query_service_pb2_grpc import OrderQueryServiceStub

from failpoints import REACHED
from local_stack import processes
from local_stack.service_environments import Backends, service_environments
from local_stack.service_process import ServiceProcess, ServiceSettings
from tests.end_to_end.shop import channel_to
from tests.faults.checker.calls import calls_of
from tests.faults.checker.check import violations
from tests.faults.checker.findings import Evidence, Violation
from tests.faults.checker.log_dump import Fork, read_log
from tests.faults.checker.read_dump import read_dump
from tests.faults.checker.tracing import traced
from tests.faults.client import Client, Services
from tests.faults.history import History
from tests.faults.sabotage.cut_library import cut_library
from tests.faults.sabotage.cuts import changed_sql_functions
from tests.faults.sabotage.guards import Guard
from tests.faults.traffic import Scene
from tests.ports import free_ports
from tests.postgres_server import LogDatabase
from tests.valkey_server import TestValkey
from tests.waiting import DEADLINE_SECONDS, eventually

PROJECTIONS = ("orders", "families")
_TOKEN_KEY = "22" * 32
# Short, so that a lease is over soon after its holder was stopped.
_LEASE_SECONDS = "1"
# A client sends on until the outcome is certain.
TRIES = 500


class _Steady(random.Random):
    """Draws nothing: a trial does one thing only, and that always."""

    def random(self) -> float:
        return 0.5

    def choice(self, seq: Any) -> Any:
        return seq[-1]


class Trial:
    """Two empty stores, processes to start by name, clients that note all they are told, and the checker."""

    def __init__(self, directory: Path, database: LogDatabase, valkey: TestValkey, cut: Guard | None) -> None:
        self.database, self.valkey, self.cut = database, valkey, cut
        self.forks: dict[Any, Fork] = {}
        self.healed_at: float | None = None
        self.scene = Scene(name="trial")
        self._directory = directory
        self._processes: dict[str, ServiceProcess] = {}
        self._history = History(directory / "history.jsonl", "trial")
        self._opened = AsyncExitStack()
        self._prepare_stores()

    def _prepare_stores(self) -> None:
        cuts = self.cut.cuts if self.cut is not None else ()
        with psycopg.connect(self.database.admin_url, autocommit=True) as connection:
            for definition in changed_sql_functions(cuts):
                connection.execute(definition.encode())
        with self.admin() as client:
            client.flushall()
            client.function_flush("SYNC")
            # Before any process comes to load it; one that is there already is taken for the same.
            for library in {cut_library(each) for each in ((), cuts)}:
                client.function_load(traced(library.text))

    def admin(self) -> "redis.Redis":
        """The read models' store past all guards."""
        return redis.Redis.from_url(self.valkey.admin_url)

    def start(self, **failpoints: str) -> None:
        """Start processes side by side, by name (second_projector is the second), each with failpoints."""
        for name, points in failpoints.items():
            [port] = free_ports(1)
            self._launch(name, port, points)
        for name in failpoints:
            # One that stands at its failpoint will not say that it is ready.
            processes.wait_until(lambda name=name: self._has_come_up(name), DEADLINE_SECONDS)  # type: ignore[misc]
            if not self.has_reached(name):
                self._processes[name].wait_ready()

    def _has_come_up(self, name: str) -> bool:
        process = self._processes[name]
        return process.pid is None or process.ready_line is not None or self.has_reached(name)

    def restart(self, *names: str) -> None:
        """Start processes that were killed or are now, where they were and without failpoints."""
        self.kill(*names)
        for name in names:
            self._launch(name, int(self._address(name).rpartition(":")[2]), "")
        for name in names:
            self._processes[name].wait_ready()

    def kill(self, *names: str) -> None:
        """End processes as a crash would."""
        for name in names:
            self._processes[name].kill()

    def signal(self, name: str, number: int) -> None:
        """Stop a process in its time, or let it go on."""
        os.kill(self.pid(name), number)

    def pid(self, name: str) -> int:
        pid = self._processes[name].pid
        assert pid is not None, f"{name} does not run"
        return pid

    def log(self, name: str) -> str:
        """What a process has said."""
        return self._processes[name].settings.log.read_text(encoding="utf-8")

    def has_reached(self, name: str) -> bool:
        """Whether a process has come to its failpoint."""
        return REACHED in self.log(name)

    async def reached(self, name: str) -> None:
        """Returns once a process has come to its failpoint, and stands if that is what it does there."""

        async def look() -> bool:
            return self.has_reached(name)

        await eventually(look)

    async def client(self, name: str, *, write: str = "write_service") -> Client:
        """A client of one of the write services, and of the read service where there is one."""
        writes = await self._opened.enter_async_context(channel_to(self._address(write)))
        reads: tuple[dict[str, Any], ...] = ()
        if "read_service" in self._processes:
            channel = await self._opened.enter_async_context(channel_to(self._address("read_service")))
            reads = ({"orders": OrderQueryServiceStub(channel)},)
        stubs = {"orders": OrderCommandServiceStub(writes), "families": FamilyCommandServiceStub(writes)}
        services = Services(writes=(stubs,), reads=reads)
        key, chance = bytes.fromhex(_TOKEN_KEY), _Steady()
        return Client(
            name, services=services, scene=self.scene, history=self._history, token_key=key, chance=chance
        )

    async def caught_up(self) -> None:
        """Returns once both projections have come to the log's end; at once where nothing projects."""

        async def look() -> bool:
            return self.behind() == []

        if self.projects:
            await eventually(look)

    @property
    def projects(self) -> bool:
        return any("projector" in name for name in self._processes)

    def behind(self) -> list[str]:
        """The projections that have not come to the log's end."""
        head = read_log(self.database.admin_url).head
        dumps = [read_dump(self.valkey.admin_url, projection) for projection in PROJECTIONS]
        return [dump.projection for dump in dumps if dump.generation == 0 or dump.position != head]

    def heal(self) -> None:
        """No fault is left: from here on everything has to come right."""
        self.healed_at = time.monotonic()

    def violations(self) -> list[Violation]:
        """What the checker says of everything so far."""
        log = read_log(self.database.admin_url)
        log.forks.update(self.forks)
        final = [read_dump(self.valkey.admin_url, each) for each in PROJECTIONS if self.projects]
        history = (self._directory / "history.jsonl").read_text(encoding="utf-8")
        calls = calls_of(history.splitlines())
        return violations(Evidence(calls=calls, log=log, final=final, healed_at=self.healed_at))

    async def close(self) -> None:
        """End everything."""
        await self._opened.aclose()
        self._history.close()
        for process in self._processes.values():
            process.kill()

    def _address(self, name: str) -> str:
        address = self._processes[name].address
        assert address is not None, f"{name} is not ready"
        return address

    def _launch(self, name: str, port: int, failpoints: str) -> None:
        module = name.removeprefix("second_")
        given = service_environments(
            _backends(self.database, self.valkey), token_key=_TOKEN_KEY, metrics_directory=""
        )
        address = f"DIPTYCH_{module.removesuffix('_service').upper()}_ADDRESS"
        environment = {
            **given[module],
            address: f"127.0.0.1:{port}",
            "DIPTYCH_METRICS_ADDRESS": "",
            "DIPTYCH_LOG_LEVEL": "warning",
            "DIPTYCH_LEASE_SECONDS": _LEASE_SECONDS,
            "DIPTYCH_FAILPOINTS": failpoints,
        }
        del environment["PROMETHEUS_MULTIPROC_DIR"]
        program = module
        if self.cut is not None and module in self.cut.processes:
            environment |= {"SABOTAGED_GUARD": self.cut.name, "SABOTAGED_MODULE": module}
            program = "tests.faults.sabotage"
        log = self._directory / f"{name}.log"
        settings = ServiceSettings(module=program, environment=environment, log=log, stop_seconds=10)
        self._processes[name] = ServiceProcess(settings)
        self._processes[name].launch()


def _backends(database: LogDatabase, valkey: TestValkey) -> Backends:
    return Backends(
        writer_database_url=database.writer_url,
        projector_database_url=database.projector_url,
        projector_redis_url=valkey.projector_url,
        reader_redis_url=valkey.reader_url,
    )
