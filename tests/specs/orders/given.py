"""Given events, when a command, then events: specifications in three steps, of pure functions only."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import pytest
from diptych.command.v1.command_pb2 import CommandContext
from diptych.orders.v1 import events_pb2 as events
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from write_service.decider import CommandRejected, States, Stream
from write_service.orders.service import COMMANDS, DECIDERS

NOW = Timestamp(seconds=1_700_000_000, nanos=123_000)
_COMMANDS = {command.request: command for command in COMMANDS}
_ID_FIELDS = {
    "customer": "customer_id",
    "product": "sku",
    "order": "order_id",
    "credit-note": "credit_note_id",
}

ANNA = events.CustomerRegistered(customer_id="anna", name="Anna", email="anna@example.com", registered_at=NOW)


def a_product(
    sku: str, *, stock: int = 0, unit_price_cents: int = 100, currency_code: str = "EUR"
) -> list[Message]:
    """A registered product named after its sku, with units in stock."""
    registered = events.ProductRegistered(
        sku=sku, name=f"a {sku}", unit_price_cents=unit_price_cents, currency_code=currency_code
    )
    return [registered, *([events.StockReceived(sku=sku, quantity=stock)] if stock else [])]


def an_order(**units: int) -> list[Message]:
    """Order 42 of Anna, at 100 cents a unit, and the stock that it reserved; the products have ten more."""
    items = [
        events.OrderItem(sku=sku, quantity=quantity, unit_price_cents=100, name=f"a {sku}")
        for sku, quantity in units.items()
    ]
    placed = events.OrderPlaced(
        order_id="42",
        customer_id="anna",
        customer_name="Anna",
        customer_email="anna@example.com",
        items=items,
        total_cents=sum(100 * quantity for quantity in units.values()),
        currency_code="EUR",
        placed_at=NOW,
    )
    placed.shipping_address.region_code = "GB"
    given: list[Message] = [ANNA]
    for sku, quantity in units.items():
        given += a_product(sku, stock=quantity + 10)
        given.append(events.StockReserved(sku=sku, quantity=quantity, order_id="42"))
    return [*given, placed]


APPROVED = events.OrderApproved(order_id="42", approved_by="Bob", approved_at=NOW)
SHIPPED = events.OrderShipped(order_id="42", carrier="DHL", tracking_number="1", shipped_at=NOW)
DELIVERED = events.OrderDelivered(order_id="42", delivered_at=NOW)
CANCELLED = events.OrderCancelled(order_id="42", reason="changed her mind", cancelled_at=NOW)


class Outcome:
    """What a command came to: events by stream, in the order of the log, and the response."""

    def __init__(self, decision: Sequence[tuple[Stream[Any], Message]], response: Message) -> None:
        self.streams = [stream.name for stream, _ in decision]
        self.events = [event for _, event in decision]
        self.response: Any = response

    def then(self, *expected: tuple[str, Message]) -> "Outcome":
        """These events and no others, each on its stream."""
        assert list(zip(self.streams, self.events, strict=True)) == list(expected)
        return self


class Given:
    """A history, and the states that the deciders make of it."""

    def __init__(self, *history: Message | Sequence[Message]) -> None:
        flat = [event for each in history for event in ([each] if isinstance(each, Message) else each)]
        self.states: dict[str, Any] = {}
        for event in flat:
            stream = _stream_of(event)
            state = self.states.get(stream.name, stream.decider.initial)
            self.states[stream.name] = stream.decider.evolve(state, event)

    def when(self, request: Any) -> Outcome:
        """Decide the command; the streams that it did not name are not there for it."""
        request.context.CopyFrom(CommandContext(command_id=str(uuid4())))
        command = _COMMANDS[type(request)]
        main = command.stream(request)
        reads = [main, *command.reads(request, self._state(main))]
        states = {stream.name: self._state(stream) for stream in reads}
        decision = command.decide(request, States(states), NOW)
        assert decision[0][0].name == main.name, "the first event is on the main stream"
        for stream, event in decision:
            states[stream.name] = stream.decider.evolve(states[stream.name], event)
        self.states |= states
        return Outcome(decision, command.respond(states[main.name], decision[0][1]))

    def _state(self, stream: Stream[Any]) -> Any:
        return self.states.get(stream.name, stream.decider.initial)


def refused(given: Given, request: Any, rejection: type[CommandRejected], **metadata: str) -> CommandRejected:
    """The rejection of a command, which has at least this metadata."""
    with pytest.raises(rejection) as caught:
        given.when(request)
    assert type(caught.value) is rejection
    found: Mapping[str, str] = caught.value.metadata
    assert {key: found.get(key) for key in metadata} == metadata
    return caught.value


def _stream_of(event: Any) -> Stream[Any]:
    decider = next(decider for decider in DECIDERS if type(event) in decider.events)
    return decider.stream(getattr(event, _ID_FIELDS[decider.category]))
