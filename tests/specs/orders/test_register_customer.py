"""RegisterCustomer: a customer's id is given once."""

from diptych.orders.v1 import order_command_service_pb2 as commands

from tests.specs.orders.given import ANNA, Given, refused
from write_service.orders.customer import CustomerExists

REGISTER = commands.RegisterCustomerRequest(customer_id="anna", name="Anna", email="anna@example.com")


def test_a_new_customer_is_registered() -> None:
    outcome = Given().when(REGISTER).then(("customer-anna", ANNA))
    assert outcome.response == commands.RegisterCustomerResponse(customer_id="anna")


def test_a_customers_id_is_given_once() -> None:
    refused(Given(ANNA), REGISTER, CustomerExists, customer_id="anna")
