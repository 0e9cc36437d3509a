"""A customer; what they bought is counted by orders and credit notes, and joined when it is read."""

from diptych.orders.v1.events_pb2 import (
    CustomerRegistered,
    CustomerReinstated,
    CustomerSuspended,
    CustomerUpdated,
)
from diptych.orders.v1.views_pb2 import CUSTOMER_STATUS_ACTIVE, CUSTOMER_STATUS_SUSPENDED, Customer
from google.protobuf.message import Message

from projector.projection import ReadModel


def evolve(view: Customer, event: Message) -> Customer:
    match event:
        case CustomerRegistered():
            view.customer_id = event.customer_id
            view.name = event.name
            view.email = event.email
            view.status = CUSTOMER_STATUS_ACTIVE
            view.registered_at.CopyFrom(event.registered_at)
        case CustomerUpdated():
            view.name = event.name
            view.email = event.email
        case CustomerSuspended():
            view.status = CUSTOMER_STATUS_SUSPENDED
            view.suspension_reason = event.reason
        case CustomerReinstated():
            view.status = CUSTOMER_STATUS_ACTIVE
            view.suspension_reason = ""
        case _:
            return view
    return view


CUSTOMER = ReadModel(name="customer", category="customer", view=Customer, evolve=evolve)
