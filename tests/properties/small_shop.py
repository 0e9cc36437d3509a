"""One stack with its clients, what is wrong with it at the moment, and how that is done and undone."""

import asyncio
import os
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import redis
from diptych.families.v1.family_command_service_pb2_grpc import FamilyCommandServiceStub
from diptych.families.v1.family_query_service_pb2_grpc import FamilyQueryServiceStub
from diptych.orders.v1.order_command_service_pb2_grpc import OrderCommandServiceStub
from diptych.orders.v1.order_query_service_pb2_grpc import OrderQueryServiceStub
from diptych.projections.v1 import projection_admin_service_pb2 as admin
from diptych.projections.v1.projection_admin_service_pb2_grpc import ProjectionAdminServiceStub

from event_store import begin_epoch
from tests.end_to_end.shop import _CHANNEL_OPTIONS
from tests.faults.checker.calls import calls_of
from tests.faults.checker.check import violations
from tests.faults.checker.findings import Evidence
from tests.faults.checker.log_dump import Fork, read_log
from tests.faults.checker.read_dump import read_dump
from tests.faults.history import records
from tests.faults.log_promises import broken_promises
from tests.properties.recorded_client import RecordedClient
from tests.stack import Stack
from tests.stores import log_checks

PROCESSES = ("write_service", "projector", "read_service")
PROJECTIONS = ("orders", "families")
_ENDING_SECONDS = 60.0
# What an operator may be told of a projection that has no such generation, or that nobody leads just now.
_UNLUCKY = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.DEADLINE_EXCEEDED,
)


@dataclass(slots=True)
class ShopUnderTest:
    """Used by one example after the other, each with names of its own."""

    stack: Stack
    client: RecordedClient
    history: Path
    writes: dict[str, Any]
    reads: dict[str, Any]
    admin: Any
    channels: ExitStack
    seed: int
    down: set[str] = field(default_factory=set)
    paused: set[str] = field(default_factory=set)
    forks: dict[UUID, Fork] = field(default_factory=dict)
    examples: int = 0

    @classmethod
    def open(cls, stack: Stack, directory: Path, seed: int) -> "ShopUnderTest":
        """Connect to a running stack."""
        history = directory / "history.jsonl"
        channels = ExitStack()

        def channel(address: str) -> grpc.Channel:
            return channels.enter_context(grpc.insecure_channel(address, options=_CHANNEL_OPTIONS))

        write, read = channel(stack.write_address), channel(stack.read_address)
        return cls(
            stack=stack,
            client=RecordedClient("nobody", history, bytes.fromhex(stack.token_key)),
            history=history,
            writes={"orders": OrderCommandServiceStub(write), "families": FamilyCommandServiceStub(write)},
            reads={"orders": OrderQueryServiceStub(read), "families": FamilyQueryServiceStub(read)},
            admin=ProjectionAdminServiceStub(channel(stack.projector_address)),
            channels=channels,
            seed=seed,
        )

    @property
    def admin_database_url(self) -> str:
        return str(self.stack.server("postgres").admin_url)  # type: ignore[attr-defined] # it is Postgres

    @property
    def admin_redis_url(self) -> str:
        return str(self.stack.server("valkey").admin_url)  # type: ignore[attr-defined] # it is Valkey

    def kill(self, name: str) -> None:
        """kill -9; it stays down."""
        if name not in self.down:
            self.stack.kill(name)
            self.down.add(name)

    def start(self, *names: str) -> None:
        """Start what is down of these, side by side."""
        starting = sorted(self.down & set(names))
        for name in starting:
            self.stack.launch_part(name)
        for name in starting:
            self.stack._services[name].wait_ready()
            self.down.remove(name)

    def empty_read_models(self) -> None:
        """FLUSHALL, which takes a pause with it."""
        with redis.Redis.from_url(self.admin_redis_url) as client:
            client.flushall()
        self.paused.clear()

    def pause(self, name: str) -> None:
        """The operator pauses a projection."""
        if "projector" not in self.down:
            self._ask("PauseProjection", admin.PauseProjectionRequest(name=name))
            self.paused.add(name)

    def resume(self) -> None:
        """The operator resumes all projections."""
        if "projector" not in self.down:
            for name in self.paused:
                self._ask("ResumeProjection", admin.ResumeProjectionRequest(name=name))
            self.paused.clear()

    def rebuild(self, name: str, *, leaves_at_once: bool) -> None:
        """The operator rebuilds a projection, and sees to it or leaves it to itself."""
        if "projector" in self.down or self.paused:
            return
        call = self.admin.RebuildProjection(
            admin.RebuildProjectionRequest(name=name), timeout=_ENDING_SECONDS
        )
        try:
            for told in call:
                assert told.filling.state != admin.FILLING_STATE_DIFFERS, told
                if leaves_at_once:
                    call.cancel()
                    return
        except grpc.RpcError as error:
            if error.code() not in _UNLUCKY:
                raise

    def roll_back(self, name: str) -> None:
        """The operator wants what was live before, which need not be there."""
        if "projector" in self.down:
            return
        request = admin.RollbackGenerationRequest(name=name)
        try:
            self.admin.RollbackGeneration(request, timeout=_ENDING_SECONDS)
        except grpc.RpcError as error:
            if error.code() not in _UNLUCKY:
                raise

    def crash_postgres(self) -> None:
        """An immediate stop, and the start after it."""
        os.kill(self.stack.pid("postgres"), signal.SIGQUIT)
        self.stack.server("postgres").stop()
        self.stack.start_part("postgres")

    def begin_epoch(self) -> None:
        """As after a restore, of which nothing was lost; nobody is connected meanwhile."""
        running = {"write_service", "projector"} - self.down
        for name in running:
            self.kill(name)
        begun = asyncio.run(begin_epoch(self.admin_database_url))
        for epoch, fork in self.forks.items():
            common = min(fork.common_position, begun.last_common_position)
            self.forks[epoch] = Fork(common_position=common, replaced_at=fork.replaced_at)
        self.forks[begun.ended_epoch] = Fork(
            common_position=begun.last_common_position, replaced_at=time.monotonic()
        )
        self.start(*running)

    def heal(self) -> None:
        """Start what is down and resume what is paused."""
        self.start(*PROCESSES)
        self.resume()

    def log_faults(self) -> list[str]:
        """What is wrong with the log by itself."""
        return log_checks.violations(self.admin_database_url)

    def verdict(self, healed_at: float) -> list[str]:
        """Everything that the checker finds in all that happened; nothing may be under way."""
        log = read_log(self.admin_database_url)
        log.forks.update(self.forks)
        with self.history.open(encoding="utf-8") as lines:
            calls = calls_of(lines)
        evidence = Evidence(
            calls=calls,
            log=log,
            final=[read_dump(self.admin_redis_url, projection) for projection in PROJECTIONS],
            healed_at=healed_at,
        )
        found = [f"{each.check} {each.what}" for each in violations(evidence)]
        found += broken_promises(self.admin_database_url, records(self.history))
        for name in PROCESSES:
            found += [line for line in self.stack.log(name).splitlines() if '"event": "defect"' in line]
        return found

    def close(self) -> None:
        self.client.close()
        self.channels.close()

    def _ask(self, rpc: str, request: Any) -> None:
        """Until the projector answers, which may just have lost a store."""
        deadline = time.monotonic() + _ENDING_SECONDS
        while True:
            try:
                getattr(self.admin, rpc)(request, timeout=_ENDING_SECONDS)
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() > deadline:
                    raise
            else:
                return
