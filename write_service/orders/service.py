"""The orders domain, command by command: what is asked, what decides, what is answered."""

from collections.abc import Callable
from typing import Any, TypeVar

from diptych.orders.v1.events_pb2 import (
    CreditNoteIssued,
    CustomerRegistered,
    ProductPriceChanged,
    ProductRegistered,
)
from diptych.orders.v1.order_command_service_pb2 import (
    AddOrderItemRequest,
    AddOrderItemResponse,
    AdjustStockRequest,
    AdjustStockResponse,
    ApproveOrderRequest,
    ApproveOrderResponse,
    CancelOrderRequest,
    CancelOrderResponse,
    ChangeProductPriceRequest,
    ChangeProductPriceResponse,
    DeliverOrderRequest,
    DeliverOrderResponse,
    IssueCreditNoteRequest,
    IssueCreditNoteResponse,
    PlaceOrderRequest,
    PlaceOrderResponse,
    ReceiveStockRequest,
    ReceiveStockResponse,
    RegisterCustomerRequest,
    RegisterCustomerResponse,
    RegisterProductRequest,
    RegisterProductResponse,
    ReinstateCustomerRequest,
    ReinstateCustomerResponse,
    RemoveOrderItemRequest,
    RemoveOrderItemResponse,
    ShipOrderRequest,
    ShipOrderResponse,
    SuspendCustomerRequest,
    SuspendCustomerResponse,
    UpdateCustomerRequest,
    UpdateCustomerResponse,
)
from google.protobuf.message import Message

from write_service.decider import Command, Stream
from write_service.orders.credit_note import CREDIT_NOTE, CreditNote, issue_credit_note, streams_to_issue
from write_service.orders.customer import (
    CUSTOMER,
    Customer,
    register_customer,
    reinstate_customer,
    suspend_customer,
    update_customer,
)
from write_service.orders.order import (
    ORDER,
    Order,
    approve_order,
    cancel_order,
    deliver_order,
    ship_order,
    streams_to_cancel,
)
from write_service.orders.order_items import (
    add_order_item,
    place_order,
    remove_order_item,
    streams_to_add_item,
    streams_to_place,
    streams_to_remove_item,
)
from write_service.orders.product import (
    PRODUCT,
    Product,
    adjust_stock,
    change_product_price,
    receive_stock,
    register_product,
)

Response = TypeVar("Response", bound=Message)


# Any: the stubs of generated messages share no type that says which id fields there are.
def _customer(request: Any) -> Stream[Customer]:
    return CUSTOMER.stream(request.customer_id)


def _product(request: Any) -> Stream[Product]:
    return PRODUCT.stream(request.sku)


def _order(request: Any) -> Stream[Order]:
    return ORDER.stream(request.order_id)


def _credit_note(request: IssueCreditNoteRequest) -> Stream[CreditNote]:
    return CREDIT_NOTE.stream(request.credit_note_id)


def _customer_registered(_customer: Customer, event: CustomerRegistered) -> RegisterCustomerResponse:
    return RegisterCustomerResponse(customer_id=event.customer_id)


def _customer_updated(_customer: Customer, event: Any) -> UpdateCustomerResponse:
    return UpdateCustomerResponse(customer_id=event.customer_id, name=event.name, email=event.email)


def _customer_status(response: type[Response]) -> Callable[[Customer, Any], Response]:
    return lambda customer, event: response(customer_id=event.customer_id, status=customer.status)


def _product_registered(_product: Product, event: ProductRegistered) -> RegisterProductResponse:
    return RegisterProductResponse(sku=event.sku)


def _price_changed(_product: Product, event: ProductPriceChanged) -> ChangeProductPriceResponse:
    return ChangeProductPriceResponse(
        sku=event.sku,
        old_unit_price_cents=event.old_unit_price_cents,
        unit_price_cents=event.unit_price_cents,
    )


def _stock(response: type[Response]) -> Callable[[Product, Any], Response]:
    return lambda product, event: response(sku=event.sku, available=product.available)


def _total(response: type[Response]) -> Callable[[Order, Any], Response]:
    return lambda order, event: response(
        order_id=event.order_id,
        status=order.status,
        total_cents=order.total_cents,
        currency_code=order.currency_code,
    )


def _status(response: type[Response]) -> Callable[[Order, Any], Response]:
    return lambda order, event: response(order_id=event.order_id, status=order.status)


def _credit_note_issued(_note: CreditNote, event: CreditNoteIssued) -> IssueCreditNoteResponse:
    return IssueCreditNoteResponse(
        credit_note_id=event.credit_note_id, total_cents=event.total_cents, currency_code=event.currency_code
    )


DECIDERS = (CUSTOMER, PRODUCT, ORDER, CREDIT_NOTE)

# To be read as a table: request, main stream, decide, response, further streams, the id that is made.
COMMANDS: tuple[Command[Any, Any], ...] = (
    Command(
        RegisterCustomerRequest, _customer, register_customer, _customer_registered, creates="customer_id"
    ),
    Command(UpdateCustomerRequest, _customer, update_customer, _customer_updated),
    Command(SuspendCustomerRequest, _customer, suspend_customer, _customer_status(SuspendCustomerResponse)),
    Command(
        ReinstateCustomerRequest, _customer, reinstate_customer, _customer_status(ReinstateCustomerResponse)
    ),
    Command(RegisterProductRequest, _product, register_product, _product_registered, creates="sku"),
    Command(ChangeProductPriceRequest, _product, change_product_price, _price_changed),
    Command(ReceiveStockRequest, _product, receive_stock, _stock(ReceiveStockResponse)),
    Command(AdjustStockRequest, _product, adjust_stock, _stock(AdjustStockResponse)),
    Command(
        PlaceOrderRequest,
        _order,
        place_order,
        _total(PlaceOrderResponse),
        streams_to_place,
        creates="order_id",
    ),
    Command(AddOrderItemRequest, _order, add_order_item, _total(AddOrderItemResponse), streams_to_add_item),
    Command(
        RemoveOrderItemRequest,
        _order,
        remove_order_item,
        _total(RemoveOrderItemResponse),
        streams_to_remove_item,
    ),
    Command(ApproveOrderRequest, _order, approve_order, _status(ApproveOrderResponse)),
    Command(ShipOrderRequest, _order, ship_order, _status(ShipOrderResponse)),
    Command(DeliverOrderRequest, _order, deliver_order, _status(DeliverOrderResponse)),
    Command(CancelOrderRequest, _order, cancel_order, _status(CancelOrderResponse), streams_to_cancel),
    Command(
        IssueCreditNoteRequest,
        _credit_note,
        issue_credit_note,
        _credit_note_issued,
        streams_to_issue,
        creates="credit_note_id",
    ),
)
