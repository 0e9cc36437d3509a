"""UpdateCustomer: what is left out stays as it is."""

from diptych.orders.v1 import events_pb2 as events
from diptych.orders.v1 import order_command_service_pb2 as commands

from tests.specs.orders.given import ANNA, NOW, Given, refused
from write_service.orders.customer import CustomerNotFound


def test_a_new_email_leaves_the_name() -> None:
    outcome = Given(ANNA).when(commands.UpdateCustomerRequest(customer_id="anna", email="a@example.org"))
    updated = events.CustomerUpdated(customer_id="anna", name="Anna", email="a@example.org", updated_at=NOW)
    outcome.then(("customer-anna", updated))
    assert (outcome.response.name, outcome.response.email) == ("Anna", "a@example.org")


def test_a_new_name_leaves_the_email_of_the_last_update() -> None:
    given = Given(ANNA, events.CustomerUpdated(customer_id="anna", name="Anna", email="a@example.org"))
    outcome = given.when(commands.UpdateCustomerRequest(customer_id="anna", name="Anne"))
    assert (outcome.response.name, outcome.response.email) == ("Anne", "a@example.org")


def test_a_suspended_customer_stays_suspended_when_updated() -> None:
    given = Given(ANNA, events.CustomerSuspended(customer_id="anna", reason="unpaid"))
    given.when(commands.UpdateCustomerRequest(customer_id="anna", name="Anne"))
    assert given.states["customer-anna"].is_suspended


def test_an_unknown_customer_cannot_be_updated() -> None:
    update = commands.UpdateCustomerRequest(customer_id="anna", name="Anne")
    refused(Given(), update, CustomerNotFound, customer_id="anna")
