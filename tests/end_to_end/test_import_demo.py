"""`diptych demo` leaves something to answer for every query, and a second run changes nothing."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import grpc
import pytest
from diptych.consistency.v1.consistency_pb2 import Consistency
from diptych.families.v1 import family_query_service_pb2 as family_queries
from diptych.families.v1 import family_query_service_pb2_grpc as family_stubs
from diptych.families.v1 import views_pb2 as family_views
from diptych.orders.v1 import order_query_service_pb2 as queries
from diptych.orders.v1 import order_query_service_pb2_grpc as stubs
from diptych.orders.v1 import views_pb2 as views
from google.protobuf.duration_pb2 import Duration

from tests.end_to_end.retail_runs import head
from tests.stack import Stack

FRESH = Consistency(fully_consistent=True, max_wait=Duration(seconds=60))


@pytest.fixture(scope="module")
def filled_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack in which the demo ran once."""
    stack = Stack(tmp_path_factory.mktemp("demo"))
    try:
        stack.start()
        said = _demo(stack)
        assert "SearchOrders" in said
        assert "ListAtRiskFamilies" in said
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


@pytest.fixture
def families(filled_stack: Stack) -> Iterator[family_stubs.FamilyQueryServiceStub]:
    with grpc.insecure_channel(filled_stack.read_address) as channel:
        yield family_stubs.FamilyQueryServiceStub(channel)


def test_a_family_is_at_risk_and_one_has_left(families: family_stubs.FamilyQueryServiceStub) -> None:
    request = family_queries.ListAtRiskFamiliesRequest(consistency=FRESH)
    at_risk = [row for page in families.ListAtRiskFamilies(request) for row in page.families]
    assert [(row.family_id, row.risk_score) for row in at_risk] == [("demo-okafor", 91)]
    left = family_queries.GetFamilyRequest(consistency=FRESH, family_id="demo-nunez")
    family = families.GetFamily(left).family
    assert family.status == family_views.FAMILY_STATUS_WITHDRAWN
    # March was due before it left, April's invoice is not owed any more.
    assert family.outstanding_cents == 45_000


def test_there_are_months_of_tuition(families: family_stubs.FamilyQueryServiceStub) -> None:
    request = family_queries.GetPaymentAnalyticsRequest(consistency=FRESH)
    months = families.GetPaymentAnalytics(request).months
    found = [
        (m.month.month, m.families_paid_on_time, m.families_paid_late, m.families_overdue) for m in months
    ]
    assert found == [(4, 0, 1, 2), (3, 1, 1, 2), (2, 2, 1, 1), (1, 2, 2, 0)]


def test_a_part_of_a_name_finds_a_family(families: family_stubs.FamilyQueryServiceStub) -> None:
    request = family_queries.SearchFamiliesRequest(consistency=FRESH, term="emilie")
    assert [row.family_id for row in families.SearchFamilies(request).families] == ["demo-mueller"]


def test_a_second_run_changes_nothing(filled_stack: Stack) -> None:
    position = head(filled_stack.write_address)
    said = _demo(filled_stack)
    assert "1,433 commands answered, 1,433 of them had been accepted before" in said
    assert head(filled_stack.write_address) == position
