"""The filters of lists of orders, as a walk through indexes and as a question to one order."""

from dataclasses import dataclass
from typing import Protocol

from diptych.orders.v1.order_query_service_pb2 import ORDER_BY_PLACED_AT, ORDER_BY_TOTAL, OrderBy
from diptych.orders.v1.views_pb2 import ORDER_STATUS_UNSPECIFIED, OrderStatus, OrderSummary
from google.protobuf.timestamp_pb2 import Timestamp

from read_service.walks import ANY_LIMIT
from read_store import Page, Probe

HIGH_VALUE_CENTS = 100_000


class FilteringRequest(Protocol):
    """The fields that every request with filters has."""

    @property
    def status(self) -> OrderStatus.ValueType: ...
    @property
    def customer_id(self) -> str: ...
    @property
    def is_high_value(self) -> bool: ...
    @property
    def placed_from(self) -> Timestamp: ...
    @property
    def placed_to(self) -> Timestamp: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Whole numbers from `first` to `last`, both included; None is no bound."""

    first: int | None = None
    last: int | None = None

    @property
    def is_bounded(self) -> bool:
        return self.first is not None or self.last is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilters:
    """Which orders are asked for; `placed` in microseconds, which is how exactly instants are compared."""

    status: OrderStatus.ValueType
    customer_id: str
    is_high_value: bool | None
    placed: Range

    @property
    def status_name(self) -> str:
        """The status as indexes and tallies name it; empty for any."""
        if self.status == ORDER_STATUS_UNSPECIFIED:
            return ""
        return OrderStatus.Name(self.status).removeprefix("ORDER_STATUS_")

    @property
    def value_name(self) -> str:
        """The class of total as indexes and tallies name it; empty for any."""
        return {None: "", True: "high", False: "normal"}[self.is_high_value]

    def holds_still(self, summary: OrderSummary) -> bool:
        """Whether an order meets the filters that its changes can make it leave."""
        return self.status in (ORDER_STATUS_UNSPECIFIED, summary.status) and (
            self.is_high_value is None or self.is_high_value == summary.is_high_value
        )


def filters_of(request: FilteringRequest) -> OrderFilters:
    """Read the filters of any request that has them."""
    has = request.HasField  # type: ignore[attr-defined] # every message has it, which a protocol of fields can't say
    return OrderFilters(
        status=request.status,
        customer_id=request.customer_id,
        is_high_value=request.is_high_value if has("is_high_value") else None,
        placed=Range(
            first=microseconds(request.placed_from) if has("placed_from") else None,
            last=microseconds(request.placed_to) - 1 if has("placed_to") else None,
        ),
    )


def microseconds(instant: Timestamp) -> int:
    """Answer the score that an order placed at the instant has."""
    return instant.seconds * 1_000_000 + instant.nanos // 1000


def orders_page(
    filters: OrderFilters,
    order_by: OrderBy.ValueType = ORDER_BY_PLACED_AT,
    *,
    is_descending: bool = True,
    limit: int = ANY_LIMIT,
) -> Page:
    """Answer the operation that reads the first page of the orders that meet the filters."""
    order = "total" if order_by == ORDER_BY_TOTAL else "placed"
    facets = [f"{order}/status/{filters.status_name}"] if filters.status_name else []
    if filters.customer_id:
        facets.append(f"{order}/customer/{filters.customer_id}")
    if order == "total":
        range_ = _total_range(filters)
        probes = (_placed_probe(filters),) if filters.placed.is_bounded else ()
    else:
        range_, probes = filters.placed, ()
        facets += [f"placed/{filters.value_name}"] if filters.value_name else []
    return Page(
        view="order_summary",
        indexes=tuple(facets) or (order,),
        limit=limit,
        descending=is_descending,
        min=range_.first,
        max=range_.last,
        probes=probes,
    )


def lasting_probes(filters: OrderFilters) -> tuple[Probe, ...]:
    """Answer probes for the filters that no change of an order can make it leave or enter."""
    probes = []
    if filters.customer_id:
        probes.append(Probe(index=f"placed/customer/{filters.customer_id}"))
    if filters.placed.is_bounded:
        probes.append(_placed_probe(filters))
    return tuple(probes)


def all_probes(filters: OrderFilters) -> tuple[Probe, ...]:
    """Answer probes for all filters."""
    probes = list(lasting_probes(filters))
    if filters.status_name:
        probes.append(Probe(index=f"placed/status/{filters.status_name}"))
    if filters.value_name:
        probes.append(Probe(index=f"placed/{filters.value_name}"))
    return tuple(probes)


def _placed_probe(filters: OrderFilters) -> Probe:
    return Probe(index="placed", min=filters.placed.first, max=filters.placed.last)


def _total_range(filters: OrderFilters) -> Range:
    match filters.is_high_value:
        case True:
            return Range(first=HIGH_VALUE_CENTS + 1)
        case False:
            return Range(last=HIGH_VALUE_CENTS)
    return Range()
