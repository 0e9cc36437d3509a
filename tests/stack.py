"""A whole stack for end-to-end tests: both servers and the three processes, each to be killed by name."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from event_store import BegunEpoch
from local_stack.backends import BackendSetup
from local_stack.private_files import private_directory
from local_stack.service_environments import SERVICES, Backends, service_environments
from local_stack.service_process import ServiceProcess, ServiceSettings
from local_stack.supervisor import Server
from service_kit.settings import Settings

_ADDRESS_SETTINGS = {
    "write_service": "DIPTYCH_WRITE_ADDRESS",
    "projector": "DIPTYCH_PROJECTOR_ADDRESS",
    "read_service": "DIPTYCH_READ_ADDRESS",
}


class Stack:
    """Nothing restarts by itself here: a test decides what is down and for how long.

    Parts are named postgres, valkey, write_service, projector, read_service, and what `another` made.
    Call from the main thread: the kernel ends children together with the thread that started them.
    """

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str] | None = None,
        *,
        launcher: str | None = None,
    ) -> None:
        """`launcher` is a module that runs the one of SABOTAGED_MODULE in its own way."""
        self.directory = private_directory(directory)
        self._environment = dict(environment or {})
        self._setup = BackendSetup(_settings(directory), directory, print)
        self._servers: dict[str, Server] = self._setup.servers
        self._services: dict[str, ServiceProcess] = {}
        self._changes: dict[str, dict[str, str]] = {}
        self._modules: dict[str, str] = {}
        self._launcher = launcher
        self._backends: Backends | None = None
        self.token_key = self._setup.token_key()
        self._logs = private_directory(directory / "log")
        self._multiprocess_directory = private_directory(directory / "metrics")

    @property
    def write_address(self) -> str:
        return self.address("write_service")

    @property
    def read_address(self) -> str:
        return self.address("read_service")

    @property
    def projector_address(self) -> str:
        return self.address("projector")

    @property
    def backends(self) -> Backends:
        """The addresses of both stores, for looking past the services."""
        assert self._backends is not None, "the servers are not started"
        return self._backends

    def address(self, name: str) -> str:
        service = self._services[name]
        # A process that was launched again comes up where it was.
        address = service.address or self._changes[name].get(_ADDRESS_SETTINGS[self._modules[name]])
        assert address is not None, f"{name} never was ready"
        return address

    def server(self, name: str) -> Server:
        """The PostgresServer or ValkeyServer itself."""
        return self._servers[name]

    def replace_server(self, name: str, server: Server) -> None:
        """Another server, which runs, is in the place of one that is down for good."""
        self._servers[name] = server

    def log(self, name: str) -> str:
        """What a process has said so far, over all its runs."""
        return self._services[name].settings.log.read_text(encoding="utf-8")

    def pid(self, name: str) -> int:
        part = self._servers.get(name) or self._services[name]
        assert part.pid is not None, f"{name} does not run"
        return part.pid

    def metric(self, name: str, **labels: str) -> float:
        """A sample's sum over all processes there ever were; 0 where none has any."""
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._multiprocess_directory))  # type: ignore[no-untyped-call] # untyped
        return registry.get_sample_value(name, labels) or 0.0

    def begin_epoch(self) -> BegunEpoch:
        """What `diptych begin-epoch` does with a restored log; Postgres is down after it."""
        return self._setup.begin_epoch()

    def end(self, name: str) -> str:
        """How a process ended, in words."""
        return self._services[name].end()

    def start(self) -> "Stack":
        """Start the servers, prepare them, start the three processes; each has said that it is ready."""
        self.start_servers()
        for name in SERVICES:
            self._changes[name] = {}
            self._services[name] = self._process(name, name)
        self._launch(*SERVICES)
        return self

    def start_servers(self) -> None:
        """Start and prepare Postgres and Valkey alone."""
        self._setup.check_data()
        for server in self._servers.values():
            server.start()
        self._backends = self._setup.prepare()

    def another(self, module: str, name: str, environment: Mapping[str, str] | None = None) -> str:
        """Start one more process of a service and give its address, for instance a second write service."""
        self.others({name: (module, environment or {})})
        return self.address(name)

    def others(self, wanted: Mapping[str, tuple[str, Mapping[str, str]]]) -> None:
        """Start several processes at once: by name, the module of each and its environment."""
        for name, (module, environment) in wanted.items():
            assert name not in self._services
            self._changes[name] = dict(environment)
            self._services[name] = self._process(module, name)
        self._launch(*wanted)

    def kill(self, name: str) -> None:
        """End a part as a crash would; it stays down until `start_part`."""
        part = self._servers.get(name)
        if part is not None:
            part.kill()
        else:
            self._services[name].kill()

    def stop_part(self, name: str) -> None:
        """Stop a part in good order; it stays down until `start_part`."""
        if name in self._servers:
            self._servers[name].stop()
        else:
            self._services[name].ask_to_stop()
            self._services[name].wait_stopped()

    def start_part(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        """Start a part that is down, on the address it had, and return when it answers."""
        if name in self._servers:
            self._servers[name].start()
        else:
            self.launch_part(name, environment)
            self._services[name].wait_ready()

    def launch_part(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        """Start a process that is down without waiting for it; what it finds in its environment stays."""
        module, changes = self._modules[name], self._changes[name]
        if _ADDRESS_SETTINGS[module] not in changes:
            # Clients find a restarted process where it was.
            changes[_ADDRESS_SETTINGS[module]] = self.address(name)
        changes.update(environment or {})
        self._services[name] = self._process(module, name)
        self._services[name].launch()

    def wait_ready(self, name: str) -> None:
        """Wait for a process that was launched."""
        self._services[name].wait_ready()

    def restart(self, name: str) -> None:
        self.stop_part(name)
        self.start_part(name)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Within the `with` the process gets no time, as if its machine had been paused."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def stop(self) -> None:
        """Stop what runs, services first."""
        for service in self._services.values():
            service.ask_to_stop()
        for service in self._services.values():
            service.wait_stopped()
        for server in reversed(self._servers.values()):
            server.stop()

    def _launch(self, *names: str) -> None:
        for name in names:
            self._services[name].launch()
        for name in names:
            self._services[name].wait_ready()

    def _process(self, module: str, name: str) -> ServiceProcess:
        self._modules[name] = module
        given = service_environments(
            self.backends, token_key=self.token_key, metrics_directory=str(self._multiprocess_directory)
        )
        environment = {
            **given[module],
            "DIPTYCH_METRICS_ADDRESS": "",
            _ADDRESS_SETTINGS[module]: "127.0.0.1:0",
            **self._environment,
            **self._changes[name],
            **({"SABOTAGED_MODULE": module} if self._launcher else {}),
        }
        return ServiceProcess(
            ServiceSettings(
                module=self._launcher or module,
                environment=environment,
                log=self._logs / f"{name}.log",
                stop_seconds=30,
            )
        )


def _settings(directory: Path) -> Settings:
    """The machine's own DIPTYCH_ variables must not reach a test."""
    return Settings(data_dir=directory, database_url=None, redis_url=None)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all tests of a session; whoever takes a part down brings it back."""
    running = Stack(tmp_path_factory.mktemp("stack"))
    try:
        yield running.start()
    finally:
        running.stop()
