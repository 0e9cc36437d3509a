"""Histories of orders for tests: random but valid events, and the same orders as plain data."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from diptych.orders.v1 import events_pb2 as events
from google.protobuf.message import Message

from tests import order_events as say

SKUS = ("mug", "lamp", "tin", "bag")
CURRENCIES = ("GBP", "EUR", "CHF")
REGIONS = ("GB", "FR", "")
CUSTOMERS = {"alice": "Álice Smith", "bob": "Bob Straße", "carol": "carol", "dora": "Alice Smith"}


@dataclass(slots=True)
class PlainOrder:
    """An order as a test's own sums see it."""

    order_id: str
    customer_id: str
    placed_at: datetime
    currency: str
    region: str
    lines: list[tuple[str, int, int]]
    status: str = "PENDING"
    version: int = 1

    @property
    def total(self) -> int:
        return sum(quantity * cents for _, quantity, cents in self.lines)

    @property
    def units(self) -> int:
        return sum(quantity for _, quantity, _ in self.lines)

    @property
    def is_high(self) -> bool:
        return self.total > 100_000


@dataclass(slots=True)
class PlainCredit:
    """A credit note as a test's own sums see it."""

    customer_id: str
    issued_at: datetime
    currency: str
    region: str
    cents: int


@dataclass(slots=True)
class History:
    """Makes events one after the other; `orders` and `credits` are what they come to."""

    random: random.Random
    orders: dict[str, PlainOrder] = field(default_factory=dict)
    credits: dict[str, PlainCredit] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)

    def beginning(self) -> list[Message]:
        """Customers and products, which all else needs."""
        customers = [say.registered(id_, name) for id_, name in CUSTOMERS.items()]
        stock = []
        for sku in SKUS:
            self.received[sku] = 1000
            stock += [say.product(sku), events.StockReceived(sku=sku, quantity=1000)]
        return [*customers, *stock]

    def steps(self, count: int) -> Iterator[list[Message]]:
        """What one command each time adds."""
        for _ in range(count):
            pending = [order for order in self.orders.values() if order.status == "PENDING"]
            moves = [self._place]
            if pending:
                moves += [self._add_item, self._remove_item]
            if any(order.status in ("PENDING", "APPROVED") for order in self.orders.values()):
                moves += [self._move_on, self._move_on, self._cancel]
            moves.append(self._credit)
            yield self.random.choice(moves)()

    def place_many(self, count: int) -> Iterator[list[Message]]:
        """Orders only."""
        for _ in range(count):
            yield self._place()

    def move(self) -> list[Message]:
        """A change of some order that keeps its place in lists by time."""
        return self.random.choice((self._move_on, self._cancel, self._add_item))()

    def _place(self) -> list[Message]:
        order = PlainOrder(
            order_id=f"o{self.random.getrandbits(40):010x}",
            customer_id=self.random.choice(list(CUSTOMERS)),
            # Whole minutes, so that many orders share an instant.
            placed_at=say.START + timedelta(minutes=self.random.randrange(3 * 24 * 60)),
            currency=self.random.choice(CURRENCIES),
            region=self.random.choice(REGIONS),
            lines=[self._line() for _ in range(self.random.randint(1, 3))],
        )
        self.orders[order.order_id] = order
        event = say.placed(
            order.order_id,
            *order.lines,
            customer_id=order.customer_id,
            name=CUSTOMERS[order.customer_id],
            email=f"{order.customer_id}@example.com",
            at=order.placed_at,
            currency_code=order.currency,
            region_code=order.region,
        )
        return [event, *self._reserve(order, order.lines)]

    def _line(self) -> tuple[str, int, int]:
        return (
            self.random.choice(SKUS),
            self.random.randint(1, 5),
            self.random.choice((0, 999, 5_000, 60_000)),
        )

    def _reserve(self, order: PlainOrder, lines: list[tuple[str, int, int]]) -> list[Message]:
        return [
            events.StockReserved(sku=sku, quantity=quantity, order_id=order.order_id)
            for sku, quantity, _ in lines
        ]

    def _release(self, order: PlainOrder, lines: list[tuple[str, int, int]]) -> list[Message]:
        return [
            events.StockReleased(sku=sku, quantity=quantity, order_id=order.order_id)
            for sku, quantity, _ in lines
        ]

    def _pick(self, *statuses: str) -> PlainOrder | None:
        found = [order for order in self.orders.values() if order.status in statuses]
        return self.random.choice(found) if found else None

    def _add_item(self) -> list[Message]:
        order = self._pick("PENDING")
        if order is None:
            return self._place()
        line = self._line()
        order.lines.append(line)
        order.version += 1
        added = events.OrderItemAdded(order_id=order.order_id, item=say.item(*line), total_cents=order.total)
        return [added, *self._reserve(order, [line])]

    def _remove_item(self) -> list[Message]:
        order = self._pick("PENDING")
        if order is None or len({sku for sku, _, _ in order.lines}) == 1:
            return self._add_item()
        sku = order.lines[0][0]
        gone = [line for line in order.lines if line[0] == sku]
        order.lines = [line for line in order.lines if line[0] != sku]
        order.version += 1
        removed = events.OrderItemRemoved(
            order_id=order.order_id,
            sku=sku,
            quantity=sum(line[1] for line in gone),
            line_count=len(gone),
            total_cents=order.total,
        )
        return [removed, *self._release(order, gone)]

    def _move_on(self) -> list[Message]:
        order = self._pick("PENDING", "APPROVED", "SHIPPED")
        if order is None:
            return self._place()
        order.version += 1
        match order.status:
            case "PENDING":
                order.status = "APPROVED"
                return [say.approved(order.order_id)]
            case "APPROVED":
                order.status = "SHIPPED"
                return [say.shipped(order.order_id)]
        order.status = "DELIVERED"
        return [say.delivered(order.order_id)]

    def _cancel(self) -> list[Message]:
        order = self._pick("PENDING", "APPROVED")
        if order is None:
            return self._place()
        order.status = "CANCELLED"
        order.version += 1
        return [say.cancelled(order.order_id), *self._release(order, order.lines)]

    def _credit(self) -> list[Message]:
        id_ = f"c{self.random.getrandbits(40):010x}"
        credit = PlainCredit(
            customer_id=self.random.choice(list(CUSTOMERS)),
            issued_at=say.START + timedelta(hours=self.random.randrange(72)),
            currency=self.random.choice(CURRENCIES),
            region=self.random.choice(REGIONS),
            cents=self.random.choice((0, 500, 12_345)),
        )
        self.credits[id_] = credit
        note = say.credited(
            id_,
            credit.cents,
            customer_id=credit.customer_id,
            at=credit.issued_at,
            currency_code=credit.currency,
            region_code=credit.region,
        )
        return [note]
