"""Requests by number: everything is serialised beforehand but what must differ from call to call."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from diptych.command.v1.command_pb2 import CommandContext
from diptych.families.v1.family_query_service_pb2 import GetFamiliesByRiskTierRequest
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1 import order_query_service_pb2 as queries
from google.protobuf.message import Message

from bench.seed import names

# A command id of the right shape that is replaced in the serialised request; so is an order's id.
_ID_IN_TEMPLATE = "00000000-0000-4000-8000-000000000000"
_ORDER_IN_TEMPLATE = "bench-000000000000"
_CHOICES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """ReceiveStock: one event, one stream; over so many products of the seed, from the first one on."""

    products: int
    first_product: int = 0
    is_batched: bool = False

    def maker(self) -> Callable[[int], bytes]:
        """Content by number."""
        templates = [_cut(self._message(number)) for number in range(min(self.products, _CHOICES))]

        def make(number: int) -> bytes:
            before, after = templates[number * 37 % len(templates)]
            return b"%b%012x%b" % (before, _scattered(number), after)

        return make

    def _message(self, number: int) -> Message:
        request = commands.ReceiveStockRequest(
            context=_context(), sku=names.sku(self.first_product + number), quantity=1, reference="bench"
        )
        return commands.ExecuteBatchRequest(receive_stock=request) if self.is_batched else request


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """PlaceOrder with as many lines, each of another product."""

    customers: int
    products: int
    lines: int = 5

    def maker(self) -> Callable[[int], bytes]:
        """Content by number."""
        choices = random.Random(5)
        templates = [_cut_twice(self._message(choices)) for _ in range(_CHOICES)]

        def make(number: int) -> bytes:
            before, between, after = templates[number * 37 % len(templates)]
            digits = b"%012x" % _scattered(number)
            return b"".join((before, digits, between, digits, after))

        return make

    def _message(self, choices: random.Random) -> commands.PlaceOrderRequest:
        chosen = choices.sample(range(self.products), self.lines)
        return commands.PlaceOrderRequest(
            context=_context(),
            order_id=_ORDER_IN_TEMPLATE,
            customer_id=names.customer(choices.randrange(self.customers)),
            items=[commands.OrderItemRequest(sku=names.sku(each), quantity=1) for each in chosen],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOrder:
    """GetOrder of any order of the seed."""

    orders: int

    def maker(self) -> Callable[[int], bytes]:
        """Content by number."""

        def make(number: int) -> bytes:
            order_id = names.order(number * 7919 % self.orders)
            return queries.GetOrderRequest(order_id=order_id).SerializeToString()

        return make


@dataclass(frozen=True, slots=True, kw_only=True)
class Always:
    """The same request every time."""

    content: bytes

    def maker(self) -> Callable[[int], bytes]:
        """Content by number."""
        return lambda _: self.content


PAGE_OF_100 = Always(content=queries.ListOrdersRequest(page_size=100, limit=100).SerializeToString())
ALL_ORDERS = Always(content=queries.ListOrdersRequest(page_size=500).SerializeToString())
# One order beside the figures: left out, the page size is 100.
DASHBOARD = Always(content=queries.GetOrderDashboardRequest(page_size=1).SerializeToString())
TIERS = Always(content=GetFamiliesByRiskTierRequest().SerializeToString())


def _context() -> CommandContext:
    return CommandContext(command_id=_ID_IN_TEMPLATE)


def _scattered(number: int) -> int:
    """Another number of 48 bits for each: ids in rising order would be kinder to an index than real ones."""
    return number * 0x9E3779B97F4B & 0xFFFFFFFFFFFF


def _cut(message: Message) -> tuple[bytes, bytes]:
    """The serialised message before and after the twelve digits in which command ids differ."""
    before, found, after = message.SerializeToString().partition(_ID_IN_TEMPLATE.encode())
    assert found
    return before + found[:-12], after


def _cut_twice(message: Message) -> tuple[bytes, bytes, bytes]:
    before, rest = _cut(message)
    between, found, after = rest.partition(_ORDER_IN_TEMPLATE.encode())
    assert found
    return before, between + found[:-12], after
