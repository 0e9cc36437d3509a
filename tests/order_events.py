"""Events of the orders domain for tests, and a log of them that a test writes by hand."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from diptych.orders.v1 import events_pb2 as events
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.postal_address_pb2 import PostalAddress  # type: ignore[import-untyped] # ships no types

from event_store import StoredEvent

START = datetime(2011, 6, 30, 23, 0, tzinfo=UTC)
Line = tuple[str, int, int]

_STREAMS = (
    ("credit_note_id", "credit-note", events.CreditNoteIssued),
    ("order_id", "order", events.OrderPlaced),
    ("order_id", "order", events.OrderItemAdded),
    ("order_id", "order", events.OrderItemRemoved),
    ("order_id", "order", events.OrderApproved),
    ("order_id", "order", events.OrderShipped),
    ("order_id", "order", events.OrderDelivered),
    ("order_id", "order", events.OrderCancelled),
    ("customer_id", "customer", events.CustomerRegistered),
    ("customer_id", "customer", events.CustomerUpdated),
    ("customer_id", "customer", events.CustomerSuspended),
    ("customer_id", "customer", events.CustomerReinstated),
)


def instant(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def item(sku: str, quantity: int, unit_price_cents: int) -> events.OrderItem:
    return events.OrderItem(sku=sku, quantity=quantity, unit_price_cents=unit_price_cents, name=sku.title())


def placed(
    order_id: str,
    *lines: Line,
    customer_id: str = "alice",
    name: str = "Alice",
    email: str = "alice@example.com",
    at: datetime = START,
    currency_code: str = "GBP",
    region_code: str = "GB",
) -> events.OrderPlaced:
    return events.OrderPlaced(
        order_id=order_id,
        customer_id=customer_id,
        customer_name=name,
        customer_email=email,
        items=[item(*line) for line in lines],
        payment_method_id="card",
        shipping_address=PostalAddress(region_code=region_code),
        total_cents=sum(quantity * cents for _, quantity, cents in lines),
        currency_code=currency_code,
        placed_at=instant(at),
    )


def approved(order_id: str) -> events.OrderApproved:
    return events.OrderApproved(order_id=order_id, approved_by="bob", approved_at=instant(START))


def shipped(order_id: str) -> events.OrderShipped:
    return events.OrderShipped(
        order_id=order_id, carrier="Royal Mail", tracking_number="RM1", shipped_at=instant(START)
    )


def delivered(order_id: str) -> events.OrderDelivered:
    return events.OrderDelivered(order_id=order_id, delivered_at=instant(START))


def cancelled(order_id: str) -> events.OrderCancelled:
    return events.OrderCancelled(order_id=order_id, reason="too late", cancelled_at=instant(START))


def registered(customer_id: str, name: str = "Alice") -> events.CustomerRegistered:
    return events.CustomerRegistered(
        customer_id=customer_id, name=name, email=f"{customer_id}@example.com", registered_at=instant(START)
    )


def product(
    sku: str, name: str = "", cents: int = 100, currency_code: str = "GBP"
) -> events.ProductRegistered:
    return events.ProductRegistered(
        sku=sku, name=name or sku.title(), unit_price_cents=cents, currency_code=currency_code
    )


def credited(
    credit_note_id: str,
    cents: int,
    *,
    customer_id: str = "alice",
    at: datetime = START,
    currency_code: str = "GBP",
    region_code: str = "GB",
) -> events.CreditNoteIssued:
    return events.CreditNoteIssued(
        credit_note_id=credit_note_id,
        customer_id=customer_id,
        items=[events.CreditNoteItem(sku="mug", quantity=1, unit_price_cents=cents)],
        reason="broken",
        total_cents=cents,
        currency_code=currency_code,
        region_code=region_code,
        issued_at=instant(at),
    )


def stream_of(event: Message) -> tuple[str, str]:
    """The event's stream and its category."""
    for name, category, event_type in _STREAMS:
        if isinstance(event, event_type):
            return f"{category}-{getattr(event, name)}", category
    return f"product-{getattr(event, 'sku')}", "product"  # noqa: B009 - a message of any other type has it


class WrittenLog:
    """A log as its reader sees it: gapless positions, versions by stream."""

    def __init__(self, stream_of: Callable[[Message], tuple[str, str]] = stream_of) -> None:
        self.stream_of = stream_of
        self.epoch: UUID = uuid4()
        self.events: list[StoredEvent] = []
        self.versions: dict[str, int] = {}

    @property
    def head(self) -> int:
        return len(self.events)

    def append(self, *messages: Message) -> StoredEvent:
        """Append events; answer the last one."""
        for message in messages:
            stream, category = self.stream_of(message)
            self.versions[stream] = self.versions.get(stream, 0) + 1
            self.events.append(
                StoredEvent(
                    position=self.head + 1,
                    stream=stream,
                    version=self.versions[stream],
                    category=category,
                    type=message.DESCRIPTOR.full_name,
                    payload=message.SerializeToString(),
                    event_id=uuid4(),
                    recorded_at=START + timedelta(seconds=self.head),
                    command_id=uuid4(),
                    actor="test",
                    correlation_id=None,
                    causation_id=None,
                )
            )
        return self.events[-1]

    def after(self, position: int, limit: int) -> Sequence[StoredEvent]:
        return self.events[position : position + limit]
