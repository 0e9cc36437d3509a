"""`diptych demo` leaves something to answer for every query, and a second run changes nothing."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import grpc
import pytest
from diptych.consistency.v1.consistency_pb2 import Consistency
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1 import order_query_service_pb2_grpc as stubs
from diptych.orders.v1 import views_pb2 as views

from tests.end_to_end.retail_runs import head
from tests.stack import Stack

FRESH = Consistency(fully_consistent=True)


@pytest.fixture(scope="module")
def filled_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack in which the demo ran once."""
    stack = Stack(tmp_path_factory.mktemp("demo"))
    try:
        stack.start()
        said = _demo(stack)
        assert "SearchOrders" in said
        assert "grpcurl -plaintext" in said
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def stub(filled_stack: Stack) -> Iterator[stubs.OrderQueryServiceStub]:
    with grpc.insecure_channel(filled_stack.read_address) as channel:
        yield stubs.OrderQueryServiceStub(channel)


def _demo(stack: Stack) -> str:
    addresses = ["--write-address", stack.write_address, "--read-address", stack.read_address]
    finished = subprocess.run(
        [sys.executable, "-m", "command_line.app", "demo", *addresses],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "120"},
    )
    return finished.stdout


def test_there_are_orders_in_every_status(stub: stubs.OrderQueryServiceStub) -> None:
    pages = stub.ListOrders(queries.ListOrdersRequest(consistency=FRESH))
    statuses = Counter(order.status for page in pages for order in page.orders)
    assert statuses == {
        views.ORDER_STATUS_PENDING: 1,
        views.ORDER_STATUS_APPROVED: 1,
        views.ORDER_STATUS_SHIPPED: 1,
        views.ORDER_STATUS_DELIVERED: 46,
        views.ORDER_STATUS_CANCELLED: 1,
    }


def test_a_customer_is_suspended(stub: stubs.OrderQueryServiceStub) -> None:
    request = queries.GetCustomerRequest(consistency=FRESH, customer_id="demo-ines")
    assert stub.GetCustomer(request).customer.status == views.CUSTOMER_STATUS_SUSPENDED


def test_a_product_runs_low(stub: stubs.OrderQueryServiceStub) -> None:
    request = queries.GetProductRequest(consistency=FRESH, sku="demo-cup")
    product = stub.GetProduct(request).product
    assert (product.received, product.reserved, product.sold, product.available) == (10, 4, 4, 2)


def test_credit_was_given(stub: stubs.OrderQueryServiceStub) -> None:
    request = queries.GetCustomerRequest(consistency=FRESH, customer_id="demo-amadou")
    assert stub.GetCustomer(request).customer.credit_cents == 1250


def test_a_second_run_changes_nothing(filled_stack: Stack) -> None:
    position = head(filled_stack.write_address)
    said = _demo(filled_stack)
    assert "1,378 commands answered, 1,378 of them had been accepted before" in said
    assert head(filled_stack.write_address) == position
