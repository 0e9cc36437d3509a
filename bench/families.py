"""Generates families into a stack of its own and measures the families queries over gRPC.

    python -m bench.families [--count 100000] [--calls 2000] [--streams 4]

Prints the time of the import, how long the read side took to have all of it, then p50 and p99 of each query
from one client process: by one caller at a time, and by 16. The floor is the health check of the same
process: an answer of a few bytes that reads nothing.
"""

import argparse
import asyncio
import io
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any

import grpc.aio
import uvloop
from diptych.families.v1 import family_query_service_pb2 as queries
from diptych.families.v1 import family_query_service_pb2_grpc as stubs
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped] # ships no types
from rich.console import Console

from bench.running import Addresses, running_stack
from command_line.generating.command import STREAMS
from command_line.generating.names import FAMILY_NAMES, GIVEN_NAMES
from command_line.generating.source import GeneratedFamilies
from command_line.importing.progress import progress_view
from command_line.importing.replay import replay
from command_line.importing.summary import print_summary
from command_line.importing.terminal import IN_FLIGHT
from tests.end_to_end.reading import wait_until_read

UNTIL, SEED = date(2025, 6, 30), 1
CALLERS = (1, 16)
_CATCH_UP_SECONDS = 7_200

# Makes the call with a number of its own.
Call = Callable[[int], Awaitable[Any]]


def main() -> None:
    """Start a stack, fill it, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--streams", type=int, default=STREAMS)
    options = parser.parse_args()
    console = Console(soft_wrap=True, highlight=False)
    with running_stack() as addresses:
        _fill(addresses, options.count, options.streams, console)
        uvloop.run(_measure(addresses.read, options.count, options.calls))


def _fill(addresses: Addresses, count: int, streams: int, console: Console) -> None:
    source = GeneratedFamilies(count, seed=SEED, until=UNTIL, rows=io.StringIO())
    replayed = uvloop.run(
        replay(
            source,
            write_address=addresses.write,
            progress=progress_view(console),
            streams=streams,
            in_flight=IN_FLIGHT,
        )
    )
    print_summary(console, replayed)
    if replayed.report.commands_refused:
        raise RuntimeError(f"refused: {replayed.report.commands_refused}")
    assert replayed.report.last_receipt is not None
    began = time.monotonic()
    wait_until_read(addresses.read, replayed.report.last_receipt.token, seconds=_CATCH_UP_SECONDS)
    console.print(f"the read side had all of it {time.monotonic() - began:.2f} s after the last answer")


async def _measure(read_address: str, count: int, calls: int) -> None:
    async with grpc.aio.insecure_channel(read_address) as channel:
        measured = _calls(channel, count)
        print(f"{'query':34}{'callers':>8}{'calls/s':>10}{'p50 ms':>9}{'p99 ms':>9}  source")
        for (name, told, call), callers in itertools.product(measured, CALLERS):
            await _timed(call, calls // 10, callers)
            seconds, taken = await _timed(call, calls, callers)
            middle, high = taken[len(taken) // 2] * 1000, taken[int(len(taken) * 0.99)] * 1000
            print(
                f"{name:34}{callers:>8}{len(taken) / seconds:>10,.0f}{middle:>9.2f}{high:>9.2f}  {told}",
                flush=True,
            )


def _calls(channel: grpc.aio.Channel, count: int) -> Sequence[tuple[str, str, Call]]:
    """Each query by name, with the time that the source document tells; seeded, so always the same calls."""
    stub: stubs.FamilyQueryServiceAsyncStub = stubs.FamilyQueryServiceStub(channel)
    health = health_pb2_grpc.HealthStub(channel)

    async def first_page(_: int) -> None:
        request = queries.ListAtRiskFamiliesRequest(page_size=100, limit=100)
        async for page in stub.ListAtRiskFamilies(request):
            assert page.families

    def family(number: int) -> Awaitable[Any]:
        chosen = random.Random(number).randint(1, count)
        family_id = f"generated-{SEED}-{UNTIL:%Y%m%d}-{chosen:07}"
        return stub.GetFamily(queries.GetFamilyRequest(family_id=family_id))

    def search(number: int) -> Awaitable[Any]:
        return stub.SearchFamilies(queries.SearchFamiliesRequest(term=_part_of_a_name(number)))

    tiers, analytics = queries.GetFamiliesByRiskTierRequest(), queries.GetPaymentAnalyticsRequest()
    return (
        ("health check (floor)", "", lambda _: health.Check(health_pb2.HealthCheckRequest())),
        ("GetFamily", "2 ms", family),
        ("ListAtRiskFamilies, first 100", "5 ms", first_page),
        ("GetFamiliesByRiskTier", "8 ms", lambda _: stub.GetFamiliesByRiskTier(tiers)),
        ("GetPaymentAnalytics, all months", "", lambda _: stub.GetPaymentAnalytics(analytics)),
        ("SearchFamilies, 50 at most", "", search),
    )


def _part_of_a_name(number: int) -> str:
    chosen = random.Random(number)
    name = chosen.choice(chosen.choice((FAMILY_NAMES, GIVEN_NAMES)))
    length = chosen.randint(min(3, len(name)), len(name))
    start = chosen.randrange(len(name) - length + 1)
    return name[start : start + length].lower()


async def _timed(call: Call, calls: int, callers: int) -> tuple[float, list[float]]:
    """The seconds of all calls together and, sorted, of each."""
    numbers, taken = iter(range(calls)), list[float]()

    async def caller() -> None:
        for number in numbers:
            began = time.perf_counter()
            await call(number)
            taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*[caller() for _ in range(callers)])
    return time.perf_counter() - began, sorted(taken)


if __name__ == "__main__":
    main()
