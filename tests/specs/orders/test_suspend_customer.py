"""SuspendCustomer: a customer is suspended once at a time."""

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1.views_pb2 import CUSTOMER_STATUS_SUSPENDED

from tests.specs.orders.given import ANNA, NOW, Given, refused
from write_service.orders.customer import CustomerAlreadySuspended, CustomerNotFound

SUSPEND = commands.SuspendCustomerRequest(customer_id="anna", reason="unpaid")
SUSPENDED = events.CustomerSuspended(customer_id="anna", reason="unpaid", suspended_at=NOW)


def test_a_customer_is_suspended() -> None:
    outcome = Given(ANNA).when(SUSPEND).then(("customer-anna", SUSPENDED))
    assert outcome.response.status == CUSTOMER_STATUS_SUSPENDED


def test_a_suspended_customer_cannot_be_suspended_again() -> None:
    refused(Given(ANNA, SUSPENDED), SUSPEND, CustomerAlreadySuspended, customer_id="anna")


def test_an_unknown_customer_cannot_be_suspended() -> None:
    refused(Given(), SUSPEND, CustomerNotFound, customer_id="anna")
