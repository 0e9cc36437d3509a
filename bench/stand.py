"""What everything is measured on: a stack of its own, filled; databases beside the log; load processes."""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import grpc
import psycopg
from diptych.projections.v1 import projection_admin_service_pb2 as admin
from diptych.projections.v1.projection_admin_service_pb2_grpc import ProjectionAdminServiceStub
from psycopg import sql

from bench.load.grpc_calls import GrpcCalls, GrpcMessages, Requests
from bench.load.http_requests import MadeHttpRequests, http_calls
from bench.load.loops import Taken
from bench.load.protocol import Calls
from bench.load.workers import Job, LoadWorkers, MakeCalls
from bench.peers.environment import Peers
from bench.programs import Asked, asking, serving
from bench.seed import names
from bench.seed.log import write_families, write_long_stream, write_orders
from bench.seed.tables import fill_tables
from bench.sizes import Sizes
from event_store import migrate
from local_stack.postgres import DATABASE, PostgresServer
from local_stack.valkey import ValkeyServer
from tests.stack import Stack

LOAD_PROCESSES = 2
_CATCH_UP_SECONDS = 900


class MadeRequests(Protocol):
    """What makes requests in the process that sends them."""

    def maker(self) -> Requests:
        """Content by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A running stack with what is needed to measure it.

    `orders_end` is where the log has all of the orders domain's seed, `plain_url` a database with the same
    in tables.
    """

    stack: Stack
    load: LoadWorkers
    sizes: Sizes
    peers: Peers
    orders_end: int
    plain_url: str

    @property
    def postgres(self) -> PostgresServer:
        """The stack's server; peers and floors have databases of their own on it, with the same settings."""
        server = self.stack.server("postgres")
        assert isinstance(server, PostgresServer)
        return server

    @property
    def valkey(self) -> ValkeyServer:
        """The stack's server."""
        server = self.stack.server("valkey")
        assert isinstance(server, ValkeyServer)
        return server

    def database(self, name: str) -> str:
        """The administrator's address of a new and empty database."""
        return make_database(self.postgres, name)

    def empty_log(self, name: str) -> str:
        """The writer's address of a log of its own."""
        asyncio.run(migrate(self.database(name)))
        return self.stack.backends.writer_database_url.replace(f"/{DATABASE}?", f"/{name}?")

    def calls(
        self,
        address: str,
        path: str,
        requests: MadeRequests,
        *,
        clients: int,
        sharing: int = 1,
        per_second: float | None = None,
    ) -> Taken:
        """So many clients with one call under way each, `sharing` of them on a connection."""
        make = partial(_grpc_calls, address, path, requests)
        return self.run(address, make, connections=clients // sharing, depth=sharing, per_second=per_second)

    def job(
        self,
        address: str,
        path: str,
        requests: MadeRequests,
        *,
        per_second: float,
        first_number: int,
    ) -> Job:
        """Calls of one client at a pace, for load processes other than this stand's."""
        return Job(
            place=address,
            calls=partial(_grpc_calls, address, path, requests),
            window=self.sizes.window,
            per_second=per_second,
            first_number=first_number,
        )

    def http_calls(self, address: str, requests: MadeHttpRequests, *, clients: int) -> Taken:
        """The same over HTTP/1.1."""
        return self.run(address, partial(http_calls, address, requests), connections=clients)

    def messages(self, address: str, path: str, requests: MadeRequests, *, streams: int, depth: int) -> Taken:
        """Endless calls, each with `depth` messages on their way at any time."""
        make = partial(_grpc_messages, address, path, requests)
        return self.run(address, make, connections=streams, depth=depth)

    def run(
        self,
        place: str,
        calls: MakeCalls,
        *,
        connections: int,
        depth: int = 1,
        per_second: float | None = None,
        is_raw: bool = False,
    ) -> Taken:
        """A job of this stand's window."""
        return self.load.run(
            Job(
                place=place,
                calls=calls,
                window=self.sizes.window,
                connections=connections,
                depth=depth,
                per_second=per_second,
                is_raw=is_raw,
            )
        )

    def echo(self, size: int, messages: int = 1) -> AbstractContextManager[str]:
        """A server that answers so many bytes and does nothing else."""
        command = [sys.executable, "-m", "bench.floors.echo_service", str(size), str(messages)]
        return serving(command)

    @contextmanager
    def on_grpc_aio(self, module: str) -> Iterator[str]:
        """One more process of a service, served by grpc.aio whatever serves the others."""
        name = f"{module}_on_grpc_aio"
        address = self.stack.another(module, name, {"DIPTYCH_GRPC_ENGINE": "aio"})
        try:
            yield address
        finally:
            self.stack.stop_part(name)

    @contextmanager
    def processes(self, module: str, count: int) -> Iterator[str]:
        """One more service, of so many processes."""
        name, service = f"{module}_by_{count}", module.removesuffix("_service").upper()
        address = self.stack.another(module, name, {f"DIPTYCH_{service}_PROCESSES": str(count)})
        try:
            yield address
        finally:
            self.stack.stop_part(name)

    def inside(self) -> AbstractContextManager[Asked]:
        """A process that runs parts of the product without a network."""
        return asking([sys.executable, "-m", "bench.inside"])

    def probing(self) -> AbstractContextManager[Asked]:
        """A process of one client."""
        return asking([sys.executable, "-m", "bench.load.probing"])


@contextmanager
def standing(sizes: Sizes, peers: Peers, say: Callable[[str], None]) -> Iterator[Stand]:
    """A stand whose read models have the whole seed."""
    directory = Path(tempfile.mkdtemp(prefix="diptych-bench-"))
    stack, load = Stack(directory), LoadWorkers(LOAD_PROCESSES)
    try:
        stack.start()
        orders_end, plain_url = _fill(stack, sizes, say)
        yield Stand(
            stack=stack, load=load, sizes=sizes, peers=peers, orders_end=orders_end, plain_url=plain_url
        )
    finally:
        load.close()
        stack.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _fill(stack: Stack, sizes: Sizes, say: Callable[[str], None]) -> tuple[int, str]:
    began, url = time.monotonic(), stack.backends.writer_database_url
    orders_end = write_orders(url, sizes)
    write_families(url, sizes)
    head = write_long_stream(url, names.LONG_SKU, sizes.long_stream)
    say(f"{head:,} events in the log after {time.monotonic() - began:.0f} s")
    postgres = stack.server("postgres")
    assert isinstance(postgres, PostgresServer)
    plain_url = make_database(postgres, "plain")
    fill_tables(plain_url, sizes)
    _wait_until_projected(stack.projector_address, head)
    say(f"the same in tables, and in the read models, after {time.monotonic() - began:.0f} s")
    return orders_end, plain_url


def make_database(postgres: PostgresServer, name: str) -> str:
    """The administrator's address of a new and empty database."""
    with psycopg.connect(postgres.admin_url, autocommit=True) as connection:
        named = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(named))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(named))
    return postgres.admin_url.replace(f"/{DATABASE}?", f"/{name}?")


def _wait_until_projected(projector_address: str, position: int) -> None:
    deadline = time.monotonic() + _CATCH_UP_SECONDS
    with grpc.insecure_channel(projector_address) as channel:
        stub = ProjectionAdminServiceStub(channel)
        while time.monotonic() < deadline:
            listed = stub.ListProjections(admin.ListProjectionsRequest()).projections
            if all(each.checkpoint >= position for each in listed):
                return
            time.sleep(0.2)
    raise TimeoutError(f"the read models did not come to position {position}")


def _grpc_calls(address: str, path: str, requests: MadeRequests, count: int) -> Sequence[Calls]:
    make = requests.maker()
    return [GrpcCalls(address, path, make) for _ in range(count)]


def _grpc_messages(address: str, path: str, requests: MadeRequests, count: int) -> Sequence[Calls]:
    make = requests.maker()
    return [GrpcMessages(address, path, make) for _ in range(count)]
