"""Customers: who may place orders, and the name and e-mail that an order remembers."""

from dataclasses import dataclass, replace
from typing import assert_never

from diptych.orders.v1.events_pb2 import (
    CustomerRegistered,
    CustomerReinstated,
    CustomerSuspended,
    CustomerUpdated,
)
from diptych.orders.v1.order_command_service_pb2 import (
    RegisterCustomerRequest,
    ReinstateCustomerRequest,
    SuspendCustomerRequest,
    UpdateCustomerRequest,
)
from diptych.orders.v1.views_pb2 import (
    CUSTOMER_STATUS_ACTIVE,
    CUSTOMER_STATUS_SUSPENDED,
    CUSTOMER_STATUS_UNSPECIFIED,
    CustomerStatus,
)
from google.protobuf.timestamp_pb2 import Timestamp

from write_service.decider import (
    AggregateExists,
    AggregateNotFound,
    CommandRejected,
    Decider,
    Decision,
    States,
)

CustomerEvent = CustomerRegistered | CustomerUpdated | CustomerSuspended | CustomerReinstated


class CustomerNotFound(AggregateNotFound):
    """Only a registered customer can be changed, place an order or get a credit note."""


class CustomerExists(AggregateExists):
    """A customer's id is given once."""


class CustomerAlreadySuspended(CommandRejected):
    """A suspended customer can't be suspended again."""


class CustomerNotSuspended(CommandRejected):
    """Only a suspended customer can be reinstated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer as the rules see one; without a status there is none."""

    status: CustomerStatus.ValueType = CUSTOMER_STATUS_UNSPECIFIED
    name: str = ""
    email: str = ""

    @property
    def exists(self) -> bool:
        return self.status != CUSTOMER_STATUS_UNSPECIFIED

    @property
    def is_suspended(self) -> bool:
        return self.status == CUSTOMER_STATUS_SUSPENDED


def register_customer(request: RegisterCustomerRequest, states: States, now: Timestamp) -> Decision:
    stream = CUSTOMER.stream(request.customer_id)
    if states[stream].exists:
        raise CustomerExists(f"customer {request.customer_id} exists", customer_id=request.customer_id)
    event = CustomerRegistered(
        customer_id=request.customer_id, name=request.name, email=request.email, registered_at=now
    )
    return [(stream, event)]


def update_customer(request: UpdateCustomerRequest, states: States, now: Timestamp) -> Decision:
    customer = registered_customer(states, request.customer_id)
    event = CustomerUpdated(
        customer_id=request.customer_id,
        name=request.name if request.HasField("name") else customer.name,
        email=request.email if request.HasField("email") else customer.email,
        updated_at=now,
    )
    return [(CUSTOMER.stream(request.customer_id), event)]


def suspend_customer(request: SuspendCustomerRequest, states: States, now: Timestamp) -> Decision:
    if registered_customer(states, request.customer_id).is_suspended:
        raise CustomerAlreadySuspended(
            f"customer {request.customer_id} is suspended already", customer_id=request.customer_id
        )
    event = CustomerSuspended(customer_id=request.customer_id, reason=request.reason, suspended_at=now)
    return [(CUSTOMER.stream(request.customer_id), event)]


def reinstate_customer(request: ReinstateCustomerRequest, states: States, now: Timestamp) -> Decision:
    if not registered_customer(states, request.customer_id).is_suspended:
        raise CustomerNotSuspended(
            f"customer {request.customer_id} is not suspended", customer_id=request.customer_id
        )
    event = CustomerReinstated(customer_id=request.customer_id, reinstated_at=now)
    return [(CUSTOMER.stream(request.customer_id), event)]


def registered_customer(states: States, customer_id: str) -> Customer:
    """Raise CustomerNotFound when nobody is registered under this id."""
    customer = states[CUSTOMER.stream(customer_id)]
    if not customer.exists:
        raise CustomerNotFound(f"customer {customer_id} does not exist", customer_id=customer_id)
    return customer


def evolve(customer: Customer, event: CustomerEvent) -> Customer:
    match event:
        case CustomerRegistered():
            return Customer(status=CUSTOMER_STATUS_ACTIVE, name=event.name, email=event.email)
        case CustomerUpdated():
            return replace(customer, name=event.name, email=event.email)
        case CustomerSuspended():
            return replace(customer, status=CUSTOMER_STATUS_SUSPENDED)
        case CustomerReinstated():
            return replace(customer, status=CUSTOMER_STATUS_ACTIVE)
        case _:
            assert_never(event)


CUSTOMER = Decider(
    category="customer",
    initial=Customer(),
    evolve=evolve,
    events=(CustomerRegistered, CustomerUpdated, CustomerSuspended, CustomerReinstated),
)
