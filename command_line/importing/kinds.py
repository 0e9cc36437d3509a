"""What commands do, in the words and in the order of the final table."""

from enum import StrEnum


class OrderKind(StrEnum):
    """A command of the orders domain."""

    CUSTOMER = "customers registered"
    PRODUCT = "products registered"
    STOCK = "deliveries of stock"
    PLACE = "orders placed"
    APPROVE = "orders approved"
    SHIP = "orders shipped"
    DELIVER = "orders delivered"
    CANCEL = "orders cancelled"
    WRITE_OFF = "stock write-offs"
    CREDIT_NOTE = "credit notes issued"
    SUSPEND = "customers suspended"


class FamilyKind(StrEnum):
    """A command of the families domain."""

    ENROLL = "families enrolled"
    CHILD = "children added"
    COORDINATOR = "coordinators assigned"
    CHANNEL = "contact channels set"
    INVOICE = "invoices issued"
    PAYMENT = "payments received"
    LOGIN = "logins"
    ATTENDANCE = "attendance"
    HOURS = "volunteer hours"
    CONTACT = "contacts"
    ENGAGEMENT = "engagement scores"
    RISK = "risk scores"
    INTERVENTION = "interventions"
    WITHDRAW = "families withdrawn"


Kind = OrderKind | FamilyKind
