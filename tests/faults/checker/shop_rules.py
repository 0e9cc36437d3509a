"""What may be decided about orders, in plain words of its own: it shares nothing with the write service."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import views_pb2 as views

_MOST_CENTS = 100_000_000
_BEFORE: dict[type[Any], tuple[int, ...]] = {
    events.OrderItemAdded: (views.ORDER_STATUS_PENDING,),
    events.OrderItemRemoved: (views.ORDER_STATUS_PENDING,),
    events.OrderApproved: (views.ORDER_STATUS_PENDING,),
    events.OrderShipped: (views.ORDER_STATUS_APPROVED,),
    events.OrderDelivered: (views.ORDER_STATUS_SHIPPED,),
    events.OrderCancelled: (views.ORDER_STATUS_PENDING, views.ORDER_STATUS_APPROVED),
}
_AFTER: dict[type[Any], int] = {
    events.OrderApproved: views.ORDER_STATUS_APPROVED,
    events.OrderShipped: views.ORDER_STATUS_SHIPPED,
    events.OrderDelivered: views.ORDER_STATUS_DELIVERED,
    events.OrderCancelled: views.ORDER_STATUS_CANCELLED,
}
# An event of stock that comes with a command about something else: its type, sku, units and for what.
Part = tuple[str, str, int, str]


@dataclass(slots=True)
class _Customer:
    status: int = 0
    name: str = ""
    email: str = ""


@dataclass(slots=True)
class _Product:
    name: str = ""
    cents: int = 0
    currency: str = ""
    available: int = 0


@dataclass(slots=True)
class _Order:
    status: int = 0
    customer_id: str = ""
    lines: list[tuple[str, int, int]] = field(default_factory=list)
    total_cents: int = 0
    currency: str = ""
    region: str = ""


class Shop:
    """Customers, products, orders and credit notes as they are after the events taken so far."""

    def __init__(self) -> None:
        self._customers = defaultdict[str, _Customer](_Customer)
        self._products = defaultdict[str, _Product](_Product)
        self._orders = defaultdict[str, _Order](_Order)
        self._notes: set[str] = set()

    def take(self, group: Sequence[Any], request: Any) -> Iterator[str]:
        """Take one command's events; say what was not so when they were decided. The request may be None."""
        first, *others = group
        yield from self._refused(first, request)
        due, said = sorted(self._due(first)), sorted(_part(each) for each in others)
        if due != said:
            yield f"what it does to the stock is {said}, not {due}"
        for message in group:
            yield from self._short(message)
            self._apply(message)

    def facts(self, event: Any) -> dict[str, Any]:
        """What an answer says of the event's entity, now."""
        if hasattr(event, "order_id") and type(event) in (*_BEFORE, events.OrderPlaced):
            order = self._orders[event.order_id]
            return {
                "status": order.status,
                "total_cents": order.total_cents,
                "currency_code": order.currency,
            }
        if hasattr(event, "sku"):
            return {"available": self._products[event.sku].available}
        is_note = isinstance(event, events.CreditNoteIssued)
        return {} if is_note else {"status": self._customers[event.customer_id].status}

    def _refused(self, event: Any, request: Any) -> Iterator[str]:
        match event:
            case events.CustomerRegistered():
                yield from _unless(not self._customers[event.customer_id].status, "the customer was there")
            case events.CustomerUpdated() | events.CustomerSuspended() | events.CustomerReinstated():
                yield from self._customer_refused(event)
            case events.OrderPlaced():
                yield from self._order_refused(event, request)
            case events.OrderItemAdded():
                yield from self._not_in_turn(event)
                yield from self._item_refused(event, request)
            case events.OrderItemRemoved():
                yield from self._not_in_turn(event)
                yield from self._removal_refused(event)
            case events.CreditNoteIssued():
                yield from self._note_refused(event, request)
            case _ if type(event) in _BEFORE:
                yield from self._not_in_turn(event)
            case _:
                yield from self._product_refused(event)

    def _customer_refused(self, event: Any) -> Iterator[str]:
        status = self._customers[event.customer_id].status
        yield from _unless(status, "nobody is registered")
        is_suspended = status == views.CUSTOMER_STATUS_SUSPENDED
        if isinstance(event, events.CustomerSuspended):
            yield from _unless(not is_suspended, "the customer was suspended already")
        if isinstance(event, events.CustomerReinstated):
            yield from _unless(is_suspended, "the customer was not suspended")

    def _product_refused(self, event: Any) -> Iterator[str]:
        product = self._products[event.sku]
        if isinstance(event, events.ProductRegistered):
            yield from _unless(not product.currency, "the product was there")
            return
        yield from _unless(product.currency, "the product is not registered")
        if isinstance(event, events.ProductPriceChanged):
            yield from _unlike("old price", event.old_unit_price_cents, product.cents)

    def _not_in_turn(self, event: Any) -> Iterator[str]:
        status = self._orders[event.order_id].status
        if status not in _BEFORE[type(event)]:
            yield f"order {event.order_id} was {views.OrderStatus.Name(status)}"  # type: ignore[arg-type] # it is one

    def _order_refused(self, event: Any, request: Any) -> Iterator[str]:
        yield from _unless(not self._orders[event.order_id].status, "the order was there")
        yield from _unless(event.items, "an order without items")
        customer = self._customers[event.customer_id]
        if customer.status != views.CUSTOMER_STATUS_ACTIVE:
            yield f"customer {event.customer_id} was not active"
        yield from _unlike("name", event.customer_name, customer.name)
        yield from _unlike("e-mail", event.customer_email, customer.email)
        yield from self._priced(event.items, request.items if request else None, event.currency_code)
        yield from _unless(event.total_cents <= _MOST_CENTS, "the order is too large")

    def _item_refused(self, event: Any, request: Any) -> Iterator[str]:
        order = self._orders[event.order_id]
        yield from self._priced([event.item], [request.item] if request else None, order.currency)
        total = order.total_cents + event.item.quantity * event.item.unit_price_cents
        yield from _unlike("total", event.total_cents, total)
        yield from _unless(total <= _MOST_CENTS, "the order is too large")

    def _removal_refused(self, event: Any) -> Iterator[str]:
        order = self._orders[event.order_id]
        gone = [line for line in order.lines if line[0] == event.sku]
        yield from _unless(gone, "no such line stood in the order")
        yield from _unless(len(gone) < len(order.lines), "nothing else stood in the order")
        yield from _unlike("lines", event.line_count, len(gone))
        yield from _unlike("units", event.quantity, sum(quantity for _, quantity, _ in gone))
        left = order.total_cents - sum(quantity * cents for _, quantity, cents in gone)
        yield from _unlike("total", event.total_cents, left)

    def _note_refused(self, event: Any, request: Any) -> Iterator[str]:
        yield from _unless(event.credit_note_id not in self._notes, "the credit note was there")
        yield from _unless(event.items, "a credit note without items")
        yield from _unless(self._customers[event.customer_id].status, "nobody is registered")
        order = self._orders[event.order_id] if event.order_id else _Order()
        if event.order_id and (not order.status or order.customer_id != event.customer_id):
            yield f"customer {event.customer_id} had no order {event.order_id}"
        yield from self._priced(event.items, request.items if request else None, event.currency_code)
        yield from _unless(order.currency in ("", event.currency_code), "the order had another currency")
        yield from _unless(event.total_cents <= _MOST_CENTS, "the credit note is too large")
        if request:
            yield from _unlike("region", event.region_code, request.region_code or order.region)

    def _priced(self, items: Any, asked: Any, currency: str) -> Iterator[str]:
        """Prices are those of the products, where nothing else was agreed; without a request, who knows."""
        for number, item in enumerate(items):
            product = self._products[item.sku]
            yield from _unless(product.currency, f"product {item.sku} is not registered")
            yield from _unlike(f"currency of {item.sku}", currency, product.currency)
            if hasattr(item, "name"):
                yield from _unlike(f"name of {item.sku}", item.name, product.name)
            if asked is not None and number < len(asked):
                agreed = asked[number].unit_price_cents
                is_agreed = asked[number].HasField("unit_price_cents")
                price = agreed if is_agreed else product.cents
                yield from _unlike(f"price of {item.sku}", item.unit_price_cents, price)

    def _due(self, event: Any) -> Iterator[Part]:
        """What must come with a command's first event."""
        match event:
            case events.OrderPlaced():
                yield from _parts("StockReserved", _units(event.items), event.order_id)
            case events.OrderItemAdded():
                yield from _parts("StockReserved", _units([event.item]), event.order_id)
            case events.OrderItemRemoved():
                yield "StockReleased", event.sku, event.quantity, event.order_id
            case events.OrderCancelled():
                units: Counter[str] = Counter()
                for sku, quantity, _ in self._orders[event.order_id].lines:
                    units[sku] += quantity
                yield from _parts("StockReleased", units, event.order_id)
            case events.CreditNoteIssued():
                back = [item for item in event.items if item.is_returned]
                yield from _parts("StockReceived", _units(back), event.credit_note_id)

    def _short(self, event: Any) -> Iterator[str]:
        wanted = 0
        if isinstance(event, events.StockReserved):
            wanted = event.quantity
        if isinstance(event, events.StockAdjusted):
            wanted = -event.delta
        if wanted > (available := self._products[event.sku].available if wanted else 0):
            yield f"{wanted} of {event.sku} taken, {available} were available"

    def _apply(self, event: Any) -> None:
        match event:
            case events.CustomerRegistered():
                active = views.CUSTOMER_STATUS_ACTIVE
                self._customers[event.customer_id] = _Customer(active, event.name, event.email)
            case events.CustomerUpdated():
                customer = self._customers[event.customer_id]
                customer.name, customer.email = event.name, event.email
            case events.CustomerSuspended():
                self._customers[event.customer_id].status = views.CUSTOMER_STATUS_SUSPENDED
            case events.CustomerReinstated():
                self._customers[event.customer_id].status = views.CUSTOMER_STATUS_ACTIVE
            case events.CreditNoteIssued():
                self._notes.add(event.credit_note_id)
            case _ if hasattr(event, "sku") and not isinstance(event, events.OrderItemRemoved):
                self._stock(self._products[event.sku], event)
            case _:
                self._apply_to(self._orders[event.order_id], event)

    def _stock(self, product: _Product, event: Any) -> None:
        match event:
            case events.ProductRegistered():
                product.name, product.currency = event.name, event.currency_code
                product.cents = event.unit_price_cents
            case events.ProductPriceChanged():
                product.cents = event.unit_price_cents
            case events.StockReserved():
                product.available -= event.quantity
            case events.StockAdjusted():
                product.available += event.delta
            case _:
                product.available += event.quantity

    def _apply_to(self, order: _Order, event: Any) -> None:
        order.status = _AFTER.get(type(event), order.status)
        order.total_cents = getattr(event, "total_cents", order.total_cents)
        match event:
            case events.OrderPlaced():
                order.status, order.customer_id = views.ORDER_STATUS_PENDING, event.customer_id
                order.lines = [_line(item) for item in event.items]
                order.currency, order.region = event.currency_code, event.shipping_address.region_code
            case events.OrderItemAdded():
                order.lines.append(_line(event.item))
            case events.OrderItemRemoved():
                order.lines = [line for line in order.lines if line[0] != event.sku]


def _unless(is_so: object, what: str) -> Iterator[str]:
    if not is_so:
        yield what


def _unlike(what: str, said: object, right: object) -> Iterator[str]:
    if said != right:
        yield f"{what} {said!r}, it was {right!r}"


def _line(item: Any) -> tuple[str, int, int]:
    return item.sku, item.quantity, item.unit_price_cents


def _units(items: Any) -> Counter[str]:
    units: Counter[str] = Counter()
    for item in items:
        units[item.sku] += item.quantity
    return units


def _parts(name: str, units: Counter[str], for_what: str) -> Iterator[Part]:
    yield from ((name, sku, quantity, for_what) for sku, quantity in units.items())


def _part(event: Any) -> Part:
    for_what = getattr(event, "order_id", "") or getattr(event, "credit_note_id", "")
    return event.DESCRIPTOR.name, getattr(event, "sku", ""), getattr(event, "quantity", 0), for_what
