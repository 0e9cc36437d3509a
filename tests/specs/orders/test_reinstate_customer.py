"""ReinstateCustomer: only a suspended customer is reinstated."""

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1.views_pb2 import CUSTOMER_STATUS_ACTIVE

from tests.specs.orders.given import ANNA, NOW, Given, refused
from write_service.orders.customer import CustomerNotFound, CustomerNotSuspended

REINSTATE = commands.ReinstateCustomerRequest(customer_id="anna")
SUSPENDED = events.CustomerSuspended(customer_id="anna", reason="unpaid")


def test_a_suspended_customer_is_reinstated() -> None:
    reinstated = events.CustomerReinstated(customer_id="anna", reinstated_at=NOW)
    outcome = Given(ANNA, SUSPENDED).when(REINSTATE).then(("customer-anna", reinstated))
    assert outcome.response.status == CUSTOMER_STATUS_ACTIVE


def test_an_active_customer_cannot_be_reinstated() -> None:
    refused(Given(ANNA), REINSTATE, CustomerNotSuspended, customer_id="anna")


def test_an_unknown_customer_cannot_be_reinstated() -> None:
    refused(Given(), REINSTATE, CustomerNotFound, customer_id="anna")
