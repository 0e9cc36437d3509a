"""Keeps servers and services running: starts them in order, brings back what ended, stops them in reverse."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Protocol

from local_stack.errors import StackError
from local_stack.service_process import ServiceProcess

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0


class Server(Protocol):
    """PostgresServer or ValkeyServer."""

    @property
    def pid(self) -> int | None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...


class BackOff:
    """How long to wait before the next attempt: doubling, and short again after a steady run."""

    def __init__(self) -> None:
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._started_at = time.monotonic()
        self._next_at: float | None = None

    def ended(self) -> float | None:
        """Note an end that was not noted yet, and give the pause in seconds; None when it was noted."""
        if self._next_at is not None:
            return None
        if time.monotonic() - self._started_at > _STEADY_SECONDS:
            self._pause_seconds = _FIRST_PAUSE_SECONDS
        pause = self._pause_seconds
        self._next_at = time.monotonic() + pause
        self._pause_seconds = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        return pause

    def is_due(self) -> bool:
        """Whether the pause is over."""
        return self._next_at is not None and time.monotonic() >= self._next_at

    def started(self) -> None:
        """Note the attempt."""
        self._next_at = None
        self._started_at = time.monotonic()


class Supervisor:
    """Used from the main thread only: the kernel ties children to the thread that started them."""

    def __init__(self, *, say: Callable[[str], None], ended: Callable[[int], None]) -> None:
        self._servers: dict[str, Server] = {}
        self._services: dict[str, ServiceProcess] = {}
        self._say = say
        self._ended = ended
        self._back_offs: defaultdict[str, BackOff] = defaultdict(BackOff)
        self._awaited: set[str] = set()
        self._pids: dict[str, int] = {}

    def start_servers(self, servers: Mapping[str, Server]) -> None:
        """Start Postgres and Valkey. Raises StackError."""
        for name, server in servers.items():
            self._servers[name] = server
            server.start()
            self._back_offs[name].started()
            self._say(f"{name} ready")

    def start_services(self, services: Mapping[str, ServiceProcess]) -> None:
        """Launch the three processes at once and wait for each one's ready line. Raises StackError."""
        for name, service in services.items():
            self._services[name] = service
            self._launch(name)
        for service in services.values():
            self._say(service.wait_ready())
        self._awaited.clear()

    def look(self) -> None:
        """Bring back what ended, each with its own back-off; to be called a few times a second."""
        for name, server in self._servers.items():
            if server.pid is None:
                self._bring_back_server(name, server)
        for name, service in self._services.items():
            if service.pid is None:
                self._bring_back_service(name, service)
            elif name in self._awaited and service.ready_line is not None:
                self._awaited.discard(name)
                self._say(f"{service.ready_line} again")
            service.keep_log_small()

    def stop(self) -> None:
        """Let the services drain, all at once, then stop the servers."""
        for service in self._services.values():
            service.ask_to_stop()
        for service in self._services.values():
            service.wait_stopped()
        for server in reversed(self._servers.values()):
            server.stop()

    def _launch(self, name: str) -> None:
        service = self._services[name]
        service.launch()
        self._awaited.add(name)
        self._back_offs[name].started()
        if service.pid is not None:
            self._pids[name] = service.pid

    def _bring_back_service(self, name: str, service: ServiceProcess) -> None:
        back_off = self._back_offs[name]
        pause = back_off.ended()
        if pause is not None:
            self._ended(self._pids.pop(name, 0))
            self._say(f"{name} {service.end()}, again in {pause:g} s (log: {service.settings.log})")
        if back_off.is_due():
            self._launch(name)

    def _bring_back_server(self, name: str, server: Server) -> None:
        back_off = self._back_offs[name]
        pause = back_off.ended()
        if pause is not None:
            self._say(f"{name} ended, again in {pause:g} s")
        if not back_off.is_due():
            return
        back_off.started()
        try:
            server.start()
            self._say(f"{name} ready again")
        except StackError as error:
            self._say(str(error))
