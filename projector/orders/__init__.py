"""The read models of the orders domain."""

from diptych.orders.v1 import events_pb2

from projector.orders.credit_note import CREDIT_NOTE
from projector.orders.customer import CUSTOMER
from projector.orders.order_details import ORDER_DETAILS
from projector.orders.order_summary import ORDER_SUMMARY
from projector.orders.product import PRODUCT
from projector.projection import Projection

ORDERS = Projection(
    name="orders",
    version=1,
    read_models=(ORDER_DETAILS, ORDER_SUMMARY, CUSTOMER, PRODUCT, CREDIT_NOTE),
    events=(
        events_pb2.CustomerRegistered,
        events_pb2.CustomerUpdated,
        events_pb2.CustomerSuspended,
        events_pb2.CustomerReinstated,
        events_pb2.ProductRegistered,
        events_pb2.ProductPriceChanged,
        events_pb2.StockReceived,
        events_pb2.StockAdjusted,
        events_pb2.StockReserved,
        events_pb2.StockReleased,
        events_pb2.OrderPlaced,
        events_pb2.OrderItemAdded,
        events_pb2.OrderItemRemoved,
        events_pb2.OrderApproved,
        events_pb2.OrderShipped,
        events_pb2.OrderDelivered,
        events_pb2.OrderCancelled,
        events_pb2.CreditNoteIssued,
    ),
)

__all__ = ["ORDERS"]
