"""All orders that meet filters, as a watch follows them."""

from diptych.orders.v1.order_query_service_pb2 import WatchOrdersRequest
from diptych.orders.v1.views_pb2 import OrderSummary

from read_service.changes import Standing, WatchedList
from read_service.orders.filters import all_probes, filters_of, lasting_probes
from read_store import Row


def watched_orders(request: WatchOrdersRequest) -> WatchedList:
    """Answer the list of the orders that meet the filters; any that changes may have met them before."""
    filters = filters_of(request)

    def standing(row: Row) -> Standing:
        is_met = filters.holds_still(OrderSummary.FromString(row.message))
        return Standing.ON_LIST if is_met else Standing.OFF_LIST

    return WatchedList(
        view="order_summary",
        probes=all_probes(filters),
        lasting_probes=lasting_probes(filters),
        standing=standing,
    )
