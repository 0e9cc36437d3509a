"""A long list streamed in pages while it changes, cut and resumed on another read service.

    python -m bench.list_pages [--orders 100000] [--cuts 200]

Orders are placed, approved and cancelled all the while. Every order that is there throughout must appear
exactly once, in order: in a pass without a break, and in one that is cut at `cuts` random pages and resumed
by token, by turns on two read services.
"""

import argparse
import asyncio
import itertools
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1.order_query_service_pb2 import ListOrdersRequest

from bench.clients import command_stub, customer, execute, new_context, order, product_with_stock, query_stub
from tests.stack import Stack

_FIRST_PLACED = 1_300_000_000


def main() -> None:
    """Start a stack with two read services, fill it, list, check, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--cuts", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="diptych-bench-") as directory:
        stack = Stack(Path(directory))
        try:
            stack.start()
            readers = [stack.read_address, stack.another("read_service", "second_read_service")]
            asyncio.run(_measure(stack.write_address, readers, options.orders, options.cuts))
        finally:
            stack.stop()


async def _measure(write_address: str, readers: list[str], count: int, cuts: int) -> None:
    began = time.perf_counter()
    last = await _fill(write_address, count)
    print(f"{count} orders placed in {time.perf_counter() - began:.1f} s")
    changes = _Changes(write_address, count)
    changing = asyncio.create_task(changes.run())
    expected = {f"order-{number:07}" for number in range(count)}
    for name, places in (("without a break", set()), ("cut and resumed", _places(count, cuts))):
        began = time.perf_counter()
        seen, pages = await _walk(readers, places, last)
        seconds = time.perf_counter() - began
        _check(seen, expected)
        print(
            f"{name}: {len(seen)} rows in {pages} pages, {len(places)} cuts, {seconds:.1f} s "
            f"({len(seen) / seconds:,.0f} rows/s); each of the {count} exactly once"
        )
    changes.is_over = True
    await changing
    print(f"{changes.done} commands were accepted meanwhile")


async def _fill(write_address: str, count: int) -> str:
    """Place the orders over several batches; the token of the last receipt."""
    write = command_stub(write_address)
    async for _ in execute(write, [customer("ada"), *product_with_stock("lamp", 2 * count)]):
        pass

    async def place(numbers: range) -> tuple[int, str]:
        last = (0, "")
        orders = (
            order(f"order-{number:07}", "ada", ["lamp"], _FIRST_PLACED + number // 3) for number in numbers
        )
        async for answer in execute(write, orders):
            receipt = answer.place_order.receipt
            last = max(last, (receipt.position, receipt.token.token))
        return last

    return max(await asyncio.gather(*[place(range(start, count, 4)) for start in range(4)]))[1]


class _Changes:
    """Commands that go on until `is_over`: new orders in the middle of the list, and old ones that change."""

    def __init__(self, write_address: str, count: int) -> None:
        self.is_over = False
        self.done = 0
        self._write = command_stub(write_address)
        self._count = count

    async def run(self) -> None:
        async for _ in execute(self._write, self._commands()):
            self.done += 1

    def _commands(self) -> Iterator[commands.ExecuteBatchRequest]:
        numbers = list(range(self._count))
        random.Random(1).shuffle(numbers)
        for number in itertools.takewhile(lambda _: not self.is_over, numbers):
            yield order(f"new-{number:07}", "ada", ["lamp"], _FIRST_PLACED + number // 3)
            old = f"order-{number:07}"
            if number % 2:
                yield commands.ExecuteBatchRequest(
                    approve_order=commands.ApproveOrderRequest(
                        context=new_context(), order_id=old, approved_by="bench"
                    )
                )
            else:
                yield commands.ExecuteBatchRequest(
                    cancel_order=commands.CancelOrderRequest(
                        context=new_context(), order_id=old, reason="bench"
                    )
                )


def _places(count: int, cuts: int) -> set[int]:
    pages = count // 100
    return set(random.Random(2).sample(range(1, pages), min(cuts, pages - 1)))


async def _walk(readers: list[str], cuts: set[int], token: str) -> tuple[list[str], int]:
    stubs = itertools.cycle([query_stub(address) for address in readers])
    request, seen, pages, is_complete = ListOrdersRequest(), list[str](), 0, False
    request.consistency.at_least_as_fresh.token = token
    while not is_complete:
        call = next(stubs).ListOrders(request)
        async for page in call:
            pages += 1
            seen += [row.order_id for row in page.orders]
            request.page_token = page.next_page_token
            is_complete = not page.next_page_token
            if pages in cuts:
                call.cancel()
                break
    return seen, pages


def _check(seen: list[str], expected: set[str]) -> None:
    old = [order_id for order_id in seen if order_id in expected]
    if len(old) != len(set(old)) or set(old) != expected:
        raise RuntimeError(f"{len(expected - set(old))} missed, {len(old) - len(set(old))} repeated")


if __name__ == "__main__":
    main()
