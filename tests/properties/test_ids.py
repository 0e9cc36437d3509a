"""Ids at the edge of what is allowed: refused everywhere or kept apart everywhere, and never mixed up."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from diptych.families.v1 import family_command_service_pb2 as family_commands
from diptych.families.v1 import family_query_service_pb2 as family_queries
from diptych.orders.v1 import order_command_service_pb2 as commands
from diptych.orders.v1 import order_query_service_pb2 as queries
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from service_kit.validation import violations_of
from tests.order_events import placed, product, registered
from tests.services.fuzzing import rules_of
from tests.services.order_read_models import order_ids, read_models, read_service
from tests.valkey_server import TestValkey

_PATTERN = "^[A-Za-z0-9._-]{1,128}$"
_FILES = (commands, queries, family_commands, family_queries)
# What Redis, SQL, a shell, a path, a log line or another alphabet might take for something else.
_NOT_IDS = (
    "a\n",
    "\na",
    "a\r",
    "a\0",
    "\0",
    " a",
    "a b",
    "a\u2028",
    "a\u200b",
    "é",
    "e\u0301",
    "\uff11\uff12",
    "\u017f",
    "\u212a",
    "\u0430",
    "a/b",
    "a:b",
    "a|b",
    "a{b}",
    "a*",
    "a%",
    "a\\b",
    "a'b",
    "\N{PILE OF POO}",
    "a" * 129,
)
_IDS = (".", "..", "...", "-", "--", "_", "0", "00", "a", "A", "a.b", "a-b", "-a", "a-", "order-a", "A" * 128)


def _id_fields() -> Iterator[tuple[str, Descriptor, FieldDescriptor]]:
    """Every field of a request, or of a part of one, that takes an id."""
    for file in _FILES:
        for message in file.DESCRIPTOR.message_types_by_name.values():
            for field in message.fields:
                if field.type == FieldDescriptor.TYPE_STRING and rules_of(field).string.pattern == _PATTERN:
                    yield f"{message.name}.{field.name}", message, field


_FIELDS = list(_id_fields())


def _named(message: Descriptor, field: FieldDescriptor, text: str) -> Sequence[Any]:
    """What the rules say of this field alone."""
    request = GetMessageClass(message)()
    if field.is_repeated:
        getattr(request, field.name).append(text)
    else:
        setattr(request, field.name, text)
    return [each for each in violations_of(request) if each.field.split("[")[0] == field.name]


@pytest.mark.parametrize(("name", "message", "field"), _FIELDS, ids=[name for name, _, _ in _FIELDS])
def test_every_field_takes_all_ids_and_nothing_else(
    name: str, message: Descriptor, field: FieldDescriptor
) -> None:
    assert [id_ for id_ in _IDS if _named(message, field, id_)] == []
    assert [text for text in _NOT_IDS if not _named(message, field, text)] == []


def test_every_field_that_names_an_entity_has_the_rule_of_ids() -> None:
    ruled = {name for name, _, _ in _FIELDS}
    for file in _FILES:
        for message in file.DESCRIPTOR.message_types_by_name.values():
            if not message.name.endswith("Request"):
                continue
            for field in message.fields:
                if field.name in ("customer_id", "order_id", "sku", "family_id", "credit_note_id"):
                    assert f"{message.name}.{field.name}" in ruled


async def test_entities_with_odd_ids_are_kept_apart(valkey: TestValkey) -> None:
    async with read_models(valkey) as models, read_service(valkey) as stub:
        for number, id_ in enumerate(_IDS):
            models.append(registered(id_, f"Customer {number}"), product(id_, f"Product {number}"))
        for number, id_ in enumerate(_IDS):
            # Of the customer before, so that an order and its customer never have the same id.
            customer = _IDS[number - 1]
            models.append(placed(id_, (id_, 1, 100 + number), customer_id=customer, name=f"Of {customer}"))
        await models.catch_up()
        for number, id_ in enumerate(_IDS):
            found = await stub.GetCustomer(queries.GetCustomerRequest(customer_id=id_))
            assert (found.customer.customer_id, found.customer.name) == (id_, f"Customer {number}")
            assert found.customer.order_count == 1
            shown = await stub.GetProduct(queries.GetProductRequest(sku=id_))
            assert (shown.product.name, shown.product.reserved) == (f"Product {number}", 1)
            order = await stub.GetOrder(queries.GetOrderRequest(order_id=id_))
            assert (order.order.order_id, order.order.total_cents) == (id_, 100 + number)
            own = queries.ListCustomerOrdersRequest(customer_id=_IDS[number - 1])
            assert await order_ids(stub, own) == [id_]
        everything = queries.ListOrdersRequest(page_size=3, is_ascending=True)
        # All were placed at the same moment, so that the id alone decides their order.
        assert await order_ids(stub, everything) == sorted(_IDS)
