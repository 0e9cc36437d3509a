"""One order's, customer's or product's events as plain facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from diptych.orders.v1 import events_pb2 as events
from google.protobuf.message import Message

Document = dict[str, Any]
Happened = tuple[Message, datetime]
Event = TypeVar("Event", bound=Message)

_STATUSES: dict[type[Message], str] = {
    events.OrderPlaced: "PENDING",
    events.OrderApproved: "APPROVED",
    events.OrderShipped: "SHIPPED",
    events.OrderDelivered: "DELIVERED",
    events.OrderCancelled: "CANCELLED",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """All events of one stream with the times at which they were recorded, oldest first."""

    happened: Sequence[Happened]

    @property
    def version(self) -> int:
        return len(self.happened)

    @property
    def recorded_at(self) -> datetime:
        return self.happened[-1][1]

    def all(self, kind: type[Event]) -> list[Event]:
        return [event for event, _ in self.happened if isinstance(event, kind)]

    def last(self, kind: type[Event]) -> Event | None:
        found = self.all(kind)
        return found[-1] if found else None

    def first(self, kind: type[Event]) -> Event:
        return self.all(kind)[0]


class Order(Facts):
    """An order."""

    @property
    def placed(self) -> events.OrderPlaced:
        return self.first(events.OrderPlaced)

    @property
    def status(self) -> str:
        return [_STATUSES[type(event)] for event, _ in self.happened if type(event) in _STATUSES][-1]

    @property
    def lines(self) -> list[events.OrderItem]:
        """What stands in it: all that came in, less what was taken out after it came."""
        lines: list[events.OrderItem] = []
        for event, _ in self.happened:
            if isinstance(event, events.OrderPlaced):
                lines += event.items
            elif isinstance(event, events.OrderItemAdded):
                lines.append(event.item)
            elif isinstance(event, events.OrderItemRemoved):
                lines = [line for line in lines if line.sku != event.sku]
        return lines

    @property
    def total_cents(self) -> int:
        """As its newest event says that has a total."""
        totals = [event.total_cents for event, _ in self.happened if hasattr(event, "total_cents")]
        return int(totals[-1])


class Customer(Facts):
    """A customer."""

    @property
    def named(self) -> events.CustomerRegistered | events.CustomerUpdated:
        return self.last(events.CustomerUpdated) or self.first(events.CustomerRegistered)

    @property
    def suspension(self) -> events.CustomerSuspended | None:
        """What suspended the customer, unless that is over."""
        turns = (events.CustomerSuspended, events.CustomerReinstated)
        found = [event for event, _ in self.happened if isinstance(event, turns)]
        return found[-1] if found and isinstance(found[-1], events.CustomerSuspended) else None


class Product(Facts):
    """A product."""

    @property
    def received(self) -> int:
        came = sum(event.quantity for event in self.all(events.StockReceived))
        return came + sum(event.delta for event in self.all(events.StockAdjusted))

    @property
    def held(self) -> int:
        taken = sum(event.quantity for event in self.all(events.StockReserved))
        return taken - sum(event.quantity for event in self.all(events.StockReleased))

    @property
    def unit_price_cents(self) -> int:
        priced = self.last(events.ProductPriceChanged) or self.first(events.ProductRegistered)
        return priced.unit_price_cents
