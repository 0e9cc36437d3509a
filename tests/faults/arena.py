"""Where faults are tried: a stack with two processes of each kind, and a link with troubles between all."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from sqlalchemy.engine import make_url

from local_stack import processes
from local_stack.valkey import ValkeyServer
from tests.faults.checker.log_dump import Fork
from tests.faults.checker.tracing import trace_batches
from tests.faults.links import Links
from tests.faults.load import LoadSettings
from tests.faults.sabotage.clock import CLOCK, FILE
from tests.faults.sabotage.cut_library import cut_library
from tests.faults.sabotage.cuts import changed_sql_functions
from tests.ports import free_ports
from tests.stack import Stack

WRITES = ("write_service", "second_write_service")
READS = ("read_service", "second_read_service")
PROJECTORS = ("projector", "second_projector")
PROCESSES = (*WRITES, *PROJECTORS, *READS)
STORES = ("postgres", "valkey")
_ENDING_SECONDS = 120.0
KILLS = "kill -9"


class Arena:
    """Nothing heals by itself here, and nothing is hidden: every byte between two processes passes a link.

    To be used from the main thread, to whose life the processes are bound.
    """

    def __init__(
        self, directory: Path, *, seed: int, lease_seconds: float = 5.0, has_clocks: bool = False
    ) -> None:
        """`has_clocks`: they can be stepped, and so the product is changed where it asks for the time."""
        self.directory = directory
        self.seed = seed
        self.lease_seconds = lease_seconds
        environment = {
            "DIPTYCH_LOG_LEVEL": "warning",
            "DIPTYCH_LEASE_SECONDS": str(lease_seconds),
            # A run ends with looks at everything, and can't wait for those of a system at rest.
            "DIPTYCH_SCRUB_SECONDS": "0",
        }
        self.has_clocks = has_clocks
        self.clock_file = directory / "clock-step"
        if has_clocks:
            environment |= {"SABOTAGED_GUARD": CLOCK.name, FILE: str(self.clock_file)}
        launcher = "tests.faults.sabotage" if has_clocks else None
        self.stack = Stack(directory / "stack", environment, launcher=launcher)
        self.links = Links()
        self.histories = directory / "histories"
        # The epochs that the log had before its own.
        self.forks: dict[UUID, Fork] = {}
        # What faults did, where it is not one thing a fault: signals, resumptions.
        self.counts: Counter[str] = Counter()
        # By the beginning of its keys, the generation of a projection that was damaged last.
        self.damaged: dict[str, int] = {}
        # What faults came upon that must not be.
        self.oddities: list[str] = []
        self._starting: set[str] = set()
        self._loads: list[subprocess.Popen[str]] = []

    @property
    def admin_database_url(self) -> str:
        """The log's owner, past all links."""
        return str(self.stack.server("postgres").admin_url)  # type: ignore[attr-defined] # it is Postgres

    @property
    def admin_redis_url(self) -> str:
        """The administrator of the read models' store, past all links."""
        return self.valkey.admin_url

    @property
    def valkey(self) -> ValkeyServer:
        server = self.stack.server("valkey")
        assert isinstance(server, ValkeyServer)
        return server

    @property
    def history_files(self) -> list[Path]:
        return sorted(self.histories.glob("*.jsonl"))

    def start(self) -> "Arena":
        """Start everything but the load."""
        self.histories.mkdir(parents=True)
        # Replicas need one.
        [port] = free_ports(1)
        self.valkey.settings = replace(self.valkey.settings, tcp_port=port)
        self.stack.start_servers()
        cuts = CLOCK.cuts if self.has_clocks else ()
        with self.database() as connection:
            for definition in changed_sql_functions(cuts):
                connection.execute(definition.encode())
        trace_batches(self.admin_redis_url, cut_library(cuts).text)
        modules = {name: name.removeprefix("second_") for name in PROCESSES}
        self.stack.others(
            {name: (module, self._environment(module, name)) for name, module in modules.items()}
        )
        for name in (*WRITES, *READS):
            self.links.add(f"load/{name}", self.stack.address(name))
        return self

    def database(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection of the log's owner, as soon as a server that is coming back takes one."""
        deadline = time.monotonic() + _ENDING_SECONDS
        while True:
            try:
                return psycopg.connect(self.admin_database_url, autocommit=True)
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(processes.POLL_SECONDS)

    def start_load(self, *, count: int = 1, **amounts: float) -> None:
        """Start so many processes of a load and return when each has made what it works on.

        `amounts` are those of LoadSettings.
        """
        for place in range(count):
            settings = LoadSettings(
                seed=self.seed,
                history=str(self.histories / f"load-{place}.jsonl"),
                writes=self._ports(WRITES),
                reads=self._ports(READS),
                place=place,
                places=count,
                **amounts,  # type: ignore[arg-type] # of their names and types, as run has them
            )
            self._loads.append(self._launch_load(settings))
        for load in self._loads:
            assert load.stdout is not None
            assert load.stdout.readline() == "open\n", "a load did not begin"

    def be_patient(self) -> None:
        """Tell the load that all faults are over."""
        for load in self._loads:
            load.send_signal(signal.SIGUSR1)

    def end_load(self) -> None:
        """Let every client come to a certain outcome, and wait for it."""
        for load in self._loads:
            load.terminate()
        for load in self._loads:
            assert load.wait(_ENDING_SECONDS) == 0, f"a load ended with {load.returncode}"

    def kill(self, name: str) -> None:
        """kill -9 of a process that serves; one that was launched is let come up first."""
        self.ready(name)
        if not self.runs(name):
            self.oddities.append(f"{name} {self.stack.end(name)} without a fault of its own")
        self.stack.kill(name)
        self.counts[KILLS] += 1

    def launch(self, name: str, environment: dict[str, str] | None = None) -> None:
        """Start a process that is down without waiting for it; `ready` does."""
        self.stack.launch_part(name, environment)
        self._starting.add(name)

    def ready(self, *names: str) -> None:
        """Wait for processes that were launched: for these, or for all."""
        for name in self._starting.intersection(names or PROCESSES):
            self.stack.wait_ready(name)
            self._starting.remove(name)

    def resume(self) -> list[str]:
        """Start what is down and wake what is stopped; their names."""
        self.links.heal()
        self.ready()
        for name in filter(self.runs, (*STORES, *PROCESSES)):
            os.kill(self.stack.pid(name), signal.SIGCONT)
        ended = [name for name in (*STORES, *PROCESSES) if not self.runs(name)]
        for name in ended:
            self.stack.start_part(name)
        return ended

    def runs(self, name: str) -> bool:
        """Whether a part has a live process."""
        try:
            return processes.is_alive(self.stack.pid(name))
        except AssertionError:
            return False

    def defects(self) -> list[str]:
        """What the processes said of errors that they have no word for."""
        return [
            f"{name}: {line}"
            for name in PROCESSES
            for line in self.stack.log(name).splitlines()
            if '"event": "defect"' in line
        ]

    def close(self) -> None:
        """End everything at once."""
        for load in self._loads:
            load.kill()
            load.communicate()
        self.stack.stop()
        self.links.close()

    def links_of(self, *ends: str) -> Sequence[str]:
        """The names of all links that begin or end at one of these."""
        return [name for name in self.links.by_name if not set(ends).isdisjoint(name.split("/"))]

    def _launch_load(self, settings: LoadSettings) -> subprocess.Popen[str]:
        log = (self.directory / f"load-{settings.place}.log").open("w", encoding="utf-8")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.faults.load", settings.as_argument()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={
                    "PATH": "/usr/bin:/bin",
                    "PYTHONPATH": ":".join(entry for entry in sys.path if entry),
                    "DIPTYCH_TOKEN_KEY": self.stack.token_key,
                },
            )

    def _ports(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"127.0.0.1:{self.links.by_name[f'load/{name}'].port}" for name in names)

    def _environment(self, module: str, name: str) -> dict[str, str]:
        [port] = free_ports(1)
        # Not port 0: a projector is known to the lease by its address.
        address = f"DIPTYCH_{module.removesuffix('_service').upper()}_ADDRESS"
        return {address: f"127.0.0.1:{port}", **dict(self._addresses(module, name))}

    def _addresses(self, module: str, name: str) -> Iterator[tuple[str, str]]:
        backends = self.stack.backends
        if module == "write_service":
            yield "DIPTYCH_DATABASE_URL", self._database_link(name, backends.writer_database_url)
        if module == "projector":
            yield "DIPTYCH_DATABASE_URL", self._database_link(name, backends.projector_database_url)
            yield "DIPTYCH_REDIS_URL", self._redis_link(name, backends.projector_redis_url)
        if module == "read_service":
            yield "DIPTYCH_REDIS_URL", self._redis_link(name, backends.reader_redis_url)

    def _database_link(self, name: str, url: str) -> str:
        parts = make_url(url)
        socket = f"{parts.query['host']}/.s.PGSQL.{parts.query['port']}"
        link = self.links.add(f"{name}/postgres", socket)
        linked = parts.set(host="127.0.0.1", port=link.port, query={})
        return linked.render_as_string(hide_password=False)

    def _redis_link(self, name: str, url: str) -> str:
        parts = urlsplit(url)
        link = self.links.add(f"{name}/valkey", parts.path)
        return f"redis://{parts.username}:{parts.password}@127.0.0.1:{link.port}"
