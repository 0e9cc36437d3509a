"""Calls of every kind and end against one serving process, whose memory and handles are read all the while.

    python -m bench.engine_soak [--seconds 180] [--engine core] [--workers 24] [--every 15]

Unary calls and streams both ways that are answered, refused, cancelled, late, reset half-way or cut off with
their connection. At each line the load rests until nothing is under way: what is still there then was leaked.
Exits with 1 if calls are left, or handles or threads became more.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from bench.served_soak import KEPT_CALLS, Held, SoakServer
from tests.services.kit_service import all_of, duplex, stream, unary, valid_request
from tests.services.raw_http2 import raw_connection

_OPTIONS = [("grpc.use_local_subchannel_pool", 1)]
_BODY = valid_request("plain").SerializeToString()
_HEADER = (
    f"{'calls':>10} {'RSS MB':>8} {'objects':>8} {'calls held':>10} {'tasks':>6} {'files':>6} {'threads':>8}"
)


def main() -> None:
    """Start the server, load it, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--engine", choices=("core", "aio"), default="core")
    parser.add_argument("--workers", type=int, default=24)
    parser.add_argument("--every", type=float, default=15)
    options = parser.parse_args()
    with SoakServer(options.engine) as server:
        print(f"engine {options.engine}, {options.workers} callers at once, {options.seconds:.0f} s")
        print(_HEADER)
        lines = asyncio.run(_soak(server, options))
    sys.exit(_judged(lines, KEPT_CALLS[options.engine]))


async def _soak(server: SoakServer, options: argparse.Namespace) -> list[Held]:
    soak = _Soak(server.address)
    lines: list[Held] = []
    ends_at = time.monotonic() + options.seconds
    while time.monotonic() < ends_at:
        await soak.run(options.workers, min(options.every, ends_at - time.monotonic()))
        lines.append(await asyncio.to_thread(server.held))
        print(lines[-1], flush=True)
    print(", ".join(f"{count:,} {name}" for name, count in sorted(soak.counts.items())))
    return lines


def _judged(lines: list[Held], kept_calls: int) -> int:
    # What is loaded once and kept is there after the first quarter.
    first, last = lines[len(lines) // 4], lines[-1]
    calls = max(1, last.calls - first.calls)
    grown = (last.rss_bytes - first.rss_bytes) / calls
    print(
        f"after the first quarter: {grown:+.1f} bytes and {(last.objects - first.objects) / calls:+.4f}"
        f" objects a call over {calls:,} calls"
    )
    # The core's own threads come and go, as files do.
    begun = lines[: len(lines) // 2 + 1]
    is_well = (
        last.calls_held <= kept_calls
        and last.files <= max(line.files for line in begun)
        and last.threads <= max(line.threads for line in begun)
    )
    print("nothing is left behind" if is_well else "SOMETHING IS LEFT BEHIND")
    return 0 if is_well else 1


class _Soak:
    """Callers that choose at random what they do."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.counts: dict[str, int] = {}

    async def run(self, workers: int, seconds: float) -> None:
        """Call for a time, and return when every call has ended."""
        ends_at = time.monotonic() + seconds
        async with grpc.aio.insecure_channel(self._address, options=_OPTIONS) as channel:
            await asyncio.gather(*(self._call(channel, ends_at) for _ in range(workers)))

    async def _call(self, channel: grpc.aio.Channel, ends_at: float) -> None:
        while time.monotonic() < ends_at:
            kind = random.choices(_KINDS, _WEIGHTS)[0]
            if kind is _reset:
                await _reset(self._address)
            else:
                with contextlib.suppress(grpc.aio.AioRpcError):
                    await kind(channel)
            name = kind.__name__.strip("_")
            self.counts[name] = self.counts.get(name, 0) + 1


async def _answered(channel: Any) -> None:
    await unary(channel)(valid_request("plain"))


async def _refused(channel: Any) -> None:
    await unary(channel, raw=True)(b"\xff")


async def _failed(channel: Any) -> None:
    await unary(channel)(valid_request("fail"))


async def _too_large(channel: Any) -> None:
    await unary(channel, raw=True)(bytes(1_100_000))


async def _late(channel: Any) -> None:
    await unary(channel)(valid_request("wait"), timeout=random.random() / 20)


async def _streamed(channel: Any) -> None:
    await all_of(stream(channel)(valid_request("pages")))


async def _late_stream(channel: Any) -> None:
    await all_of(stream(channel)(valid_request("endless"), timeout=random.random() / 10))


async def _cancelled(channel: Any) -> None:
    call = unary(channel)(valid_request("wait"))
    await asyncio.sleep(random.random() / 100)
    call.cancel()


async def _cancelled_stream(channel: Any) -> None:
    call = stream(channel)(valid_request("endless"))
    for _ in range(random.randrange(20)):
        await call.read()
    call.cancel()


async def _both_ways(channel: Any) -> None:
    await all_of(duplex(channel)(iter([valid_request("plain")] * random.randrange(20))))


async def _cancelled_both_ways(channel: Any) -> None:
    call = duplex(channel)()
    for _ in range(random.randrange(1, 20)):
        await call.write(valid_request("plain"))
        await call.read()
    call.cancel()


async def _reset(address: str) -> None:
    """Streams that are reset in all states, and some that end with their connection."""
    async with raw_connection(address) as raw:
        for number in range(1, 60, 2):
            raw.begin(number, random.choice(("Weave", "Spin", "Mend", "Nothing")), ends=number % 7 == 0)
            if number % 7 and number % 3:
                raw.message(number, _BODY, ends=number % 5 == 0)
            if number % 11:
                raw.reset(number)
        await raw.writer.drain()


_KINDS: list[Callable[..., Awaitable[None]]] = [
    _answered, _refused, _failed, _too_large, _late, _streamed, _late_stream, _cancelled, _cancelled_stream,
    _both_ways, _cancelled_both_ways, _reset,
]  # fmt: skip
_WEIGHTS = [40, 5, 5, 1, 5, 10, 3, 10, 5, 5, 5, 3]


if __name__ == "__main__":
    main()
